"""No page asks the database more often because there is more to show."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guatu.web.connection.actions import adopt_plants
from guatu.web.imports.models import Import
from guatu.web.monitoring.actions import record_events
from guatu.web.monitoring.models import PlannedStop, StopKind
from guatu.web.notices import actions as notices
from guatu.web.notices import collecting
from guatu.web.people.models import ApiToken, DutyContact, Organisation, Role, User
from guatu.web.warnings import actions as warnings
from tests.cast import Cast, employ
from tests.web.imports.sheets import book
from tests.web.monitoring.conftest import register_line
from tests.web.routes import routes
from tests.web.test_role_walk import address, things  # noqa: F401 - a fixture
from tests.web.warnings.conftest import raise_one  # noqa: F401 - a fixture

PEOPLE = ("plant_officer", "duty_officer", "supervisor", "administrator", "auditor")
FEW, MANY = 3, 9
SLACK = 2
"""What may be asked in one walk and not in the other, whatever the number of rows: the like of a
time noted once a minute. A question a row would be asked six times more."""
NOT_SHOWN = {"people:signout"}


class World:
    """A county that grows by one of everything."""

    def __init__(self, cast: Cast, raise_one: Callable[..., Any]) -> None:  # noqa: F811
        self._cast = cast
        self._raise = raise_one
        self._numbers = itertools.count(1)
        self._now = timezone.now()

    def grow(self) -> None:
        cast, now, n = self._cast, self._now, next(self._numbers)
        kind = Organisation.Kind.PLANT
        plant = Organisation.objects.create(
            name=f"新铝业{n}", kind=kind, region=cast.county, parent=cast.county_bureau
        )
        officer = employ(f"officer{n}", f"员{n}", plant, Role.PLANT_SAFETY_OFFICER)
        self._sign_in(officer, n)
        line = register_line(cast, code=f"YN-AN-{n + 100}")
        DutyContact.objects.create(
            organisation=cast.plant, order=n + 10, name=f"甲{n}", duty="值班", phone="138"
        )
        events = [
            line.event(deed, role, "L", number)
            for number, role in enumerate(("inlet_flow", "inlet_pressure"), start=1)
            for deed in (("raised", "cleared") if number == 1 else ("raised",))
        ]
        record_events(partition=n % 4, stream=f"s{n}", stream_seq=n, events=events, at=now)
        PlannedStop.objects.create(
            plant=line.plant,
            kind=StopKind.HALT,
            begins_at=now,
            ends_at=now + timedelta(hours=1),
            reason="检修",
            declared_at=now,
            declared_by=cast.plant_officer,
        )
        for late in (timedelta(), timedelta(hours=9)):
            one = self._raise(at=now - late, url=f"/plants/{line.plant.pk}/")
            warnings.add_note(one.pk, note="看过", by=cast.plant_officer, at=now)
            warnings.urge(
                one.pk, note="请尽快", by=cast.supervisor, at=now, addressee=cast.plant_officer
            )
        hook, _secret = notices.make_hook(
            name=f"群{n}",
            organisation=cast.county_bureau,
            audience="events",
            url="https://example.test/",
            template="",
            from_level=0,
            by=cast.administrator,
            at=now,
        )
        notices.try_hook(hook.pk, by=cast.administrator, at=now + timedelta(seconds=n))
        collecting.collect(now)
        Import.objects.create(
            kind="people", filename=f"{n}.xlsx", content=b"", uploaded_at=now, by=cast.duty_officer
        )
        adopt_plants(at=now, note="x")

    def _sign_in(self, officer: User, n: int) -> None:
        cast, now = self._cast, self._now
        for user in (officer, *(cast.users[who] for who in PEOPLE)):
            ApiToken.objects.create(
                user=user,
                name="大屏",
                prefix="guatu_x",
                digest=f"{user.pk}-{n}",
                scopes=["warnings.read"],
                made_at=now,
                expires_at=now + timedelta(1),
            )
            Client().force_login(user)


def pages(things: dict[str, str]) -> Iterator[tuple[str, str]]:  # noqa: F811
    for name, route in routes():
        if name not in NOT_SHOWN:
            url = address(route, things)
            yield name, url
            yield f"{name} as a file", f"{url}?export=xlsx"


def asked(client: Client, url: str) -> list[str]:
    """The statements of one page; it was opened before, so nothing is asked for the first time."""
    read(client, url)
    with CaptureQueriesContext(connection) as found:
        read(client, url)
    return [query["sql"] for query in found.captured_queries]


def read(client: Client, url: str) -> None:
    """Open a page or a file, to its end."""
    answer: Any = client.get(url)
    if answer.streaming:
        b"".join(answer.streaming_content)


def most_asked(statements: list[str]) -> list[str]:
    """What was asked most often, its values left out, for whoever must find the place."""
    shapes = Counter(re.sub(r"\b\d+\b|'[^']*'", "?", one)[:300] for one in statements)
    return [f"{times} times {shape}" for shape, times in shapes.most_common(2)]


@pytest.mark.no_cover
def test_no_page_and_no_file_asks_more_often_where_there_is_more(
    cast: Cast,
    raise_one: Callable[..., Any],  # noqa: F811
    things: dict[str, str],  # noqa: F811
) -> None:
    Import.objects.update(content=book([("账号", "姓名", "工作单位", "手机")]))
    world = World(cast, raise_one)
    clients = {who: Client() for who in PEOPLE}
    for who, client in clients.items():
        client.force_login(cast.users[who])
    counts: list[dict[tuple[str, str], list[str]]] = []
    for upto in (FEW, MANY - FEW):
        for _each in range(upto):
            world.grow()
        cache.clear()
        counts.append(
            {
                (who, name): asked(client, url)
                for who, client in clients.items()
                for name, url in pages(things)
            }
        )
    few, many = counts
    urls = dict(pages(things))
    for key in few:
        # A session's last use is noted once a minute: what is of the minute is not of the rows.
        if len(many[key]) > len(few[key]) + SLACK:
            many[key] = asked(clients[key[0]], urls[key[1]])
    grown = {
        key: (len(few[key]), len(many[key]))
        for key in few
        if len(many[key]) > len(few[key]) + SLACK
    }
    assert grown == {}, [(key, *most_asked(many[key])) for key in grown]
    assert sum(len(one) > 3 for one in few.values()) > 100, "pages were refused, not shown"
