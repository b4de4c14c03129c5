"""The life of a connection, as one table: which deed leads from where to where.

requested → sent back → requested → approved → connected (first beat) → suspended → ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a connection stands."""

    REQUESTED = "requested"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    CONNECTED = "connected"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Deed(StrEnum):
    """What moves it, or is written into its history without moving it."""

    REQUEST = "request"
    ADOPT = "adopt"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    CONNECT = "connect"
    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"
    ISSUE_KEY = "issue_key"
    REVOKE_KEY = "revoke_key"
    KEY_ENDED = "key_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the table.

    Attributes:
        before: the states in which the deed can be done.
        after: the state it leads to; None where it stays as it is.
        needs_reason: whether somebody must say why.
    """

    before: frozenset[State]
    after: State | None
    needs_reason: bool = False


_S = State
ON_LINE = frozenset({_S.APPROVED, _S.CONNECTED})

STEPS: Mapping[Deed, Step] = {
    Deed.RESUBMIT: Step(before=frozenset({_S.SENT_BACK}), after=_S.REQUESTED),
    Deed.WITHDRAW: Step(before=frozenset({_S.REQUESTED, _S.SENT_BACK}), after=_S.ENDED),
    Deed.SEND_BACK: Step(before=frozenset({_S.REQUESTED}), after=_S.SENT_BACK, needs_reason=True),
    Deed.APPROVE: Step(before=frozenset({_S.REQUESTED}), after=_S.APPROVED),
    Deed.CONNECT: Step(before=frozenset({_S.APPROVED}), after=_S.CONNECTED),
    Deed.SUSPEND: Step(before=ON_LINE, after=_S.SUSPENDED, needs_reason=True),
    # Back to connected where a beat had come before: `after_resuming`.
    Deed.RESUME: Step(before=frozenset({_S.SUSPENDED}), after=_S.APPROVED),
    Deed.END: Step(before=ON_LINE | {_S.SUSPENDED}, after=_S.ENDED, needs_reason=True),
    Deed.ISSUE_KEY: Step(before=ON_LINE | {_S.SUSPENDED}, after=None),
    Deed.REVOKE_KEY: Step(before=ON_LINE | {_S.SUSPENDED}, after=None, needs_reason=True),
    Deed.KEY_ENDED: Step(before=frozenset(State), after=None),
}
"""Deeds that need an existing connection; REQUEST and ADOPT begin one."""


def may_follow(state: State, deed: Deed) -> bool:
    """Tell whether a deed can be done in a state."""
    return state in STEPS[deed].before


def after(state: State, deed: Deed, *, has_sent: bool) -> State:
    """Give the state that a deed leads to.

    Args:
        state: where it stands.
        deed: one that may follow.
        has_sent: whether a beat of the plant was ever seen.
    """
    if deed is Deed.RESUME and has_sent:
        return State.CONNECTED
    return STEPS[deed].after or state
