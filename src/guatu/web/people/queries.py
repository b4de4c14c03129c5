"""What a user may see: decided here, once, for every model with a region and an organisation."""

from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from guatu.core.nouns.place import RegionCode
from guatu.web.people.models import Organisation, User

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How far a user sees: a division with all inside it, or one organisation alone.

    Attributes:
        span: the least and greatest region code seen, both included.
        organisation: the id of the only organisation seen; it outweighs the span.
    """

    span: tuple[str, str] | None = None
    organisation: int | None = None

    def covers(self, *, region: str | None, organisation: int | None) -> bool:
        """Tell whether a thing at this region and organisation is seen."""
        if self.organisation is not None:
            return organisation == self.organisation
        if self.span is None or region is None:
            return False
        return self.span[0] <= region <= self.span[1]

    def within(self, *, region: str = "region", organisation: str = "organisation") -> Q:
        """The same as a filter, over the named columns.

        Args:
            region: path to the region, such as "plant__region".
            organisation: path to the organisation, or "pk" for organisations themselves.
        """
        if self.organisation is not None:
            return Q(**{organisation: self.organisation})
        if self.span is None:
            return Q(pk__in=[])
        # The code, trimmed of its join by Django, for a key itself knows no range.
        return Q(**{f"{region}__code__range": self.span})


NOTHING = Sight()


def sight_of(user: User | AnonymousUser | None) -> Sight:
    """How far this user sees. A plant sees itself; everyone else the region of the organisation."""
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    organisation = user.organisation
    if organisation.kind == Organisation.Kind.PLANT:
        return Sight(organisation=organisation.pk)
    return Sight(span=RegionCode(organisation.region_id).span)


def visible(
    rows: QuerySet[_Row], user: User | AnonymousUser | None, **columns: str
) -> QuerySet[_Row]:
    """Keep the rows that this user may see.

    Args:
        rows: a query over a model with a region and an organisation.
        user: who looks; nobody sees nothing.
        **columns: `region=` and `organisation=` where the columns have other names.
    """
    return rows.filter(sight_of(user).within(**columns))


def visible_to(user: User | AnonymousUser | None) -> QuerySet[Organisation]:
    """The organisations that this user may see."""
    return visible(Organisation.objects.select_related("region", "parent"), user, organisation="pk")


def users_visible_to(user: User | AnonymousUser | None) -> QuerySet[User]:
    """The users that this user may see."""
    return visible(
        User.objects.select_related("organisation", "organisation__region"),
        user,
        region="organisation__region",
    )


def region_codes_of(user: User | AnonymousUser | None) -> list[str]:
    """The region whose live changes this user hears; a plant hears of itself only."""
    if not isinstance(user, User) or sight_of(user).span is None:
        return []
    return [user.organisation.region_id]
