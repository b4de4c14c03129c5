"""The table of verbs: from where to where, by whom, asking for what. Data, walked by tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .words import Need, Party, State, Verb, Verdict

ANY_VERDICT: frozenset[Verdict | None] = frozenset({None, *Verdict})
NOT_A_DANGER: frozenset[Verdict | None] = frozenset({Verdict.FALSE, Verdict.TEST})
_MAYBE_DANGER: frozenset[Verdict | None] = frozenset({None, Verdict.TRUE})
_VERDICT_GIVEN: frozenset[Verdict | None] = frozenset(Verdict)

OPEN_STATES: tuple[State, ...] = tuple(state for state in State if state is not State.CLOSED)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a verb leads from one state, and under which verdicts it is open at all."""

    to: State
    verdicts: frozenset[Verdict | None] = ANY_VERDICT


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbRule:
    """One row of the table of verbs: from where to where, by whom, asking for what."""

    moves: Mapping[State, Move]
    parties: frozenset[Party]
    needs: frozenset[Need] = frozenset()


def _staying(
    states: Iterable[State], verdicts: frozenset[Verdict | None] = ANY_VERDICT
) -> Mapping[State, Move]:
    return MappingProxyType({state: Move(state, verdicts) for state in states})


UNHANDLED = (State.RAISED, State.ACKNOWLEDGED, State.VERIFIED)

VERBS: Mapping[Verb, VerbRule] = MappingProxyType(
    {
        # Once it has climbed, whoever it climbed to may sign too: a plant that keeps silent must
        # not keep a warning unsigned. What is no danger asks for no signature.
        Verb.ACKNOWLEDGE: VerbRule(
            moves=MappingProxyType({State.RAISED: Move(State.ACKNOWLEDGED, _MAYBE_DANGER)}),
            parties=frozenset({Party.OWNER, Party.CLIMBED_TO}),
        ),
        # Verifying does not wait for the plant (an officer may telephone or look at the video),
        # and never takes a warning backwards: handled first and verified after stays handled.
        Verb.VERIFY: VerbRule(
            moves=MappingProxyType(
                {
                    State.RAISED: Move(State.RAISED),
                    State.ACKNOWLEDGED: Move(State.VERIFIED),
                    State.VERIFIED: Move(State.VERIFIED),
                    State.HANDLED: Move(State.HANDLED),
                    State.FED_BACK: Move(State.FED_BACK),
                }
            ),
            parties=frozenset({Party.DUTY_OFFICER}),
            needs=frozenset({Need.VERDICT, Need.NOTE_UNLESS_TRUE}),
        ),
        Verb.HANDLE: VerbRule(
            moves=MappingProxyType(
                {
                    State.ACKNOWLEDGED: Move(State.HANDLED, _MAYBE_DANGER),
                    State.VERIFIED: Move(State.HANDLED, _MAYBE_DANGER),
                }
            ),
            parties=frozenset({Party.OWNER}),
            needs=frozenset({Need.NOTE}),
        ),
        Verb.FEED_BACK: VerbRule(
            moves=MappingProxyType({State.HANDLED: Move(State.FED_BACK, _MAYBE_DANGER)}),
            parties=frozenset({Party.OWNER}),
            needs=frozenset({Need.NOTE}),
        ),
        # A danger is closed only after the feedback; what proved no danger is closed at once.
        Verb.CLOSE: VerbRule(
            moves=MappingProxyType(
                {
                    **{state: Move(State.CLOSED, NOT_A_DANGER) for state in UNHANDLED},
                    State.HANDLED: Move(State.CLOSED, NOT_A_DANGER),
                    State.FED_BACK: Move(State.CLOSED, _VERDICT_GIVEN),
                }
            ),
            parties=frozenset({Party.DUTY_OFFICER}),
            needs=frozenset({Need.NOTE_UNLESS_TRUE, Need.NOTE_IF_GRAVE}),
        ),
        # The new owner has signed for nothing yet, so its life begins again at "raised".
        Verb.HAND_OVER: VerbRule(
            moves=MappingProxyType(
                {state: Move(State.RAISED, _MAYBE_DANGER) for state in UNHANDLED}
            ),
            parties=frozenset({Party.OWNER, Party.DUTY_OFFICER}),
            needs=frozenset({Need.ORGANISATION, Need.NOTE}),
        ),
        Verb.URGE: VerbRule(
            moves=_staying(OPEN_STATES),
            parties=frozenset({Party.SUPERVISOR, Party.CLIMBED_TO}),
            needs=frozenset({Need.NOTE}),
        ),
        Verb.ESCALATE: VerbRule(
            moves=_staying(UNHANDLED, _MAYBE_DANGER),
            parties=frozenset({Party.CLOCK}),
        ),
        # Before closure it sends poor feedback back to the owner; after closure it starts anew.
        Verb.REOPEN: VerbRule(
            moves=MappingProxyType(
                {
                    State.HANDLED: Move(State.ACKNOWLEDGED),
                    State.FED_BACK: Move(State.ACKNOWLEDGED),
                    State.CLOSED: Move(State.RAISED),
                }
            ),
            parties=frozenset({Party.DUTY_OFFICER, Party.SUPERVISOR}),
            needs=frozenset({Need.NOTE}),
        ),
        Verb.ADD_NOTE: VerbRule(
            moves=_staying(State),
            parties=frozenset({Party.OWNER, Party.DUTY_OFFICER, Party.SUPERVISOR}),
            needs=frozenset({Need.NOTE}),
        ),
    }
)
