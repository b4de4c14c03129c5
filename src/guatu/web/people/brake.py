"""The brake on guessing passwords: after some refusals, no attempt counts until a while has passed.

It reads the record of sign-ins, so it holds across processes and restarts. The three bounds answer
three ways of guessing: one account from one place, one account from many places, many accounts
from one place. They could be filled by strangers to lock the right people out, so a browser that
an account signed in with before (people/known.py) has a bound of its own instead of them, and
the bound over many places leaves out the places where the account signed in lately.
"""

from datetime import datetime, timedelta

from django.db.models import Max

from guatu.web.people.models import SignInEvent

WINDOW = timedelta(minutes=15)
PER_ACCOUNT_AND_ADDRESS = 5
PER_ACCOUNT = 30
PER_ADDRESS = 60
PER_KNOWN_BROWSER = 5
HOME = timedelta(days=30)
"""How long a place stays one of the account's own after signing in there."""


def wait_until(
    username: str, address: str | None, *, at: datetime, browser: str = ""
) -> datetime | None:
    """Tell until when an attempt is refused unseen, or None where it may be made.

    Args:
        username: the account that is tried.
        address: where from; None where it is unknown.
        at: now.
        browser: which known browser of the account tries; "" for none.
    """
    refused = SignInEvent.objects.filter(
        outcome=SignInEvent.Outcome.REFUSED, at__gt=at - WINDOW, at__lte=at
    )
    mine = refused.filter(username=username[:150])
    if browser:
        bounds = [(mine.filter(browser=browser), PER_KNOWN_BROWSER)]
    else:
        bounds = [
            (mine.filter(address=address), PER_ACCOUNT_AND_ADDRESS),
        ]
        if not _is_home(username, address, at=at):
            bounds.append((mine, PER_ACCOUNT))
        if address is not None:
            bounds.append((refused.filter(address=address), PER_ADDRESS))
    waits = [
        (rows.aggregate(last=Max("at"))["last"] or at) + WINDOW
        for rows, bound in bounds
        if rows.count() >= bound
    ]
    return max(waits, default=None)


def _is_home(username: str, address: str | None, *, at: datetime) -> bool:
    """Whether the account signed in from this address lately."""
    came = SignInEvent.objects.filter(
        username=username[:150], outcome=SignInEvent.Outcome.SIGNED_IN, at__gt=at - HOME
    )
    return address is not None and came.filter(address=address).exists()
