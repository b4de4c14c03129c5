"""Accounts: creating them, their passwords."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.people import permission, sessions
from guatu.web.people.models import Organisation, SignInEvent, User
from guatu.web.people.password_history import note_password
from guatu.web.people.records import record_sign_in


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
    # Whoever makes an account for another knows its password: the other sets one of his own.
    note_password(user, at=at, by_self=by is None)
    return user


@transaction.atomic
def change_own_password(
    *,
    old: str,
    new: str,
    by: User,
    at: datetime,
    address: str | None = None,
    session: int | None = None,
) -> User:
    """Change one's own password; all sessions of the account but this one end by it.

    Args:
        old: the password of today.
        new: the one from now on, held against the validators of the settings.
        by: whose it is.
        at: the moment.
        address: where from.
        session: the open session that goes on, if any.

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
    note_password(user, at=at, by_self=True)
    sessions.end_all(user, at=at, but=session, by=user, address=address)
    record_sign_in(
        username=user.username,
        outcome=SignInEvent.Outcome.PASSWORD_CHANGED,
        by=user,
        at=at,
        address=address,
    )
    return user
