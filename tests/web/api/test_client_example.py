"""The example of docs/api does what it says, against a living server."""

import runpy
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from guatu.web.people.models import Scope
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from tests.cast import Cast
from tests.web.api.conftest import token_of
from tests.web.warnings.conftest import Raise

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "api" / "client.py"


def test_it_signs_for_what_waits_for_its_owner_and_for_nothing_else(
    live_server: LiveServer,
    cast: Cast,
    raise_one: Raise,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = [raise_one().pk for _ in range(3)]
    foreign = raise_one(organisation=cast.other_plant).pk
    monkeypatch.setenv("GUATU_URL", live_server.url)
    scopes = Scope.WARNINGS_READ, Scope.WARNINGS_WRITE
    monkeypatch.setenv("GUATU_TOKEN", token_of(cast.plant_officer, *scopes))
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    states = dict(Warning.objects.values_list("pk", "state"))
    assert [states[pk] for pk in mine] == ["acknowledged"] * 3
    assert states[foreign] == "raised"
    assert capsys.readouterr().out.count("已签收") == 3
