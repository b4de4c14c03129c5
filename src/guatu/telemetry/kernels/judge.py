"""The calls an engine makes, all deterministic: same state and arguments, same events."""

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.kernels import compiled
from guatu.telemetry.kernels.memory import (
    ALWAYS,
    EventBuffer,
    JudgeState,
    Rows,
    limit_rows,
    new_state,
)


def judge_block(  # noqa: PLR0917 (one beat as it lies in the log: nothing to group)
    state: JudgeState,
    point_idx: NDArray[np.int32],
    times_ms: NDArray[np.int64],
    values: NDArray[np.float64],
    seq: int,
    logged_ms: int,
    out: EventBuffer,
    skip: NDArray[np.bool_] | None = None,
) -> tuple[int, int]:
    """Judge one block of samples.

    Args:
        state: changed in place.
        point_idx: rows of the points, shape (n_points,), every one configured and in range.
        times_ms: sample times, plant's clock, rising, shape (n_times,).
        values: shape (n_points, n_times), C order; NaN is no sample.
        seq: the log sequence this block came with; names the alarms that begin here.
        logged_ms: when the gateway logged it.
        out: takes the events.
        skip: every cell is written: True where a sample has the very time of its point's
            last one (doubled, not to be stored again). A sample older than that is late: not
            judged, but to be stored, so False.

    Returns:
        How many samples were judged, and how many were doubled; late ones are neither.
    """
    if skip is None:
        skip = np.empty(values.shape, np.bool_)
    order = np.empty(len(point_idx), np.int32)
    out.tally[1:] = 0
    while not compiled.block_loop(
        state.points, state.slots, state.units, state.wake_ms, out.rows, out.tally,
        point_idx, order, times_ms, values, skip, seq, logged_ms,
    ):  # fmt: skip
        out.make_room(int(out.tally[compiled.ROOM]))
    return int(out.tally[compiled.JUDGED]), int(out.tally[compiled.DOUBLED])


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


def apply_point(  # noqa: PLR0913, PLR0917 (a point's whole configuration, set at once)
    state: JudgeState,
    idx: int,
    unit_idx: int,
    is_state_point: bool,  # noqa: FBT001 (part of the configuration, not a switch)
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
        idx, unit_idx, is_state_point, limits, missing_after_ms or 0, missing_mask or ALWAYS,
        now_ms, seq,
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


def warm_up() -> None:
    """Compile, or load from the cache, everything; call it before the first message counts."""
    state, out, tells_state = new_state(1, 1), EventBuffer(), True
    apply_point(state, 0, 0, tells_state, limit_rows([]), None, ALWAYS, 0, 1, out)
    block = np.zeros((1, 1), np.float64)
    judge_block(state, np.zeros(1, np.int32), np.ones(1, np.int64), block, 1, 1, out)
    judge_tick(state, 2, 2, out)
    acknowledge(state, 0, 0, 1, 3, out)
