"""The steps of judging one point, compiled: the rules of ``core.alarms.judge``, no objects.

Every step here has a plain twin in the reference judge, and a property test holds the two
together. Arguments are the arrays of ``memory.py``: ``pts`` points, ``sl`` slots, ``un``
units, ``wake``; ``rows`` and ``tally`` belong to the event buffer. ``p`` is a point, ``k`` a
slot, ``*_ms`` a moment.
"""
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917, D103 (types are numba's; no call nests objects)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import math

import numpy as np
from numba import njit

from guatu.telemetry.kernels.memory import (
    ACTIVE,
    FALLING,
    NEVER_MS,
    QUIET,
    RISING,
    UNKNOWN_STATE,
)

# As numpy's numbers: numba compiles a function again for each plain constant it is given.
RAISED, CLEARED, ACKNOWLEDGED = np.int64(1), np.int64(2), np.int64(3)
NO_WHY, RETURNED, INACTIVE, LIMIT_CHANGED = np.arange(4)
MISSING = np.int64(4)
ROOM_A_POINT = 12
"""No step writes more events for one point: two a slot and a spare."""

# Nothing here owns memory, so numba's reference counting is left out: it took four fifths of
# the time. Division by zero does not occur, so numpy's error model saves its checks.
compiled = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)


@compiled
def state_of(pts, un, p):
    u = pts[p].unit
    return un[u].state if u >= 0 else UNKNOWN_STATE


@compiled
def holds_in(mask, unit_state):
    return (np.int64(mask) >> (unit_state + 1)) & 1 == 1


@compiled
def emit(pts, sl, un, rows, tally, p, k, kind, at_ms, why):
    n = tally[0]
    tally[0] = n + 1
    row = rows[n]
    row.kind = kind
    row.slot = k
    row.why = why
    row.unit_state = state_of(pts, un, p)
    row.point = p
    row.began = sl[p, k].began
    row.at_ms = at_ms
    row.value = math.nan if k == MISSING else pts[p].last_value
    row.limit = pts[p].missing_ms / 1000.0 if k == MISSING else sl[p, k].limit


@compiled
def raise_alarm(pts, sl, un, rows, tally, p, k, at_ms, seq):
    slot = sl[p, k]
    # The identity of an alarm: room for 1,024 beginnings of one slot in one sequence, and
    # should there be more, still one above the last. Unique, rising, the same on replay.
    slot.began = max(seq * 1024, slot.began + 1)
    slot.acked = 0
    slot.phase = ACTIVE
    slot.since_ms = at_ms
    emit(pts, sl, un, rows, tally, p, k, RAISED, at_ms, NO_WHY)


@compiled
def clear_alarm(pts, sl, un, rows, tally, p, k, at_ms, why):
    slot = sl[p, k]
    at_ms = max(at_ms, slot.since_ms)
    emit(pts, sl, un, rows, tally, p, k, CLEARED, at_ms, why)
    slot.phase = QUIET
    slot.since_ms = at_ms


@compiled
def is_beyond(sl, p, k, value):
    return value < sl[p, k].limit if k < 2 else value > sl[p, k].limit


@compiled
def has_returned(sl, p, k, value):
    return value > sl[p, k].release if k < 2 else value < sl[p, k].release


@compiled
def let_time_pass(pts, sl, un, rows, tally, p, k, until_ms, seq):
    """Hold the last value until a moment: a delay that has run out by then takes effect."""
    slot = sl[p, k]
    if slot.phase == RISING and until_ms - slot.since_ms >= slot.on_ms:
        raise_alarm(pts, sl, un, rows, tally, p, k, slot.since_ms + slot.on_ms, seq)
    elif slot.phase == FALLING and until_ms - slot.since_ms >= slot.off_ms:
        clear_alarm(pts, sl, un, rows, tally, p, k, slot.since_ms + slot.off_ms, RETURNED)


@compiled
def take_value(pts, sl, un, rows, tally, p, k, at_ms, seq):
    """Judge the value just taken by one slot."""
    slot = sl[p, k]
    value = pts[p].last_value
    if slot.phase == QUIET:
        if is_beyond(sl, p, k, value):
            slot.phase = RISING
            slot.since_ms = at_ms
    elif slot.phase == RISING:
        if not is_beyond(sl, p, k, value):
            slot.phase = QUIET
    elif slot.phase == ACTIVE:
        if has_returned(sl, p, k, value):
            slot.phase = FALLING
            # An alarm raised by a tick may lie after this sample's time.
            slot.since_ms = max(at_ms, slot.since_ms)
    elif not has_returned(sl, p, k, value):
        slot.phase = ACTIVE
        slot.since_ms = max(at_ms, slot.since_ms)
    let_time_pass(pts, sl, un, rows, tally, p, k, at_ms, seq)


