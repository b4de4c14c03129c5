"""Open sessions: in which browsers someone is signed in, and how each of them ends.

The record stands beside the framework's own sessions. Ending one deletes that session, so its
cookie opens nothing from the next request on, in whatever process.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import OpenSession, SignInEvent, User
from guatu.web.people.records import record_about
from guatu.web.shell.requests import address_of

NUMBER: Final = "guatu_open_session"
SINCE: Final = "guatu_since"
SEEN: Final = "guatu_seen"
KEPT = timedelta(days=200)
"""How long an ended session stays in the record: six months are asked for."""


def begin(request: HttpRequest, user: User, *, at: datetime) -> OpenSession:
    """Note that someone has just signed in; its session has its new key already.

    Args:
        request: whose session was rotated by `login`.
        user: who signed in.
        at: now.
    """
    session = request.session
    if not session.session_key:
        session.save()
    opened = OpenSession.objects.create(
        user=user,
        session_key=session.session_key or "",
        address=address_of(request),
        browser=plain(request.headers.get("User-Agent", ""))[:200],
        since=at,
        last_seen=at,
    )
    session[NUMBER], session[SINCE], session[SEEN] = opened.pk, at.timestamp(), at.timestamp()
    OpenSession.objects.filter(last_seen__lt=at - KEPT).delete()
    Session.objects.filter(expire_date__lt=at).delete()
    return opened


def number_of(session: SessionBase) -> int:
    """The number of the open session that a session belongs to; 0, which none has, for none."""
    return int(session.get(NUMBER) or 0)


def rekey(session: SessionBase) -> None:
    """Note the key that a session got by rotation."""
    if not session.session_key:
        session.save()
    OpenSession.objects.filter(pk=number_of(session)).update(session_key=session.session_key)


def see(session: SessionBase, *, at: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    if at.timestamp() - float(session.get(SEEN, 0)) < 60:
        return
    session[SEEN] = at.timestamp()
    OpenSession.objects.filter(pk=number_of(session)).update(last_seen=at)


def is_over(session: SessionBase, *, at: datetime) -> bool:
    """Tell whether a session was idle too long or is too old altogether.

    One that tells no times was opened before they were kept, and is over.
    """
    since, seen = session.get(SINCE), session.get(SEEN)
    if since is None or seen is None:
        return True
    now = at.timestamp()
    return bool(now - seen > settings.SESSION_IDLE_S or now - since > settings.SESSION_COOKIE_AGE)


def expire(session: SessionBase, *, at: datetime) -> None:
    """Note that time ended a session; the caller flushes it."""
    opened = OpenSession.objects.filter(pk=number_of(session), ended_at=None).first()
    if opened is not None:
        OpenSession.objects.filter(pk=opened.pk).update(ended_at=at, session_key="")
        record_about(opened.user, SignInEvent.Outcome.SESSION_EXPIRED, by=None, at=at)


def leave(session: SessionBase, *, at: datetime) -> None:
    """Note that someone signs out; the caller flushes the session."""
    OpenSession.objects.filter(pk=number_of(session)).update(ended_at=at, session_key="")


def of(user: User, *, at: datetime) -> QuerySet[OpenSession]:
    """The sessions of a user that are open at a moment."""
    return user.open_sessions.filter(
        ended_at=None,
        last_seen__gt=at - timedelta(seconds=settings.SESSION_IDLE_S),
        since__gt=at - timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )


@transaction.atomic
def end_session(
    number: int, *, by: User, at: datetime, address: str | None = None, why: str = ""
) -> OpenSession:
    """End an open session.

    Args:
        number: which.
        by: whose it is, or who may end those of others.
        at: the moment.
        address: where it is ended from.
        why: the reason; needed for another's.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: with code "reason" if another's is ended without one.
    """
    opened = OpenSession.objects.select_for_update().get(pk=number)
    _demand(by, opened.user, why)
    _end(OpenSession.objects.filter(pk=number, ended_at=None), by, at, address, why)
    return opened


@transaction.atomic
def end_sessions(
    user: User,
    *,
    by: User,
    at: datetime,
    but: int | None = None,
    address: str | None = None,
    why: str = "",
) -> None:
    """End all sessions of a user, but for one if named.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: with code "reason" if another's are ended without one.
    """
    _demand(by, user, why)
    end_all(user, by=by, at=at, but=but, address=address, why=why)


def end_all(
    user: User,
    *,
    by: User | None,
    at: datetime,
    but: int | None = None,
    address: str | None = None,
    why: str = "",
) -> None:
    """End a user's sessions as a part of another action, which has asked for permission.

    Args:
        user: whose.
        by: who does that action.
        at: the moment.
        but: the number of one that goes on.
        address: where from.
        why: what the action is.
    """
    _end(
        OpenSession.objects.filter(user=user, ended_at=None).exclude(pk=but or 0),
        by,
        at,
        address,
        why,
    )


def _demand(by: User, user: User, why: str) -> None:
    if by.pk == user.pk:
        permission.demand(by, "people.end_own_session", user)
        return
    permission.demand(by, "people.end_session", user)
    if not plain(why):
        raise ValidationError("", code="reason")


def _end(
    rows: QuerySet[OpenSession], by: User | None, at: datetime, address: str | None, why: str
) -> None:
    for opened in rows.select_related("user"):
        Session.objects.filter(session_key=opened.session_key).delete()
        OpenSession.objects.filter(pk=opened.pk).update(ended_at=at, session_key="")
        outcome = SignInEvent.Outcome.SESSION_ENDED
        record_about(opened.user, outcome, by=by, at=at, address=address, why=why)
