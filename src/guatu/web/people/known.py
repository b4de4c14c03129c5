"""Browsers that somebody signed in with before: strangers' guessing does not lock them out.

A cookie an account, signed, for the sign-in page alone. It proves nothing and opens nothing: the
password is asked for all the same. It only moves its browser from the bounds that strangers fill
(people/brake.py) to a bound of its own. It falls with the password it was given under.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from guatu.web.people.models import User

_SALT = "guatu.people.known"
_HOLDS_S = 365 * 24 * 60 * 60


def cookie_of(username: str) -> str:
    """The name of the cookie that an account's browsers keep; it does not tell the account."""
    return f"guatu_known_{salted_hmac(_SALT, username).hexdigest()[:16]}"


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let the browser keep that this user signed in with it, under the password of today."""
    browser = browser_of(request, user.username) or secrets.token_hex(8)
    response.set_cookie(
        cookie_of(user.username),
        signing.dumps([user.pk, browser, _mark(user)], salt=_SALT),
        max_age=_HOLDS_S,
        path=reverse("people:signin"),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def browser_of(request: HttpRequest, username: str) -> str:
    """Which known browser of an account asks; "" for one that is not known to it.

    Args:
        request: with its cookies.
        username: the account that is tried.
    """
    kept = request.COOKIES.get(cookie_of(username), "")
    try:
        pk, browser, mark = signing.loads(kept, salt=_SALT, max_age=_HOLDS_S)
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    user = User.objects.filter(pk=pk, username=username, is_active=True).first()
    if user is None or not constant_time_compare(str(mark), _mark(user)):
        return ""
    return str(browser)


def _mark(user: User) -> str:
    return salted_hmac(_SALT, user.password, algorithm="sha256").hexdigest()
