"""Questions of the pages of people and organisations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from guatu.web.people.models import Grant, Organisation, Role, User, current_grants
from guatu.web.people.posts import below, sight_of
from guatu.web.people.queries import users_visible_to, visible_to
from guatu.web.regions.models import Region

LONGEST_TEXT = 80


def _count(rows: QuerySet[Any], column: str) -> Coalesce:
    counted = rows.filter(**{column: OuterRef("pk")}).order_by().values(column)
    return Coalesce(
        Subquery(counted.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0
    )


def organisation_rows(user: User) -> QuerySet[Organisation]:
    """The organisations a user sees, with counts of people and of those directly below."""
    return visible_to(user).annotate(
        people_count=_count(User.objects.filter(is_active=True), "organisation"),
        children_count=_count(Organisation.objects.filter(ended_at=None), "parent"),
    )


def tops(user: User) -> QuerySet[Organisation]:
    """Those of the user's organisations that have no superior among them."""
    seen = visible_to(user).order_by().values("pk")
    return organisation_rows(user).filter(Q(parent=None) | ~Q(parent__in=seen))


def line_above(organisation: Organisation, user: User) -> list[Organisation]:
    """The organisation's superiors that the user sees, the highest first."""
    line: list[Organisation] = []
    parent, passed = organisation.parent_id, {organisation.pk}
    while parent is not None and parent not in passed:
        found = visible_to(user).filter(pk=parent).first()
        if found is None:
            break
        line.append(found)
        passed.add(parent)
        parent = found.parent_id
    return line[::-1]


def narrowed(
    rows: QuerySet[Organisation], *, text: str = "", kind: str = "", ended: bool = False
) -> QuerySet[Organisation]:
    """Narrow organisations by a part of the name and the kind; ended ones only when asked for."""
    if not ended:
        rows = rows.filter(ended_at=None)
    if text:
        rows = rows.filter(name__icontains=text.replace("\x00", "")[:LONGEST_TEXT])
    return rows.filter(kind=kind) if kind in Organisation.Kind.values else rows


def people_rows(
    user: User,
    at: datetime,
    *,
    text: str = "",
    organisation: Organisation | None = None,
    role: str = "",
    left: bool = False,
) -> QuerySet[User]:
    """The people a user sees, narrowed, each with what is granted; two queries for any number.

    Args:
        user: who looks.
        at: now.
        text: part of the name, the account or the telephone.
        organisation: only those who work there or below it.
        role: only those who hold it now; what is no role does not narrow.
        left: those whose account is closed, instead of those who are here.
    """
    rows = users_visible_to(user).filter(is_active=not left)
    if text := text.replace("\x00", "")[:LONGEST_TEXT]:
        rows = rows.filter(
            Q(name__icontains=text) | Q(username__icontains=text) | Q(phone__icontains=text)
        )
    if organisation is not None:
        rows = rows.filter(organisation__in=below(organisation.pk))
    if role in Role.values:
        held = Grant.objects.filter(current_grants(at), role=role).order_by()
        rows = rows.filter(pk__in=held.values("user"))
    return rows.prefetch_related(Prefetch("grants", Grant.objects.all()))


def regions_for(user: User, *roles: Role) -> QuerySet[Region]:
    """The divisions over which a user holds one of these roles."""
    sight = sight_of(user, *roles)
    found = Q(pk__in=[])
    for span in sight.spans:
        found |= Q(code__range=span)
    if sight.organisations:
        home = Organisation.objects.filter(pk__in=sight.organisations).order_by()
        found |= Q(pk__in=home.values("region"))
    return Region.objects.filter(found, retired_at=None)


def names_to_choose(user: User, *, at_most: int = 500) -> Sequence[str]:
    """Names to offer where an organisation is typed; those above plants come first."""
    rows = visible_to(user).filter(ended_at=None)
    above = list(
        rows.exclude(kind=Organisation.Kind.PLANT).values_list("name", flat=True)[:at_most]
    )
    plants = rows.filter(kind=Organisation.Kind.PLANT).values_list("name", flat=True)
    return [*above, *plants[: at_most - len(above)]]
