"""`guatu token`: made, listed and ended by the operator."""

import argparse
from pathlib import Path

import pytest
from django.test import Client

from guatu.ops import tokens
from guatu.ops.errors import OperatorError
from guatu.ops.house import house_from
from guatu.ops.token_words import SCOPES, add_token_words
from guatu.web.people.models import Scope
from tests.cast import Cast


def test_the_words_know_every_scope() -> None:
    assert set(SCOPES) == set(Scope.values)


def test_a_token_is_made_listed_and_ended(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUATU_LANG", "en")
    house = house_from({"GUATU_HOME": str(tmp_path)})

    def call(*words: str) -> str:
        parser = argparse.ArgumentParser()
        add_token_words(parser)
        assert tokens.act(parser.parse_args(words), house) == 0
        return capsys.readouterr().out

    made = ("make", "xianju", "--name", "a wall", "--scope", "warnings.read")
    text = call(*made).split()[0]
    headers = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/warnings", headers=headers).status_code == 200
    listed = call("list")
    assert text not in listed
    assert "a wall" in listed
    number = listed.split()[0]
    with pytest.raises(OperatorError, match="366"):
        call(*made, "--days", "400")
    with pytest.raises(OperatorError, match="nobody"):
        call("make", "nobody", "--name", "x", "--scope", "warnings.read")
    assert "Ended" in call("end", number, "--why", "leaked")
    assert Client().get("/api/v1/warnings", headers=headers).status_code == 401
    assert call("list") == ""
    assert "(over)" in call("list", "--all")
    with pytest.raises(OperatorError, match=number):
        call("end", number, "--why", "leaked")
