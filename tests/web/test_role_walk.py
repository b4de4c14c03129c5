"""The walk of every role through every door: what one does not see is not there."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client
from python_calamine import CalamineWorkbook

from guatu.web.connection.actions import adopt_plants
from guatu.web.connection.models import Connection
from guatu.web.imports.models import Import
from guatu.web.monitoring.queries import plant_ids_of
from guatu.web.notices.actions import make_hook
from guatu.web.notices.models import Delivery, Hook, Message
from guatu.web.people.models import Role, User
from guatu.web.people.queries import region_codes_of
from tests.cast import Cast, employ
from tests.web.monitoring.conftest import Line, register_line
from tests.web.routes import routes
from tests.web.warnings.conftest import NOON, raise_one  # noqa: F401 - a fixture

ABSENT = "987654"
DOORS = sorted((name, route) for name, route in routes() if "<" in route)
LISTS = sorted((name, route) for name, route in routes() if "<" not in route)
PEOPLES = ("people:",)
POWERS_OWN = ("people:", "notices:hook", "notices:try-hook", "notices:end-hook", "notices:again")
"""What the three powers look after themselves."""
WORDS = {"verb": "acknowledge", "slot": "LL", "deed": "approve", "kind": "points"}


@pytest.fixture
def strangers(cast: Cast) -> dict[str, User]:
    """Those who see nothing of the plant in Anning, the powers of another county among them."""
    elsewhere = {
        role.value: employ(f"x-{role}", f"外{role.label}", cast.other_bureau, role)
        for role in (
            Role.ADMINISTRATOR,
            Role.SECURITY_ADMINISTRATOR,
            Role.AUDITOR,
            Role.SUPERVISOR,
            Role.DISPATCHER,
            Role.VIEWER,
        )
    }
    other_plants = employ("x-enterprise", "外厂长", cast.other_plant, Role.ENTERPRISE)
    own = ("outsider", "outside_plant_officer", "responsible_unit")
    return {**elsewhere, "enterprise": other_plants, **{who: cast.users[who] for who in own}}


def _brought(cast: Cast) -> Import:
    """A table that the duty officer of Anning brought."""
    return Import.objects.create(
        kind="people", filename="王芳.xlsx", content=b"", uploaded_at=NOON, by=cast.duty_officer
    )


def _told(cast: Cast) -> dict[str, str]:
    """A notice of the plant's officer, a hook of the county, and what was given up there."""
    hook, _secret = make_hook(
        name="群",
        organisation=cast.plant,
        audience=Hook.Audience.EVENTS,
        url="https://example.test/",
        template="",
        from_level=0,
        by=cast.administrator,
        at=NOON,
    )
    told = Message.objects.create(user=cast.plant_officer, source="warning", event=1, at=NOON)
    given_up = Delivery.objects.create(
        hook=hook, source="warning", event=1, at=NOON, due_at=NOON, state=Delivery.State.FAILED
    )
    return {
        "hook_id": str(hook.pk),
        "message_id": str(told.pk),
        "delivery_id": str(given_up.pk),
    }


@pytest.fixture
def things(cast: Cast, raise_one: Any) -> dict[str, str]:  # noqa: F811 - the fixture
    """One of everything in Anning, by the name that addresses give it."""
    line: Line = register_line(cast)
    adopt_plants(at=NOON, note="x")
    key = line.plant.keys.get()
    return {
        "plant_id": str(line.plant.pk),
        "point_id": str(line.points["inlet_flow"].pk),
        "warning_id": str(raise_one().pk),
        "connection_id": str(Connection.objects.get(plant=line.plant).pk),
        "key_id": str(key.pk),
        "user_id": str(cast.plant_officer.pk),
        "pk": str(cast.plant_officer.pk),
        "grant_id": str(cast.plant_officer.grants.get().pk),
        "organisation_id": str(cast.plant.pk),
        "import_id": str(_brought(cast).pk),
        **_told(cast),
        # Below a plant that is not seen they are not looked for.
        "stop_id": "1",
        "alarm_id": "1",
        "request_id": "1",
        **WORDS,
    }


def address(route: str, names: dict[str, str]) -> str:
    """Fill a route; a name that nobody told is an error, so a new door must be told here."""
    return re.sub(r"<\w+:(\w+)>", lambda match: names[match[1]], route)


def answers(client: Client, url: str) -> Iterator[tuple[str, HttpResponseBase]]:
    yield "GET", client.get(url)
    yield "POST", client.post(url, {})


@pytest.mark.parametrize(("name", "route"), DOORS)
def test_another_countys_record_answers_as_if_it_were_not_there(
    name: str, route: str, client: Client, strangers: dict[str, User], things: dict[str, str]
) -> None:
    nothing = {key: ABSENT if key.endswith("_id") or key == "pk" else things[key] for key in things}
    for who, user in strangers.items():
        client.force_login(user)
        there = [(how, a.status_code) for how, a in answers(client, address(route, things))]
        absent = [(how, a.status_code) for how, a in answers(client, address(route, nothing))]
        assert there == absent, who
        # Who may nothing with people at all is told so, whether there is such a person or not.
        allowed = {403, 404, 405} if name.startswith(PEOPLES) else {404, 405}
        assert {status for _how, status in there} <= allowed, (who, there)
        assert 404 in {status for _how, status in there} or name.startswith(PEOPLES), who


@pytest.mark.parametrize("who", [Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR])
@pytest.mark.parametrize(
    ("name", "route"), [(n, r) for n, r in DOORS if not n.startswith(POWERS_OWN)]
)
def test_business_records_are_not_there_for_the_three_powers(  # noqa: PLR0917 # fixtures
    name: str, route: str, who: Role, client: Client, cast: Cast, things: dict[str, str]
) -> None:
    client.force_login(cast.users[who.value])
    for how, answer in answers(client, address(route, things)):
        assert answer.status_code in {404, 405}, (name, how)


@pytest.mark.parametrize(("name", "route"), LISTS)
def test_no_list_and_no_file_names_what_is_not_seen(
    name: str, route: str, client: Client, strangers: dict[str, User], things: dict[str, str]
) -> None:
    if name == "people:signout":
        return
    hidden = ("安宁示范铝业", "王芳", "anquanyuan")
    for who, user in strangers.items():
        client.force_login(user)
        for query in ("", "?export=xlsx", "?plants-export=xlsx", "?warnings-export=xlsx"):
            text = _text(client.get(f"{route}{query}"))
            assert not [word for word in hidden if word in text], (who, query)


def _text(answer: HttpResponseBase) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if not body.startswith(b"PK"):
        return str(body.decode())
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    return " ".join(str(cell) for row in rows for cell in row)


def test_a_ticket_to_live_pages_carries_only_ones_own(
    cast: Cast, strangers: dict[str, User], things: dict[str, str]
) -> None:
    for who, user in strangers.items():
        assert int(things["plant_id"]) not in plant_ids_of(user), who
        assert not {"530181", "530100", "530000"} & set(region_codes_of(user)), who
    for power in ("administrator", "security_administrator", "auditor"):
        assert (plant_ids_of(cast.users[power]), region_codes_of(cast.users[power])) == ([], [])
    assert plant_ids_of(cast.enterprise) == [int(things["plant_id"])]
    assert region_codes_of(cast.viewer) == ["530181"]
