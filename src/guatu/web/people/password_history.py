"""The passwords an account had: which may not come again, how old the present one is."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password

from guatu.web.people.models import PasswordSet, User

REMEMBERED = 5
"""How many former passwords may not be used again; 等保 asks that they are not repeated."""


def note_password(user: User, *, at: datetime, by_self: bool) -> None:
    """Keep the hash that was just set, and forget those beyond what is remembered.

    Args:
        user: with the new hash, saved.
        at: when it was set.
        by_self: whether the person chose it; False asks for a change at the next sign-in.
    """
    PasswordSet.objects.create(user=user, password=user.password, at=at, by_self=by_self)
    kept = list(user.passwords_set.values_list("pk", flat=True)[:REMEMBERED])
    user.passwords_set.exclude(pk__in=kept).delete()


def was_used(user: User, password: str) -> bool:
    """Tell whether a password is that of today or one of the last few."""
    hashes = {user.password, *user.passwords_set.values_list("password", flat=True)[:REMEMBERED]}
    return any(check_password(password, kept) for kept in hashes)


def must_change(user: User, *, at: datetime) -> bool:
    """Tell whether a person must set a new password: another gave it, or it is too old.

    Args:
        user: who.
        at: now. An account from before passwords were remembered counts from its joining.
    """
    latest = user.passwords_set.first()
    if latest is not None and not latest.by_self:
        return True
    days: int = settings.PASSWORD_DAYS
    since = latest.at if latest else user.date_joined
    return days > 0 and at - since > timedelta(days=days)
