"""Which records are watched, on whose page their changes are shown, and what of them is secret.

Every model of the house stands here once: watched, linked (it has a history of its own that is
only ever added to, so the record holds its digest), or left out for a reason. A test refuses a
model that stands nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from guatu.web.connection.models import Connection, ConnectionEntry
from guatu.web.monitoring.models import (
    CommandKind,
    LimitRequest,
    LimitVersion,
    Outbox,
    PlannedStop,
    Plant,
    PlantKey,
    Point,
    Slot,
    Unit,
)
from guatu.web.notices.models import Hook, Preference
from guatu.web.people.models import (
    ApiToken,
    DutyContact,
    Grant,
    Organisation,
    SecondFactor,
    SignInEvent,
    User,
)
from guatu.web.warnings.models import WarningEntry

Place = tuple[str, int | None]
NOWHERE: Final[Place] = ("", None)
Of = Callable[[Any], Any]


def _itself(row: Any) -> Any:  # noqa: ANN401 - any watched record
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How a model's changes are written down.

    Attributes:
        page: the record on whose page they are shown.
        place: the region's code and the organisation's id of a record: who may read of it.
        name: what people call a record.
        along: relations that `page`, `place` and `name` read.
        counted: columns that a machine counts on; they are no change.
        secret: columns of which only is told that they changed.
        why: columns that hold a reason; the first that was changed with the rest gives it.
        by: columns that name who acts, where no request does.
        when: which records are watched at all.
    """

    page: Of = _itself
    place: Of
    name: Of = str
    along: tuple[str, ...] = ()
    counted: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    why: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    when: Callable[[Any], bool] = lambda _row: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """How an entry of a history of its own is linked.

    Attributes:
        page: the record whose history it is.
        place: as for `Watched`.
        name: what people call that record.
        told: columns that the record repeats; the rest stays in the entry, under its digest.
        by: the column that names who acted.
        why: the column that holds the reason; empty where it is left in the entry.
    """

    page: Of
    place: Of
    name: Of
    told: tuple[str, ...]
    by: str = "by"
    why: str = ""


def _of_plant(plant: Plant) -> Place:
    return plant.region_id, plant.organisation_id


def _of_user(user: User) -> Place:
    return user.organisation.region_id, user.organisation_id


def _of_limit(limit: LimitVersion | LimitRequest) -> str:
    return f"{limit.point.unit.plant.name} {limit.point.name} {Slot(limit.slot).label}"


_LIMIT: Final[Mapping[str, Any]] = {
    "page": lambda limit: limit.point.unit.plant,
    "place": lambda limit: _of_plant(limit.point.unit.plant),
    "name": _of_limit,
    "along": ("point__unit__plant",),
}

