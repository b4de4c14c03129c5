"""What an engine answers to questions: last values, counts, how far it is, recent samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from guatu.access.messages import MISSING
from guatu.access.quality import GOOD, band
from guatu.telemetry.conduct import Conduct
from guatu.telemetry.counted import COUNTED, NOBODY, RECEIVED
from guatu.telemetry.doubles import PlantBeats
from guatu.telemetry.history.sort import Block
from guatu.telemetry.kernels.memory import ACTIVE, FALLING
from guatu.telemetry.state import PartitionState
from guatu.telemetry.step import Arrivals

Answer = dict[str, Any]
NEVER = -(2**63)
MOST_GAPS_TOLD = 20


def answer(state: PartitionState, question: dict[str, Any]) -> Answer:
    """Answer a question that the state alone can answer.

    Raises:
        KeyError: if the question lacks something.
    """
    asked = question["ask"]
    known = _ANSWERS.get(asked)
    return {"error": f"unknown question {asked!r}"} if known is None else known(state, question)


def last_values(state: PartitionState, points: Iterable[int]) -> list[list[Any]]:
    """Give [point, value, at_ms, quality, in alarm] for each known point.

    The value is the last that was judged. Quality is ``good`` or ``uncertain``, ``bad`` where
    only bad samples came since, ``missing`` (silent for too long) or ``none`` (never heard of).
    """
    values: list[list[Any]] = []
    for point in points:
        row = state.row(point)
        if row < 0:
            continue
        held, slots = state.judge.points[row], state.judge.slots[row]
        value, at_ms = float(held["last_value"]), int(held["last_ms"])
        active = (slots["phase"] == ACTIVE) | (slots["phase"] == FALLING)
        noted_ms, noted = state.noted.get(row, (NEVER, GOOD))
        quality = band(noted) if noted_ms >= at_ms else "good"
        if math.isnan(value):
            quality = "none" if noted == GOOD else quality
            values.append([point, None, None, quality, bool(active.any())])
        else:
            if active[MISSING] and quality != "bad":
                quality = "missing"
            values.append([point, value, at_ms, quality, bool(active.any())])
    return values


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


def pulse(state: PartitionState, plants: Iterable[int]) -> Answer:
    """Give of each known plant [id, samples received, when the last came, states of its units].

    A unit that never told its state is not among the states, [unit, state] each.
    """
    units = state.judge.units
    told: dict[int, list[list[int]]] = {}
    for unit, row in state.units.items():
        first, now = int(units["first"][row]), int(units["state"][row])
        if first >= 0 and now >= 0:
            told.setdefault(int(state.plant_of[first]), []).append([unit, now])
    found: list[list[Any]] = []
    for plant in plants:
        if plant in state.plants:
            conduct, counted = state.conducts.get(plant), state.counts.get(plant)
            sampled_ms = conduct.sampled_ms if conduct else 0
            received = counted[RECEIVED] if counted else 0
            found.append([plant, received, sampled_ms or None, told.get(plant, [])])
    return {"plants": found}


def qualities(state: PartitionState, plant_code: str | None) -> Answer:
    """Give how the data of one plant or of all came in; rows as `query.PlantQuality`."""
    nobody = state.conducts.get(NOBODY)
    return {
        "plants": [
            _quality(state, plant, known.code)
            for plant, known in state.plants.items()
            if plant_code in (None, known.code)
        ],
        "nobody": nobody.refused if nobody else {},
    }


def _quality(state: PartitionState, plant: int, code: str) -> Answer:
    conduct, beats = state.conducts.get(plant, Conduct()), state.beats.get(plant, PlantBeats())
    received, stored, *rest = state.counts.get(plant, [0] * len(COUNTED))
    offset_ms = conduct.clock.offset_ms
    return {
        "plant": plant,
        "code": code,
        "received": received,
        "stored": stored,
        "rejected": {r: n for r, n in zip(COUNTED[2:], rest, strict=True) if n},
        "refused": conduct.refused,
        **{
            name: getattr(conduct, name)
            for name in ("uncertain", "bad", "late", "backfilled", "beats", "doubled_beats")
        },
        "missing_beats": beats.missing,
        "given_up_beats": beats.given_up,
        "gaps": beats.newest_gaps(MOST_GAPS_TOLD),
        "heard_ms": state.heard_ms.get(plant),
        "sampled_ms": conduct.sampled_ms or None,
        "heartbeat_ms": conduct.heartbeat_ms or None,
        "clock_offset_ms": None if offset_ms is None else round(offset_ms),
        "clock_ms": conduct.clock.measured_ms or None,
        "clock_steps": conduct.clock.steps,
    }


def quarantine(state: PartitionState, plant_code: str) -> Answer:
    """Give the examples kept of a plant's left-out samples, the newest first."""
    for plant, known in state.plants.items():
        if known.code == plant_code and plant in state.conducts:
            kept = state.conducts[plant].quarantine.values()
            return {"examples": [example.as_json() for example in reversed(kept)]}
    return {"examples": []}


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
    return {"stream": state.identity, "stored": stored, "samples": found}


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
                    found.append([point, at_ms, value, GOOD])
    if block.marked is not None:
        marked = block.marked
        for row, at_ms, value, quality in zip(
            marked.rows.tolist(),
            marked.at_ms.tolist(),
            marked.values.tolist(),
            marked.quality.tolist(),
            strict=True,
        ):
            if row in wanted and span[0] <= at_ms <= span[1]:
                found.append([int(state.ids[row]), at_ms, value, quality])


_ANSWERS: Mapping[str, Callable[[PartitionState, dict[str, Any]], Answer]] = {
    "last": lambda state, asked: {"values": last_values(state, asked["points"])},
    "plant": lambda state, asked: plant_values(state, int(asked["plant"])),
    "counts": lambda state, asked: counts(state, asked.get("plant_code")),
    "pulse": lambda state, asked: pulse(state, asked["plants"]),
    "qualities": lambda state, asked: qualities(state, asked.get("plant_code")),
    "quarantine": lambda state, asked: quarantine(state, asked["plant_code"]),
}
