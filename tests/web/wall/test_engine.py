"""What the wall makes of the engine's answers, and of none."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from guatu.telemetry import query
from guatu.web.wall.engine import AWAY, AWAY_KEY, PlantNow, UnitState, engine_now

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def _pulse(plant: int, received: int = 0) -> query.Pulse:
    return query.Pulse(plant=plant, received=received, sampled_ms=None, states={})


Says = Callable[[dict[int, int]], None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """`says({plant: samples received})` makes the engine say this."""

    def say(counts: dict[int, int]) -> None:
        def pulse(plants: Sequence[int]) -> list[query.Pulse]:
            return [_pulse(plant, counts[plant]) for plant in plants]

        monkeypatch.setattr(query, "pulse", pulse)

    return say


def test_a_rate_needs_two_counts_some_seconds_apart(says: Says) -> None:
    rates = []
    for second, received in [(0, 1000), (1, 1500), (4, 5000), (5, 5100), (8, 13000)]:
        says({1: received})
        rates.append(engine_now([1], {}, NOON + timedelta(seconds=second)).samples_per_s)
    assert rates == [None, None, 1000.0, 1000.0, 2000.0]


@pytest.mark.parametrize(("later_s", "received"), [(300, 9000), (5, 10)])
def test_an_old_count_or_one_that_fell_begins_anew(says: Says, later_s: int, received: int) -> None:
    says({1: 1000})
    engine_now([1], {}, NOON)
    says({1: received})
    assert engine_now([1], {}, NOON + timedelta(seconds=later_s)).samples_per_s is None


def test_a_plants_states_are_read_by_the_kinds_of_its_units(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [
        query.Pulse(plant=7, received=9, sampled_ms=NOON_MS, states={3: 3, 4: 0}),
        query.Pulse(plant=8, received=0, sampled_ms=None, states={}),
    ]
    monkeypatch.setattr(query, "pulse", lambda _plants: told)
    # Unit 4 was registered after the database was asked.
    assert engine_now([7, 8, 9], {3: "dwc"}, NOON).plants == {
        7: PlantNow(units={3: UnitState("dwc", 3)}, last_at=NOON),
        8: PlantNow(),
    }


def test_an_engine_that_is_away_is_not_asked_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def pulse(_plants: Sequence[int]) -> list[query.Pulse]:
        asked.append(1)
        raise query.EngineUnavailable("partition 0")

    monkeypatch.setattr(query, "pulse", pulse)
    assert engine_now([], {}, NOON) == AWAY
    assert engine_now([], {}, NOON) == AWAY
    assert len(asked) == 1
    cache.delete(AWAY_KEY)
    engine_now([], {}, NOON)
    assert len(asked) == 2


def test_each_reader_has_the_rate_of_the_plants_in_sight(says: Says) -> None:
    says({1: 100, 2: 5000})
    for seen in ([1], [1, 2]):
        engine_now(seen, {}, NOON)
    says({1: 150, 2: 6000})
    at = NOON + timedelta(seconds=5)
    rates = [engine_now(seen, {}, at).samples_per_s for seen in ([1], [1, 2])]
    assert rates == [10.0, 210.0]


def test_a_page_opened_after_a_pause_shows_the_rate_last_known(says: Says) -> None:
    rates = []
    for second, received in [(0, 0), (10, 1000), (600, 90_000)]:
        says({1: received})
        rates.append(engine_now([1], {}, NOON + timedelta(seconds=second)).samples_per_s)
    assert rates == [None, 100.0, 100.0]
