"""Monitoring's way to the engine: the two doors of telemetry, with one error for "not there".

Telemetry is imported late, so that pages and tests that ask nothing load no engine code; and all
of it is named here once, so that a test can put a fake in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guatu.access.messages import Command
from guatu.web.monitoring.errors import UnreachableError

if TYPE_CHECKING:
    from guatu.telemetry.query import Course, Export
    from guatu.web.monitoring.models import Plant


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The last value of a point."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one point by time: milliseconds since the epoch, and values beside them."""

    at_ms: Sequence[int] = ()
    values: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What came of a plant's samples since the gateway and the engine began.

    Attributes:
        accepted: samples taken.
        rejected: samples left out, by reason.
        last_at: when the last beat came; None where none did.
    """

    accepted: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    last_at: datetime | None = None


def place(command: Command, plant_code: str) -> object:
    """Put a command into the log.

    Raises:
        UnreachableError: if the log did not confirm it.
    """
    from guatu.telemetry import command as door  # noqa: PLC0415 - see above

    try:
        return door.place(command, plant_code)
    except door.LogUnavailable as error:
        raise UnreachableError(str(error)) from error


def not_placed() -> tuple[type[Exception], ...]:
    """What says that a command was not placed: our error, or the door's own."""
    from guatu.telemetry.command import LogUnavailable  # noqa: PLC0415 - see above

    return UnreachableError, LogUnavailable


def last_values(plant: Plant, point_ids: Sequence[int]) -> dict[int, Seen]:
    """The last value of each point that has one.

    Raises:
        UnreachableError: if the engine does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        rows = query.last_values(plant.code, list(point_ids))
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error
    return {
        row.point: Seen(value=row.value, at=_moment(row.at_ms))
        for row in rows
        if row.value is not None and row.at_ms is not None
    }


def history(
    point_ids: Sequence[int], start: datetime, end: datetime, *, most: int
) -> dict[int, Series]:
    """Samples of points over a span of hours, thinned to about `most` a point.

    Raises:
        UnreachableError: if the engine, which holds the newest samples, does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        columns = query.history(list(point_ids), _ms(start), _ms(end), most, "raw")
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error
    return _by_point(columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Courses of points over any span.

    Attributes:
        course: their places, by point and time.
        has_newest: whether the last half minute is in it; False while the engine is away.
    """

    course: Course
    has_newest: bool


def course(point_ids: Sequence[int], start: datetime, end: datetime, *, most: int) -> Drawn:
    """The courses of points over any span, from samples, minutes or hours."""
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    asked = list(point_ids), _ms(start), _ms(end), most
    try:
        return Drawn(course=query.history(*asked), has_newest=True)
    except query.EngineUnavailable:
        return Drawn(course=query.stored_history(*asked), has_newest=False)


def warm_up() -> None:
    """Load what reads history: seconds that the first reader of a course need not wait."""
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    query.warm_up()


def export(point_ids: Sequence[int], start: datetime, end: datetime, resolution: str) -> Export:
    """All there is of points over a span, one after the other, read as it is taken."""
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    return query.export(list(point_ids), _ms(start), _ms(end), resolution)


def intake(plant: Plant) -> Intake:
    """What came of a plant's samples.

    Raises:
        UnreachableError: if neither gateway nor engine answers.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        counts = query.counts(plant.code)
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error
    last = counts.last_ms
    return Intake(
        accepted=counts.accepted,
        rejected=dict(counts.rejected),
        last_at=None if last is None else _moment(last),
    )


def _by_point(columns: Any) -> dict[int, Series]:  # noqa: ANN401 - numpy's arrays, or a test's lists
    found: dict[int, tuple[list[int], list[float]]] = {}
    for point, at_ms, value in zip(columns.point, columns.at_ms, columns.value, strict=True):
        times, values = found.setdefault(int(point), ([], []))
        times.append(int(at_ms))
        values.append(float(value))
    return {point: Series(at_ms=t, values=v) for point, (t, v) in found.items()}


def _moment(at_ms: float) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
