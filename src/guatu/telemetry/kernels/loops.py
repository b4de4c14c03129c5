"""The loops over a block, over a tick and over a configuration, compiled.

Each loop stops when the event buffer might not hold what the next point could write, tells
in ``tally`` where to go on and how much room it needs, and is called again.
"""
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917, D103 (types are numba's; no call nests objects)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import math

import numpy as np

from guatu.telemetry.kernels.memory import QUIET, UNKNOWN_STATE
from guatu.telemetry.kernels.steps import (
    ACKNOWLEDGED,
    LIMIT_CHANGED,
    MISSING,
    NO_WHY,
    ROOM_A_POINT,
    begin_holding,
    change_state_of_point,
    compiled,
    emit,
    enter_state,
    holds_in,
    leave_slot,
    let_time_pass,
    raise_alarm,
    settle,
    state_of,
    stays_quiet,
    take_sample,
)

COUNT, GO_ON, JUDGED, DOUBLED, ROOM = range(5)


@compiled
def state_points_first(pts, idx, order):
    """Put the rows of a block into judging order; give how many of them tell unit states."""
    told = 0
    for i in range(len(idx)):
        if pts[idx[i]].is_state:
            order[told] = i
            told += 1
    rest = told
    for i in range(len(idx)):
        if not pts[idx[i]].is_state:
            order[rest] = i
            rest += 1
    return told


@compiled
def room_for(pts, un, p):
    u = pts[p].unit
    if pts[p].is_state and u >= 0:
        return ROOM_A_POINT * (un[u].size + 1)
    return ROOM_A_POINT


@compiled
def tell_state(pts, sl, un, wake, rows, tally, p, value, at_ms, logged_ms, seq):
    """A state point speaks. What names no state, 0 to 30, changes nothing: the last one holds."""
    u = pts[p].unit
    if u >= 0 and 0 <= value <= 30 and value == math.floor(value):
        enter_state(pts, sl, un, wake, rows, tally, u, np.int64(value), at_ms, logged_ms, seq)


@compiled
def block_loop(pts, sl, un, wake, rows, tally, idx, order, times, values, skip, seq, logged_ms):
    """Judge a block time by time; give True when it is done, False when room is needed."""
    n_state = state_points_first(pts, idx, order)
    n = len(idx)
    first = tally[GO_ON] % max(n, 1)
    for j in range(tally[GO_ON] // max(n, 1), len(times)):
        at_ms = times[j]
        for place in range(first, n):
            i = order[place]
            p, value = np.int64(idx[i]), values[i, j]
            skip[i, j] = False
            if math.isnan(value) or at_ms < pts[p].last_ms:
                continue
            if at_ms == pts[p].last_ms:
                skip[i, j] = True
                tally[DOUBLED] += 1
                continue
            tally[JUDGED] += 1
            if place >= n_state and stays_quiet(pts, wake, p, at_ms, value, logged_ms):
                continue
            tally[ROOM] = room_for(pts, un, p)
            if len(rows) - tally[COUNT] < tally[ROOM]:
                tally[JUDGED] -= 1
                tally[GO_ON] = j * n + place
                return False
            if place < n_state:
                tell_state(pts, sl, un, wake, rows, tally, p, value, at_ms, logged_ms, seq)
            take_sample(pts, sl, un, wake, rows, tally, p, at_ms, value, logged_ms, seq)
        first = 0
    return True


@compiled
def tick_point(pts, sl, un, wake, rows, tally, p, tick_ms, seq):
    """Let time pass at one point.

    A point's clock reads its last sample's time plus what the gateway's clock has gone on
    since that sample arrived: a plant whose clock is off neither hurries nor delays a duration.
    """
    point = pts[p]
    here_ms = point.last_ms + max(0, tick_ms - point.arrived_ms)
    for k in range(4):
        let_time_pass(pts, sl, un, rows, tally, p, k, here_ms, seq)
    watched = point.missing_ms > 0 and holds_in(point.missing_mask, state_of(pts, un, p))
    due_ms = max(point.arrived_ms, point.armed_ms) + point.missing_ms
    if watched and sl[p, MISSING].phase == QUIET and tick_ms >= due_ms:
        raise_alarm(pts, sl, un, rows, tally, p, MISSING, due_ms, seq)
    settle(pts, sl, un, wake, p)


@compiled
def tick_loop(pts, sl, un, wake, rows, tally, tick_ms, seq):
    """Look at the points whose moment has come; give False when room is needed."""
    tally[ROOM] = ROOM_A_POINT
    for p in range(tally[GO_ON], len(wake)):
        if wake[p] > tick_ms:
            continue
        if len(rows) - tally[COUNT] < ROOM_A_POINT:
            tally[GO_ON] = p
            return False
        tick_point(pts, sl, un, wake, rows, tally, p, tick_ms, seq)
    return True


@compiled
def move_to_unit(pts, un, p, unit):
    """Take a point out of its unit's chain and put it at the head of another's."""
    old = pts[p].unit
    if old == unit:
        return
    if old >= 0:
        un[old].size -= 1
        if un[old].first == p:
            un[old].first = pts[p].next
        else:
            q = un[old].first
            while pts[q].next != p:
                q = pts[q].next
            pts[q].next = pts[p].next
    pts[p].unit = unit
    pts[p].next = -1
    if unit >= 0:
        pts[p].next = un[unit].first
        un[unit].first = p
        un[unit].size += 1


@compiled
def is_same(slot, new):
    return (
        slot.enabled == new.enabled
        and slot.limit == new.value
        and slot.release == new.release
        and slot.mask == new.states_mask
        and slot.on_ms == new.on_delay_ms
        and slot.off_ms == new.off_delay_ms
    ) or (slot.enabled == 0 and new.enabled == 0)


@compiled
def apply_limit(pts, sl, un, rows, tally, p, k, new, here_ms, seq):
    slot = sl[p, k]
    if is_same(slot, new):
        return
    leave_slot(pts, sl, un, rows, tally, p, k, here_ms, LIMIT_CHANGED, seq)
    slot.enabled = new.enabled
    slot.limit = new.value
    slot.release = new.release
    slot.mask = new.states_mask
    slot.on_ms = new.on_delay_ms
    slot.off_ms = new.off_delay_ms
    if slot.enabled and holds_in(slot.mask, state_of(pts, un, p)):
        begin_holding(pts, sl, p, k, here_ms)


@compiled
def apply_watch(pts, sl, un, rows, tally, p, missing_ms, missing_mask, now_ms, seq):
    """Set how long a point may be silent, and in which states."""
    point = pts[p]
    if point.missing_ms == missing_ms and (point.missing_mask == missing_mask or missing_ms == 0):
        return
    leave_slot(pts, sl, un, rows, tally, p, MISSING, now_ms, LIMIT_CHANGED, seq)
    was = point.missing_ms > 0 and holds_in(point.missing_mask, state_of(pts, un, p))
    point.missing_ms = missing_ms
    point.missing_mask = missing_mask
    if not was:
        point.armed_ms = now_ms


@compiled
def apply_loop(
    pts, sl, un, wake, rows, tally, p, unit, is_state, limits, missing_ms, missing_mask, now_ms, seq
):
    """Give a point its configuration, keeping the judging of what has not changed.

    Gives False, with nothing done, when room is needed.
    """
    point = pts[p]
    tally[ROOM] = 2 * ROOM_A_POINT
    if point.is_state and point.unit >= 0:
        tally[ROOM] += ROOM_A_POINT * un[point.unit].size
    if len(rows) - tally[COUNT] < tally[ROOM]:
        return False
    if point.configured == 0:
        point.configured = 1
        point.arrived_ms = now_ms
    here_ms = point.last_ms + max(0, now_ms - point.arrived_ms)
    if point.is_state and point.unit >= 0 and (not is_state or unit != point.unit):
        # Nobody tells the old unit's state any longer, so it is unknown again.
        enter_state(pts, sl, un, wake, rows, tally, point.unit, UNKNOWN_STATE, here_ms, now_ms, seq)
    if unit != point.unit:
        old = state_of(pts, un, p)
        new = un[unit].state if unit >= 0 else UNKNOWN_STATE
        change_state_of_point(pts, sl, un, rows, tally, p, old, new, here_ms, now_ms, seq)
        move_to_unit(pts, un, p, unit)
    point.is_state = is_state
    point.low_bar, point.high_bar = -math.inf, math.inf
    for k in range(4):
        apply_limit(pts, sl, un, rows, tally, p, k, limits[k], here_ms, seq)
        if limits[k].enabled and k < 2:
            point.low_bar = max(point.low_bar, limits[k].value)
        elif limits[k].enabled:
            point.high_bar = min(point.high_bar, limits[k].value)
    apply_watch(pts, sl, un, rows, tally, p, missing_ms, missing_mask, now_ms, seq)
    settle(pts, sl, un, wake, p)
    return True


@compiled
def acknowledge_loop(pts, sl, un, rows, tally, p, k, began, at_ms):
    """Acknowledge the slot's latest alarm, active or returned; False if it is not that one."""
    slot = sl[p, k]
    if began <= 0 or slot.began != began or slot.acked:
        return False
    slot.acked = 1
    emit(pts, sl, un, rows, tally, p, k, ACKNOWLEDGED, at_ms, NO_WHY)
    return True
