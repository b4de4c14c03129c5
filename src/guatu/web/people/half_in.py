"""Between password and code: who has shown the password may be asked for the code, no more."""

from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from guatu.web.people.models import User

HOLDS_S = 300
_KEY: Final = "guatu_half_in"


def begin(request: HttpRequest, user: User, *, at: datetime) -> None:
    """Note that the password was right, in a new session with a new key."""
    request.session.flush()
    request.session[_KEY] = [user.pk, _mark(user), at.timestamp()]


def user_of(request: HttpRequest, *, at: datetime) -> User | None:
    """Who has shown the password of today here within the last minutes, and may still come in."""
    kept = request.session.get(_KEY)
    if kept is None or not 0 <= at.timestamp() - kept[2] <= HOLDS_S:
        return None
    user = User.objects.filter(pk=kept[0], is_active=True, second_factor__isnull=False).first()
    if user is None or not constant_time_compare(kept[1], _mark(user)):
        return None
    return user


def _mark(user: User) -> str:
    return salted_hmac("guatu.people.half_in", user.password, algorithm="sha256").hexdigest()
