"""The life of a warning: what may be done with it, what comes of it, when it is late and climbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from guatu.core.nouns.text import plain

from .deadlines import DEADLINES, Term, deadlines_in_force
from .verbs import NOT_A_DANGER, UNHANDLED, VERBS
from .words import DueKind, Level, Need, Party, Refusal, Rung, State, Verb, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What of a warning decides what may be done with it, and when it climbs.

    `acknowledge_due` and `handle_due` are aware moments; `version` names the deadlines in force
    when it was raised, whose terms are also the steps of its ladder.
    """

    level: Level
    state: State
    verdict: Verdict | None
    rung: Rung
    acknowledge_due: datetime
    handle_due: datetime
    version: int = DEADLINES[-1].version

    @classmethod
    def begun(cls, level: Level, *, at: datetime) -> Life:
        """Begin the life of a warning raised at a moment."""
        deadlines = deadlines_in_force(at)
        term = deadlines.terms[level]
        return cls(
            level=level,
            state=State.RAISED,
            verdict=None,
            rung=Rung.PLANT,
            acknowledge_due=at + term.acknowledge,
            handle_due=at + term.handle,
            version=deadlines.version,
        )

    @property
    def term(self) -> Term:
        """The terms of its level in the version it was raised under."""
        return deadlines_in_force(self.acknowledge_due, version=self.version).terms[self.level]


def refusal(  # noqa: PLR0911  # one return a reason reads as the list it is
    verb: Verb,
    life: Life,
    parties: frozenset[Party],
    *,
    note: str = "",
    verdict: Verdict | None = None,
    organisation_given: bool = False,
) -> Refusal | None:
    """Tell why a verb may not be done now, or None where it may.

    Args:
        verb: what is asked.
        life: the warning as it stands.
        parties: what the asking person is to this warning; empty for an outsider.
        note: the words given with it.
        verdict: the verdict given with `verify`.
        organisation_given: whether `hand_over` names a new owner.
    """
    rule = VERBS[verb]
    if not parties & rule.parties:
        return Refusal.NOT_YOURS
    move = rule.moves.get(life.state)
    if move is None:
        return Refusal.WRONG_STATE
    if life.verdict not in move.verdicts:
        return _verdict_refusal(life.verdict)
    if Need.VERDICT in rule.needs and verdict is None:
        return Refusal.NEEDS_VERDICT
    if verb is Verb.VERIFY and verdict is life.verdict and move.to is life.state:
        return Refusal.SAME_VERDICT
    if Need.ORGANISATION in rule.needs and not organisation_given:
        return Refusal.NEEDS_ORGANISATION
    if needs_note(verb, life, verdict=verdict) and not plain(note):
        return Refusal.NEEDS_NOTE
    return None


def needs_note(verb: Verb, life: Life, *, verdict: Verdict | None = None) -> bool:
    """Tell whether a verb needs words now.

    Args:
        verb: what is asked.
        life: the warning as it stands.
        verdict: the verdict given with `verify`.
    """
    needs = VERBS[verb].needs
    found = verdict if verb is Verb.VERIFY else life.verdict
    return (
        Need.NOTE in needs
        or (Need.NOTE_UNLESS_TRUE in needs and found is not Verdict.TRUE)
        or (Need.NOTE_IF_GRAVE in needs and life.level >= Level.ORANGE)
    )


def _verdict_refusal(verdict: Verdict | None) -> Refusal:
    if verdict is None:
        return Refusal.NOT_VERIFIED
    return Refusal.NOT_A_DANGER if verdict in NOT_A_DANGER else Refusal.DANGER_NOT_HANDLED


def allowed_verbs(life: Life, parties: frozenset[Party]) -> tuple[Verb, ...]:
    """List what these parties may do now, in the order of the table; time's own verb left out."""
    return tuple(
        verb
        for verb, rule in VERBS.items()
        if parties & rule.parties - {Party.CLOCK}
        and (move := rule.moves.get(life.state)) is not None
        and life.verdict in move.verdicts
    )


def after(
    verb: Verb,
    life: Life,
    *,
    at: datetime,
    verdict: Verdict | None = None,
    grants_time: bool = False,
) -> Life:
    """Tell how the life stands after a verb that was not refused.

    Args:
        verb: what is done.
        life: the warning before.
        at: when, aware.
        verdict: the verdict given with `verify`.
        grants_time: whether who hands over may grant the new owner a fresh time to sign.

    Raises:
        KeyError: if the verb does not leave from this state (ask `refusal` first).
    """
    moved = replace(life, state=VERBS[verb].moves[life.state].to)
    match verb:
        case Verb.VERIFY:
            return replace(moved, verdict=verdict)
        case Verb.HAND_OVER:
            return _handed_over(moved, before=life, at=at, grants_time=grants_time)
        case Verb.REOPEN:
            return _reopened(moved, at=at, was_closed=life.state is State.CLOSED)
        case Verb.ESCALATE:
            return replace(moved, rung=due_escalation(life, at) or life.rung)
        case _:
            return moved