WATCHED: Final[Mapping[type[Model], Watched]] = {
    Organisation: Watched(place=lambda one: (one.region_id, one.pk)),
    User: Watched(
        place=_of_user,
        name=lambda user: f"{user.get_full_name()} ({user.username})",
        along=("organisation",),
        counted=frozenset({"last_login"}),
        secret=frozenset({"password"}),
        why=("left_why",),
    ),
    Grant: Watched(
        page=lambda grant: grant.user,
        place=lambda grant: _of_user(grant.user),
        name=lambda grant: f"{grant.user.get_full_name()}: {grant}",
        along=("user__organisation", "organisation", "region"),
        why=("ended_why", "why"),
        by=("ended_by", "by"),
    ),
    DutyContact: Watched(
        page=lambda contact: contact.organisation,
        place=lambda contact: (contact.organisation.region_id, contact.organisation_id),
        name=lambda contact: f"{contact.organisation.name}: {contact.name}",
        along=("organisation",),
    ),
    SecondFactor: Watched(
        page=lambda factor: factor.user,
        place=lambda factor: _of_user(factor.user),
        name=lambda factor: f"{factor.user.get_full_name()} ({factor.user.username})",
        along=("user__organisation",),
        counted=frozenset({"last_step"}),
        secret=frozenset({"sealed_secret"}),
    ),
    ApiToken: Watched(
        page=lambda token: token.user,
        place=lambda token: _of_user(token.user),
        name=lambda token: f"{token.user.get_full_name()}: {token}",
        along=("user__organisation",),
        counted=frozenset({"last_used_at", "last_address"}),
        secret=frozenset({"digest"}),
        by=("ended_by",),
    ),
    Preference: Watched(
        page=lambda one: one.user,
        place=lambda one: _of_user(one.user),
        name=lambda one: f"{one.user.get_full_name()} ({one.user.username})",
        along=("user__organisation",),
    ),
    Hook: Watched(
        place=lambda hook: (hook.organisation.region_id, hook.organisation_id),
        along=("organisation",),
        counted=frozenset({"failing_since"}),
        secret=frozenset({"sealed_secret", "url"}),
        why=("ended_why",),
        by=("ended_by", "made_by"),
    ),
    Plant: Watched(place=_of_plant, counted=frozenset({"config_version", "applied_version"})),
    PlantKey: Watched(
        page=lambda key: key.plant,
        place=lambda key: _of_plant(key.plant),
        name=lambda key: f"{key.plant.name} {key.wire_id}",
        along=("plant",),
        counted=frozenset({"last_used_at"}),
        secret=frozenset({"sha256"}),
        why=("revoked_why",),
        by=("revoked_by", "issued_by"),
    ),
    Unit: Watched(
        page=lambda unit: unit.plant,
        place=lambda unit: _of_plant(unit.plant),
        name=lambda unit: f"{unit.plant.name} {unit.name}",
        along=("plant",),
    ),
    Point: Watched(
        page=lambda point: point.unit.plant,
        place=lambda point: _of_plant(point.unit.plant),
        name=lambda point: f"{point.unit.plant.name} {point.unit.name} {point.name}",
        along=("unit__plant",),
    ),
    LimitVersion: Watched(**_LIMIT, why=("why",), by=("changed_by",)),
    LimitRequest: Watched(**_LIMIT, why=("answer", "why"), by=("decided_by", "asked_by")),
    PlannedStop: Watched(
        page=lambda stop: stop.plant,
        place=lambda stop: _of_plant(stop.plant),
        name=lambda stop: f"{stop.plant.name} {stop.scope} {stop.get_kind_display()}",
        along=("plant", "unit"),
        why=("ended_why", "reason"),
        by=("ended_by", "declared_by"),
    ),
    # What people ask of the engine; configurations follow from changes that are told themselves.
    Outbox: Watched(
        page=lambda command: command.plant,
        place=lambda command: _of_plant(command.plant),
        name=lambda command: f"{command.plant.name} {command.get_kind_display()}",
        along=("plant",),
        counted=frozenset(
            {"version", "placed_at", "attempts", "next_try_at", "claimed_until", "last_error"}
        ),
        when=lambda command: command.kind != CommandKind.CONFIGURE,
    ),
    Connection: Watched(
        place=lambda one: (one.region_id, one.organisation_id), counted=frozenset({"revision"})
    ),
}

LINKED: Final[Mapping[type[Model], Linked]] = {
    WarningEntry: Linked(
        page=lambda entry: entry.warning,
        place=lambda entry: (entry.warning.region_id, entry.warning.organisation_id),
        name=lambda entry: f"{entry.warning.number} {entry.warning.title}",
        told=("deed", "from_state", "to_state", "verdict"),
    ),
    ConnectionEntry: Linked(
        page=lambda entry: entry.connection,
        place=lambda entry: (entry.connection.region_id, entry.connection.organisation_id),
        name=lambda entry: str(entry.connection),
        told=("deed", "from_state", "to_state"),
    ),
    SignInEvent: Linked(
        page=lambda event: event.user,
        place=lambda event: _of_user(event.user) if event.user else NOWHERE,
        name=lambda event: event.username,
        told=("outcome",),
        why="why",
    ),
}

LEFT_OUT: Final[Mapping[str, str]] = {
    "people.RecoveryCode": "sign-in events tell when codes were made and used",
    "people.PasswordSet": "the change of the account's password tells it",
    "people.KeptAnswer": "a copy of an answer, kept two days for a program that asks twice",
    "people.OpenSession": "sign-in events tell when sessions began and ended",
    "people.User_groups": "no right comes from Django's groups",
    "people.User_user_permissions": "no right comes from Django's permissions",
    "imports.Import": "the records that it changed are told one by one",
    "imports.ImportedRow": "the records that it changed are told one by one",
    "notices.Happened": "an event that is still to be told; the event itself is on record",
    "notices.Message": "follows from an event; read or not is no change",
    "notices.Delivery": "the delivery log itself",
    "regions.Region": "comes with the program's release, nobody edits it",
    "warnings.Warning": "each step is an entry of its own history",
    "warnings.Notice": "follows from an entry; seen or not is no change",
    "monitoring.Alarm": "the engine's own events, kept in the log",
    "monitoring.OwnAlarm": "what a plant's own system reported",
    "monitoring.EventPosition": "how far events were recorded",
    "quality.LastLook": "counts of a machine",
    "quality.PlantHour": "counts of a machine",
    "operations.Pulse": "counts of a machine",
    "audit.Change": "the record itself",
    "audit.Unsealed": "the record itself",
    "audit.Seal": "the record itself",
    "audit.Head": "the record itself",
    "audit.Pruning": "the record itself",
    "auth.Permission": "no right comes from Django's permissions",
    "auth.Group": "no right comes from Django's groups",
    "auth.Group_permissions": "no right comes from Django's groups",
    "contenttypes.ContentType": "names of models",
    "sessions.Session": "sign-in events tell when sessions began and ended",
}
