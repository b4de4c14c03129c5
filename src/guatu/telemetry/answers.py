"""What an engine answers to questions: last values, counts, how far it is, recent samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from guatu.access.messages import MISSING
from guatu.telemetry.history.sort import Block
from guatu.telemetry.kernels.memory import ACTIVE, FALLING
from guatu.telemetry.state import COUNTED, PartitionState
from guatu.telemetry.step import Arrivals

Answer = dict[str, Any]
NO_TIME_MS = 0


def last_values(state: PartitionState, points: Iterable[int]) -> list[list[Any]]:
    """Give [point, value, at_ms, quality, in alarm] for each known point.

    Quality is ``good``, ``missing`` (silent for too long) or ``none`` (never heard of).
    """
    answer: list[list[Any]] = []
    for point in points:
        row = state.row(point)
        if row < 0:
            continue
        held, slots = state.judge.points[row], state.judge.slots[row]
        value, at_ms = float(held["last_value"]), int(held["last_ms"])
        active = (slots["phase"] == ACTIVE) | (slots["phase"] == FALLING)
        if math.isnan(value):
            answer.append([point, None, None, "none", bool(active.any())])
        else:
            quality = "missing" if active[MISSING] else "good"
            answer.append([point, value, at_ms, quality, bool(active.any())])
    return answer


def plant_values(state: PartitionState, plant: int) -> Answer:
    """Give a plant's region and all its last values; nothing if it lives elsewhere."""
    known = state.plants.get(plant)
    if known is None:
        return {}
    return {
        "region": known.region,
        "tick_ms": state.tick_ms,
        "values": last_values(state, (int(state.ids[row]) for row in known.rows)),
    }


def counts(state: PartitionState, plant_code: str | None) -> Answer:
    """Give samples by reason since the beginning, of one plant or of all."""
    total, last_ms = [0] * len(COUNTED), 0
    for plant, counted in state.counts.items():
        known = state.plants.get(plant)
        if plant_code is None or (known is not None and known.code == plant_code):
            total = [a + b for a, b in zip(total, counted, strict=True)]
            last_ms = max(last_ms, state.heard_ms.get(plant, 0))
    return {"counts": dict(zip(COUNTED, total, strict=True)), "last_ms": last_ms}


def status(state: PartitionState) -> Answer:
    """Say how far the partition is."""
    active = state.judge.slots["phase"][: state.points]
    return {
        "sequence": state.sequence,
        "stored_sequence": state.cut_sequence,
        "tick_ms": state.tick_ms,
        "plants": len(state.plants),
        "points": state.points,
        "active_alarms": int(np.count_nonzero((active == ACTIVE) | (active == FALLING))),
    }


def recent(
    state: PartitionState, parts: Iterable[Arrivals], question: dict[str, Any], stored: int
) -> Answer:
    """Give the samples of some points that are not in any segment yet.

    Args:
        state: of the partition.
        parts: what is in memory, oldest first.
        question: points, start_ms, end_ms.
        stored: the last sequence that is in a segment.
    """
    start_ms, end_ms = int(question["start_ms"]), int(question["end_ms"])
    wanted = {state.row(int(point)) for point in question["points"]} - {-1}
    plants = {int(state.plant_of[row]) for row in wanted}
    found: list[list[Any]] = []
    for part in parts:
        for plant in plants:
            for block in part.of_plant.get(plant, ()):
                if block.cells.times[-1] >= start_ms and block.cells.times[0] <= end_ms:
                    _from_block(found, state, block, wanted, (start_ms, end_ms))
    return {"stored": stored, "samples": found}


def _from_block(
    found: list[list[Any]],
    state: PartitionState,
    block: Block,
    wanted: set[int],
    span: tuple[int, int],
) -> None:
    for i, row in enumerate(block.rows.tolist()):
        if row in wanted:
            point = int(state.ids[row])
            moments, values = block.cells.times.tolist(), block.cells.row(i).tolist()
            for at_ms, value in zip(moments, values, strict=True):
                if span[0] <= at_ms <= span[1] and not math.isnan(value):
                    found.append([point, at_ms, value])
