"""Each verb by each of the cast; raising, lifting and climbing; history that stays."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from guatu.core.nouns.warning import Level, Refusal, Rung, State, Verb, Verdict
from guatu.web.warnings import actions, changed
from guatu.web.warnings.errors import (
    ANOTHER_OPEN,
    NO_SUCH_OWNER,
    NOBODY_THERE,
    NOT_CONCERNED,
    SAME_OWNER,
    RefusedError,
)
from guatu.web.warnings.models import Notice, Warning, WarningEntry  # noqa: A004
from tests.cast import Cast
from tests.web.warnings.conftest import NOON, Raise

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def deeds(warning: Warning) -> list[str]:
    return [entry.deed for entry in warning.entries.all()]


def bring_to(state: State, warning: Warning, cast: Cast, *, verdict: Verdict | None = None) -> None:
    """Walk a warning to a state by its proper people."""
    plant, duty, at = cast.plant_officer, cast.duty_officer, NOON + MINUTE
    way = [State.ACKNOWLEDGED, State.HANDLED, State.FED_BACK, State.CLOSED]
    steps: dict[State, Callable[[], Any]] = {
        State.ACKNOWLEDGED: lambda: actions.acknowledge(warning.pk, by=plant, at=at),
        State.HANDLED: lambda: actions.handle(warning.pk, note="stopped", by=plant, at=at),
        State.FED_BACK: lambda: actions.feed_back(warning.pk, note="pump", by=plant, at=at),
        State.CLOSED: lambda: actions.close(warning.pk, by=duty, at=at, note="done"),
    }
    if state is State.VERIFIED:
        steps[State.ACKNOWLEDGED]()
        actions.verify(warning.pk, verdict=verdict or Verdict.TRUE, note="seen", by=duty, at=at)
        return
    if state is State.CLOSED and verdict is None:
        verdict = Verdict.TRUE
    for step in way[: way.index(state) + 1] if state in way else []:
        if step is State.CLOSED and verdict:
            actions.verify(warning.pk, verdict=verdict, note="seen", by=duty, at=at)
        steps[step]()
    if verdict and state is not State.CLOSED:
        actions.verify(warning.pk, verdict=verdict, note="seen", by=duty, at=at)


def do(verb: Verb, warning: Warning, cast: Cast, by: Any) -> Warning:
    """Do any verb, with all it needs."""
    given: dict[str, Any] = {"by": by, "at": NOON + 2 * MINUTE, "note": "because"}
    if verb is Verb.VERIFY:
        given["verdict"] = Verdict.TRUE
    if verb is Verb.HAND_OVER:
        given["to"] = cast.county_bureau
    action: Callable[..., Warning] = getattr(actions, verb.value)
    return action(warning.pk, **given)


# From which state each verb is tried, and who of the cast may do it. Everybody else may not.
MATRIX: dict[Verb, tuple[State, Verdict | None, set[str]]] = {
    Verb.ACKNOWLEDGE: (State.RAISED, None, {"plant_officer"}),
    Verb.VERIFY: (
        State.ACKNOWLEDGED,
        None,
        {"duty_officer", "city_duty_officer", "province_duty_officer"},
    ),
    Verb.HANDLE: (State.ACKNOWLEDGED, None, {"plant_officer"}),
    Verb.FEED_BACK: (State.HANDLED, None, {"plant_officer"}),
    Verb.CLOSE: (
        State.FED_BACK,
        Verdict.TRUE,
        {"duty_officer", "city_duty_officer", "province_duty_officer"},
    ),
    Verb.HAND_OVER: (
        State.ACKNOWLEDGED,
        None,
        {"plant_officer", "duty_officer", "city_duty_officer", "province_duty_officer"},
    ),
    Verb.URGE: (State.RAISED, None, {"supervisor"}),
    Verb.REOPEN: (
        State.FED_BACK,
        Verdict.TRUE,
        {"duty_officer", "city_duty_officer", "province_duty_officer", "supervisor"},
    ),
    Verb.ADD_NOTE: (
        State.RAISED,
        None,
        {
            "plant_officer",
            "duty_officer",
            "city_duty_officer",
            "province_duty_officer",
            "supervisor",
        },
    ),
}
CAST = [
    "administrator",
    "province_duty_officer",
    "city_duty_officer",
    "supervisor",
    "duty_officer",
    "plant_officer",
    "outsider",
    "outside_plant_officer",
    "security_administrator",
    "auditor",
    "dispatcher",
    "responsible_unit",
    "enterprise",
    "viewer",
]


@pytest.mark.parametrize(("verb", "who"), list(product(MATRIX, CAST)))
def test_each_verb_is_done_by_its_people_and_refused_to_all_others(
    verb: Verb, who: str, warning: Warning, cast: Cast
) -> None:
    state, verdict, people = MATRIX[verb]
    bring_to(state, warning, cast, verdict=verdict)
    before = warning.entries.count()
    if who in people:
        done = do(verb, warning, cast, cast.users[who])
        assert done.entries.count() == before + 1
        last = done.entries.last()
        assert last is not None
        assert (last.by, last.deed, last.from_state) == (cast.users[who], verb.value, state.value)
        assert last.to_state == done.state
    else:
        with pytest.raises(PermissionDenied):
            do(verb, warning, cast, cast.users[who])
        assert warning.entries.count() == before


def test_the_matrix_misses_no_verb_and_nobody(cast: Cast) -> None:
    assert set(MATRIX) == set(Verb) - {Verb.ESCALATE}
    assert set(CAST) == set(cast.users)


@pytest.mark.parametrize("verb", list(MATRIX))
def test_nobody_and_the_dismissed_may_nothing(verb: Verb, warning: Warning, cast: Cast) -> None:
    state, verdict, people = MATRIX[verb]
    bring_to(state, warning, cast, verdict=verdict)
    dismissed = cast.users[min(people)]
    dismissed.is_active = False
    for nobody in (None, dismissed):
        with pytest.raises(PermissionDenied):
            do(verb, warning, cast, nobody)


def test_a_whole_life_leaves_a_whole_history(warning: Warning, cast: Cast) -> None:
    plant, duty = cast.plant_officer, cast.duty_officer
    actions.acknowledge(warning.pk, by=plant, at=NOON + 3 * MINUTE)
    actions.verify(warning.pk, verdict=Verdict.TRUE, by=duty, at=NOON + 5 * MINUTE)
    actions.handle(warning.pk, note="停止浇铸", by=plant, at=NOON + 9 * MINUTE)
    actions.feed_back(warning.pk, note="更换水泵", by=plant, at=NOON + 30 * MINUTE)
    closed = actions.close(warning.pk, note="水泵已换", by=duty, at=NOON + HOUR)
    assert closed.state == State.CLOSED
    assert closed.closed_at == NOON + HOUR
    assert deeds(closed) == ["raise", "acknowledge", "verify", "handle", "feed_back", "close"]
    path = [(e.from_state, e.to_state) for e in closed.entries.all()]
    assert path[0] == ("", "raised")
    assert all(left[1] == right[0] for left, right in pairwise(path))
    signed = closed.entries.get(deed="acknowledge")
    assert signed.due == NOON + 15 * MINUTE
    assert signed.by_name == "王芳"
    assert signed.by_organisation == "安宁示范铝业"
    assert closed.entries.get(deed="handle").due == NOON + 2 * HOUR


def test_a_verb_out_of_turn_changes_nothing(warning: Warning, cast: Cast) -> None:
    with pytest.raises(RefusedError) as refused:
        actions.handle(warning.pk, note="x", by=cast.plant_officer, at=NOON)
    assert refused.value.code == Refusal.WRONG_STATE
    assert refused.value.facts == {"verb": "handle", "state": "raised"}
    assert deeds(warning) == ["raise"]


def test_a_false_alarm_is_closed_at_once_with_a_reason(warning: Warning, cast: Cast) -> None:
    duty = cast.duty_officer
    actions.verify(warning.pk, verdict=Verdict.FALSE, note="校表", by=duty, at=NOON)
    with pytest.raises(RefusedError, match=Refusal.NEEDS_NOTE):
        actions.close(warning.pk, by=duty, at=NOON)
    closed = actions.close(warning.pk, note="误报", by=duty, at=NOON)
    assert (closed.state, closed.verdict) == ("closed", "false")


def test_handing_over_changes_the_owner_and_the_clock(warning: Warning, cast: Cast) -> None:
    at = NOON + 10 * MINUTE
    actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON)
    passed = actions.hand_over(
        warning.pk, to=cast.county_bureau, note="归属地", by=cast.plant_officer, at=at
    )
    assert passed.organisation == cast.county_bureau
    assert passed.origin == cast.plant
    assert (passed.state, passed.acknowledged_at) == ("raised", None)
    assert passed.acknowledge_due == at + 15 * MINUTE
    facts = passed.entries.get(deed="hand_over").facts
    assert facts == {"from_owner": "安宁示范铝业", "to_owner": "安宁市应急管理局"}
    with pytest.raises(PermissionDenied):
        actions.acknowledge(warning.pk, by=cast.plant_officer, at=at)
    assert actions.acknowledge(warning.pk, by=cast.duty_officer, at=at).state == "acknowledged"


def test_a_warning_is_not_handed_to_its_owner_nor_out_of_reach(
    warning: Warning, cast: Cast
) -> None:
    given: dict[str, Any] = {"note": "x", "by": cast.plant_officer, "at": NOON}
    with pytest.raises(RefusedError, match=SAME_OWNER):
        actions.hand_over(warning.pk, to=cast.plant, **given)
    with pytest.raises(RefusedError, match=NO_SUCH_OWNER):
        actions.hand_over(warning.pk, to=cast.other_plant, **given)


def test_reopening_waits_while_the_source_has_another_warning_open(
    raise_one: Raise, cast: Cast
) -> None:
    first = raise_one(key="pump")
    bring_to(State.CLOSED, first, cast)
    second = raise_one(key="pump", at=NOON + HOUR)
    assert second.pk != first.pk
    with pytest.raises(RefusedError, match=ANOTHER_OPEN):
        actions.reopen(first.pk, note="again", by=cast.duty_officer, at=NOON + HOUR)
    first.refresh_from_db()
    assert first.state == "closed"


def test_a_reopened_warning_begins_anew_with_its_history(warning: Warning, cast: Cast) -> None:
    bring_to(State.CLOSED, warning, cast)
    at = NOON + 9 * HOUR
    anew = actions.reopen(warning.pk, note="复发", by=cast.supervisor, at=at)
    assert (anew.state, anew.verdict, anew.closed_at) == ("raised", "", None)
    assert (anew.acknowledged_at, anew.handled_at) == (None, None)
    assert anew.acknowledge_due == at + 15 * MINUTE
    assert deeds(anew)[-2:] == ["close", "reopen"]


def test_the_same_source_has_one_open_warning(raise_one: Raise) -> None:
    first = raise_one(key="pump")
    assert raise_one(key="pump").pk == first.pk
    assert raise_one(key="pump", level=Level.BLUE, at=NOON + HOUR).pk == first.pk
    again = Warning.objects.get()
    assert (again.level, again.times, again.last_raised_at) == (Level.ORANGE, 2, NOON + HOUR)
    assert deeds(again) == ["raise"]


def test_saying_the_same_moment_twice_is_saying_it_once(raise_one: Raise) -> None:
    for _ in range(3):
        raise_one(key="pump", at=NOON)
        raise_one(key="pump", level=Level.RED, at=NOON + MINUTE)
    only = Warning.objects.get()
    assert (only.times, only.level, deeds(only)) == (2, Level.RED, ["raise", "lift"])


def test_a_graver_level_lifts_keeps_history_and_tightens_deadlines(
    raise_one: Raise, cast: Cast
) -> None:
    raise_one(key="pump", level=Level.YELLOW)
    at = NOON + 10 * MINUTE
    lifted = raise_one(key="pump", level=Level.RED, title="双核心联锁", facts={"a": 1}, at=at)
    assert (lifted.level, lifted.title, lifted.facts) == (Level.RED, "双核心联锁", {"a": 1})
    assert lifted.acknowledge_due == at + 5 * MINUTE
    assert lifted.handle_due == at + 30 * MINUTE
    assert lifted.entries.get(deed="lift").facts == {"from_level": 2, "to_level": 4}
    same = actions.note_level_lift(lifted.pk, level=Level.BLUE, title="x", facts={}, at=NOON)
    assert same.level == Level.RED


def test_a_lift_after_handling_asks_for_handling_again(raise_one: Raise, cast: Cast) -> None:
    warning = raise_one(key="pump", level=Level.BLUE)
    bring_to(State.FED_BACK, warning, cast)
    lifted = raise_one(key="pump", level=Level.RED, at=NOON + HOUR)
    assert (lifted.state, lifted.handled_at) == ("acknowledged", None)
    assert lifted.acknowledged_at is not None


@pytest.mark.parametrize(
    ("passed", "rung"),
    [
        (14 * MINUTE, Rung.PLANT),
        (15 * MINUTE, Rung.COUNTY),
        (30 * MINUTE, Rung.PREFECTURE),
        (45 * MINUTE, Rung.PROVINCE),
        (99 * HOUR, Rung.PROVINCE),
    ],
)
def test_what_is_left_alone_climbs(passed: timedelta, rung: Rung, warning: Warning) -> None:
    climbed = actions.escalate_overdue(NOON + passed)
    warning.refresh_from_db()
    assert (warning.rung, climbed) == (rung, int(rung > 0))
    assert actions.escalate_overdue(NOON + passed) == 0
    assert deeds(warning).count("escalate") == climbed


def test_each_rung_climbed_is_entered_with_the_deadline_missed(warning: Warning) -> None:
    for minutes in range(0, 60, 5):
        actions.escalate_overdue(NOON + minutes * MINUTE)
    climbs = list(warning.entries.filter(deed="escalate"))
    steps = [(entry.facts["from_rung"], entry.facts["to_rung"]) for entry in climbs]
    assert steps == [(0, 1), (1, 2), (2, 3)]
    assert {entry.due for entry in climbs} == {NOON + 15 * MINUTE}
    assert {entry.facts["missed"] for entry in climbs} == {"acknowledge"}
    assert {entry.by for entry in climbs} == {None}


def test_what_is_handled_closed_or_no_danger_does_not_climb(raise_one: Raise, cast: Cast) -> None:
    bring_to(State.HANDLED, raise_one(), cast)
    bring_to(State.CLOSED, raise_one(), cast)
    bring_to(State.VERIFIED, raise_one(), cast, verdict=Verdict.TEST)
    assert actions.escalate_overdue(NOON + 99 * HOUR) == 0


def test_listeners_hear_after_the_commit_and_only_then(
    warning: Warning,
    cast: Cast,
    heard: list[changed.Changed],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON)
        assert heard == []
    assert [(c.verb, c.warning, c.region) for c in heard] == [
        ("acknowledge", warning.pk, cast.county.code)
    ]


def test_a_listener_that_fails_undoes_nothing_and_silences_nobody(
    warning: Warning,
    cast: Cast,
    heard: list[changed.Changed],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(_change: changed.Changed) -> None:
        raise OSError("no line")

    changed.on_changed.insert(0, breaks)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON)
    finally:
        changed.on_changed.remove(breaks)
    assert len(heard) == 1
    assert "a listener to changed warnings failed" in caplog.text
    warning.refresh_from_db()
    assert warning.state == "acknowledged"


def test_nothing_is_heard_of_what_was_refused(
    warning: Warning,
    cast: Cast,
    heard: list[changed.Changed],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RefusedError):
        actions.close(warning.pk, by=cast.duty_officer, at=NOON)
    assert heard == []


def test_the_database_itself_refuses_to_change_history(warning: Warning) -> None:
    entry = warning.entries.get()
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        WarningEntry.objects.filter(pk=entry.pk).update(note="was never so")
    with (
        pytest.raises(DatabaseError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE warnings_warningentry SET note = 'was never so'")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_whoever_it_climbed_to_may_sign_and_nobody_below_or_above(
    warning: Warning, cast: Cast
) -> None:
    actions.escalate_overdue(NOON + 15 * MINUTE)
    for stranger in (cast.city_duty_officer, cast.outsider, cast.supervisor):
        with pytest.raises(PermissionDenied):
            actions.acknowledge(warning.pk, by=stranger, at=NOON + 16 * MINUTE)
    signed = actions.acknowledge(warning.pk, by=cast.duty_officer, at=NOON + 16 * MINUTE)
    assert (signed.state, signed.organisation) == ("acknowledged", cast.plant)


def test_only_from_the_prefecture_up_does_handing_over_grant_time(
    raise_one: Raise, cast: Cast
) -> None:
    at = NOON + 10 * MINUTE
    dues = {}
    for who in ("plant_officer", "duty_officer", "city_duty_officer"):
        passed = actions.hand_over(
            raise_one().pk, to=cast.province_bureau, note="x", by=cast.users[who], at=at
        )
        dues[who] = passed.acknowledge_due - NOON
    assert dues == {
        "plant_officer": 15 * MINUTE,
        "duty_officer": 15 * MINUTE,
        "city_duty_officer": 25 * MINUTE,
    }


def test_urging_reaches_its_addressee_until_he_answers(warning: Warning, cast: Cast) -> None:
    actions.urge(warning.pk, note="请立即签收", by=cast.supervisor, at=NOON)
    notice = Notice.objects.get()
    assert (notice.user, notice.seen_at) == (cast.plant_officer, None)
    assert notice.entry.facts == {"to_name": "", "to_organisation": "安宁示范铝业"}
    actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON + MINUTE)
    notice.refresh_from_db()
    assert notice.seen_at == NOON + MINUTE


def test_urging_names_somebody_it_has_reached_and_nobody_else(warning: Warning, cast: Cast) -> None:
    given: dict[str, Any] = {"note": "x", "by": cast.supervisor, "at": NOON}
    for stranger in (cast.duty_officer, cast.outside_plant_officer):
        with pytest.raises(RefusedError, match=NOT_CONCERNED):
            actions.urge(warning.pk, addressee=stranger, **given)
    actions.escalate_overdue(NOON + 15 * MINUTE)
    actions.urge(warning.pk, addressee=cast.duty_officer, **given)
    assert [notice.user for notice in Notice.objects.all()] == [cast.duty_officer]
    cast.plant_officer.is_active = False
    cast.plant_officer.save()
    with pytest.raises(RefusedError, match=NOBODY_THERE):
        actions.urge(warning.pk, **given)


def test_numbers_count_the_warnings_of_a_local_day(raise_one: Raise) -> None:
    late_evening = NOON + timedelta(hours=11, minutes=59)  # 23:59 where the plants are
    raised = [raise_one(), raise_one(at=late_evening), raise_one(at=late_evening + MINUTE)]
    assert [warning.number for warning in raised] == [
        "YJ-20261123-001",
        "YJ-20261123-002",
        "YJ-20261124-001",
    ]


def test_the_thousandth_of_a_day_is_followed_by_the_next(raise_one: Raise) -> None:
    Warning.objects.filter(pk=raise_one().pk).update(number="YJ-20261123-999")
    assert raise_one().number == "YJ-20261123-1000"
    assert raise_one().number == "YJ-20261123-1001"