def _handed_over(moved: Life, *, before: Life, at: datetime, grants_time: bool) -> Life:
    """Give a warning to a new owner without giving it time.

    Passing a warning on must not be the way to be never late: the time to handle stays, an
    unsigned warning's time to sign runs on, and it never climbs down. Who had signed leaves the
    new owner a term of its own to sign, which ends with the time to handle at the latest. Only
    who may grant time begins the signing anew.
    """
    fresh = at + before.term.acknowledge
    if grants_time:
        renewed = replace(moved, acknowledge_due=fresh, rung=Rung.PLANT)
        return replace(renewed, rung=due_escalation(renewed, at) or Rung.PLANT)
    if before.state is State.RAISED:
        return moved
    in_time = at < before.handle_due
    return replace(moved, acknowledge_due=min(fresh, before.handle_due) if in_time else fresh)


def _reopened(moved: Life, *, at: datetime, was_closed: bool) -> Life:
    anew = replace(moved, handle_due=at + moved.term.handle)
    if was_closed:
        due = at + moved.term.acknowledge
        return replace(anew, acknowledge_due=due, rung=Rung.PLANT, verdict=None)
    # Sent back, a danger found true stays true; "no danger" cannot stand beside "do it again".
    return replace(anew, verdict=None) if moved.verdict in NOT_A_DANGER else anew


def lifted(life: Life, level: Level, *, at: datetime) -> Life:
    """Lift an open warning to a graver level: deadlines tighten, never loosen.

    A verdict of "no danger" was given about the lesser one and falls; so does handling already
    done. A level not above the present one changes nothing.

    Args:
        life: the warning before; not closed.
        level: the new level.
        at: when, aware; the new terms count from here.
    """
    if level <= life.level:
        return life
    graver = replace(life, level=level)
    verdict = None if life.verdict in NOT_A_DANGER else life.verdict
    state = life.state
    if state in {State.HANDLED, State.FED_BACK} or (state is State.VERIFIED and verdict is None):
        state = State.ACKNOWLEDGED
    return replace(
        graver,
        state=state,
        verdict=verdict,
        acknowledge_due=min(life.acknowledge_due, at + graver.term.acknowledge),
        handle_due=min(life.handle_due, at + graver.term.handle)
        if life.state in UNHANDLED
        else at + graver.term.handle,
    )


def still_owed(life: Life) -> tuple[tuple[DueKind, datetime], ...]:
    """List the deadlines the owner has not met yet, nearest first.

    Nothing is owed once it is handled, closed, or found to be no danger.
    """
    if life.state not in UNHANDLED or life.verdict in NOT_A_DANGER:
        return ()
    owed = [(DueKind.HANDLE, life.handle_due)]
    if life.state is State.RAISED:
        owed.append((DueKind.ACKNOWLEDGE, life.acknowledge_due))
    return tuple(sorted(owed, key=lambda due: due[1]))


def next_due(life: Life) -> tuple[DueKind, datetime] | None:
    """Tell the nearest deadline still owed, met or missed, or None where nothing is owed."""
    return next(iter(still_owed(life)), None)


def overdue_since(life: Life, at: datetime) -> datetime | None:
    """Tell since when a warning is overdue at a moment, or None where it is in time."""
    missed = [due for _, due in still_owed(life) if due <= at]
    return min(missed, default=None)


def due_escalation(life: Life, at: datetime) -> Rung | None:
    """Tell the rung a warning must climb to at a moment, or None where it need not climb.

    A deadline missed takes it to the county; each further term of the same length missed takes
    it one rung on, to the province. It never climbs down, and asking twice gives nothing new.

    Args:
        life: the warning as it stands.
        at: the moment, aware.
    """
    steps = {DueKind.ACKNOWLEDGE: life.term.acknowledge, DueKind.HANDLE: life.term.handle}
    reached = Rung.PLANT
    for kind, due in still_owed(life):
        if due <= at:
            climbed = 1 + (at - due) // steps[kind]
            reached = max(reached, Rung(min(climbed, Rung.PROVINCE)))
    return reached if reached > life.rung else None


_NEXT: Mapping[State, tuple[Party, Verb]] = MappingProxyType(
    {
        State.RAISED: (Party.OWNER, Verb.ACKNOWLEDGE),
        State.ACKNOWLEDGED: (Party.OWNER, Verb.HANDLE),
        State.VERIFIED: (Party.OWNER, Verb.HANDLE),
        State.HANDLED: (Party.OWNER, Verb.FEED_BACK),
        State.FED_BACK: (Party.DUTY_OFFICER, Verb.CLOSE),
    }
)


def next_verbs(life: Life, at: datetime) -> Mapping[Party, Verb]:
    """Tell what each party should do next; a party with nothing to do is absent.

    Args:
        life: the warning as it stands.
        at: the moment, aware: a supervisor urges only what is late.
    """
    if life.state is State.CLOSED:
        return {}
    following: dict[Party, Verb] = {}
    if life.verdict in NOT_A_DANGER:
        return {Party.DUTY_OFFICER: Verb.CLOSE}
    party, verb = _NEXT[life.state]
    following[party] = verb
    if life.verdict is None:
        following[Party.DUTY_OFFICER] = Verb.VERIFY
    late = overdue_since(life, at) is not None
    if late:
        following[Party.SUPERVISOR] = Verb.URGE
    if life.rung is not Rung.PLANT:
        if life.state is State.RAISED:
            following[Party.CLIMBED_TO] = Verb.ACKNOWLEDGE
        elif late and life.verdict is not None:
            following[Party.CLIMBED_TO] = Verb.URGE
    return following
