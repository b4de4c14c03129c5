"""Questions about warnings: which a user sees, what is late, what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.utils import timezone

from guatu.core.nouns.place import Level as PlaceLevel
from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import (
    NOT_A_DANGER,
    OPEN_STATES,
    UNHANDLED,
    Level,
    Party,
    Rung,
    State,
    Verb,
    allowed_verbs,
    next_due,
    next_verbs,
    overdue_since,
)
from guatu.web.people.models import BUSINESS, Role, User
from guatu.web.people.posts import Post, among, own_organisations, posts_of, sight_of
from guatu.web.regions.queries import subtree_filter
from guatu.web.warnings.models import (
    Notice,
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
)

Someone = User | AnonymousUser | None

_UNHANDLED = [state.value for state in UNHANDLED]
_OPEN = [state.value for state in OPEN_STATES]
_NO_DANGER = [verdict.value for verdict in NOT_A_DANGER if verdict is not None]
_UNSIGNED = Q(state=State.RAISED.value) & ~Q(verdict__in=_NO_DANGER)
ANSWERING = (Role.PLANT_SAFETY_OFFICER, Role.RESPONSIBLE_UNIT, Role.DUTY_OFFICER)
"""The roles whose holders act for the organisation that owns a warning."""
RUNG_OF_PLACE = {
    PlaceLevel.COUNTY: Rung.COUNTY,
    PlaceLevel.PREFECTURE: Rung.PREFECTURE,
    PlaceLevel.PROVINCE: Rung.PROVINCE,
}


def _touches(user: User) -> Q:
    """What belongs to an organisation that the user speaks for, or arose in it."""
    own = own_organisations(user, *BUSINESS)
    return among("organisation", own) | among("origin", own) if own else Q(pk__in=[])


def visible_to(user: Someone) -> QuerySet[Warning]:
    """The warnings that this user may see.

    A plant's officer sees what the plant owns and what arose in it; everyone else the region of
    the organisation, whether a warning climbed there or not, and what was handed to them from
    elsewhere.
    """
    rows = Warning.objects.select_related("organisation", "origin", "region")
    if not isinstance(user, User) or not sight_of(user):
        return rows.none()
    return rows.filter(sight_of(user).within() | _touches(user))


def sees(user: User, warning: Warning) -> bool:
    """The same question about one warning, without asking the database."""
    concerned = {warning.organisation_id, warning.origin_id}
    if sight_of(user).covers(region=warning.region_id, organisation=warning.organisation_id):
        return True
    return not concerned.isdisjoint(own_organisations(user, *BUSINESS))


def parties_of(user: Someone, warning: Warning) -> frozenset[Party]:
    """What this user is to this warning; empty for those it does not concern.

    A plant's safety officer answers for the plant, a responsible unit's for the unit, a duty
    officer for a bureau that a warning was handed to; duty officers and supervisors stand above
    what lies in their region, and a duty officer answers for what has climbed to the own rung, or
    past it.
    """
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    parties: set[Party] = set()
    if warning.organisation_id in own_organisations(user, *ANSWERING):
        parties.add(Party.OWNER)
    for post in _above(user, warning):
        if post.role is Role.DUTY_OFFICER:
            parties.add(Party.DUTY_OFFICER)
            if _rung(post) <= warning.rung:
                parties.add(Party.CLIMBED_TO)
        if post.role is Role.SUPERVISOR:
            parties.add(Party.SUPERVISOR)
    return frozenset(parties)


def _above(user: User, warning: Warning) -> list[Post]:
    """What the user holds above plants that covers this warning."""
    region, concerned = warning.region_id, (warning.organisation_id, warning.origin_id)
    return [
        post
        for post in posts_of(user)
        if post.is_above and any(post.covers(region=region, organisation=o) for o in concerned)
    ]


def _rung(post: Post) -> Rung:
    """The rung at which overdue warnings reach a post above plants."""
    return RUNG_OF_PLACE[RegionCode(post.place.code).level]


def verbs_for(user: Someone, warning: Warning) -> tuple[Verb, ...]:
    """What this user may do with this warning now, in the order of the table."""
    return allowed_verbs(warning.life, parties_of(user, warning))


def unsigned(user: Someone) -> QuerySet[Warning]:
    """What this user sees that nobody signed for and that was not found to be no danger."""
    return visible_to(user).filter(_UNSIGNED)


def overdue(at: datetime) -> Q:
    """What is late at a moment: the noun's `overdue_since`, as a filter."""
    unsigned = Q(state=State.RAISED.value, acknowledge_due__lte=at)
    unhandled = Q(state__in=_UNHANDLED, handle_due__lte=at)
    return (unsigned | unhandled) & ~Q(verdict__in=_NO_DANGER)


