"""Every change to people: one verb, one transaction, an actor and a moment."""

from .accounts import change_own_password, create_user
from .contacts import ContactSpec, keep_contacts
from .grants import end_grant, grant_role
from .organisations import create_organisation, edit_organisation, end_organisation
from .staff import close_account, edit_user, reopen_account, reset_password

__all__ = [
    "ContactSpec",
    "change_own_password",
    "close_account",
    "create_organisation",
    "create_user",
    "edit_organisation",
    "edit_user",
    "end_grant",
    "end_organisation",
    "grant_role",
    "keep_contacts",
    "reopen_account",
    "reset_password",
]
