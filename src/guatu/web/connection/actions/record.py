"""How a deed is written: the row as it was read, and a line of history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guatu.web.connection import life
from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.connection.models import Connection, ConnectionEntry
from guatu.web.people.models import User

LONGEST_NOTE = 2000


def taken(connection_id: int) -> Connection:
    """The connection, held until the transaction ends.

    Raises:
        Connection.DoesNotExist: if there is none.
    """
    rows = Connection.objects.select_for_update(of=("self",))
    return rows.select_related("organisation", "region", "plant").get(pk=connection_id)


def demand_step(connection: Connection, deed: life.Deed, note: str = "") -> None:
    """Refuse a deed that does not follow, or that lacks its reason.

    Raises:
        DeedRefused: ``not_now``, ``reason_missing`` or ``reason_too_long``.
    """
    step = life.STEPS[deed]
    if not life.may_follow(connection.standing, deed):
        state = connection.get_state_display()
        raise DeedRefused([Problem(code="not_now", facts={"state": state})])
    if step.needs_reason and len(note.strip()) < 2:
        raise DeedRefused([Problem(code="reason_missing", where="why")])
    if len(note) > LONGEST_NOTE:
        most = {"most": LONGEST_NOTE}
        raise DeedRefused([Problem(code="too_long", where="why", facts=most)])


def move(
    connection: Connection,
    deed: life.Deed,
    *,
    by: User | None,
    at: datetime,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    **columns: object,
) -> Connection:
    """Lead a connection on by a deed that may follow, and write it into its history.

    Args:
        connection: as `taken` gave it.
        deed: what is done.
        by: who does it; None where time or the plant's own data does.
        at: the moment.
        note: the reason.
        facts: what else belongs to the entry.
        **columns: further columns to set.
    """
    before = connection.standing
    now = life.after(before, deed, has_sent=connection.connected_at is not None)
    connection.state = now.value
    connection.revision += 1
    for name, value in columns.items():
        setattr(connection, name, value)
    connection.save(update_fields=["state", "revision", *columns])
    enter(connection, deed, before, by=by, at=at, note=note, facts=facts)
    return connection


def enter(
    connection: Connection,
    deed: life.Deed,
    before: life.State | None,
    *,
    by: User | None,
    at: datetime,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
) -> ConnectionEntry:
    """Add a line to the history."""
    return ConnectionEntry.objects.create(
        connection=connection,
        at=at,
        by=by,
        by_name=by.get_full_name() if by else "",
        by_organisation=by.organisation.name if by else "",
        deed=deed.value,
        from_state=before.value if before else "",
        to_state=connection.state,
        note=note.strip(),
        facts=dict(facts or {}),
    )
