"""The life of a warning: its tables walked row by row, its laws held under any path."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from guatu.core.nouns.warning import (
    DEADLINES,
    NOT_A_DANGER,
    OPEN_STATES,
    UNHANDLED,
    VERBS,
    Deadlines,
    Level,
    Life,
    Need,
    Party,
    Refusal,
    Rung,
    State,
    Verb,
    Verdict,
    after,
    allowed_verbs,
    deadlines_in_force,
    due_escalation,
    lifted,
    next_due,
    next_verbs,
    overdue_since,
    refusal,
    still_owed,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
EVERYBODY = frozenset(Party)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def a_life(
    state: State = State.RAISED, verdict: Verdict | None = None, level: Level = Level.ORANGE
) -> Life:
    return replace(Life.begun(level, at=NOON), state=state, verdict=verdict)


# The whole table once more, written by hand: verb, from, verdicts under which it is open, to.
T, F, X, N = Verdict.TRUE, Verdict.FALSE, Verdict.TEST, None
PATHS: dict[tuple[Verb, State, Verdict | None], State] = {
    **{(Verb.ACKNOWLEDGE, State.RAISED, v): State.ACKNOWLEDGED for v in (N, T)},
    **{(Verb.VERIFY, State.RAISED, v): State.RAISED for v in (N, T, F, X)},
    **{(Verb.VERIFY, State.ACKNOWLEDGED, v): State.VERIFIED for v in (N, T, F, X)},
    **{(Verb.VERIFY, State.VERIFIED, v): State.VERIFIED for v in (N, T, F, X)},
    **{(Verb.VERIFY, State.HANDLED, v): State.HANDLED for v in (N, T, F, X)},
    **{(Verb.VERIFY, State.FED_BACK, v): State.FED_BACK for v in (N, T, F, X)},
    **{
        (Verb.HANDLE, s, v): State.HANDLED
        for s in (State.ACKNOWLEDGED, State.VERIFIED)
        for v in (N, T)
    },
    **{(Verb.FEED_BACK, State.HANDLED, v): State.FED_BACK for v in (N, T)},
    **{(Verb.CLOSE, s, v): State.CLOSED for s in OPEN_STATES for v in (F, X)},
    (Verb.CLOSE, State.FED_BACK, T): State.CLOSED,
    **{(Verb.HAND_OVER, s, v): State.RAISED for s in UNHANDLED for v in (N, T)},
    **{(Verb.URGE, s, v): s for s in OPEN_STATES for v in (N, T, F, X)},
    **{(Verb.ESCALATE, s, v): s for s in UNHANDLED for v in (N, T)},
    **{(Verb.REOPEN, State.HANDLED, v): State.ACKNOWLEDGED for v in (N, T, F, X)},
    **{(Verb.REOPEN, State.FED_BACK, v): State.ACKNOWLEDGED for v in (N, T, F, X)},
    **{(Verb.REOPEN, State.CLOSED, v): State.RAISED for v in (N, T, F, X)},
    **{(Verb.ADD_NOTE, s, v): s for s in State for v in (N, T, F, X)},
}


@pytest.mark.parametrize(
    ("verb", "state", "verdict"),
    list(product(Verb, State, [None, *Verdict])),
    ids=str,
)
def test_each_verb_leads_exactly_where_the_table_says(
    verb: Verb, state: State, verdict: Verdict | None
) -> None:
    life = a_life(state, verdict)
    given_now = F if verdict is T else T  # the same once more would be no step
    no = refusal(verb, life, EVERYBODY, note="because", verdict=given_now, organisation_given=True)
    expected = PATHS.get((verb, state, verdict))
    if expected is None:
        assert no is not None
    else:
        assert no is None
        assert after(verb, life, at=NOON, verdict=given_now).state is expected


WHO = {
    Verb.ACKNOWLEDGE: {Party.OWNER, Party.CLIMBED_TO},
    Verb.VERIFY: {Party.DUTY_OFFICER},
    Verb.HANDLE: {Party.OWNER},
    Verb.FEED_BACK: {Party.OWNER},
    Verb.CLOSE: {Party.DUTY_OFFICER},
    Verb.HAND_OVER: {Party.OWNER, Party.DUTY_OFFICER},
    Verb.URGE: {Party.SUPERVISOR, Party.CLIMBED_TO},
    Verb.ESCALATE: {Party.CLOCK},
    Verb.REOPEN: {Party.DUTY_OFFICER, Party.SUPERVISOR},
    Verb.ADD_NOTE: {Party.OWNER, Party.DUTY_OFFICER, Party.SUPERVISOR},
}


@pytest.mark.parametrize(("verb", "party"), list(product(Verb, [None, *Party])))
def test_a_verb_belongs_to_its_parties_and_to_nobody_else(verb: Verb, party: Party | None) -> None:
    parties = frozenset() if party is None else frozenset({party})
    no = refusal(verb, a_life(), parties, note="x", verdict=T, organisation_given=True)
    assert (no is Refusal.NOT_YOURS) is (party not in WHO[verb])


@pytest.mark.parametrize(
    ("verb", "life", "given", "expected"),
    [
        (Verb.HANDLE, a_life(State.ACKNOWLEDGED), {"note": " \n"}, Refusal.NEEDS_NOTE),
        (Verb.FEED_BACK, a_life(State.HANDLED), {}, Refusal.NEEDS_NOTE),
        (Verb.ADD_NOTE, a_life(), {}, Refusal.NEEDS_NOTE),
        (Verb.REOPEN, a_life(State.CLOSED), {}, Refusal.NEEDS_NOTE),
        (Verb.VERIFY, a_life(), {"note": "seen"}, Refusal.NEEDS_VERDICT),
        (Verb.VERIFY, a_life(), {"verdict": T}, None),
        (Verb.VERIFY, a_life(), {"verdict": F}, Refusal.NEEDS_NOTE),
        (Verb.VERIFY, a_life(), {"verdict": X}, Refusal.NEEDS_NOTE),
        (Verb.VERIFY, a_life(), {"verdict": X, "note": "drill"}, None),
        (Verb.HAND_OVER, a_life(), {"note": "theirs"}, Refusal.NEEDS_ORGANISATION),
        (Verb.HAND_OVER, a_life(), {"organisation_given": True}, Refusal.NEEDS_NOTE),
        (Verb.CLOSE, a_life(State.FED_BACK), {}, Refusal.NOT_VERIFIED),
        (Verb.CLOSE, a_life(), {}, Refusal.NOT_VERIFIED),
        (Verb.CLOSE, a_life(State.HANDLED, T), {}, Refusal.DANGER_NOT_HANDLED),
        (Verb.CLOSE, a_life(State.FED_BACK, T), {}, Refusal.NEEDS_NOTE),
        (Verb.CLOSE, a_life(State.FED_BACK, T, Level.RED), {}, Refusal.NEEDS_NOTE),
        (Verb.CLOSE, a_life(State.FED_BACK, T, Level.YELLOW), {}, None),
        (Verb.CLOSE, a_life(State.FED_BACK, T), {"note": "pump changed"}, None),
        (Verb.CLOSE, a_life(State.RAISED, F), {}, Refusal.NEEDS_NOTE),
        (Verb.CLOSE, a_life(State.RAISED, F), {"note": "gauge cleaned"}, None),
        (Verb.CLOSE, a_life(State.CLOSED, T), {}, Refusal.WRONG_STATE),
        (Verb.HANDLE, a_life(State.ACKNOWLEDGED, F), {"note": "x"}, Refusal.NOT_A_DANGER),
        (Verb.HANDLE, a_life(State.RAISED), {"note": "x"}, Refusal.WRONG_STATE),
        (Verb.URGE, a_life(), {}, Refusal.NEEDS_NOTE),
        (Verb.URGE, a_life(), {"note": "sign"}, None),
        (Verb.ACKNOWLEDGE, a_life(), {}, None),
    ],
)
def test_a_verb_says_what_it_lacks(
    verb: Verb, life: Life, given: dict[str, object], expected: Refusal | None
) -> None:
    assert refusal(verb, life, EVERYBODY, **given) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "acknowledge", "handle"),
    [
        (Level.RED, 5 * MINUTE, 30 * MINUTE),
        (Level.ORANGE, 15 * MINUTE, 2 * HOUR),
        (Level.YELLOW, HOUR, 24 * HOUR),
        (Level.BLUE, 4 * HOUR, 72 * HOUR),
    ],
)
def test_deadlines_are_those_of_the_notice(
    level: Level, acknowledge: timedelta, handle: timedelta
) -> None:
    life = Life.begun(level, at=NOON)
    assert (life.acknowledge_due, life.handle_due) == (NOON + acknowledge, NOON + handle)


@pytest.mark.parametrize("table", DEADLINES, ids=lambda deadlines: f"v{deadlines.version}")
def test_a_graver_level_never_has_more_time(table: Deadlines) -> None:
    for lesser, graver in zip(list(Level), list(Level)[1:], strict=False):
        assert table.terms[graver].acknowledge < table.terms[lesser].acknowledge
        assert table.terms[graver].handle < table.terms[lesser].handle
        assert table.terms[graver].acknowledge < table.terms[graver].handle


def test_deadlines_are_found_by_day_and_by_version() -> None:
    first = DEADLINES[0]
    second = replace(first, version=2, in_force_from=NOON)
    table = (first, second)
    assert deadlines_in_force(NOON - MINUTE, table) is first
    assert deadlines_in_force(NOON, table) is second
    assert deadlines_in_force(NOON, table, version=1) is first
    assert deadlines_in_force(datetime(1990, 1, 1, tzinfo=UTC), table) is first


@pytest.mark.parametrize(
    ("state", "verdict", "passed", "expected"),
    [
        (State.RAISED, None, 15 * MINUTE - timedelta(microseconds=1), None),
        (State.RAISED, None, 15 * MINUTE, Rung.COUNTY),
        (State.RAISED, None, 29 * MINUTE, Rung.COUNTY),
        (State.RAISED, None, 30 * MINUTE, Rung.PREFECTURE),
        (State.RAISED, None, 45 * MINUTE, Rung.PROVINCE),
        (State.RAISED, None, 1000 * HOUR, Rung.PROVINCE),
        (State.ACKNOWLEDGED, None, 119 * MINUTE, None),
        (State.ACKNOWLEDGED, T, 2 * HOUR, Rung.COUNTY),
        (State.VERIFIED, T, 4 * HOUR, Rung.PREFECTURE),
        (State.VERIFIED, T, 6 * HOUR, Rung.PROVINCE),
        (State.RAISED, F, 6 * HOUR, None),
        (State.VERIFIED, X, 6 * HOUR, None),
        (State.HANDLED, None, 6 * HOUR, None),
        (State.FED_BACK, T, 6 * HOUR, None),
        (State.CLOSED, T, 6 * HOUR, None),
    ],
)
def test_an_overdue_warning_climbs_by_time_alone(
    state: State, verdict: Verdict | None, passed: timedelta, expected: Rung | None
) -> None:
    life = a_life(state, verdict)
    assert due_escalation(life, NOON + passed) == expected
    assert (overdue_since(life, NOON + passed) is not None) is (expected is not None)


def test_a_lift_tightens_deadlines_and_never_loosens_them() -> None:
    life = Life.begun(Level.YELLOW, at=NOON)
    red = lifted(life, Level.RED, at=NOON + 10 * MINUTE)
    assert (red.acknowledge_due, red.handle_due) == (NOON + 15 * MINUTE, NOON + 40 * MINUTE)
    late = lifted(life, Level.RED, at=NOON + 59 * MINUTE)
    assert late.acknowledge_due == NOON + HOUR  # the older deadline stays the nearer one
    assert lifted(red, Level.BLUE, at=NOON + HOUR) is red


@pytest.mark.parametrize(
    ("state", "verdict", "to_state", "to_verdict"),
    [
        (State.RAISED, None, State.RAISED, None),
        (State.ACKNOWLEDGED, None, State.ACKNOWLEDGED, None),
        (State.VERIFIED, T, State.VERIFIED, T),
        (State.VERIFIED, F, State.ACKNOWLEDGED, None),
        (State.HANDLED, T, State.ACKNOWLEDGED, T),
        (State.FED_BACK, X, State.ACKNOWLEDGED, None),
    ],
)
def test_a_lift_reopens_what_was_done_about_the_lesser_danger(
    state: State, verdict: Verdict | None, to_state: State, to_verdict: Verdict | None
) -> None:
    red = lifted(a_life(state, verdict, Level.BLUE), Level.RED, at=NOON + HOUR)
    assert (red.state, red.verdict) == (to_state, to_verdict)
    assert red.handle_due == NOON + HOUR + 30 * MINUTE


def test_passing_on_gains_no_time_unless_it_is_granted() -> None:
    late = replace(a_life(), rung=Rung.COUNTY)
    at = NOON + 20 * MINUTE
    passed = after(Verb.HAND_OVER, late, at=at)
    assert (passed.acknowledge_due, passed.rung) == (late.acknowledge_due, Rung.COUNTY)
    granted = after(Verb.HAND_OVER, late, at=at, grants_time=True)
    assert (granted.acknowledge_due, granted.rung) == (at + 15 * MINUTE, Rung.PLANT)
    assert {passed.handle_due, granted.handle_due} == {late.handle_due}


def test_who_had_signed_leaves_the_next_a_term_within_the_time_to_handle() -> None:
    signed = a_life(State.ACKNOWLEDGED)
    early = after(Verb.HAND_OVER, signed, at=NOON + 30 * MINUTE)
    assert early.acknowledge_due == NOON + 45 * MINUTE
    last_minute = after(Verb.HAND_OVER, signed, at=NOON + 2 * HOUR - MINUTE)
    assert last_minute.acknowledge_due == signed.handle_due


def test_passing_on_what_is_late_to_be_handled_leaves_it_on_its_rung() -> None:
    life = replace(a_life(State.ACKNOWLEDGED), rung=Rung.PREFECTURE)
    assert after(Verb.HAND_OVER, life, at=NOON + 4 * HOUR).rung is Rung.PREFECTURE


def test_reopening_starts_the_clock_anew() -> None:
    closed = replace(a_life(State.CLOSED, F), rung=Rung.PROVINCE)
    anew = after(Verb.REOPEN, closed, at=NOON + 9 * HOUR)
    assert (anew.state, anew.verdict, anew.rung) == (State.RAISED, None, Rung.PLANT)
    assert anew.acknowledge_due == NOON + 9 * HOUR + 15 * MINUTE
    assert overdue_since(anew, NOON + 9 * HOUR) is None


def test_sending_feedback_back_keeps_what_was_found_true() -> None:
    back = after(Verb.REOPEN, a_life(State.FED_BACK, T), at=NOON + HOUR)
    assert (back.state, back.verdict) == (State.ACKNOWLEDGED, T)
    assert back.handle_due == NOON + 3 * HOUR


def test_each_party_is_told_what_to_do_next() -> None:
    def told(life: Life, at: datetime = NOON) -> dict[Party, Verb]:
        return dict(next_verbs(life, at))

    owner, duty, supervisor = Party.OWNER, Party.DUTY_OFFICER, Party.SUPERVISOR
    assert told(a_life()) == {owner: Verb.ACKNOWLEDGE, duty: Verb.VERIFY}
    assert told(a_life(State.VERIFIED, T)) == {owner: Verb.HANDLE}
    assert told(a_life(State.VERIFIED, F)) == {duty: Verb.CLOSE}
    assert told(a_life(State.HANDLED, T)) == {owner: Verb.FEED_BACK}
    assert told(a_life(State.FED_BACK, None)) == {duty: Verb.VERIFY}
    assert told(a_life(State.FED_BACK, T)) == {duty: Verb.CLOSE}
    assert told(a_life(State.CLOSED, T)) == {}
    assert told(a_life(), NOON + HOUR)[supervisor] is Verb.URGE


def test_whoever_it_climbed_to_signs_and_then_urges() -> None:
    climbed = replace(a_life(), rung=Rung.COUNTY)
    signed = replace(climbed, state=State.ACKNOWLEDGED, verdict=T)
    late = NOON + 3 * HOUR
    assert next_verbs(climbed, NOON)[Party.CLIMBED_TO] is Verb.ACKNOWLEDGE
    assert Party.CLIMBED_TO not in next_verbs(signed, NOON)
    assert next_verbs(signed, late)[Party.CLIMBED_TO] is Verb.URGE
    assert Party.CLIMBED_TO not in next_verbs(a_life(), late)


LIVES = st.builds(
    a_life, st.sampled_from(State), st.sampled_from([None, *Verdict]), st.sampled_from(Level)
)


@given(LIVES, st.frozensets(st.sampled_from(Party)))
def test_what_is_listed_as_allowed_is_refused_only_for_what_it_lacks(
    life: Life, parties: frozenset[Party]
) -> None:
    asks = {Refusal.NEEDS_NOTE, Refusal.NEEDS_VERDICT, Refusal.NEEDS_ORGANISATION}
    allowed = set(allowed_verbs(life, parties))
    for verb in set(Verb) - {Verb.ESCALATE}:
        assert (verb in allowed) is (refusal(verb, life, parties) in {None, *asks})


@given(LIVES)
def test_the_next_verb_is_always_one_the_party_may_do(life: Life) -> None:
    for party, verb in next_verbs(life, NOON + HOUR).items():
        assert verb in allowed_verbs(life, frozenset({party}))


@given(LIVES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_waiting_longer_never_lowers_the_rung(life: Life, first_s: int, more_s: int) -> None:
    sooner = NOON + timedelta(seconds=first_s)
    later = sooner + timedelta(seconds=more_s)
    assert (due_escalation(life, later) or 0) >= (due_escalation(life, sooner) or 0)


@given(LIVES, st.sampled_from(Verdict))
def test_a_verdict_is_given_once_but_may_be_corrected(life: Life, verdict: Verdict) -> None:
    duty = frozenset({Party.DUTY_OFFICER})
    if refusal(Verb.VERIFY, life, duty, verdict=verdict, note="x") is not None:
        return
    verified = after(Verb.VERIFY, life, at=NOON, verdict=verdict)
    for again in Verdict:
        no = refusal(Verb.VERIFY, verified, duty, verdict=again, note="x")
        assert no is (Refusal.SAME_VERDICT if again is verdict else None)


class AWarningsLife(RuleBasedStateMachine):
    """Any people do anything at any time; the laws below hold all the same."""

    @initialize(level=st.sampled_from(Level))
    def begin(self, level: Level) -> None:
        self.at = NOON
        self.life = Life.begun(level, at=NOON)
        self.handled_since_raised = False

    @rule(seconds=st.integers(0, 300_000))
    def wait(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    @rule(
        verb=st.sampled_from(Verb),
        parties=st.frozensets(st.sampled_from(Party), min_size=1),
        verdict=st.sampled_from([None, *Verdict]),
        note=st.sampled_from(["", "note"]),
        organisation=st.booleans(),
    )
    def do(
        self,
        verb: Verb,
        parties: frozenset[Party],
        verdict: Verdict | None,
        note: str,
        organisation: bool,  # noqa: FBT001  # hypothesis passes by name
    ) -> None:
        before = self.life
        if refusal(
            verb,
            before,
            parties,
            note=note,
            verdict=verdict,
            organisation_given=organisation,
        ):
            return
        self.life = after(verb, before, at=self.at, verdict=verdict)
        assert parties & VERBS[verb].parties
        if Need.NOTE in VERBS[verb].needs:
            assert note
        if verb is Verb.HANDLE:
            self.handled_since_raised = True
        if verb in {Verb.REOPEN, Verb.HAND_OVER}:
            self.handled_since_raised = False

    @precondition(lambda self: self.life.state is not State.CLOSED)
    @rule(level=st.sampled_from(Level))
    def lift(self, level: Level) -> None:
        before = self.life
        self.life = lifted(before, level, at=self.at)
        assert self.life.level == max(before.level, level)
        if self.life.state is not before.state:
            self.handled_since_raised = False

    @invariant()
    def a_danger_is_never_closed_unhandled(self) -> None:
        if self.life.state is State.CLOSED:
            assert self.life.verdict is not None
            assert self.life.verdict in NOT_A_DANGER or self.handled_since_raised

    @invariant()
    def verified_means_somebody_gave_a_verdict(self) -> None:
        if self.life.state is State.VERIFIED:
            assert self.life.verdict is not None

    @invariant()
    def nobody_owes_what_is_done(self) -> None:
        owed = still_owed(self.life)
        due = next_due(self.life)
        assert (due is None) is (not owed)
        if due:
            assert due == min(owed, key=lambda pair: pair[1])

    @invariant()
    def climbing_once_is_climbing_enough(self) -> None:
        if due_escalation(self.life, self.at) is not None:
            climbed = after(Verb.ESCALATE, self.life, at=self.at)
            assert climbed.rung > self.life.rung
            assert due_escalation(climbed, self.at) is None


TestAWarningsLife = AWarningsLife.TestCase
TestAWarningsLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
