"""Looks become hours: each sample counted once, whoever looks when, and what should have come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guatu.web.monitoring.actions import StopSpec, declare_stop
from guatu.web.monitoring.models import Plant, Point, StopKind
from guatu.web.quality import queries
from guatu.web.quality.actions import KEPT, forget_old_hours, hour_of, record_looks
from guatu.web.quality.expected import covered, expected
from guatu.web.quality.looks import SUMMED, Counts, Look
from guatu.web.quality.models import LastLook, PlantHour
from guatu.web.quality.standing import chief, findings
from tests.cast import Cast
from tests.web.monitoring.conftest import Line, register_line

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = NOON.date()


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def line(cast: Cast) -> Line:
    return register_line(cast)


def look(plant: Plant, received: int, **more: int) -> Look:
    """A plant of which so many samples came, all stored but those rejected."""
    sums = dict.fromkeys(SUMMED, 0) | {"received": received, "stored": received}
    rejected = {name: more.pop(name) for name in list(more) if name not in SUMMED}
    sums["stored"] -= sum(rejected.values())
    return Look(plant=plant.pk, counts=Counts(sums=sums | more, rejected=rejected))


def hours(plant: Plant) -> list[tuple[int, int]]:
    """Hour of the day (UTC) and samples received."""
    rows = PlantHour.objects.filter(plant=plant).order_by("hour")
    return [(row.hour.hour, row.received) for row in rows]


def test_what_came_between_two_looks_counts_for_the_hour_between_them(line: Line) -> None:
    for minute, received in ((0, 100), (30, 400), (60, 1000), (61, 1010)):
        record_looks([look(line.plant, received)], at=at(minute))
    assert hours(line.plant) == [(4, 900), (5, 10)]


def test_the_first_look_at_a_plant_only_notes_the_counts(line: Line) -> None:
    assert record_looks([look(line.plant, 10**9)], at=at(0)) == 0
    assert not PlantHour.objects.exists()


def test_the_same_look_twice_adds_nothing(line: Line) -> None:
    for minute, received in ((0, 0), (1, 50), (1, 50), (0.5, 40), (2, 50)):
        record_looks([look(line.plant, received)], at=at(minute))
    assert hours(line.plant) == [(4, 50)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    steps=st.lists(st.tuples(st.integers(1, 90), st.integers(0, 500)), max_size=12),
    repeats=st.sets(st.integers(0, 11)),
)
def test_hours_add_up_to_what_came_however_looks_fall(
    line: Line, steps: list[tuple[int, int]], repeats: set[int]
) -> None:
    """Looks at any moments, some of them twice: the sum of all hours is the last count."""
    PlantHour.objects.all().delete()
    LastLook.objects.all().delete()
    minute, received = 0, 0
    record_looks([look(line.plant, 0)], at=at(0))
    for number, (passed, came) in enumerate(steps):
        minute, received = minute + passed, received + came
        for _ in range(2 if number in repeats else 1):
            record_looks([look(line.plant, received)], at=at(minute))
    assert sum(count for _hour, count in hours(line.plant)) == received


def test_an_engine_that_began_anew_loses_nothing_that_came_since(line: Line) -> None:
    for minute, received in ((0, 1000), (1, 1500), (2, 40)):
        record_looks([look(line.plant, received)], at=at(minute))
    assert hours(line.plant) == [(4, 540)]


def test_hours_in_which_nobody_looked_are_told(line: Line) -> None:
    for minute, received in ((0, 0), (1, 60), (241, 14_460), (242, 14_520)):
        record_looks([look(line.plant, received)], at=at(minute))
    assert hours(line.plant) == [(4, 60), (6, 14_400), (8, 60)]
    (told,) = queries.plant_day(line.plant, DAY).gaps_in_looking
    assert (told.since, told.until) == (at(1), at(241))


def test_reasons_are_kept_by_name_and_doubles_apart(line: Line) -> None:
    record_looks([look(line.plant, 0)], at=at(0))
    first = look(line.plant, 100, unknown_point=10, doubled_beat=5, missing_beats=3)
    record_looks([replace(first, clock_offset_ms=-400)], at=at(1))
    then = look(
        line.plant, 200, unknown_point=30, doubled_beat=5, doubled_time=2, bad=7, missing_beats=1
    )
    record_looks([replace(then, clock_offset_ms=900)], at=at(2))
    day = queries.plant_day(line.plant, DAY)
    assert day.counts.rejected == {"unknown_point": 30, "doubled_beat": 5, "doubled_time": 2}
    whole = day.whole
    assert (whole.received, whole.stored, whole.rejected, whole.doubled) == (200, 163, 37, 7)
    assert (whole.bad, whole.clock_least_ms, whole.clock_most_ms) == (7, -400, 900)
    assert queries.by_plant(Plant.objects.all(), DAY)[line.plant.pk] == whole
    row = PlantHour.objects.get()
    assert (row.missing_beats, row.clock_last_ms) == (1, 900)


def test_what_should_come_follows_the_sampling_periods(line: Line) -> None:
    points = Point.objects.filter(unit__plant=line.plant)
    points.update(sampling_s=1)
    points.filter(role="inlet_flow").update(sampling_s="0.1")
    record_looks([look(line.plant, 0)], at=at(0))
    record_looks([look(line.plant, 0)], at=at(10))
    assert PlantHour.objects.get().expected == pytest.approx(600 * (points.count() - 1 + 10))


def test_a_declared_stop_is_no_time_in_which_samples_should_come(cast: Cast, line: Line) -> None:
    spec = StopSpec(
        unit=None,
        kind=StopKind.HALT,
        begins_at=at(5),
        ends_at=at(300),
        reason="停产",
    )
    declare_stop(line.plant.pk, spec, by=cast.plant_officer, at=at(0))
    record_looks([look(line.plant, 0)], at=at(0))
    record_looks([look(line.plant, 0)], at=at(10))
    points = Point.objects.filter(unit__plant=line.plant).count()
    assert PlantHour.objects.get().expected == pytest.approx(300 * points)


def test_of_a_suspended_plant_nothing_is_expected(line: Line) -> None:
    Plant.objects.update(suspended_at=at(0))
    record_looks([look(line.plant, 0)], at=at(0))
    record_looks([look(line.plant, 0)], at=at(10))
    assert PlantHour.objects.get().expected == 0


def test_a_plant_that_is_gone_is_passed_over(line: Line) -> None:
    gone = replace(look(line.plant, 5), plant=10**6)
    assert record_looks([gone, look(line.plant, 5)], at=at(0)) == 0
    assert record_looks([gone, look(line.plant, 9)], at=at(1)) == 1


def test_old_hours_are_forgotten(line: Line) -> None:
    record_looks([look(line.plant, 0)], at=at(0))
    record_looks([look(line.plant, 5)], at=at(1))
    assert forget_old_hours(at=NOON + KEPT) == 0
    assert forget_old_hours(at=NOON + KEPT + timedelta(hours=1)) == 1


@given(st.lists(st.tuples(st.integers(-20, 120), st.integers(-20, 120)), max_size=6))
def test_time_covered_by_many_stops_is_counted_once(spans: list[tuple[int, int]]) -> None:
    """Minute by minute the same as asking of each minute whether any span covers it."""
    found = covered([(at(a), at(b)) for a, b in spans], at(0), at(100))
    minutes = sum(any(a <= m < b for a, b in spans) for m in range(100))
    assert found == timedelta(minutes=minutes)


def test_a_stop_of_one_unit_leaves_the_other_expected() -> None:
    stops = [(1, at(0), at(5)), (None, at(8), at(10))]
    assert expected({1: 2.0, 2: 1.0}, at(0), at(10), stops) == 60 * (3 * 2.0 + 8 * 1.0)


def test_an_hour_is_that_of_the_middle() -> None:
    assert hour_of(at(59.5), at(60.2)) == at(0)
    assert hour_of(at(59.5), at(60.8)) == at(60)


def test_samples_found_doubled_at_a_cut_are_taken_back(line: Line) -> None:
    """The engine finds some doubles only when it stores; the sums of the hours follow."""
    plant = line.plant
    record_looks([look(plant, 0)], at=at(0))
    record_looks([look(plant, 100)], at=at(1))
    record_looks([look(plant, 100, doubled_time=40)], at=at(2))
    record_looks([look(plant, 150, doubled_time=40)], at=at(119))
    whole = queries.plant_day(plant, DAY).whole
    assert (whole.received, whole.stored, whole.doubled) == (150, 110, 40)
    assert [row.stored for row in PlantHour.objects.order_by("hour")] == [60, 50]


def test_numbers_that_went_missing_on_another_day_are_not_this_days(line: Line) -> None:
    for minute, missing in ((0, 5), (1, 9), (2, 7)):
        record_looks([look(line.plant, minute, missing_beats=missing)], at=at(minute))
    assert queries.plant_day(line.plant, DAY).whole.missing == 2
    record_looks([look(line.plant, 9, missing_beats=0)], at=at(3))
    assert queries.plant_day(line.plant, DAY).whole.missing == 0, "all came after all"


def test_a_clock_that_was_not_heard_since_is_not_told_again(line: Line) -> None:
    heard = replace(look(line.plant, 0), clock_offset_ms=-4000, clock_at=at(0.5))
    for minute in (0, 1, 2, 61, 62):
        record_looks([replace(heard, counts=look(line.plant, minute).counts)], at=at(minute))
    told = [row.clock_last_ms for row in PlantHour.objects.order_by("hour")]
    assert told == [-4000, None]


def test_an_old_archive_makes_no_day_whole() -> None:
    figures = queries.Figures(expected=100, received=1040, stored=1040, backfilled=1000, late=5)
    assert (figures.arrived_share, figures.usable_share) == (40.0, 35.0)
    assert figures.absent == 60


def test_samples_that_were_never_sent_are_a_finding_and_few_are_none() -> None:
    half = queries.Figures(expected=1000, received=520, stored=500, rejected=20, doubled=20)
    (found,) = findings(half, Counts())
    assert (found.code, found.count) == ("absent", 500)
    nearly = replace(half, received=1015, stored=995)
    assert findings(nearly, Counts()) == []


def test_the_chief_troubles_are_those_that_cost_most() -> None:
    figures = queries.Figures(expected=100, received=100, stored=80, late=30, bad=2, uncertain=9)
    counts = Counts(rejected={"doubled_beat": 70, "unknown_point": 20})
    told = [one.code for one in chief(findings(figures, counts, offset_ms=8000))]
    assert told == ["late", "unknown_point", "uncertain"]
