"""What the wall makes of the engine's answers, and of none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from guatu.telemetry import query
from guatu.web.wall.engine import AWAY, AWAY_KEY, PlantNow, UnitState, engine_now
from guatu.web.wall.queries import PulsePoint

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def _value(point: int, value: float | None, at_ms: int | None) -> query.LastValue:
    quality = "good" if at_ms else "none"
    return query.LastValue(point=point, value=value, at_ms=at_ms, quality=quality, in_alarm=False)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[int, query.LastValue]:
    """Last values by point, to be filled by a test; nothing received so far."""
    known: dict[int, query.LastValue] = {}

    def last_values(_code: str, points: Sequence[int]) -> list[query.LastValue]:
        return [known[point] for point in points if point in known]

    monkeypatch.setattr(query, "last_values", last_values)
    monkeypatch.setattr(query, "received", lambda _plants: 0)
    return known


@pytest.mark.usefixtures("answers")
def test_a_rate_needs_two_counts_some_seconds_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = []
    for second, received in [(0, 1000), (1, 1500), (4, 5000), (5, 5100), (8, 13000)]:
        monkeypatch.setattr(query, "received", lambda _plants, n=received: n)
        rates.append(engine_now([], {}, [], NOON + timedelta(seconds=second)).samples_per_s)
    assert rates == [None, None, 1000.0, 1000.0, 2000.0]


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(("later_s", "received"), [(300, 9000), (5, 10)])
def test_an_old_count_or_one_that_fell_begins_anew(
    monkeypatch: pytest.MonkeyPatch, later_s: int, received: int
) -> None:
    monkeypatch.setattr(query, "received", lambda _plants: 1000)
    engine_now([], {}, [], NOON)
    monkeypatch.setattr(query, "received", lambda _plants: received)
    assert engine_now([], {}, [], NOON + timedelta(seconds=later_s)).samples_per_s is None


def test_a_plants_state_and_last_sample_come_from_its_points(
    answers: dict[int, query.LastValue],
) -> None:
    points = [
        PulsePoint(plant=7, point=1, unit="1号线", kind="dwc", tells_state=False),
        PulsePoint(plant=7, point=2, unit="1号线", kind="dwc", tells_state=True),
        PulsePoint(plant=8, point=3, unit="1号线", kind="dwc", tells_state=True),
    ]
    answers[1] = _value(1, 182.4, NOON_MS)
    answers[2] = _value(2, 3.0, NOON_MS - 5000)
    answers[3] = _value(3, None, None)
    now = engine_now([], {7: "A", 8: "B"}, points, NOON)
    assert now.plants == {
        7: PlantNow(units={"1号线": UnitState("dwc", 3)}, last_at=NOON),
        8: PlantNow(),
    }


def test_an_engine_that_is_away_is_not_asked_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def received(_plants: Sequence[int]) -> int:
        asked.append(1)
        raise query.EngineUnavailable("partition 0")

    monkeypatch.setattr(query, "received", received)
    assert engine_now([], {}, [], NOON) == AWAY
    assert engine_now([], {}, [], NOON) == AWAY
    assert len(asked) == 1
    cache.delete(AWAY_KEY)
    engine_now([], {}, [], NOON)
    assert len(asked) == 2


@pytest.mark.usefixtures("answers")
def test_each_reader_has_the_rate_of_the_plants_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {1: 100, 2: 5000}
    monkeypatch.setattr(query, "received", lambda plants: sum(sent[plant] for plant in plants))
    for seen in ([1], [1, 2]):
        engine_now(seen, {}, [], NOON)
    sent = {1: 150, 2: 6000}
    at = NOON + timedelta(seconds=5)
    rates = [engine_now(seen, {}, [], at).samples_per_s for seen in ([1], [1, 2])]
    assert rates == [10.0, 210.0]


@pytest.mark.usefixtures("answers")
def test_a_page_opened_after_a_pause_shows_the_rate_last_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates = []
    for second, received in [(0, 0), (10, 1000), (600, 90_000)]:
        monkeypatch.setattr(query, "received", lambda _plants, n=received: n)
        rates.append(engine_now([1], {}, [], NOON + timedelta(seconds=second)).samples_per_s)
    assert rates == [None, 100.0, 100.0]
