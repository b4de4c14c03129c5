"""Events are recorded once, however often and in whatever order they come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guatu.access.messages import Event
from guatu.web.monitoring.actions import raise_overdue_alarms, record_events
from guatu.web.monitoring.actions.ledger import WRITTEN
from guatu.web.monitoring.models import Alarm, EventPosition, Plant
from guatu.web.warnings.facts import facts_of
from guatu.web.warnings.models import Warning  # noqa: A004
from tests.web.monitoring.conftest import NOON, Line

AT = NOON + timedelta(minutes=1)


def record(line: Line, *events: object, seq: int = 1, at: object = AT) -> None:
    record_events(partition=0, stream_seq=seq, events=events, at=at)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that recording left behind, ids aside."""

    alarms: tuple[object, ...]
    levels: dict[str, int]
    position: int


def outcome() -> Outcome:
    columns = [*WRITTEN, "key", "slot", "point", "unit", "plant"]
    return Outcome(
        alarms=tuple(Alarm.objects.order_by("key").values_list(*columns)),
        levels=dict(Warning.objects.values_list("source_key", "level")),
        position=EventPosition.objects.get(pk=0).stream_seq,
    )


def test_a_second_stage_on_a_core_point_while_casting_opens_an_orange_warning(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    warning = Warning.objects.get()
    assert warning.level == 3
    assert warning.organisation == line.plant.organisation
    assert "结晶器进水流量" in warning.title
    assert warning.source_key == str(line.points["inlet_flow"].unit_id)


def test_two_core_points_together_lift_it_to_red(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    record(line, line.event("raised", "inlet_pressure", "LL", 2), seq=2)
    assert Warning.objects.get().level == 4


def test_an_alarm_that_is_over_before_it_is_recorded_still_warns(line: Line) -> None:
    record(
        line,
        line.event("raised", "inlet_flow", "LL", 1),
        line.event("cleared", "inlet_flow", "LL", 1, at=NOON + timedelta(seconds=20)),
    )
    assert Warning.objects.get().level == 3


def test_a_closed_warning_is_not_opened_again_by_the_alarm_it_answered(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    Warning.objects.update(state="closed", closed_at=AT)
    record(line, line.event("raised", "casting_speed", "H", 2), seq=2)
    assert Warning.objects.filter(closed_at=None).count() == 0
    record(line, line.event("raised", "trough_level", "HH", 3), seq=3)
    assert Warning.objects.filter(closed_at=None).count() == 1


def test_a_first_stage_unacknowledged_for_five_minutes_turns_blue_by_time_alone(line: Line) -> None:
    record(line, line.event("raised", "casting_speed", "H", 0))
    assert raise_overdue_alarms(at=NOON + timedelta(minutes=4, seconds=59)) == 0
    assert not Warning.objects.exists()
    assert raise_overdue_alarms(at=NOON + timedelta(minutes=5)) == 1
    assert Warning.objects.get().level == 1
    assert raise_overdue_alarms(at=NOON + timedelta(minutes=6)) == 0


def test_an_acknowledged_first_stage_never_turns_blue(line: Line) -> None:
    record(line, line.event("raised", "casting_speed", "H", 0))
    record(line, line.event("acknowledged", "casting_speed", "H", 0), seq=2)
    assert raise_overdue_alarms(at=NOON + timedelta(hours=1)) == 0


def test_events_about_unknown_points_are_counted_and_harm_nothing(line: Line) -> None:
    strange = line.event("raised", "inlet_flow", "LL", 1, point=10**9, alarm="1000000000:LL:1")
    done = record_events(
        partition=0,
        stream_seq=5,
        events=[strange.as_json(), line.event("raised", "inlet_flow", "L", 2).as_json()],
        at=AT,
    )
    assert (done.unknown, done.changed) == (1, 1)
    assert Alarm.objects.count() == 1


def test_the_engine_tells_which_configuration_it_judges_by(line: Line) -> None:
    record(line, line.event("configured", "inlet_flow", "LL", 1, alarm="", version=1))
    assert Plant.objects.get().applied_version == 1


def test_the_position_never_moves_back(line: Line) -> None:
    record(line, seq=9)
    record(line, seq=4)
    assert EventPosition.objects.get(pk=0).stream_seq == 9


def test_in_a_log_made_anew_the_position_starts_again(line: Line) -> None:
    record(line, seq=9)
    record_events(partition=0, stream="new", stream_seq=2, events=[], at=AT)

    position = EventPosition.objects.get(pk=0)
    assert (position.stream, position.stream_seq) == ("new", 2)


def close_at(at: datetime) -> None:
    Warning.objects.filter(closed_at=None).update(state="closed", closed_at=at)


def seconds(count: int) -> datetime:
    return NOON + timedelta(seconds=count)


def keys_of(warning: Warning) -> list[str]:
    return [alarm["key"] for alarm in warning.facts["alarms"]]


def test_what_a_closed_warning_dealt_with_is_no_fact_of_the_next(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    record(line, line.event("raised", "casting_speed", "H", 2), seq=2)
    record(line, line.event("cleared", "inlet_flow", "LL", 1, at=seconds(20)), seq=3)
    record(line, line.event("cleared", "casting_speed", "H", 2, at=seconds(21)), seq=4)
    close_at(seconds(60))
    assert raise_overdue_alarms(at=NOON + timedelta(minutes=10)) == 0
    later = NOON + timedelta(minutes=12)
    record(
        line,
        line.event("raised", "trough_level", "HH", 700, unit_state=1),
        seq=5,
        at=later,
    )
    anew = Warning.objects.get(closed_at=None)
    assert keys_of(anew) == [f"{line.points['trough_level'].pk}:HH:700"]
    assert anew.facts["rules"] == ["core_point_second_stage"]
    assert anew.facts["unit_state"] == 1


def test_what_still_holds_when_a_warning_is_closed_is_a_fact_of_the_next(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    close_at(seconds(60))
    record(line, line.event("raised", "inlet_pressure", "LL", 100), seq=2, at=seconds(100))
    anew = Warning.objects.get(closed_at=None)
    assert anew.level == 4
    assert len(keys_of(anew)) == 2


def test_an_open_warning_keeps_every_alarm_it_told_and_the_state_it_began_in(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1, unit_state=2))
    record(line, line.event("acknowledged", "inlet_flow", "LL", 1, at=seconds(5)), seq=2)
    record(line, line.event("cleared", "inlet_flow", "LL", 1, at=seconds(6)), seq=3)
    later = AT + timedelta(seconds=1)
    record(line, line.event("raised", "trough_level", "HH", 9, unit_state=4), seq=4, at=later)
    told = Warning.objects.get()
    assert len(keys_of(told)) == 2
    assert told.facts["unit_state"] == 2
    shown = facts_of(told).alarms
    assert [alarm.began for alarm in shown] == [seconds(1), seconds(9)]
    first, second = (alarm.now for alarm in shown)
    assert first is not None
    assert second is not None
    assert (first.returned_at, second.returned_at) == (seconds(6), None)


def test_a_title_and_facts_follow_the_readers_language(line: Line) -> None:
    record(line, line.event("raised", "inlet_flow", "LL", 1))
    warning = Warning.objects.get()
    assert "低低限" in warning.headline
    with translation.override("en"):
        assert "Low-low" in warning.headline
        told = facts_of(warning)
        assert dict(told.named)["Unit state at its beginning"] == "Steady"
        assert told.alarms[0].alarm == "Low-low"


Life = tuple[str, str, bool, bool]
"""Point, slot, whether acknowledged, whether cleared."""


def _messages(line: Line, lives: list[Life]) -> list[tuple[int, list[Event]]]:
    """One message an event: raising, and perhaps acknowledging and clearing, of each alarm."""
    sequence = count(1)
    messages: list[tuple[int, list[Event]]] = []
    for role, slot, acknowledged, cleared in lives:
        began = next(sequence)
        kinds = ["raised"] + ["acknowledged"] * acknowledged + ["cleared"] * cleared
        for offset, kind in enumerate(kinds):
            at = NOON + timedelta(seconds=began + offset)
            messages.append((next(sequence), [line.event(kind, role, slot, began, at=at)]))
    return messages


LIVES = st.lists(
    st.tuples(
        st.sampled_from(["casting_speed", "inlet_flow", "trough_level"]),
        st.sampled_from(["L", "H", "HH"]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def _outcomes(*orders: list[tuple[int, list[Event]]]) -> list[Outcome]:
    """What recording leaves behind, for each order of messages from the same beginning."""
    outcomes = []
    for order in orders:
        with transaction.atomic():
            for seq, events in order:
                record_events(partition=0, stream_seq=seq, events=events, at=AT)
            outcomes.append(outcome())
            transaction.set_rollback(True)
    return outcomes


FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(lives=LIVES, data=st.data())
def test_messages_repeated_after_a_restart_change_nothing(
    line: Line, lives: list[Life], data: st.DataObject
) -> None:
    messages = _messages(line, lives)
    back_to = data.draw(st.integers(0, len(messages)))
    reached = data.draw(st.integers(back_to, len(messages)))
    plain, repeated = _outcomes(messages, messages[:reached] + messages[back_to:])
    assert repeated == plain


@FEW
@given(lives=LIVES, data=st.data())
def test_disordered_messages_leave_the_same_alarms_and_miss_no_warning(
    line: Line, lives: list[Life], data: st.DataObject
) -> None:
    messages = _messages(line, lives)
    doubled = data.draw(st.lists(st.sampled_from(messages), max_size=6))
    plain, disordered = _outcomes(messages, data.draw(st.permutations([*messages, *doubled])))
    assert disordered.alarms == plain.alarms
    assert disordered.position == plain.position
    # An alarm whose end comes late looks as if it held together with others: a level may be
    # higher than in the true order, never lower.
    assert disordered.levels.keys() == plain.levels.keys()
    assert all(disordered.levels[source] >= level for source, level in plain.levels.items())
