"""Granting roles and ending grants, with the separation of powers."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.leaving import handing_over
from guatu.web.people.models import (
    OF_AN_ORGANISATION,
    POWERS,
    Grant,
    Organisation,
    Role,
    User,
)
from guatu.web.regions.models import Region

Scope = Organisation | Region


@transaction.atomic
def grant_role(
    user: User,
    role: Role,
    scope: Scope,
    *,
    why: str,
    by: User | None,
    at: datetime,
    until: datetime | None = None,
) -> Grant:
    """Grant a role over an organisation and all below it, or over a region.

    Args:
        user: to whom.
        role: which.
        scope: where it holds.
        why: the reason; it is kept.
        by: a security administrator whose own grant covers the scope and the person; None only
            for the installation itself (`guatu demo`, `guatu user`), never for a request.
        at: from when it holds.
        until: when it ends by itself; None for no end.

    Raises:
        PermissionDenied: if `by` may not, or would grant to himself.
        ValidationError: if the reason is missing, the end lies before the beginning, the scope
            does not suit the role, the person left, holds it already, or holds a power that must
            stay apart from it.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if by is not None:
        if by.pk == user.pk:
            raise PermissionDenied("people.grant")
        permission.demand(by, "people.grant", user)
        permission.demand(by, "people.grant", scope)
    _demand_sound(user, role, scope, why=why, at=at, until=until)
    grant = Grant(
        user=user,
        role=role,
        organisation=scope if isinstance(scope, Organisation) else None,
        region=scope if isinstance(scope, Region) else None,
        since=at,
        until=until,
        by=by,
        why=plain(why),
    )
    grant.full_clean()
    grant.save()
    return grant


def _demand_sound(
    user: User, role: Role, scope: Scope, *, why: str, at: datetime, until: datetime | None
) -> None:
    if not user.is_active:
        raise ValidationError(
            _("%(name)s has left. Open the account again before granting anything.")
            % {"name": user.get_full_name()}
        )
    if not plain(why).strip():
        raise ValidationError({"why": _("Give the reason: it is kept with the grant.")})
    if until is not None and until <= at:
        raise ValidationError(
            {"until": _("The end lies before the beginning. Choose a later day.")}
        )
    _demand_fitting_scope(role, scope)
    held = list(user.grants.select_for_update(of=("self",)).filter(Q(until=None) | Q(until__gt=at)))
    _demand_apart(user, role, {Role(grant.role) for grant in held})
    if any(g.role == role and scope in (g.organisation, g.region) for g in held):
        raise ValidationError(
            _("%(name)s holds this role there already.") % {"name": user.get_full_name()}
        )


def _demand_fitting_scope(role: Role, scope: Scope) -> None:
    if isinstance(scope, Region) and role in OF_AN_ORGANISATION:
        raise ValidationError(
            {"scope": _("%(role)s speaks for an organisation: choose one.") % {"role": role.label}}
        )
    if isinstance(scope, Organisation) and scope.ended_at is not None:
        raise ValidationError(
            {"scope": _("%(name)s has ended. Choose another.") % {"name": scope.name}}
        )


def _demand_apart(user: User, role: Role, held: set[Role]) -> None:
    """Keep the three powers apart from one another and from the business (GB/T 22239)."""
    against = held - {role} if role in POWERS else held & POWERS - {role}
    if against:
        raise ValidationError(
            {
                "role": _(
                    "%(name)s is %(held)s. One person may not be %(role)s as well: end the other "
                    "grant first, or choose another person."
                )
                % {
                    "name": user.get_full_name(),
                    "held": ", ".join(sorted(str(one.label) for one in against)),
                    "role": role.label,
                }
            }
        )


@transaction.atomic
def end_grant(
    grant_id: int, *, why: str, by: User | None, at: datetime, heir: User | None = None
) -> Grant:
    """End a grant; it stays on record, and what the person answers for no more is handed over.

    Args:
        grant_id: which.
        why: the reason; it is kept.
        by: as for `grant_role`.
        at: from when it holds no more.
        heir: who takes over the warnings that the person answers for no more.

    Raises:
        Grant.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not, or would end a grant of his own.
        ValidationError: if the reason or the heir is missing, or the grant has ended already.
    """
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=grant_id)
    if by is not None:
        if by.pk == grant.user_id:
            raise PermissionDenied("people.grant")
        permission.demand(by, "people.grant", grant.user)
        permission.demand(by, "people.grant", grant.organisation or grant.region)
    if not plain(why).strip():
        raise ValidationError({"why": _("Give the reason: it is kept with the grant.")})
    if grant.until is not None and grant.until <= at:
        raise ValidationError(_("This grant has ended already."))
    with handing_over(grant.user, heir, why=why, by=by, at=at):
        # One that has not begun yet never holds.
        grant.until, grant.ended_by, grant.ended_why = max(at, grant.since), by, plain(why)
        grant.full_clean()
        grant.save(update_fields=["until", "ended_by", "ended_why"])
    return grant
