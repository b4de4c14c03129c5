"""Limits are versions: what holds now, what held then, who changed it, why, stricter or looser."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import change_limit
from guatu.web.monitoring.actions.limits import bearing
from guatu.web.monitoring.errors import LimitRefusedError
from guatu.web.monitoring.models import Bearing, LimitVersion, Outbox, Slot
from guatu.web.monitoring.specs import LimitSpec
from tests.cast import Cast
from tests.web.monitoring.conftest import NOON, Line

HOUR = timedelta(hours=1)


def spec(value: str | None, **others: object) -> LimitSpec:
    plain = {"deadband": Decimal(4), "on_delay_s": Decimal(1), "off_delay_s": Decimal(5)}
    given_value = None if value is None else Decimal(value)
    return LimitSpec(value=given_value, **{**plain, "states": (1, 2, 3, 4), **others})  # type: ignore[arg-type]


def held(line: Line, role: str, slot: Slot, at: object) -> Decimal | None:
    unit = queries.limits_of(line.plant, at=at)[0]  # type: ignore[arg-type]
    row = next(row for row in unit.points if row.point == line.points[role])
    return row.versions[slot].value if slot in row.versions else None


def test_limits_are_known_as_they_were_on_each_day(line: Line, cast: Cast) -> None:
    point = line.points["inlet_flow"].pk
    for hour, value in ((1, "160"), (2, "165"), (3, None)):
        change_limit(
            point, Slot.L, spec(value), why="试验", by=cast.duty_officer, at=NOON + hour * HOUR
        )
    seen = [held(line, "inlet_flow", Slot.L, NOON + HOUR * h / 2) for h in (1, 3, 5, 7)]
    assert seen == [Decimal(170), Decimal(160), Decimal(165), None]
    assert held(line, "inlet_flow", Slot.L, None) is None
    assert held(line, "inlet_flow", Slot.L, NOON - timedelta(days=2)) is None


def test_a_change_keeps_who_when_and_why_and_leaves_the_old_version(line: Line, cast: Cast) -> None:
    version = change_limit(
        line.points["inlet_flow"].pk,
        Slot.L,
        spec("175"),
        why=" 夏季水温偏高 ",
        by=cast.duty_officer,
        at=NOON,
    )
    assert (version.why, version.changed_by, version.bearing) == (
        "夏季水温偏高",
        cast.duty_officer,
        Bearing.SAFER,
    )
    old = LimitVersion.objects.get(point=version.point, slot=Slot.L, valid_to=NOON)
    assert old.value == 170


def test_a_change_queues_the_whole_configuration_under_the_next_version(
    line: Line, cast: Cast
) -> None:
    before = Outbox.objects.count()
    change_limit(
        line.points["inlet_flow"].pk,
        Slot.L,
        spec("175"),
        why="收紧",
        by=cast.plant_officer,
        at=NOON,
    )
    command = Outbox.objects.order_by("-id")[0]
    assert Outbox.objects.count() == before + 1
    assert command.version == command.payload["config"]["version"] == 2
    point = next(
        p for p in command.payload["config"]["points"] if p["id"] == line.points["inlet_flow"].pk
    )
    assert [limit["value"] for limit in point["limits"]] == [140.0, 175.0]
    assert len(command.payload["config"]["points"]) == 21


def test_a_clock_set_back_makes_no_version_that_ends_before_it_began(
    line: Line, cast: Cast
) -> None:
    point = line.points["inlet_flow"].pk
    change_limit(point, Slot.L, spec("175"), why="收紧", by=cast.plant_officer, at=NOON)
    change_limit(point, Slot.L, spec("172"), why="放宽", by=cast.duty_officer, at=NOON - HOUR)
    for version in LimitVersion.objects.filter(point=point, slot=Slot.L, valid_to__isnull=False):
        assert version.valid_to is not None
        assert version.valid_to > version.valid_from


@pytest.mark.parametrize(
    ("slot", "wanted", "why", "code", "where"),
    [
        (Slot.L, spec("130"), "放宽", "out_of_order", "value"),
        (Slot.L, spec("900"), "放宽", "outside_physical_range", "value"),
        (Slot.L, spec("170"), "不变", "unchanged", "value"),
        (Slot.L, spec("175"), " ", "reason_missing", "why"),
        (Slot.L, spec("175", deadband=Decimal(-1)), "负", "negative_deadband", "deadband"),
        (Slot.L, spec("175", on_delay_s=Decimal(-1)), "负", "delay_out_of_range", "on_delay_s"),
        (Slot.L, spec("175", states=(77,)), "状态", "unknown_state", "states"),
        (Slot.H, spec("172", deadband=Decimal(5)), "新增", "deadband_too_wide", "value"),
        (Slot.MISSING, spec("0"), "零", "silence_out_of_range", "value"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_limit_that_cannot_hold_is_refused_with_its_field(  # noqa: PLR0917 - a table
    line: Line, cast: Cast, slot: Slot, wanted: LimitSpec, why: str, code: str, where: str
) -> None:
    before = LimitVersion.objects.count()
    with pytest.raises(LimitRefusedError) as refused:
        change_limit(
            line.points["inlet_flow"].pk, slot, wanted, why=why, by=cast.plant_officer, at=NOON
        )
    assert (code, where) in [(p.code, p.where) for p in refused.value.problems]
    assert LimitVersion.objects.count() == before


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("plant_officer", True),
        ("duty_officer", True),
        ("city_duty_officer", True),
        ("administrator", False),
        ("supervisor", False),
        ("outsider", False),
        ("outside_plant_officer", False),
    ],
)
def test_who_may_change_a_limit(line: Line, cast: Cast, who: str, *, allowed: bool) -> None:
    def change() -> None:
        change_limit(
            line.points["inlet_flow"].pk,
            Slot.L,
            spec("175"),
            why="收紧",
            by=cast.users[who],
            at=NOON,
        )

    if allowed:
        change()
        return
    with pytest.raises(PermissionDenied):
        change()


FIGURES = st.decimals(0, 500, places=1)


@given(before=FIGURES, after=FIGURES, slot=st.sampled_from(list(Slot)))
def test_a_change_and_its_undoing_bear_opposite_ways(
    before: Decimal, after: Decimal, slot: Slot
) -> None:
    there = bearing(slot, LimitSpec(value=before), LimitSpec(value=after))
    back = bearing(slot, LimitSpec(value=after), LimitSpec(value=before))
    opposite = {Bearing.SAFER: Bearing.LOOSER, Bearing.LOOSER: Bearing.SAFER}
    assert back == opposite.get(there, there)
    assert (there == Bearing.SAME) == (before == after)


@pytest.mark.parametrize(
    ("slot", "before", "after", "expected"),
    [
        (Slot.H, spec("100"), spec("90"), Bearing.SAFER),
        (Slot.L, spec("100"), spec("90"), Bearing.LOOSER),
        (Slot.MISSING, spec("5"), spec("10"), Bearing.LOOSER),
        (Slot.L, spec("100"), spec(None), Bearing.LOOSER),
        (Slot.L, spec(None), spec("100"), Bearing.SAFER),
        (Slot.L, spec("100"), spec("110", on_delay_s=Decimal(9)), Bearing.MIXED),
        (Slot.L, spec("100"), spec("100", states=(3,)), Bearing.LOOSER),
        (Slot.L, spec("100"), spec("100", states=()), Bearing.SAFER),
        (Slot.L, spec("100"), spec("100", deadband=Decimal(9)), Bearing.SAME),
    ],
)
def test_what_a_change_does_to_protection(
    slot: Slot, before: LimitSpec, after: LimitSpec, expected: Bearing
) -> None:
    assert bearing(slot, before, after) == expected
