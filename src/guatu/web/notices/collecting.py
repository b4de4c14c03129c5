"""From what happened to whom it is told: messages for the bell, deliveries for the other ways."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from guatu.core.nouns.place import RegionCode
from guatu.web.notices import quiet
from guatu.web.notices.models import Delivery, FromLevel, Happened, Hook, Message, Preference
from guatu.web.notices.sources import Event, by_source, source_of
from guatu.web.people.models import SITES, User
from guatu.web.people.posts import Sight, below_each

_log = logging.getLogger(__name__)

AT_ONCE = 200
MOST_TRIES = 8
AGAIN = timedelta(minutes=1)


def collect(at: datetime) -> int:
    """Tell what happened: write messages and deliveries, and strike it off.

    All of it in one transaction, so an event is told once, whatever ends the process when. One
    that its source fails on holds up no other: it is tried again a few times, then left lying
    where the doctor finds it.

    Args:
        at: now.

    Returns:
        How many events were told.
    """
    # A look takes no lock: nearly always there is nothing to do.
    if not _waiting(at).exists():
        return 0
    with transaction.atomic():
        rows = list(_waiting(at).select_for_update(skip_locked=True)[:AT_ONCE])
        try:
            with transaction.atomic():
                _tell(rows, at)
        except Exception:  # noqa: BLE001 - a stranger's code; each is tried alone below
            _log.exception("%d events could not be told together", len(rows))
        else:
            return len(rows)
        return sum(_tell_alone(row, at) for row in rows)


def _waiting(at: datetime) -> QuerySet[Happened]:
    due = Q(due_at=None) | Q(due_at__lte=at)
    return Happened.objects.filter(due, tries__lt=MOST_TRIES).order_by("pk")


def _tell_alone(row: Happened, at: datetime) -> bool:
    try:
        with transaction.atomic():
            _tell([row], at)
    except Exception:  # noqa: BLE001 - the same
        _log.exception("%s could not be told", row)
        later = at + AGAIN * 2**row.tries
        Happened.objects.filter(pk=row.pk).update(tries=F("tries") + 1, due_at=later)
        return False
    return True


def _tell(rows: Sequence[Happened], at: datetime) -> None:
    for name, numbers in by_source((row.source, row.event) for row in rows).items():
        source = source_of(name)
        if source is not None:
            _tell_events(name, source.events(numbers), at)
    Happened.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _tell_events(source: str, events: Sequence[Event], at: datetime) -> None:
    hooks = _hooks()
    people = _people({pk for event in events for pk in event.people})
    messages = _write_messages(source, events, people)
    deliveries: list[Delivery] = []
    for event in events:
        for user_id, level in event.people.items():
            message = messages.get((user_id, event.number))
            if message is not None:
                deliveries += _ways_to(people[user_id], message, level, hooks)
        deliveries += _to_programs(source, event, hooks, at)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)


@dataclass(frozen=True, slots=True)
class _Listening:
    """A hook with how far it hears."""

    hook: Hook
    sight: Sight

    def hears(self, region: str, organisations: Iterable[int]) -> bool:
        """Tell whether something at this region, of these organisations, is its business."""
        return any(self.sight.covers(region=region, organisation=one) for one in organisations)


def _hooks() -> list[_Listening]:
    rows = list(Hook.objects.filter(ended_at=None).select_related("organisation"))
    inside = below_each([hook.organisation_id for hook in rows])
    return [_listening(hook, inside[hook.organisation_id]) for hook in rows]


def _listening(hook: Hook, inside: frozenset[int]) -> _Listening:
    """How far a hook hears: as its organisation sees, its region or what lies below it."""
    organisation = hook.organisation
    is_site = organisation.kind in SITES
    spans = () if is_site else (RegionCode(organisation.region_id).span,)
    return _Listening(hook, Sight(spans=spans, organisations=inside))


@dataclass(frozen=True, slots=True)
class _Person:
    user: User
    wants: Preference


def _people(numbers: set[int]) -> dict[int, _Person]:
    users = User.objects.filter(pk__in=numbers, is_active=True)
    wanted = {one.user_id: one for one in Preference.objects.filter(user__in=numbers)}
    return {user.pk: _Person(user, wanted.get(user.pk) or Preference(user=user)) for user in users}


def _write_messages(
    source: str, events: Sequence[Event], people: Mapping[int, _Person]
) -> dict[tuple[int, int], Message]:
    Message.objects.bulk_create(
        (
            Message(user_id=pk, source=source, event=event.number, level=level, at=event.at)
            for event in events
            for pk, level in event.people.items()
            if pk in people
        ),
        ignore_conflicts=True,
    )
    numbers = [event.number for event in events]
    rows = Message.objects.filter(source=source, event__in=numbers, user__in=people)
    return {(row.user_id, row.event): row for row in rows}


def _wants(threshold: int, level: int) -> bool:
    """Tell whether a level reaches a threshold of `FromLevel`."""
    return threshold != FromLevel.NEVER and level >= threshold


def _ways_to(
    person: _Person, message: Message, level: int, hooks: Sequence[_Listening]
) -> list[Delivery]:
    """The deliveries of one message to one person, as he wants them."""
    found: list[Delivery] = []
    user, wanted = person.user, person.wants
    due = quiet.due(
        message.at, level=level, quiet_from=wanted.quiet_from, quiet_until=wanted.quiet_until
    )
    given = {
        "message": message,
        "source": message.source,
        "event": message.event,
        "level": level,
        "at": message.at,
        "due_at": due,
    }
    if settings.EMAIL_HOST and user.email and _wants(wanted.email_from, level):
        found.append(Delivery(**given))
    gateway = _nearest(user, hooks)
    if gateway is not None and _wants(max(wanted.gateway_from, gateway.from_level), level):
        found.append(Delivery(hook=gateway, **given))
    return found


def gateway_for(user: User) -> Hook | None:
    """The gateway by which a person is told, if there is one for him."""
    return _nearest(user, _hooks())


def _nearest(user: User, hooks: Sequence[_Listening]) -> Hook | None:
    """The gateway nearest to a person, that he is told by one of them alone."""
    near = [
        one
        for one in hooks
        if one.hook.audience == Hook.Audience.PEOPLE
        and one.hears(user.organisation.region_id, [user.organisation_id])
        and (user.phone or "${phone}" not in one.hook.template)
    ]
    # A narrower division has fewer zeros at the end of its code.
    near.sort(key=lambda one: (-len(one.hook.organisation.region_id.rstrip("0")), one.hook.pk))
    return near[0].hook if near else None


def _to_programs(
    source: str, event: Event, hooks: Sequence[_Listening], at: datetime
) -> list[Delivery]:
    return [
        Delivery(
            hook=one.hook,
            source=source,
            event=event.number,
            level=event.level,
            body={"type": event.kind, "timestamp": event.at.isoformat(), "data": dict(event.data)},
            at=event.at,
            due_at=at,
        )
        for one in hooks
        if one.hook.audience == Hook.Audience.EVENTS
        and _wants(one.hook.from_level, event.level)
        and one.hears(event.region, event.organisations)
    ]
