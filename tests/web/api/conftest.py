"""A program with a token, and something of everything for it to ask about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guatu.web.monitoring.actions import StopSpec, declare_stop, record_events
from guatu.web.monitoring.models import Alarm, PlannedStop, StopKind
from guatu.web.people.models import Scope, User
from guatu.web.people.tokens import make_token
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from tests.cast import Cast
from tests.web.monitoring.conftest import Line, line  # noqa: F401 - a fixture
from tests.web.warnings.conftest import raise_one, warning  # noqa: F401 - fixtures


def token_of(user: User, *scopes: Scope, days: int = 30) -> str:
    now = timezone.now()
    _, text = make_token(
        user,
        name="a program",
        scopes=[scope.value for scope in scopes or Scope],
        expires_at=now + timedelta(days=days),
        by=user,
        at=now,
    )
    return text


@dataclass(frozen=True, slots=True)
class Program:
    """Asks as a program does: with a token, in English."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self._headers())

    def post(self, path: str, body: object = None, *, key: str = "") -> Any:
        own = {"Idempotency-Key": key} if key else {}
        return self.client.post(
            f"/api/v1{path}",
            {} if body is None else body,
            content_type="application/json",
            headers={**self._headers(), **own},
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}


@pytest.fixture
def program(cast: Cast) -> Callable[..., Program]:
    """`program("duty_officer", Scope.WARNINGS_READ)`; all scopes where none is named."""

    def make(who: str, *scopes: Scope) -> Program:
        return Program(Client(), token_of(cast.users[who], *scopes))

    return make


@dataclass(frozen=True, slots=True)
class Things:
    """One of everything in Anning."""

    line: Line
    warning: Warning
    alarm: Alarm
    stop: PlannedStop


@pytest.fixture
def things(cast: Cast, line: Line, warning: Warning) -> Things:  # noqa: F811 - the fixtures
    record_events(
        events=[line.event("raised", "inlet_flow", "L", 7)],
        partition=0,
        stream_seq=7,
        at=timezone.now(),
    )
    now = timezone.now()
    spec = StopSpec(
        unit=None,
        kind=StopKind.MAINTENANCE,
        begins_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=5),
        reason="年度检修",
    )
    stop = declare_stop(line.plant.pk, spec, by=cast.plant_officer, at=now)
    return Things(line, warning, Alarm.objects.get(), stop)
