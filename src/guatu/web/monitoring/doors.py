"""Monitoring's way to the engine: the two doors of telemetry, with one error for "not there".

Telemetry is imported late, so that pages and tests that ask nothing load no engine code; and all
of it is named here once, so that a test can put a fake in its place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guatu.access.messages import Configure
from guatu.access.validate import read_command
from guatu.web.monitoring.errors import UnreachableError

if TYPE_CHECKING:
    from guatu.web.monitoring.models import Outbox


def place(message: Outbox) -> None:
    """Put a waiting command into the log.

    Raises:
        UnreachableError: if the log did not confirm it.
    """
    from guatu.telemetry import command  # noqa: PLC0415 - see above

    read = read_command(message.payload)
    try:
        if isinstance(read, Configure):
            command.configure(read.config)
        else:
            at = datetime.fromtimestamp(read.at_ms / 1000, tz=UTC)
            command.acknowledge(read.alarm, message.plant.code, by=read.by, at=at)
    except command.LogUnavailable as error:
        raise UnreachableError(str(error)) from error
