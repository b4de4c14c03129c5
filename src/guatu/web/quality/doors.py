"""The way to the engine, with one error for "not there"; a test puts a fake in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from guatu.web.monitoring.errors import UnreachableError

if TYPE_CHECKING:
    from guatu.telemetry.query import PlantQuality, Quarantined
    from guatu.web.monitoring.models import Plant

# Telemetry is imported late, so that pages and tests that ask nothing load no engine code.


def all_qualities() -> Sequence[PlantQuality]:
    """How the data of every plant came in.

    Raises:
        UnreachableError: if an engine does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        return query.all_qualities()
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error


def plant_quality(plant: Plant) -> PlantQuality | None:
    """How a plant's data came in; None where its engine knows no such plant.

    Raises:
        UnreachableError: if the engine does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        return query.plant_quality(plant.code)
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error


def quarantine(plant: Plant) -> Sequence[Quarantined]:
    """Examples of a plant's samples that were left out, the newest first.

    Raises:
        UnreachableError: if the engine does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        return query.quarantine(plant.code)
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error


def strangers() -> Mapping[str, int]:
    """Messages that came with no plant's key, by the code of the problem.

    Raises:
        UnreachableError: if an engine does not answer.
    """
    from guatu.telemetry import query  # noqa: PLC0415 - see above

    try:
        return query.gateway_refusals()
    except query.EngineUnavailable as error:
        raise UnreachableError(str(error)) from error


def forget_quarantine(plant: Plant, by: str) -> None:
    """Throw away a plant's examples.

    Raises:
        UnreachableError: if the log did not confirm it.
    """
    from guatu.telemetry import command  # noqa: PLC0415 - see above

    try:
        command.forget_quarantine(plant.code, plant.pk, by)
    except command.LogUnavailable as error:
        raise UnreachableError(str(error)) from error
