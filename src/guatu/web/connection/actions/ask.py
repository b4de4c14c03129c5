"""A plant asks for its connection, mends what was sent back, or takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from guatu.web.connection import life
from guatu.web.connection.actions.record import demand_step, enter, move, taken
from guatu.web.connection.application import Application
from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.connection.models import Connection
from guatu.web.monitoring.models import Plant
from guatu.web.people import permission
from guatu.web.people.models import User

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a plant asks for."""

    code: str
    name: str
    application: Application
    address: str = ""
    contact: str = ""


def record_problems(*, code: str, name: str, address: str, contact: str) -> Iterator[Problem]:
    """Tell what is wrong with a plant's record, its units aside."""
    if not _CODE.fullmatch(code):
        yield Problem(code="bad_code", where="code")
    if not 2 <= len(name) <= 120:
        yield Problem(code="bad_name", where="name")
    if len(address) > 200:
        yield Problem(code="too_long", where="address", facts={"most": 200})
    if len(contact) > 120:
        yield Problem(code="too_long", where="contact", facts={"most": 120})
    if Plant.objects.filter(code=code).exists():
        yield Problem(code="code_taken", where="code", facts={"code": code})


def _problems(wish: Wish) -> Iterator[Problem]:
    yield from record_problems(
        code=wish.code, name=wish.name, address=wish.address, contact=wish.contact
    )
    if not wish.application.points:
        yield Problem(code="no_points", where="units")


def _demand(wish: Wish) -> None:
    if problems := list(_problems(wish)):
        raise DeedRefused(problems)


@transaction.atomic
def ask(wish: Wish, *, by: User, at: datetime) -> Connection:
    """Ask for the connection of a plant of one's own organisation.

    Raises:
        PermissionDenied: if `by` works for no plant.
        DeedRefused: with every problem of the wish.
    """
    connection = Connection(
        organisation=by.organisation,
        region=by.organisation.region,
        code=wish.code,
        name=wish.name,
        address=wish.address,
        contact=wish.contact,
        application=wish.application.as_json(),
        requested_at=at,
    )
    permission.demand(by, "connection.ask", connection)
    _demand(wish)
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as error:
        facts = {"code": wish.code}
        raise DeedRefused([Problem(code="code_asked_for", where="code", facts=facts)]) from error
    enter(connection, life.Deed.REQUEST, None, by=by, at=at, facts=_size(wish))
    return connection


@transaction.atomic
def resubmit(
    connection_id: int, wish: Wish, *, by: User, at: datetime, note: str = ""
) -> Connection:
    """Send a mended application again.

    Raises:
        Connection.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        DeedRefused: if it was not sent back, or with every problem of the wish.
    """
    connection = taken(connection_id)
    permission.demand(by, "connection.ask", connection)
    demand_step(connection, life.Deed.RESUBMIT, note)
    _demand(wish)
    others = Connection.objects.exclude(pk=connection.pk).exclude(state=life.State.ENDED.value)
    if others.filter(code=wish.code).exists():
        facts = {"code": wish.code}
        raise DeedRefused([Problem(code="code_asked_for", where="code", facts=facts)])
    return move(
        connection,
        life.Deed.RESUBMIT,
        by=by,
        at=at,
        note=note,
        facts=_size(wish),
        code=wish.code,
        name=wish.name,
        address=wish.address,
        contact=wish.contact,
        application=wish.application.as_json(),
        requested_at=at,
    )


@transaction.atomic
def withdraw(connection_id: int, *, by: User, at: datetime, note: str = "") -> Connection:
    """Take an application back that was not approved yet.

    Raises:
        Connection.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        DeedRefused: ``not_now``.
    """
    connection = taken(connection_id)
    permission.demand(by, "connection.ask", connection)
    demand_step(connection, life.Deed.WITHDRAW, note)
    return move(connection, life.Deed.WITHDRAW, by=by, at=at, note=note, ended_at=at)


def _size(wish: Wish) -> dict[str, int]:
    return {"units": len(wish.application.units), "points": wish.application.points}
