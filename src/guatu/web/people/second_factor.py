"""The second factor: codes of RFC 6238 by an authenticator, and recovery codes in its stead.

The secret is sealed with the installation's key, so that the database alone tells none. Recovery
codes are kept as digests. A code works once: the step it belongs to is kept, and no step at or
before it is taken again.
"""

import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac

from guatu.core.nouns.text import plain
from guatu.web.people import permission, sessions
from guatu.web.people.models import RecoveryCode, SecondFactor, SignInEvent, User
from guatu.web.people.records import record_about
from guatu.web.shell.sealed import OtherKeyError, seal, unseal

STEP_S = 30
DRIFT = 1
"""How many steps a clock may be early or late."""
RECOVERY_CODES = 10
ISSUER = "Guatu"
BOUNDS = ((timedelta(minutes=15), 5), (timedelta(days=1), 20))
"""How many refused codes stop an account, within which time."""
_SALT = "guatu.people.second_factor"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_secret() -> str:
    """Draw a secret, as an authenticator takes it."""
    return pyotp.random_base32()


def address_for(user: User, secret: str) -> str:
    """The otpauth:// address that a QR code carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)


def is_on(user: User) -> bool:
    """Tell whether a user has a second factor."""
    return SecondFactor.objects.filter(user=user).exists()


def is_required(user: User) -> bool:
    """Tell whether a role of the user must have one, by the setting SECOND_FACTOR_ROLES."""
    return any(grant.role in settings.SECOND_FACTOR_ROLES for grant in user.current_grants())


def codes_left(user: User) -> int:
    """How many recovery codes a user still has."""
    return user.recovery_codes.filter(used_at=None).count()


def wait_until(user: User, *, at: datetime) -> datetime | None:
    """Tell until when no code of this account is looked at, or None.

    Only who knows the password gets as far as being asked, so no stranger can fill these bounds.
    """
    refused = SignInEvent.objects.filter(
        username=user.username, outcome=SignInEvent.Outcome.CODE_REFUSED, at__lte=at
    )
    waits = []
    for window, bound in BOUNDS:
        times = list(refused.filter(at__gt=at - window).values_list("at", flat=True)[:bound])
        if len(times) == bound:
            waits.append(times[-1] + window)
    return max(waits, default=None)


@transaction.atomic
def add_second_factor(
    *, secret: str, code: str, by: User, at: datetime, address: str | None
) -> list[str]:
    """Give a user an authenticator that has shown that it knows the secret.

    Args:
        secret: as `new_secret` drew it.
        code: what the authenticator shows.
        by: whose it is.
        at: now.
        address: where from.

    Returns:
        New recovery codes, to be shown once.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: code "has_one" if there is one already, "wrong_code" if the code is off.
    """
    permission.demand(by, "people.keep_second_factor", by)
    if is_on(by):
        raise ValidationError("", code="has_one")
    step = _step_of(secret, code, at=at)
    if step is None:
        raise ValidationError("", code="wrong_code")
    SecondFactor.objects.create(
        user=by, sealed_secret=seal(secret, purpose=_SALT), since=at, last_step=step
    )
    record_about(by, SignInEvent.Outcome.FACTOR_ADDED, by=by, at=at, address=address)
    return _draw_codes(by)


@transaction.atomic
def use_code(user: User, code: str, *, at: datetime, address: str | None) -> bool:
    """Take a code of the authenticator or a recovery code, once, and write down how it went.

    Args:
        user: whose password was right.
        code: as typed.
        at: now.
        address: where from.

    Returns:
        Whether it was right. While `wait_until` tells a time, none is.
    """
    factor = SecondFactor.objects.select_for_update().get(user=user)
    if wait_until(user, at=at) is not None:
        return False
    typed = "".join(code.split()).replace("-", "").lower()
    outcome = SignInEvent.Outcome.CODE_REFUSED
    step = _step_of(_unseal(factor.sealed_secret), typed, at=at)
    if step is not None and step > factor.last_step:
        SecondFactor.objects.filter(pk=factor.pk).update(last_step=step)
        outcome = SignInEvent.Outcome.CODE_USED
    elif step is None and _use_recovery(user, typed, at=at):
        outcome = SignInEvent.Outcome.RECOVERY_USED
    record_about(user, outcome, by=user, at=at, address=address)
    return outcome != SignInEvent.Outcome.CODE_REFUSED


@transaction.atomic
def renew_recovery_codes(*, by: User, at: datetime, address: str | None) -> list[str]:
    """Make new recovery codes; the former ones fall.

    Raises:
        PermissionDenied: if `by` may not.
        SecondFactor.DoesNotExist: if there is no second factor.
    """
    permission.demand(by, "people.keep_second_factor", by)
    SecondFactor.objects.select_for_update().get(user=by)
    record_about(by, SignInEvent.Outcome.RECOVERY_MADE, by=by, at=at, address=address)
    return _draw_codes(by)


@transaction.atomic
def remove_second_factor(*, by: User, at: datetime, address: str | None) -> None:
    """Give up one's own second factor.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: code "required" if the role must have one.
    """
    permission.demand(by, "people.keep_second_factor", by)
    if is_required(by):
        raise ValidationError("", code="required")
    _drop(by)
    record_about(by, SignInEvent.Outcome.FACTOR_REMOVED, by=by, at=at, address=address)


@transaction.atomic
def reset_second_factor(
    user: User, *, by: User, at: datetime, why: str, address: str | None
) -> None:
    """Take a lost second factor from someone else; his sessions end, he enrols anew.

    Args:
        user: who lost it.
        by: who may; never the user himself.
        at: now.
        why: the reason, which stays on record.
        address: where from.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: code "reason" without one.
    """
    permission.demand(by, "people.reset_second_factor", user)
    if not plain(why):
        raise ValidationError("", code="reason")
    _drop(user)
    record_about(user, SignInEvent.Outcome.FACTOR_RESET, by=by, at=at, address=address, why=why)
    sessions.end_all(user, by=by, at=at, address=address, why=why)


def _drop(user: User) -> None:
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """Which step a code belongs to, within the drift; all are compared, whichever fits."""
    typed, found = "".join(code.split()), None
    generator, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), typed.encode()):
            found = step
    return found


def _draw_codes(user: User) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(user, code.replace("-", ""))) for code in codes
    )
    return codes


def _use_recovery(user: User, typed: str, *, at: datetime) -> bool:
    rows = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed), used_at=None)
    return rows.update(used_at=at) == 1


def _digest(user: User, code: str) -> str:
    return salted_hmac(f"{_SALT}.recovery", f"{user.pk}:{code}", algorithm="sha256").hexdigest()


def _unseal(sealed: str) -> str:
    try:
        return unseal(sealed, purpose=_SALT)
    except OtherKeyError as error:
        message = (
            "A second factor was sealed with another secret_key: put back the file secret_key of "
            "this database's installation, or reset the second factor."
        )
        raise ImproperlyConfigured(message) from error
