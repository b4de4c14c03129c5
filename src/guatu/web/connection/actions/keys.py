"""Keys of a connection: monitoring's actions with a line in the history."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from guatu.web.connection import life
from guatu.web.connection.actions.record import demand_step, enter, taken
from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.connection.models import Connection
from guatu.web.monitoring import actions as monitoring
from guatu.web.monitoring.errors import RefusedDeedError
from guatu.web.monitoring.models import PlantKey
from guatu.web.people import permission
from guatu.web.people.models import User


@transaction.atomic
def issue_key(
    connection_id: int, *, overlap: timedelta | None, by: User, at: datetime, note: str = ""
) -> monitoring.Issued:
    """Make the first key, or a new one beside the old ones.

    Args:
        connection_id: whose.
        overlap: how long the old keys still hold; zero ends them now; None leaves them.
        by: who takes it.
        at: the moment.
        note: why.

    Returns:
        The key with its plain text, which nobody can be shown again.

    Raises:
        Connection.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        DeedRefused: if no key can be issued now.
    """
    connection = taken(connection_id)
    permission.demand(by, "connection.manage_keys", connection)
    demand_step(connection, life.Deed.ISSUE_KEY, note)
    if connection.plant_id is None:
        raise DeedRefused([Problem(code="no_plant")])
    try:
        issued = monitoring.rotate_key(connection.plant_id, by=by, at=at, overlap=overlap)
    except RefusedDeedError as refused:
        raise DeedRefused(
            [Problem(code=p.code, where=p.where, facts=p.facts) for p in refused.problems]
        ) from refused
    facts = {
        "key": issued.key.wire_id,
        "overlap_s": None if overlap is None else int(overlap.total_seconds()),
    }
    enter(
        connection, life.Deed.ISSUE_KEY, connection.standing, by=by, at=at, note=note, facts=facts
    )
    return issued


@transaction.atomic
def revoke_key(connection_id: int, key_id: int, *, by: User, at: datetime, note: str) -> Connection:
    """Take a key's power away, at the gateway within seconds.

    Raises:
        Connection.DoesNotExist: if there is none.
        PlantKey.DoesNotExist: if the plant has no such key.
        PermissionDenied: if `by` may not.
        DeedRefused: without a reason, or where the key is revoked already.
    """
    connection = taken(connection_id)
    permission.demand(by, "connection.manage_keys", connection)
    demand_step(connection, life.Deed.REVOKE_KEY, note)
    key = PlantKey.objects.get(pk=key_id, plant=connection.plant_id)
    if key.revoked_at is not None:
        raise DeedRefused([Problem(code="revoked_already")])
    monitoring.revoke_key(key.pk, by=by, at=at, why=note)
    facts = {"key": key.wire_id}
    enter(
        connection, life.Deed.REVOKE_KEY, connection.standing, by=by, at=at, note=note, facts=facts
    )
    return connection


@transaction.atomic
def end_old_keys(*, at: datetime) -> int:
    """Revoke keys whose overlap is over; returns how many."""
    ended = monitoring.end_old_keys(at=at)
    owners = {
        connection.plant_id: connection
        for connection in Connection.objects.filter(plant__in={key.plant_id for key in ended})
    }
    for key in ended:
        if (owner := owners.get(key.plant_id)) is not None:
            facts = {"key": key.wire_id}
            enter(owner, life.Deed.KEY_ENDED, owner.standing, by=None, at=at, facts=facts)
    return len(ended)
