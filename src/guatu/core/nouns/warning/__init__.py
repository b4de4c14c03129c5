"""A warning: a gap that someone must close, and the life it leads until it is closed.

Everything here is a frozen value, a table or a pure function: the levels, the states, the
verbs with who may use them from where, the deadlines, and the ladder an overdue warning climbs.
The web stores what this module decides; it decides nothing about a warning's life itself.
"""

from .deadlines import DEADLINES, Deadlines, Term, deadlines_in_force
from .life import (
    Life,
    after,
    allowed_verbs,
    due_escalation,
    lifted,
    needs_note,
    next_due,
    next_verbs,
    overdue_since,
    refusal,
    still_owed,
)
from .verbs import ANY_VERDICT, NOT_A_DANGER, OPEN_STATES, UNHANDLED, VERBS, Move, VerbRule
from .words import DueKind, Level, Need, Party, Refusal, Rung, State, Verb, Verdict

__all__ = [
    "ANY_VERDICT",
    "DEADLINES",
    "NOT_A_DANGER",
    "OPEN_STATES",
    "UNHANDLED",
    "VERBS",
    "Deadlines",
    "DueKind",
    "Level",
    "Life",
    "Move",
    "Need",
    "Party",
    "Refusal",
    "Rung",
    "State",
    "Term",
    "Verb",
    "VerbRule",
    "Verdict",
    "after",
    "allowed_verbs",
    "deadlines_in_force",
    "due_escalation",
    "lifted",
    "needs_note",
    "next_due",
    "next_verbs",
    "overdue_since",
    "refusal",
    "still_owed",
]
