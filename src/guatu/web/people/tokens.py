"""Tokens of the API: made by their owner, shown once, ended by him or by who guards accounts."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import ApiToken, Scope, SignInEvent, User
from guatu.web.people.records import record_about

MARK: Final = "guatu_"
"""How every token begins, so that scanners of leaked secrets know one when they see it."""
SHOWN: Final = len(MARK) + 6
LONGEST: Final = timedelta(days=366)
MOST: Final = 20
SEEN_EVERY: Final = timedelta(minutes=1)


@transaction.atomic
def make_token(
    user: User,
    *,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    by: User | None,
    at: datetime,
    address: str | None = None,
) -> tuple[ApiToken, str]:
    """Make a token.

    Args:
        user: whose it will be.
        name: what it is for, in his words.
        scopes: values of `Scope`.
        expires_at: when it ends by itself.
        by: who makes it; None is the installation itself.
        at: now.
        address: where from.

    Returns:
        The token and its text, which nobody can be told again.

    Raises:
        PermissionDenied: if `by` is somebody else.
        ValidationError: with code "name", "scopes", "expires" or "too_many".
    """
    if by is not None:
        permission.demand(by, "people.keep_tokens", user)
    name = " ".join(plain(name).split())
    if not 0 < len(name) <= 60:
        raise ValidationError("", code="name")
    chosen = [scope for scope in Scope.values if scope in set(scopes)]
    if not chosen or set(scopes) - set(chosen):
        raise ValidationError("", code="scopes")
    if not at < expires_at <= at + LONGEST:
        raise ValidationError("", code="expires")
    # The account is locked meanwhile, or two browsers could make one too many.
    User.objects.select_for_update().get(pk=user.pk)
    if user.api_tokens.filter(ended_at=None, expires_at__gt=at).count() >= MOST:
        raise ValidationError("", code="too_many", params={"most": MOST})
    text = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:SHOWN],
        digest=_digest(text),
        scopes=chosen,
        made_at=at,
        expires_at=expires_at,
    )
    record_about(
        user, SignInEvent.Outcome.TOKEN_MADE, by=by, at=at, address=address, why=str(token)
    )
    return token, text


@transaction.atomic
def end_token(
    number: int, *, by: User | None, at: datetime, address: str | None = None, why: str = ""
) -> ApiToken:
    """End a token; it opens nothing from now on.

    Args:
        number: which.
        by: whose it is, or the security administrator; None is the installation itself.
        at: now.
        address: where from.
        why: the reason; needed for another's.

    Raises:
        ApiToken.DoesNotExist: if there is none, or it has ended.
        PermissionDenied: if `by` may not.
        ValidationError: with code "reason" if another's is ended without one.
    """
    rows = ApiToken.objects.select_for_update(of=("self",)).select_related("user")
    token = rows.get(pk=number, ended_at=None)
    if by is not None and by.pk != token.user_id:
        permission.demand(by, "people.end_token", token.user)
        if not plain(why):
            raise ValidationError("", code="reason")
    token.ended_at, token.ended_by = at, by
    token.save(update_fields=["ended_at", "ended_by"])
    outcome = SignInEvent.Outcome.TOKEN_ENDED
    why = f"{token} {plain(why)}".strip()
    record_about(token.user, outcome, by=by, at=at, address=address, why=why)
    return token


def read_token(text: str, *, at: datetime, address: str | None) -> ApiToken | None:
    """Find the token that a program shows, if it opens anything now, and note its use.

    Args:
        text: as it was shown once.
        at: now.
        address: where from.
    """
    if not text.startswith(MARK):
        return None
    # Looked up by digest: a guess learns nothing from how long the answer takes.
    token = ApiToken.objects.select_related("user__organisation").filter(digest=_digest(text))
    found = token.first()
    if found is None or not found.holds_at(at) or not found.user.is_active:
        return None
    if found.last_used_at is None or at - found.last_used_at >= SEEN_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=at, last_address=address)
    return found


def listed(user: User, *, at: datetime) -> list[ApiToken]:
    """The tokens of a user that open something."""
    return list(user.api_tokens.filter(ended_at=None, expires_at__gt=at))


def _digest(text: str) -> str:
    # 32 random bytes need no slow hash: there is nothing to guess.
    return hashlib.sha256(text.encode()).hexdigest()
