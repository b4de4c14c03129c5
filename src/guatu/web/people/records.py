"""The record of who came, who left, who was refused, and what was done to accounts."""

from datetime import datetime

from django.core.exceptions import PermissionDenied

from guatu.core.nouns.text import plain
from guatu.web.people.models import SignInEvent, User

_REFUSALS = {SignInEvent.Outcome.REFUSED, SignInEvent.Outcome.CODE_REFUSED}


def name_as_kept(typed: str) -> str:
    """Give a sign-in name as the record keeps it: one line, nothing hidden, of bounded length."""
    return " ".join(plain(typed).split())[:150]


def record_sign_in(
    *,
    username: str,
    outcome: SignInEvent.Outcome,
    by: User | None,
    at: datetime,
    address: str | None,
    browser: str = "",
) -> SignInEvent:
    """Write down that someone came, left or was refused. A refused one has no `by`.

    Args:
        username: the account that was tried.
        outcome: how it ended.
        by: who it was, where that is proven.
        at: when.
        address: where from; None where it is unknown.
        browser: which known browser of the account it was; "" for none.

    Raises:
        PermissionDenied: if anything but a refusal has no `by`.
    """
    if by is None and outcome not in _REFUSALS:
        raise PermissionDenied(outcome)
    return SignInEvent.objects.create(
        username=name_as_kept(username),
        user=by,
        outcome=outcome,
        at=at,
        address=address,
        browser=browser,
    )


def record_about(
    user: User,
    outcome: SignInEvent.Outcome,
    *,
    by: User | None,
    at: datetime,
    address: str | None = None,
    why: str = "",
) -> SignInEvent:
    """Write down what was done to an account.

    Args:
        user: whose account.
        outcome: what was done.
        by: who did it; None where time did.
        at: when.
        address: where from; None where it is unknown.
        why: the reason given.
    """
    return SignInEvent.objects.create(
        username=user.username,
        user=user,
        outcome=outcome,
        at=at,
        address=address,
        by=by,
        why=name_as_kept(why),
    )
