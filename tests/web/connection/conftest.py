"""An application of the cast's plant, and gateways that take whatever is placed."""

from datetime import UTC, datetime

import pytest

from guatu.web.connection.actions import Wish, approve, ask
from guatu.web.connection.application import from_models
from guatu.web.connection.models import Connection
from guatu.web.monitoring import doors
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def placed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was placed in the log, in order."""
    commands: list[object] = []
    monkeypatch.setattr(doors, "place", lambda command, _code: commands.append(command))
    return commands


@pytest.fixture
def wish() -> Wish:
    application = from_models([("DWC1", "1号深井铸造机", "dwc")], language="zh")
    return Wish(code="YN-AN-009", name="安宁示范铝业", application=application, contact="0871")


@pytest.fixture
def requested(cast: Cast, wish: Wish) -> Connection:
    return ask(wish, by=cast.plant_officer, at=NOON)


@pytest.fixture
def approved(cast: Cast, requested: Connection) -> Connection:
    return approve(requested.pk, by=cast.duty_officer, at=NOON)