def open_notices(user: User) -> QuerySet[Notice]:
    """What this user was urged about and neither saw nor answered, while there is a danger."""
    rows = Notice.objects.filter(user=user, seen_at=None, warning__closed_at=None)
    return rows.exclude(warning__verdict__in=_NO_DANGER)


def grants_time(user: User, warning: Warning) -> bool:
    """Whether handing over by this user begins the time to sign anew: from the prefecture up."""
    return any(
        post.role is Role.DUTY_OFFICER and _rung(post) >= Rung.PREFECTURE
        for post in _above(user, warning)
    )


def awaiting(user: User, at: datetime, *, reached: bool = True) -> Q:
    """What waits for this user to do something: the noun's `next_verbs`, as a filter.

    Args:
        user: who asks.
        at: now.
        reached: count for a prefecture's or province's officers only what climbed to them; what
            is still with the county is the county's to do first.
    """
    found = Q(pk__in=open_notices(user).order_by().values("warning"))
    own = own_organisations(user, *ANSWERING)
    if own:
        owned = among("organisation", own) & Q(state__in=[s for s in _OPEN if s != "fed_back"])
        found |= owned & ~Q(verdict__in=_NO_DANGER)
    for post in posts_of(user):
        if post.is_above and post.role is Role.SUPERVISOR:
            found |= overdue(at) & post.within()
        if post.is_above and post.role is Role.DUTY_OFFICER:
            found |= _awaiting_duty(post, at, reached=reached) & post.within()
    return found


def _awaiting_duty(post: Post, at: datetime, *, reached: bool) -> Q:
    """What waits for a duty officer above plants; the arguments as `awaiting`."""
    rung = _rung(post)
    climbed = Q(rung__gte=rung) if reached and rung > Rung.COUNTY else Q()
    unjudged = Q(closed_at=None, verdict="")
    closable = Q(closed_at=None) & (Q(verdict__in=_NO_DANGER) | Q(state=State.FED_BACK.value))
    answering = _UNSIGNED | overdue(at) & ~Q(verdict="")
    return (unjudged | closable) & climbed | answering & Q(rung__gte=rung)


