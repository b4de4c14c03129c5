"""Examples of samples that were left out of a beat, for somebody to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from guatu.access.beats import ANCIENT_MS, FAR_AHEAD_MS
from guatu.access.messages import Point
from guatu.access.raw import is_raw, read_raw
from guatu.telemetry.conduct import Quarantined
from guatu.telemetry.intake import Taken
from guatu.telemetry.plant_door import PlantDoor

MOST_CODES = 8
LONGEST_VALUE = 60
LOOK_EVERY_MS = 1000


def examples_of(plant: PlantDoor, body: bytes, taken: Taken, now_ms: int) -> list[Quarantined]:
    """Find one example for each point and reason, at most once a second for a plant.

    Args:
        plant: who sent it.
        body: the beat, once more; it was taken.
        taken: what became of it.
        now_ms: the gateway's clock.
    """
    if not taken.rejected or now_ms - plant.looked_ms < LOOK_EVERY_MS:
        return []
    plant.looked_ms = now_ms
    codes, times, rows = _columns(body)
    place = {code: i for i, code in enumerate(codes)}
    found = []
    for group in taken.rejected:
        for code in group.where[:MOST_CODES]:
            row = rows[place[code]]
            for value, at_ms in _left_out(group.reason, plant.point(code), row, times, now_ms):
                found.append(
                    Quarantined(
                        group.reason, code[:120], 1, str(value)[:LONGEST_VALUE], at_ms, now_ms,
                        now_ms,
                    )
                )  # fmt: skip
                break
    return found


def _columns(body: bytes) -> tuple[Sequence[str], Sequence[int], Sequence[Sequence[Any]]]:
    if is_raw(body):
        beat = read_raw(body)
        return beat.p, beat.t, beat.v
    data = orjson.loads(body)
    return data["p"], data["t"], data["v"]


def _left_out(
    reason: str, point: Point | None, row: Sequence[Any], times: Sequence[int], now_ms: int
) -> Iterator[tuple[Any, int]]:
    """Give the values of a row, with their times, that a reason speaks of; the newest first."""
    for value, at_ms in zip(reversed(row), reversed(times), strict=True):
        if value is not None and _speaks_of(reason, point, value, at_ms, now_ms):
            yield value, at_ms


def _speaks_of(reason: str, point: Point | None, value: object, at_ms: int, now_ms: int) -> bool:
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    match reason:
        case "future_time":
            return is_number and at_ms > now_ms + FAR_AHEAD_MS
        case "ancient_time":
            return is_number and at_ms < ANCIENT_MS
        case "not_a_number":
            return not is_number or abs(value) == float("inf")  # type: ignore[arg-type]
        case "out_of_physical_range":
            return is_number and point is not None and not _is_possible(point, value)
        case _:
            return point is None


def _is_possible(point: Point, value: Any) -> bool:  # noqa: ANN401 # a number of JSON
    low, high = point.physical_low, point.physical_high
    return (low is None or value >= low) and (high is None or value <= high)
