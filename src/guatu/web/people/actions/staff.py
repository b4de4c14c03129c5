"""The staff: mending an account, closing it, opening it again, giving it a new password."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from guatu.core.nouns.text import plain
from guatu.web.people import permission, sessions
from guatu.web.people.leaving import handing_over
from guatu.web.people.models import POWERS, Organisation, SignInEvent, User
from guatu.web.people.password_history import note_password
from guatu.web.people.records import record_about


@transaction.atomic
def edit_user(
    user_id: int,
    *,
    name: str,
    organisation: Organisation,
    phone: str,
    by: User,
    at: datetime,  # noqa: ARG001 - the history that comes with audit is stamped with it
) -> User:
    """Mend a person's name, place of work and telephone; what he may do, does not change by it.

    Raises:
        User.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not, for the old place or the new one.
        ValidationError: if a field does not hold.
    """
    user = _locked(user_id)
    permission.demand(by, "people.edit_user", user)
    permission.demand(by, "people.edit_user", organisation)
    user.name, user.organisation, user.phone = plain(name), organisation, phone
    user.full_clean()
    user.save(update_fields=["name", "organisation", "phone"])
    return user


@transaction.atomic
def close_account(
    user_id: int, *, why: str, by: User | None, at: datetime, heir: User | None = None
) -> User:
    """Close the account of someone who leaves: his grants end, his open warnings are handed over.

    Args:
        user_id: whose.
        why: the reason; it is kept.
        by: an administrator; None only for the installation itself (`guatu user`).
        at: when.
        heir: who takes over what is open; needed where anything is.

    Raises:
        User.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not, or would close his own account.
        ValidationError: if the reason or the heir is missing, or the person holds a power that
            the security administrator must end first.
    """
    user = _locked(user_id)
    if by is not None:
        if by.pk == user.pk:
            raise PermissionDenied("people.close_account")
        permission.demand(by, "people.close_account", user)
        _demand_no_power(user)
    if not plain(why).strip():
        raise ValidationError({"why": _("Give the reason: it is kept with the account.")})
    if not user.is_active:
        raise ValidationError(_("This account is closed already."))
    with handing_over(user, heir, why=why, by=by, at=at):
        user.is_active, user.left_at, user.left_why = False, at, plain(why)
        user.save(update_fields=["is_active", "left_at", "left_why"])
        for grant in user.grants.filter(Q(until=None) | Q(until__gt=at)):
            # One that has not begun yet never holds.
            grant.until, grant.ended_by, grant.ended_why = max(at, grant.since), by, plain(why)
            grant.save(update_fields=["until", "ended_by", "ended_why"])
    sessions.end_all(user, at=at, by=by, why=plain(why))
    return user


@transaction.atomic
def reopen_account(user_id: int, *, by: User, at: datetime) -> User:  # noqa: ARG001 - audit's stamp
    """Open a closed account again; it may nothing until something is granted.

    Raises:
        User.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        ValidationError: if it is open.
    """
    user = _locked(user_id)
    permission.demand(by, "people.close_account", user)
    if user.is_active:
        raise ValidationError(_("This account is open."))
    user.is_active, user.left_at, user.left_why = True, None, ""
    user.save(update_fields=["is_active", "left_at", "left_why"])
    return user


@transaction.atomic
def reset_password(user_id: int, *, password: str, by: User | None, at: datetime) -> User:
    """Give an account a new password; its sessions end by it.

    Raises:
        User.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        ValidationError: if the password is weak, or the person holds a power: then only the
            machine itself gives a new one (`guatu user reset-password`).
    """
    user = _locked(user_id)
    if by is not None:
        permission.demand(by, "people.reset_password", user)
        _demand_no_power(user)
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    # Whoever gives it knows it: the owner sets one of his own.
    note_password(user, at=at, by_self=False)
    sessions.end_all(user, at=at, by=by)
    record_about(user, SignInEvent.Outcome.PASSWORD_CHANGED, by=by, at=at)
    return user


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user_id)


def _demand_no_power(user: User) -> None:
    """An administrator who could take over a security administrator's account would be both."""
    if any(grant.role in POWERS for grant in user.current_grants()):
        raise ValidationError(
            _(
                "%(name)s is %(roles)s. The security administrator must end that grant first; a "
                "new password is given on the machine itself: guatu user reset-password."
            )
            % {"name": user.get_full_name(), "roles": user.roles_said()}
        )
