"""Accounts: creating them, their passwords, the record of who came and went."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import Organisation, SignInEvent, User


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str,
    name: str,
    organisation: Organisation,
    by: User | None,
    at: datetime,
    phone: str = "",
) -> User:
    """Create an account, which may nothing yet.

    Args:
        username: the sign-in name, unique.
        password: held against the validators of the settings.
        name: the person's name.
        organisation: where the person works; what he may do and see, `grant_role` says.
        by: as for `create_organisation`.
        at: the moment of joining.
        phone: where the person is reached on duty.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: if a field or the password does not hold.
    """
    user = User(
        username=username,
        name=plain(name),
        organisation=organisation,
        date_joined=at,
        phone=phone,
    )
    if by is not None:
        permission.demand(by, "people.create_user", user)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    return user


@transaction.atomic
def change_own_password(
    *, old: str, new: str, by: User, at: datetime, address: str | None = None
) -> User:
    """Change one's own password; other sessions of the account end by it.

    Raises:
        PermissionDenied: if nobody is signed in.
        ValidationError: if the old password is wrong (code "wrong_password") or the new one weak.
    """
    permission.demand(by, "people.change_own_password", by)
    user = User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    if not user.check_password(old):
        raise ValidationError({"old": ValidationError("", code="wrong_password")})
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise ValidationError({"new": error.error_list}) from error
    user.set_password(new)
    user.save(update_fields=["password"])
    record_sign_in(
        username=user.username,
        outcome=SignInEvent.Outcome.PASSWORD_CHANGED,
        by=user,
        at=at,
        address=address,
    )
    return user


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
    if by is None and outcome != SignInEvent.Outcome.REFUSED:
        raise PermissionDenied(outcome)
    return SignInEvent.objects.create(
        username=username[:150],
        user=by,
        outcome=outcome,
        at=at,
        address=address,
        browser=browser,
    )
