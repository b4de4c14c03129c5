"""Every change to people: one verb, one transaction, an actor and a moment."""

from .accounts import change_own_password, create_user
from .grants import end_grant, grant_role
from .organisations import create_organisation

__all__ = [
    "change_own_password",
    "create_organisation",
    "create_user",
    "end_grant",
    "grant_role",
]
