"""Every change of a connection: one deed, one transaction, an actor and a moment."""

from guatu.web.connection.actions.ask import Wish, ask, record_problems, resubmit, withdraw
from guatu.web.connection.actions.decide import (
    adopt_plants,
    approve,
    end,
    note_first_beat,
    resume,
    send_back,
    suspend,
)
from guatu.web.connection.actions.keys import end_old_keys, issue_key, revoke_key

__all__ = [
    "Wish",
    "adopt_plants",
    "approve",
    "ask",
    "end",
    "end_old_keys",
    "issue_key",
    "note_first_beat",
    "record_problems",
    "resubmit",
    "resume",
    "revoke_key",
    "send_back",
    "suspend",
    "withdraw",
]
