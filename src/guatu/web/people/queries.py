"""What a user may see: decided here, once, for every model with a region and an organisation."""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from guatu.web.people.models import Organisation, Role, SignInEvent, User
from guatu.web.people.posts import posts_of, sight_of

_Row = TypeVar("_Row", bound=Model)


def visible(
    rows: QuerySet[_Row], user: User | AnonymousUser | None, **columns: str
) -> QuerySet[_Row]:
    """Keep the business records that this user may see.

    Args:
        rows: a query over a model with a region and an organisation.
        user: who looks; nobody sees nothing.
        **columns: `region=` and `organisation=` where the columns have other names.
    """
    return rows.filter(sight_of(user).within(**columns))


def visible_to(user: User | AnonymousUser | None) -> QuerySet[Organisation]:
    """The organisations that this user may see, in whatever role."""
    rows = Organisation.objects.select_related("region", "parent")
    return rows.filter(sight_of(user, *Role).within(organisation="pk"))


def users_visible_to(user: User | AnonymousUser | None) -> QuerySet[User]:
    """The users that this user may see, in whatever role."""
    rows = User.objects.select_related("organisation", "organisation__region")
    return rows.filter(sight_of(user, *Role).within(region="organisation__region"))


def region_codes_of(user: User | AnonymousUser | None) -> list[str]:
    """The regions whose live changes this user hears; a plant hears of itself only."""
    spans = sight_of(user).spans
    return sorted(
        {post.place.code for post in posts_of(user) if post.span is not None and post.span in spans}
    )


def sign_ins_visible_to(user: User | AnonymousUser | None) -> QuerySet[SignInEvent]:
    """The sign-ins of the people whom this user audits or keeps safe, and of names nobody has."""
    sight = sight_of(user, Role.AUDITOR, Role.SECURITY_ADMINISTRATOR)
    seen = User.objects.filter(sight.within(region="organisation__region"))
    nobody = ~Q(username__in=User.objects.values("username"))
    rows = SignInEvent.objects.select_related("user", "by")
    return rows.filter(Q(username__in=seen.values("username")) | nobody)