@compiled
def settle(pts, sl, un, wake, p):
    """Sum up a point after a change: is it busy, and when must a tick look at it."""
    point = pts[p]
    silent_from = max(point.arrived_ms, point.armed_ms)
    watched = point.missing_ms > 0 and holds_in(point.missing_mask, state_of(pts, un, p))
    point.quiet_ms = point.missing_ms if watched else NEVER_MS
    busy = sl[p, MISSING].phase == ACTIVE
    due = silent_from + point.missing_ms if watched and not busy else NEVER_MS
    for k in range(4):
        slot = sl[p, k]
        if slot.phase == QUIET:
            continue
        busy = True
        if slot.phase != ACTIVE:
            delay = slot.on_ms if slot.phase == RISING else slot.off_ms
            due = min(due, point.arrived_ms + slot.since_ms + delay - point.last_ms)
    point.busy = busy
    wake[p] = due


@compiled
def stays_quiet(pts, wake, p, at_ms, value, logged_ms):
    """Take a sample with which nothing can begin or end: nearly all of them, so kept short."""
    point = pts[p]
    if point.busy or not point.low_bar <= value <= point.high_bar:
        return False
    point.last_ms = at_ms
    point.last_value = value
    point.arrived_ms = logged_ms
    wake[p] = logged_ms + point.quiet_ms
    return True


@compiled
def take_sample(pts, sl, un, wake, rows, tally, p, at_ms, value, logged_ms, seq):
    """Judge a sample that is newer than the point's last."""
    point = pts[p]
    unit_state = state_of(pts, un, p)
    for k in range(4):
        if at_ms > sl[p, k].since_ms:
            let_time_pass(pts, sl, un, rows, tally, p, k, at_ms, seq)
    point.last_ms = at_ms
    point.last_value = value
    point.arrived_ms = logged_ms
    for k in range(4):
        if sl[p, k].enabled and holds_in(sl[p, k].mask, unit_state):
            take_value(pts, sl, un, rows, tally, p, k, at_ms, seq)
    if sl[p, MISSING].phase == ACTIVE:
        clear_alarm(pts, sl, un, rows, tally, p, MISSING, logged_ms, RETURNED)
    settle(pts, sl, un, wake, p)


@compiled
def begin_holding(pts, sl, p, k, at_ms):
    """A limit comes into force: the value held is judged by it, from this moment on."""
    if is_beyond(sl, p, k, pts[p].last_value):
        sl[p, k].phase = RISING
        sl[p, k].since_ms = max(at_ms, pts[p].last_ms)


@compiled
def leave_slot(pts, sl, un, rows, tally, p, k, at_ms, why, seq):
    """A limit goes out of force: what was due is still said, then an active alarm clears."""
    if k != MISSING:
        let_time_pass(pts, sl, un, rows, tally, p, k, at_ms, seq)
    if sl[p, k].phase >= ACTIVE:
        clear_alarm(pts, sl, un, rows, tally, p, k, at_ms, why)
    sl[p, k].phase = QUIET


@compiled
def change_state_of_point(pts, sl, un, rows, tally, p, old, new, at_ms, logged_ms, seq):
    """Bring limits into and out of force at one point whose unit state has changed.

    The unit's row still carries the old state; the caller sets the new one afterwards and
    settles the point.
    """
    for k in range(4):
        if not sl[p, k].enabled:
            continue
        before, after = holds_in(sl[p, k].mask, old), holds_in(sl[p, k].mask, new)
        if before and not after:
            leave_slot(pts, sl, un, rows, tally, p, k, at_ms, INACTIVE, seq)
        elif after and not before:
            begin_holding(pts, sl, p, k, at_ms)
    if pts[p].missing_ms > 0:
        before = holds_in(pts[p].missing_mask, old)
        after = holds_in(pts[p].missing_mask, new)
        if before and not after:
            leave_slot(pts, sl, un, rows, tally, p, MISSING, logged_ms, INACTIVE, seq)
        elif after and not before:
            pts[p].armed_ms = logged_ms


@compiled
def enter_state(pts, sl, un, wake, rows, tally, u, new, at_ms, logged_ms, seq):
    """Let a unit enter a state, for all its points."""
    old = un[u].state
    if new == old:
        return
    p = un[u].first
    while p >= 0:
        change_state_of_point(pts, sl, un, rows, tally, p, old, new, at_ms, logged_ms, seq)
        p = pts[p].next
    un[u].state = new
    p = un[u].first
    while p >= 0:
        settle(pts, sl, un, wake, p)
        p = pts[p].next
