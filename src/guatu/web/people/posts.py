"""What someone holds now and how far it reaches: the one reading of the grants."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from guatu.core.nouns.place import RegionCode
from guatu.web.people.models import (
    BUSINESS,
    OF_AN_ORGANISATION,
    SITES,
    Grant,
    Role,
    User,
)
from guatu.web.regions.models import Region

Span = tuple[str, str]

_BELOW = """
WITH RECURSIVE below(root, id) AS (
    SELECT id, id FROM people_organisation WHERE id IN ({places})
    UNION
    SELECT below.root, o.id FROM people_organisation o JOIN below ON o.parent_id = below.id
) SELECT root, id FROM below
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A role held over a region, or over an organisation and all below it.

    Attributes:
        role: which.
        place: the region, or that of the organisation.
        span: the least and greatest region code covered; None where it is an organisation's.
        seat: the id of the organisation; None where it is a region's.
        organisations: the ids of the organisation and all below it.
        is_above: whether it stands above plants, rather than in one.
    """

    role: Role
    place: Region
    span: Span | None = None
    seat: int | None = None
    organisations: frozenset[int] = frozenset()
    is_above: bool = True

    def covers(self, *, region: str | None, organisation: int | None) -> bool:
        """Tell whether a thing at this region and organisation lies in the scope."""
        if self.span is None:
            return organisation in self.organisations
        return region is not None and self.span[0] <= region <= self.span[1]

    def within(self, *, region: str = "region", organisation: str = "organisation") -> Q:
        """The same as a filter; the arguments as `Sight.within`."""
        spans = () if self.span is None else (self.span,)
        sight = Sight(spans=spans, organisations=self.organisations)
        return sight.within(region=region, organisation=organisation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How far a user sees: divisions with all inside them, and organisations.

    Attributes:
        spans: pairs of the least and greatest region code seen, both included.
        organisations: the ids of organisations seen wherever they are.
    """

    spans: tuple[Span, ...] = ()
    organisations: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything can be seen at all."""
        return bool(self.spans or self.organisations)

    def covers(self, *, region: str | None, organisation: int | None) -> bool:
        """Tell whether a thing at this region and organisation is seen."""
        if organisation in self.organisations:
            return True
        return region is not None and any(low <= region <= high for low, high in self.spans)

    def within(self, *, region: str = "region", organisation: str = "organisation") -> Q:
        """The same as a filter, over the named columns.

        Args:
            region: path to the region, such as "plant__region".
            organisation: path to the organisation, or "pk" for organisations themselves.
        """
        if not self:
            return Q(pk__in=[])
        found = Q()
        for span in self.spans:
            # The code, trimmed of its join by Django, for a key itself knows no range.
            found |= Q(**{f"{region}__code__range": span})
        if self.organisations:
            found |= among(organisation, self.organisations)
        return found


NOTHING = Sight()


def among(column: str, keys: Iterable[int]) -> Q:
    """Rows whose column is one of these keys; plain equality for one, which indexes like best."""
    listed = sorted(keys)
    return Q(**{column: listed[0]}) if len(listed) == 1 else Q(**{f"{column}__in": listed})


def posts_of(user: object) -> tuple[Post, ...]:
    """What a user holds now; nothing for strangers and for those who left.

    At most two queries in the life of the user object, so in a request: the grants, and where
    one is an organisation's, what lies below it.
    """
    if not isinstance(user, User) or not user.is_active:
        return ()
    if "_posts" not in user.__dict__:
        read_posts([user])
    kept: tuple[Post, ...] = user.__dict__["_posts"]
    return kept


def read_posts(users: Iterable[User]) -> None:
    """Read what several people hold, before each is asked about it.

    However many they are, what lies below their organisations is one query; their grants are one
    more where they were prefetched.
    """
    held = [(user, user.current_grants()) for user in users if "_posts" not in user.__dict__]
    seats = (grant.organisation_id for _user, grants in held for grant in grants)
    inside = below_each([seat for seat in seats if seat is not None])
    for user, grants in held:
        user.__dict__["_posts"] = tuple(_post(grant, inside) for grant in grants)


def below_each(roots: list[int]) -> dict[int, frozenset[int]]:
    """The ids of the organisations below each of these, itself included, in one query."""
    if not roots:
        return {}
    wanted = sorted(set(roots))
    places = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(_BELOW.format(places=places), wanted)
        rows = cursor.fetchall()
    found: dict[int, set[int]] = {}
    for root, pk in rows:
        found.setdefault(root, set()).add(pk)
    return {root: frozenset(pks) for root, pks in found.items()}


def below(organisation: int) -> frozenset[int]:
    """The ids of an organisation and of all below it."""
    return below_each([organisation]).get(organisation, frozenset())


def _post(grant: Grant, below: dict[int, frozenset[int]]) -> Post:
    role = Role(grant.role)
    if grant.region is not None:
        span = RegionCode(grant.region.code).span
        return Post(role=role, place=grant.region, span=span)
    organisation = grant.organisation
    if organisation is None:
        raise ValueError(f"grant {grant.pk} has no scope")
    return Post(
        role=role,
        place=organisation.region,
        seat=organisation.pk,
        organisations=below[organisation.pk],
        is_above=organisation.kind not in SITES,
    )


def sight_of(user: object, *roles: Role) -> Sight:
    """How far this user sees business records, by all roles or by these alone.

    Administrators, security administrators and auditors see none of it: for their own subject,
    people and organisations, ask with `*POWERS`.
    """
    wanted = roles or BUSINESS
    posts = [post for post in posts_of(user) if post.role in wanted]
    spans = {post.span for post in posts if post.span is not None}
    widest = tuple(
        sorted(s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans))
    )
    organisations = frozenset[int]().union(*(post.organisations for post in posts))
    return Sight(spans=widest, organisations=organisations)


def holds(user: object, *roles: Role) -> bool:
    """Whether a user holds one of these roles anywhere."""
    return any(post.role in roles for post in posts_of(user))


def own_organisations(user: User, *roles: Role) -> frozenset[int]:
    """The organisations that a user speaks for in one of these roles.

    A plant's officer speaks for all that lies below the grant; a duty officer for the bureau where
    he sits: the grant's, or for a grant over a region the one that he works for, if it lies there.
    """
    found: set[int] = set()
    for post in posts_of(user):
        if post.role not in roles:
            continue
        if post.role in OF_AN_ORGANISATION:
            found |= post.organisations
        elif post.seat is not None:
            found.add(post.seat)
        elif post.covers(region=user.organisation.region_id, organisation=None):
            found.add(user.organisation_id)
    return frozenset(found)


def home_of(user: User) -> Region:
    """The region where a user's work is centred: the widest he holds, else where he works."""
    places = [post.place for post in posts_of(user) if post.role in BUSINESS]
    if not places:
        return user.organisation.region
    # A wider division has more zeros at the end of its code.
    return min(places, key=lambda place: len(place.code.rstrip("0")))
