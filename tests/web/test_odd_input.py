"""Whatever is written into an address or a form, no page breaks over it."""

import re
from datetime import UTC, datetime

import pytest
from django.http import FileResponse
from django.test import Client

from guatu.core.nouns.warning import Level
from guatu.web.monitoring import doors
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.wall import board
from guatu.web.wall.engine import AWAY
from guatu.web.warnings.actions import raise_warning
from tests.cast import Cast
from tests.web.monitoring.conftest import register_line
from tests.web.routes import routes

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
# fmt: off
ASKED = [
    "q", "region", "state", "level", "overdue", "mine", "on", "days", "stage", "standing", "page",
    "sort", "export", "trend", "point", "span", "view", "part", "next", "place", "screen",
    "warning", "note", "verdict", "to", "seen", "value", "deadband", "on_delay_s", "off_delay_s",
    "states", "why", "username", "password", "old", "new", "again", "theme", "language",
    "plants-page", "plants-sort", "plants-export", "kind", "plant", "organisation", "code",
    "name", "reason", "key", "address",
]
# fmt: on
ODD = {
    "nothing": "",
    "zero": "0",
    "negative": "-1",
    "beyond a database's integers": "9" * 25,
    "beyond Python's digits": "9" * 5000,
    "longer than a pattern may be": "x" * 60_000,
    "a NUL": "a\x00b",
    "a digit that is none": "²",
    "digits of another script": "١٢٣",
    "the first day": "0001-01-01",
    "the first minute": "0001-01-01T00:00",
    "the last minute": "9999-12-31T23:59",
    "no number": "NaN",
    "no end": "Infinity",
    "a great power": "1e999999999",
    "a file": "xlsx",
    "markup": "<script>%s%n{{ 7 }}</script>",
    "a pattern": "%_\\'\"",
    "hidden": "\u202e\u200b\ufeff",
    "beyond the first plane": "\U0010ffff",
}

TURNS, TURN, PAGE = 3, 7, 3
"""Turns over all pages, and by how many words each turn and each page goes on."""
EVERYWHERE = ("-1", "9" * 25, "a\x00b")
TAKEN = {200, 302, 400, 403, 404, 405, 422, 429, 503}


ROUTES = sorted({route for _, route in routes()})


@pytest.fixture(autouse=True)
def _engine_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for: an engine that is away is away at once."""

    def away(*_args: object, **_more: object) -> None:
        raise UnreachableError("no responders")

    for name in ("last_values", "history", "intake", "place"):
        monkeypatch.setattr(doors, name, away)
    monkeypatch.setattr(board, "engine_now", lambda *_: AWAY)


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    """What stands for each part of an address, so that it leads to something."""
    line = register_line(cast)
    point = line.points["inlet_flow"]
    warning = raise_warning(
        source_kind="monitoring.unit",
        source_key=str(point.unit_id),
        source_url="",
        title="进水流量 低低限",
        level=Level.ORANGE,
        organisation=cast.plant,
        region=cast.county,
        facts={},
        at=NOON,
    )
    return {
        "plant_id": str(line.plant.pk),
        "point_id": str(point.pk),
        "alarm_id": "1",
        "warning_id": str(warning.pk),
        "slot": "L",
        "verb": "verify",
        "kind": "limits",
        "deed": "import",
    }


def _given(turn: int, place: int) -> dict[str, str]:
    """Give each field an odd word, another one in each turn and on each page."""
    words = list(ODD.values())
    return {
        name: words[(TURN * turn + PAGE * place + number) % len(words)]
        for number, name in enumerate(ASKED)
    }


@pytest.mark.no_cover
@pytest.mark.parametrize("turn", range(TURNS))
def test_no_odd_word_in_an_address_or_a_form_breaks_a_page(
    turn: int, cast: Cast, ids: dict[str, str]
) -> None:
    clients = {name: Client() for name in ("plant_officer", "duty_officer")}
    for name, client in clients.items():
        client.force_login(cast.users[name])
    for place, route in enumerate(ROUTES):
        if route == "/signout/":
            continue
        # Whoever has most to send there: duty officers verify and approve, plants set limits.
        duty = route.startswith(("/warnings/", "/connections/"))
        client = clients["duty_officer" if duty else "plant_officer"]
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: ids.get(m[1], "1"), route)
        # One word everywhere, too: else the first field that is refused hides the others.
        for given in (_given(turn, place), dict.fromkeys(ASKED, EVERYWHERE[turn])):
            for answer in (client.get(path, given), client.post(path, given)):
                if isinstance(answer, FileResponse):
                    assert b"".join(answer.streaming_content)  # read to its end, it is closed
                told = (path, {name: word[:40] for name, word in given.items()})
                assert answer.status_code in TAKEN, told


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 25, "9" * 5000])
def test_no_odd_number_in_an_address_breaks_a_page(
    number: str, cast: Cast, ids: dict[str, str]
) -> None:
    client = Client()
    client.force_login(cast.plant_officer)
    for route in (route for route in ROUTES if "<int:" in route):
        path = re.sub(r"<int:\w+>", number, route)
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: ids.get(m[1], "1"), path)
        assert client.get(path).status_code in {403, 404, 405}, path
        assert client.post(path).status_code in {403, 404, 405}, path
