"""The bureau decides: approve, send back, suspend, resume, end; and the first data connects."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from guatu.access.problems import RefusedError
from guatu.web.connection import life, queries
from guatu.web.connection.actions.record import demand_step, enter, move, taken
from guatu.web.connection.application import read_description
from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.connection.models import Connection
from guatu.web.monitoring import actions as monitoring
from guatu.web.people import permission
from guatu.web.people.models import User


@transaction.atomic
def approve(connection_id: int, *, by: User, at: datetime, note: str = "") -> Connection:
    """Make the plant with its units, points and limits; it then takes its first key itself.

    No key is made here: it is shown once, and whoever approves is not the one who needs it.

    Raises:
        Connection.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        DeedRefused: if it does not wait for a decision, or makes no plant that the
            engine would take.
    """
    connection = taken(connection_id)
    permission.demand(by, "connection.decide", connection)
    demand_step(connection, life.Deed.APPROVE, note)
    try:
        registered = monitoring.register_plant(
            code=connection.code,
            name=connection.name,
            organisation=connection.organisation,
            region=connection.region,
            units=read_description(connection.application).units,
            by=by,
            at=at,
            address=connection.address,
            contact=connection.contact,
            with_key=False,
        )
    except ValidationError as error:
        facts = {"detail": "; ".join(error.messages)}
        raise DeedRefused([Problem(code="not_a_plant", facts=facts)]) from error
    except RefusedError as error:
        both = {"detail": error.problem.message()}
        raise DeedRefused([Problem(code="engine_refuses", facts=both)]) from error
    return move(
        connection,
        life.Deed.APPROVE,
        by=by,
        at=at,
        note=note,
        plant=registered.plant,
        decided_at=at,
    )


@transaction.atomic
def send_back(connection_id: int, *, by: User, at: datetime, note: str) -> Connection:
    """Give an application back with what must be mended; raises as `approve`."""
    connection = taken(connection_id)
    permission.demand(by, "connection.decide", connection)
    demand_step(connection, life.Deed.SEND_BACK, note)
    return move(connection, life.Deed.SEND_BACK, by=by, at=at, note=note, decided_at=at)


@transaction.atomic
def suspend(connection_id: int, *, by: User, at: datetime, note: str) -> Connection:
    """Let the gateway refuse the plant until further notice; raises as `approve`."""
    connection = _shut(connection_id, life.Deed.SUSPEND, note, by)
    monitoring.suspend_plant(_plant_id(connection), by=by, at=at)
    return move(connection, life.Deed.SUSPEND, by=by, at=at, note=note)


@transaction.atomic
def resume(connection_id: int, *, by: User, at: datetime, note: str = "") -> Connection:
    """Let the plant send again, by the keys that it had; raises as `approve`."""
    connection = _shut(connection_id, life.Deed.RESUME, note, by)
    monitoring.resume_plant(_plant_id(connection), by=by, at=at)
    return move(connection, life.Deed.RESUME, by=by, at=at, note=note)


@transaction.atomic
def end(connection_id: int, *, by: User, at: datetime, note: str) -> Connection:
    """Take the plant off the line for good, its history kept; raises as `approve`."""
    connection = _shut(connection_id, life.Deed.END, note, by)
    monitoring.end_plant(_plant_id(connection), by=by, at=at)
    return move(connection, life.Deed.END, by=by, at=at, note=note, ended_at=at)


def _shut(connection_id: int, deed: life.Deed, note: str, by: User) -> Connection:
    connection = taken(connection_id)
    permission.demand(by, "connection.shut", connection)
    demand_step(connection, deed, note)
    return connection


def _plant_id(connection: Connection) -> int:
    if connection.plant_id is None:
        raise DeedRefused([Problem(code="no_plant")])
    return connection.plant_id


@transaction.atomic
def note_first_beat(connection_id: int, *, seen_at: datetime, at: datetime) -> bool:
    """Write down that data came, where that was still awaited; False where it was not.

    Args:
        connection_id: whose.
        seen_at: when the plant was first known to have sent.
        at: now.
    """
    connection = taken(connection_id)
    if not life.may_follow(connection.standing, life.Deed.CONNECT):
        return False
    move(connection, life.Deed.CONNECT, by=None, at=at, connected_at=seen_at)
    return True


@transaction.atomic
def adopt_plants(*, at: datetime, note: str = "") -> int:
    """Give every plant that the installation registered by itself its connection.

    Returns:
        How many there were.
    """
    plants = list(queries.without_connection())
    for plant in plants:
        state = life.State.SUSPENDED if plant.suspended_at else life.State.APPROVED
        connection = Connection.objects.create(
            organisation=plant.organisation,
            region=plant.region,
            plant=plant,
            code=plant.code,
            name=plant.name,
            address=plant.address,
            contact=plant.contact,
            state=(life.State.ENDED if plant.ended_at else state).value,
            requested_at=plant.registered_at,
            decided_at=plant.registered_at,
            ended_at=plant.ended_at,
        )
        enter(connection, life.Deed.ADOPT, None, by=None, at=at, note=note)
    return len(plants)
