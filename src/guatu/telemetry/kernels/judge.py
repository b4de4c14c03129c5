"""The calls an engine makes, all deterministic: same state and arguments, same events."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.cells import Cells, cells_of
from guatu.telemetry.kernels import compiled
from guatu.telemetry.kernels.memory import (
    ALWAYS,
    NO_TIME_MS,
    QUIET,
    EventBuffer,
    JudgeState,
    Rows,
    limit_rows,
    new_state,
)


@dataclass(slots=True)
class Outcome:
    """What became of a block's samples.

    Args:
        rows: of its points, -1 for one that is not known, int32 (points,).
        present: samples of known points.
        doubled: of those, how many had the very time of their point's last one; blanked.
        unknown: samples of points that are not known.
    """

    rows: NDArray[np.int32]
    present: int
    doubled: int
    unknown: int


def judge_block(  # noqa: PLR0917 (one beat as it lies in the log: nothing to group)
    state: JudgeState,
    row_of: NDArray[np.int32],
    ids: NDArray[np.int32],
    cells: Cells,
    seq: int,
    logged_ms: int,
    out: EventBuffer,
) -> Outcome:
    """Judge one block of samples.

    Args:
        state: changed in place.
        row_of: row of each point by its id, -1 for none, int32.
        ids: of the points, int32 (points,), none twice.
        cells: their samples; a doubled one is blanked, not to be stored again. One older than
            its point's last is late: not judged, but to be stored.
        seq: the log sequence this block came with; names the alarms that begin here.
        logged_ms: when the gateway logged it.
        out: takes the events.
    """
    idx, order = np.empty(len(ids), np.int32), np.empty(len(ids), np.int32)
    out.tally[1:] = 0
    while not compiled.block_loop(
        state.points, state.slots, state.units, state.wake_ms, out.rows, out.tally, row_of, ids,
        idx, order, cells.decimals, cells.times, cells.scaled, cells.values, seq, logged_ms,
    ):  # fmt: skip
        out.make_room(int(out.tally[compiled.ROOM]))
    return _outcome(idx, out)


def place_block(
    row_of: NDArray[np.int32], ids: NDArray[np.int32], cells: Cells, out: EventBuffer
) -> Outcome:
    """Count a block that is to be stored and not judged; arguments as for `judge_block`."""
    idx = np.empty(len(ids), np.int32)
    out.tally[1:] = 0
    compiled.find_rows(row_of, out.tally, ids, idx, cells.scaled, cells.values)
    return _outcome(idx, out)


def _outcome(idx: NDArray[np.int32], out: EventBuffer) -> Outcome:
    tally = out.tally.tolist()
    return Outcome(idx, tally[compiled.PRESENT], tally[compiled.DOUBLED], tally[compiled.UNKNOWN])


def judge_tick(state: JudgeState, tick_ms: int, seq: int, out: EventBuffer) -> None:
    """Let time pass: delays run out and silence is noticed although no message came.

    Args:
        state: changed in place.
        tick_ms: gateway's clock; an older tick than the last does nothing.
        seq: the tick's log sequence.
        out: takes the events.
    """
    out.tally[1:] = 0
    while not compiled.tick_loop(
        state.points, state.slots, state.units, state.wake_ms, out.rows, out.tally, tick_ms, seq
    ):
        out.make_room(int(out.tally[compiled.ROOM]))


def rearm(state: JudgeState, now_ms: int) -> None:
    """Let silence count from a moment: before, nobody could be heard, or the clock was wrong.

    Args:
        state: changed in place.
        now_ms: gateway's clock.
    """
    compiled.rearm_loop(state.points, state.slots, state.units, state.wake_ms, now_ms)


def apply_point(  # noqa: PLR0913, PLR0917 (a point's whole configuration, set at once)
    state: JudgeState,
    idx: int,
    unit_idx: int,
    is_state_point: bool,  # noqa: FBT001 (part of the configuration, not a switch)
    decimals: int,
    limits: Rows,
    missing_after_ms: int | None,
    missing_mask: int,
    now_ms: int,
    seq: int,
    out: EventBuffer,
) -> None:
    """Set or replace one point's configuration.

    What has not changed keeps its judging. A limit that is changed or taken away first lets
    come true what was already due, then clears its alarm (``LIMIT_CHANGED``); the value held
    is judged by the new limit from this moment on. To take a point away, give it no limits,
    no ``missing_after_ms`` and unit -1.

    Args:
        state: changed in place; must have room (``grow``).
        idx: the point's row.
        unit_idx: its unit's row, or -1.
        is_state_point: whether its values tell the unit's state.
        decimals: digits after the point of its samples.
        limits: four rows of dtype ``LIMIT``, made by ``limit_rows``.
        missing_after_ms: silence allowed, or None (or 0) if not watched.
        missing_mask: in which unit states, made by ``states_mask``.
        now_ms: gateway's clock; a point that never reports is silent from here.
        seq: the configuration's log sequence.
        out: takes the events.
    """
    out.tally[1:] = 0
    while not compiled.apply_loop(
        state.points, state.slots, state.units, state.wake_ms, out.rows, out.tally,
        idx, unit_idx, is_state_point, decimals, limits, missing_after_ms or 0,
        missing_mask or ALWAYS, now_ms, seq,
    ):  # fmt: skip
        out.make_room(int(out.tally[compiled.ROOM]))


def acknowledge(  # noqa: PLR0917 (an alarm's identity is three numbers)
    state: JudgeState, point_idx: int, slot: int, began: int, at_ms: int, out: EventBuffer
) -> bool:
    """Note that a person has seen an alarm, still active or already returned.

    Returns:
        False, and no event, if it is not the slot's latest alarm or was acknowledged before.
    """
    if not (0 <= point_idx < len(state.points) and 0 <= slot < 5):
        return False
    out.make_room(1)
    known = compiled.acknowledge_loop(
        state.points, state.slots, state.units, out.rows, out.tally, point_idx, slot, began, at_ms
    )
    return bool(known)


def shift_clock(state: JudgeState, rows: NDArray[np.intp], by_ms: int) -> None:
    """Follow a plant's clock that jumped, so that no duration grows or shrinks by the jump.

    Without it a clock set back would leave every sample unjudged until it has caught up, and a
    clock set forward would let every delay run out at once.

    Args:
        state: changed in place. What wakes a tick is told by differences and stays right.
        rows: of the plant's points.
        by_ms: the jump.
    """
    last = state.points["last_ms"]
    last[rows] += np.where(last[rows] != NO_TIME_MS, by_ms, 0)
    # The fifth slot, silence, is judged by the gateway's clock.
    since, phase = state.slots["since_ms"][:, :4], state.slots["phase"][:, :4]
    since[rows] += np.where(phase[rows] != QUIET, by_ms, 0)


def warm_up() -> None:
    """Compile, or load from the cache, everything; call it before the first message counts."""
    state, out, tells_state = new_state(1, 1), EventBuffer(), True
    apply_point(state, 0, 0, tells_state, 0, limit_rows([]), None, ALWAYS, 0, 1, out)
    first = np.zeros(1, np.int32)
    cells, _ = cells_of(np.ones(1, np.int64), np.zeros((1, 1)), np.zeros(1, np.int8))
    judge_block(state, first, first, cells, 1, 1, out)
    place_block(first, first, cells, out)
    judge_tick(state, 2, 2, out)
    state.still()
    state.moving()
    rearm(state, 2)
    acknowledge(state, 0, 0, 1, 3, out)
