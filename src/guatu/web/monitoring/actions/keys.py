"""Keys of plants: issued, replaced with an overlap, revoked, ended by time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.errors import Problem, RefusedDeedError
from guatu.web.monitoring.models import Plant, PlantKey
from guatu.web.people import permission
from guatu.web.people.models import User

LONGEST_OVERLAP = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key and its plain text, which is shown once and kept nowhere."""

    key: PlantKey
    plain: str


def make_key(plant: Plant, plain: str | None, *, by: User | None, at: datetime) -> str:
    """Write a key down, in the running transaction; the caller queues the configuration.

    Args:
        plant: whose.
        plain: a key already agreed upon; None for a fresh one.
        by: who issues it; None for the installation itself.
        at: the moment.
    """
    return _made(plant, plain, by=by, at=at).plain


def _made(plant: Plant, plain: str | None, *, by: User | None, at: datetime) -> Issued:
    plain = plain or secrets.token_urlsafe(32)
    key = PlantKey.objects.create(
        plant=plant, sha256=hashlib.sha256(plain.encode()).hexdigest(), issued_at=at, issued_by=by
    )
    return Issued(key=key, plain=plain)


@transaction.atomic
def rotate_key(
    plant_id: int, *, by: User, at: datetime, overlap: timedelta | None = None
) -> Issued:
    """Issue a new key; the old ones go on beside it for the overlap.

    Args:
        plant_id: whose.
        by: who issues it.
        at: the moment.
        overlap: how long the old keys still hold; zero ends them now; None leaves them as
            they are.

    Raises:
        Plant.DoesNotExist: if there is no such plant.
        PermissionDenied: if `by` may not.
        RefusedDeedError: ``overlap_out_of_range``, or ``plant_ended``.
    """
    plant = Plant.objects.select_for_update().get(pk=plant_id)
    permission.demand(by, "monitoring.manage_keys", plant)
    if plant.ended_at is not None:
        raise RefusedDeedError(Problem(code="plant_ended", where="plant"))
    if overlap is not None:
        _end_others(plant, overlap, by=by, at=at)
    issued = _made(plant, None, by=by, at=at)
    queue_configuration(plant.pk, at=at)
    return issued


def _end_others(plant: Plant, overlap: timedelta, *, by: User, at: datetime) -> None:
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        facts = {"days": LONGEST_OVERLAP.days}
        raise RefusedDeedError(Problem(code="overlap_out_of_range", where="overlap", facts=facts))
    others = plant.keys.filter(revoked_at=None)
    if not overlap:
        others.update(revoked_at=at, revoked_by=by)
        return
    until = at + overlap
    # An end that was set earlier and comes sooner stands.
    others.filter(Q(valid_until=None) | Q(valid_until__gt=until)).update(valid_until=until)


@transaction.atomic
def revoke_key(key_id: int, *, by: User, at: datetime, why: str = "") -> PlantKey:
    """Take a key's power away; revoking it again changes nothing.

    Raises:
        PlantKey.DoesNotExist: if there is no such key.
        PermissionDenied: if `by` may not.
    """
    key = PlantKey.objects.select_for_update().get(pk=key_id)
    permission.demand(by, "monitoring.manage_keys", key.plant)
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by, key.revoked_why = at, by, why.strip()[:400]
        key.save(update_fields=["revoked_at", "revoked_by", "revoked_why"])
        queue_configuration(key.plant_id, at=at)
    return key


@transaction.atomic
def end_old_keys(*, at: datetime) -> list[PlantKey]:
    """Revoke the keys whose overlap is over: time does it, so nobody is named.

    Returns:
        The keys that ended just now.
    """
    ended = list(
        PlantKey.objects.select_for_update()
        .filter(revoked_at=None, valid_until__lte=at)
        .select_related("plant")
        .order_by("plant_id", "id")
    )
    for key in ended:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
    for plant_id in sorted({key.plant_id for key in ended}):
        queue_configuration(plant_id, at=at)
    return ended


@transaction.atomic
def note_key_use(used: Mapping[str, datetime]) -> int:
    """Write down when keys were last seen by a gateway; a moment never goes back.

    Args:
        used: by the SHA-256 of the key, as hexadecimal text.

    Returns:
        How many keys have a later moment now.
    """
    changed = 0
    for sha256, moment in used.items():
        changed += (
            PlantKey.objects.filter(sha256=sha256)
            .filter(Q(last_used_at=None) | Q(last_used_at__lt=moment))
            .update(last_used_at=moment)
        )
    return changed
