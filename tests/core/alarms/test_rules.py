"""The rule table: every rule with its silent twin, and laws over any open alarms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.alarms.rules import (
    BLUE,
    ORANGE,
    RED,
    RULES,
    YELLOW,
    DueWarning,
    OpenAlarm,
    next_due_at,
    not_yet_told,
    warnings_due,
)

BEGAN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

FLOW = OpenAlarm(
    key="101:0:2048",
    plant=7,
    unit=3,
    point=101,
    slot="LL",
    stage=2,
    core=True,
    unit_kind="dwc",
    unit_state=3,
    began_at=BEGAN,
    acknowledged_at=None,
    active=True,
    value=12.5,
    limit=70.0,
)
PRESSURE = replace(FLOW, key="102:0:2049", point=102, began_at=BEGAN + timedelta(seconds=2))
SILENT = replace(FLOW, key="101:4:1024", slot="MISSING", stage=1, value=None, limit=5.0)
FIRST = replace(FLOW, key="101:1:1024", slot="L", stage=1, core=False, unit_state=0)


def levels(*alarms: OpenAlarm, at: datetime = BEGAN) -> list[int]:
    return [due.level for due in warnings_due(alarms, at=at)]


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        pytest.param([FLOW], [ORANGE], id="second stage on a core point while casting"),
        pytest.param([replace(FLOW, slot="HH")], [ORANGE], id="the high side as well"),
        pytest.param([replace(FLOW, core=False)], [], id="not a core point"),
        pytest.param([replace(FLOW, unit_state=0)], [], id="not casting"),
        pytest.param([replace(FLOW, unit_state=5)], [], id="already emptying"),
        pytest.param([replace(FLOW, unit_state=None)], [], id="state never told"),
        pytest.param(
            [replace(FLOW, unit_kind="recording", unit_state=None)],
            [ORANGE],
            id="a kind that casts not",
        ),
        pytest.param(
            [replace(FLOW, unit_kind="arc_furnace", unit_state=1)], [ORANGE], id="running"
        ),
        pytest.param([replace(FLOW, unit_kind="arc_furnace", unit_state=0)], [], id="stopped"),
        pytest.param([replace(FLOW, unit_kind="arc_furnace", unit_state=2)], [], id="being mended"),
        pytest.param([replace(FLOW, slot="L", stage=1)], [], id="first stage, just begun"),
        pytest.param([replace(FLOW, active=False)], [ORANGE], id="returned but nobody has seen it"),
        pytest.param(
            [replace(FLOW, active=False, acknowledged_at=BEGAN)], [], id="returned and seen"
        ),
        pytest.param(
            [replace(FLOW, acknowledged_at=BEGAN)], [ORANGE], id="seen, but it still holds"
        ),
        pytest.param([FLOW, PRESSURE], [RED], id="two core points together"),
        pytest.param(
            [FLOW, replace(PRESSURE, point=101, slot="HH")], [ORANGE], id="one point twice"
        ),
        pytest.param(
            [FLOW, replace(PRESSURE, unit=4)], [ORANGE, ORANGE], id="two units, one point each"
        ),
        pytest.param([FLOW, replace(PRESSURE, core=False)], [ORANGE], id="the second is not core"),
        pytest.param(
            [replace(FLOW, active=False, returned_at=BEGAN + timedelta(seconds=1)), PRESSURE],
            [ORANGE],
            id="one after the other",
        ),
        pytest.param(
            [replace(FLOW, active=False, returned_at=BEGAN + timedelta(seconds=3)), PRESSURE],
            [RED],
            id="together for one second",
        ),
        pytest.param([FLOW, replace(PRESSURE, active=False)], [RED], id="the later one was brief"),
        pytest.param([SILENT], [YELLOW], id="a core point silent while casting"),
        pytest.param([replace(SILENT, unit_state=0)], [], id="silent while idle"),
        pytest.param([replace(SILENT, core=False)], [], id="another point silent"),
    ],
)
def test_open_alarms_ask_for_the_level_the_table_says(
    alarms: list[OpenAlarm], expected: list[int]
) -> None:
    assert levels(*alarms) == expected


@pytest.mark.parametrize(
    ("after", "alarm", "expected"),
    [
        pytest.param(5 * MINUTE, FIRST, [BLUE], id="five minutes, not seen"),
        pytest.param(5 * MINUTE - timedelta(milliseconds=1), FIRST, [], id="a moment before"),
        pytest.param(
            9 * MINUTE, replace(FIRST, acknowledged_at=BEGAN + 4 * MINUTE), [], id="seen in time"
        ),
        pytest.param(5 * MINUTE, replace(FIRST, active=False), [BLUE], id="returned, not seen"),
        pytest.param(9 * MINUTE, replace(SILENT, core=False), [], id="silence is no first stage"),
    ],
)
def test_a_first_stage_alarm_nobody_acknowledges_turns_blue(
    after: timedelta, alarm: OpenAlarm, expected: list[int]
) -> None:
    assert levels(alarm, at=BEGAN + after) == expected


def test_one_warning_a_unit_tells_every_rule_that_holds_the_highest_first() -> None:
    alarms = [replace(FIRST, key="103:1:5", point=103), SILENT, FLOW, PRESSURE]
    (due,) = warnings_due(alarms, at=BEGAN + 5 * MINUTE)
    assert (due.plant, due.unit, due.level, due.rules_version) == (7, 3, RED, 2)
    assert due.rule_codes == (
        "two_core_points_second_stage",
        "core_point_second_stage",
        "core_point_silent",
        "first_stage_unacknowledged",
    )
    assert due.alarm_keys == ("101:0:2048", "102:0:2049", "101:4:1024", "103:1:5")


def test_what_was_told_is_not_told_again_unless_the_level_rises() -> None:
    orange = warnings_due([FLOW], at=BEGAN)
    assert not_yet_told(orange, {}) == orange
    assert not_yet_told(orange, {FLOW.key: ORANGE}) == []
    red = warnings_due([FLOW, PRESSURE], at=BEGAN)
    assert not_yet_told(red, {FLOW.key: ORANGE}) == red


def test_time_alone_is_asked_for_only_where_a_rule_waits() -> None:
    assert next_due_at([FLOW, SILENT], at=BEGAN) is None
    assert next_due_at([FIRST], at=BEGAN) == BEGAN + 5 * MINUTE
    assert next_due_at([FIRST], at=BEGAN + 5 * MINUTE) is None


def test_a_unitless_point_is_warned_about_on_its_own() -> None:
    alone = replace(FIRST, unit=None)
    due = warnings_due([alone, replace(FIRST, key="x")], at=BEGAN + 5 * MINUTE)
    assert [warning.unit for warning in due] == [None, 3]


def test_the_table_names_each_rule_once() -> None:
    codes = [rule.code for rule in RULES.rules]
    assert len(set(codes)) == len(codes) == 4


moments = st.integers(0, 900).map(lambda second: BEGAN + timedelta(seconds=second))


@st.composite
def open_alarms(draw: st.DrawFn) -> OpenAlarm:
    slot = draw(st.sampled_from(["LL", "L", "H", "HH", "MISSING"]))
    point, began = draw(st.integers(1, 4)), draw(moments)
    return OpenAlarm(
        key=f"{point}:{slot}:{draw(st.integers(1, 10**6))}",
        plant=7,
        unit=point % 2,
        point=point,
        slot=slot,
        stage=2 if slot in ("LL", "HH") else 1,
        core=draw(st.booleans()),
        unit_kind=draw(st.sampled_from(["dwc", "blast_furnace"])),
        unit_state=draw(st.none() | st.integers(0, 5)),
        began_at=began,
        acknowledged_at=draw(st.none() | moments),
        active=draw(st.booleans()),
        value=None,
        limit=None,
        returned_at=draw(st.none() | moments.filter(lambda m: m >= began)),
    )


many = st.lists(open_alarms(), max_size=8, unique_by=lambda alarm: alarm.key)


def by_unit(due: list[DueWarning]) -> dict[int | None, int]:
    return {warning.unit: warning.level for warning in due}


@given(many, moments)
def test_order_of_alarms_does_not_matter(alarms: list[OpenAlarm], at: datetime) -> None:
    assert warnings_due(alarms, at=at) == warnings_due(alarms[::-1], at=at)


@given(many, open_alarms(), moments)
def test_one_more_alarm_never_lowers_a_warning(
    alarms: list[OpenAlarm], more: OpenAlarm, at: datetime
) -> None:
    before = by_unit(warnings_due(alarms, at=at))
    after = by_unit(warnings_due([*alarms, more], at=at))
    assert all(after[unit] >= level for unit, level in before.items())


@given(many, moments, st.floats(0, 1))
def test_nothing_changes_before_the_moment_that_is_foretold(
    alarms: list[OpenAlarm], at: datetime, share: float
) -> None:
    now = warnings_due(alarms, at=at)
    foretold = next_due_at(alarms, at=at)
    if foretold is None:
        assert warnings_due(alarms, at=at + timedelta(days=365)) == now
        return
    between = at + (foretold - at) * share
    assert (warnings_due(alarms, at=between) == now) == (between < foretold)
    assert warnings_due(alarms, at=foretold) != now
