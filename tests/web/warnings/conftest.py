"""A desk with one warning on it, and a way to make more."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from guatu.core.nouns.warning import Level
from guatu.web.warnings import actions, changed
from guatu.web.warnings.models import Warning  # noqa: A004
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

Raise = Callable[..., Warning]


@pytest.fixture
def raise_one(cast: Cast) -> Raise:
    """`raise_one(level=..., key=..., organisation=..., at=...)`, all of them optional."""
    made = 0

    def make(**given: Any) -> Warning:
        nonlocal made
        made += 1
        organisation = given.get("organisation", cast.plant)
        return actions.raise_warning(
            source_kind=given.get("kind", "monitoring.unit"),
            source_key=given.get("key", f"unit {made}"),
            source_url=given.get("url", "/plants/1/"),
            title=given.get("title", "1#深井铸造线 进水流量 低低限"),
            level=given.get("level", Level.ORANGE),
            organisation=organisation,
            region=given.get("region", organisation.region),
            facts=given.get("facts", {}),
            at=given.get("at", NOON),
        )

    return make


@pytest.fixture
def warning(raise_one: Raise) -> Warning:
    """An orange warning of the plant in Anning, raised at noon."""
    return raise_one(key="the one")


@pytest.fixture
def heard() -> Iterator[list[changed.Changed]]:
    """What listeners hear."""
    heard: list[changed.Changed] = []
    changed.on_changed.append(heard.append)
    yield heard
    changed.on_changed.remove(heard.append)