def with_next_due(rows: QuerySet[Warning]) -> QuerySet[Warning]:
    """Order as a desk wants: open first, gravest first, nearest deadline first."""
    nearest = Case(
        When(verdict__in=_NO_DANGER, then=None),
        When(state=State.RAISED.value, then=F("acknowledge_due")),
        When(state__in=_UNHANDLED, then=F("handle_due")),
        default=None,
        output_field=DateTimeField(),
    )
    return rows.annotate(nearest_due=nearest).order_by(
        F("closed_at").desc(nulls_first=True),
        "-level",
        F("nearest_due").asc(nulls_last=True),
        "-raised_at",
        "-id",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many warnings are open, by level, and how many of them are late."""

    by_level: dict[Level, int]
    overdue: int
    unacknowledged: int

    @property
    def total(self) -> int:
        """All open ones."""
        return sum(self.by_level.values())


def open_summary(user: Someone, *, at: datetime | None = None) -> Summary:
    """Count the open warnings that this user sees, in one query.

    Args:
        user: who looks.
        at: the moment at which lateness is judged; now where it is left out.
    """
    moment = at or timezone.now()
    counts = {f"level_{level.value}": Count("pk", filter=Q(level=level.value)) for level in Level}
    found = (
        visible_to(user)
        .filter(closed_at=None)
        .aggregate(
            **counts,
            overdue=Count("pk", filter=overdue(moment)),
            unacknowledged=Count("pk", filter=_UNSIGNED),
        )
    )
    return Summary(
        by_level={level: found[f"level_{level.value}"] for level in reversed(Level)},
        overdue=found["overdue"],
        unacknowledged=found["unacknowledged"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One thing for a user to do.

    Attributes:
        warning: with its organisation and region read.
        verb: what to do.
        due: the nearest deadline still owed by the owner, if any.
        overdue: whether it has passed.
        mine: whether it has reached this user, or is still with those below.
        urged: whether this user was urged about it and has not answered yet.
    """

    warning: Warning
    verb: Verb
    due: datetime | None
    overdue: bool
    mine: bool
    urged: bool = False


def todo(user: Someone, at: datetime, *, limit: int = 8) -> list[Todo]:
    """Tell a user what to do next, the most pressing first, in one query.

    Args:
        user: who asks; nobody has nothing to do.
        at: now.
        limit: how many at most.
    """
    if not isinstance(user, User):
        return []
    rows = with_next_due(visible_to(user).filter(awaiting(user, at, reached=False)))
    rows = rows.annotate(
        reached=Case(When(awaiting(user, at), then=0), default=1),
        urged=Exists(open_notices(user).filter(warning=OuterRef("pk"))),
    )
    listed: list[Todo] = []
    for warning in rows.order_by("reached", "-urged", *rows.query.order_by)[:limit]:
        # Whoever was urged and has nothing else to do answers in words.
        verb = _next_for(user, warning, at) or (Verb.ADD_NOTE if warning.urged else None)
        if verb is not None:
            due = next_due(warning.life)
            listed.append(
                Todo(
                    warning=warning,
                    verb=verb,
                    due=due[1] if due else None,
                    overdue=overdue_since(warning.life, at) is not None,
                    mine=warning.reached == 0,
                    urged=warning.urged,
                )
            )
    return listed


def _next_for(user: User, warning: Warning, at: datetime) -> Verb | None:
    parties = parties_of(user, warning)
    following = next_verbs(warning.life, at)
    return next((following[party] for party in Party if party in parties & set(following)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the desk is narrowed to; nothing given shows everything open.

    Attributes:
        levels: only these.
        states: only these; empty means all open ones.
        overdue: only what is late.
        mine: only what waits for the user.
        region: only this division and what lies in it.
        text: only titles, owners or numbers that hold this.
    """

    levels: frozenset[Level] = field(default_factory=frozenset)
    states: frozenset[State] = field(default_factory=frozenset)
    overdue: bool = False
    mine: bool = False
    region: str = ""
    text: str = ""


def desk(user: Someone, filters: Filters, *, at: datetime) -> QuerySet[Warning]:
    """The warnings on a user's desk, in the desk's order.

    Args:
        user: whose desk.
        filters: what it is narrowed to.
        at: now, for what is late.
    """
    rows = visible_to(user)
    states = filters.states or frozenset(OPEN_STATES)
    chosen = Q(state__in=[state.value for state in states - {State.RAISED}])
    if State.RAISED in states:
        # What proved no danger is not waiting to be signed for; it is found among all open ones.
        chosen |= _UNSIGNED if filters.states and len(states) == 1 else Q(state=State.RAISED.value)
    rows = rows.filter(chosen)
    if filters.levels:
        rows = rows.filter(level__in=[level.value for level in filters.levels])
    if filters.overdue:
        rows = rows.filter(overdue(at))
    if filters.mine and isinstance(user, User):
        rows = rows.filter(awaiting(user, at))
    if filters.region:
        rows = rows.filter(subtree_filter(filters.region))
    if filters.text:
        holds = Q(title__icontains=filters.text) | Q(number__icontains=filters.text)
        holds |= Q(organisation__name__icontains=filters.text)
        holds |= Q(origin__name__icontains=filters.text)
        number = filters.text.lstrip("#")
        # Numbers beyond a database's integers are no warning's number.
        if number.isascii() and number.isdigit() and len(number) < 18:
            holds |= Q(pk=int(number))
        rows = rows.filter(holds)
    return with_next_due(rows)


def regions_on_desk(user: Someone) -> list[tuple[str, str]]:
    """Codes and names of the divisions in which this user sees warnings."""
    found = visible_to(user).order_by("region__sort").values_list("region_id", "region__name")
    return list(found.distinct())


def history(warning: Warning) -> Iterable[WarningEntry]:
    """Its entries, the oldest first."""
    return warning.entries.select_related("by")
