"""The walk of every role through every door for programs: what one does not see is not there."""

import re
from typing import Any

import pytest
from django.test import Client

from guatu.web.people.models import Role, User
from tests.cast import Cast, employ
from tests.web.api.conftest import Program, Things, token_of
from tests.web.routes import routes_for_programs
from tests.web.test_role_walk import strangers  # noqa: F401 - a fixture

DOORS = sorted({route for _name, route in routes_for_programs() if "<" in route})
LISTS = ["/warnings", "/plants"]
BODIES: dict[str, dict[str, Any]] = {
    "stops": {
        "kind": "halt",
        "begins_at": "2026-12-01T08:00:00+08:00",
        "ends_at": "2026-12-02T08:00:00+08:00",
        "reason": "检修",
    },
    "end": {"why": "完工"},
}


@pytest.mark.parametrize("route", DOORS)
def test_what_a_program_may_not_see_answers_as_if_it_were_not_there(
    route: str,
    cast: Cast,
    things: Things,
    strangers: dict[str, User],  # noqa: F811 - the fixture
) -> None:
    there = {
        "plant_id": things.line.plant.pk,
        "warning_id": things.warning.pk,
        "alarm_id": things.alarm.pk,
        "stop_id": things.stop.pk,
        "verb": "acknowledge",
    }
    absent = {name: "acknowledge" if name == "verb" else 987654 for name in there}
    powers = {role: cast.users[role] for role in ("administrator", "auditor")}
    for who, user in {**strangers, **powers}.items():
        program = Program(Client(), token_of(user))
        answers = []
        for names in (there, absent):
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(names[m[1]]), route)  # noqa: B023
            path = path.removeprefix("/api/v1")
            body = BODIES.get(path.rpartition("/")[2], {})
            asked = (program.get(path), program.post(path, body))
            answers.append([(one.status_code, one.content) for one in asked])
        assert answers[0] == answers[1], who
        assert {status for status, _ in answers[0]} <= {404, 405}, who


def test_no_list_names_what_is_not_seen(
    cast: Cast,
    things: Things,
    strangers: dict[str, User],  # noqa: F811 - the fixture
) -> None:
    for who, user in strangers.items():
        for path in LISTS:
            assert Program(Client(), token_of(user)).get(path).json()["items"] == [], who
    seer = employ("seer", "看得见", cast.county_bureau, Role.VIEWER)
    for path in LISTS:
        assert Program(Client(), token_of(seer)).get(path).json()["items"]
