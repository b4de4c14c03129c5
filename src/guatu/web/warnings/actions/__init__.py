"""Every change to a warning: one verb, one transaction, an actor and a moment.

The noun's table decides what is allowed and what comes of it; here it is stored, entered in the
history and announced. `raise_warning` and `escalate_overdue` have no actor: a source and time do
them.
"""

from .climbing import escalate_overdue
from .deeds import (
    acknowledge,
    add_note,
    close,
    feed_back,
    hand_over,
    handle,
    reopen,
    urge,
    verify,
)
from .notify import mark_seen
from .passing import pass_on
from .raising import note_level_lift, raise_warning

__all__ = [
    "acknowledge",
    "add_note",
    "close",
    "escalate_overdue",
    "feed_back",
    "hand_over",
    "handle",
    "mark_seen",
    "note_level_lift",
    "pass_on",
    "raise_warning",
    "reopen",
    "urge",
    "verify",
]
