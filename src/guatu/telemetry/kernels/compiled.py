"""The compiled part of judging: the rules of ``core.alarms.judge`` over arrays, no objects.

Every step has a plain twin in the reference judge, and a property test holds the two
together. Arguments are the arrays of ``memory.py``: ``pts`` points, ``sl`` slots, ``un``
units, ``wake``; ``rows`` and ``tally`` belong to the event buffer. ``p`` is a point, ``k`` a
slot, ``*_ms`` a moment.

One file, longer than others: numba's cache looks only at the file of the function called, so
a step kept elsewhere could change and the old machine code would go on judging. For the same
reason the numbers taken from ``memory.py`` must never change their meaning.

The loops at the end stop when the event buffer might not hold what the next point could
write, tell in ``tally`` where to go on and how much room is needed, and are called again.
"""
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917, D103 (types are numba's; no call nests objects)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, call-overload"

import math

import numpy as np
from numba import njit

from guatu.core.alarms.judge import AHEAD_MS, FRESH_MS
from guatu.telemetry.cells import ABSENT, LARGEST, TENS
from guatu.telemetry.kernels.memory import (
    ACTIVE,
    FALLING,
    NEVER_MS,
    NO_TIME_MS,
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

COUNT, GO_ON, PRESENT, DOUBLED, UNKNOWN, ROOM, BEGUN, STATES, LEFT = range(9)
"""What ``tally`` holds."""

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
            left = slot.since_ms + delay - point.last_ms
            # What is due already waits for no time: not even for a tick to catch up with the
            # sample's arrival, where two gateways' clocks differ.
            due = min(due, point.arrived_ms + left if left > 0 else NO_TIME_MS)
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
def is_late(pts, p, at_ms, logged_ms):
    """Whether an older sample is none of the present; if it is, the point's last was the future."""
    if at_ms >= pts[p].last_ms:
        return False
    is_present = logged_ms - FRESH_MS <= at_ms <= logged_ms + AHEAD_MS
    return not is_present or pts[p].last_ms <= logged_ms + AHEAD_MS


@compiled
def take_sample(pts, sl, un, wake, rows, tally, p, at_ms, value, logged_ms, seq):
    """Judge a sample that is not late; see rule 1 of the reference judge."""
    point = pts[p]
    if at_ms < point.last_ms:
        for k in range(4):
            sl[p, k].since_ms = min(sl[p, k].since_ms, at_ms)
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
def count_row(scaled, values, i):
    """Count the samples of a row."""
    present = 0
    if i < len(scaled):
        for j in range(scaled.shape[1]):
            present += scaled[i, j] != ABSENT
    else:
        for j in range(values.shape[1]):
            present += not math.isnan(values[i - len(scaled), j])
    return present


@compiled
def cell(scaled, values, decimals, i, j):
    """Give a cell's value, NaN for no sample."""
    if i >= len(scaled):
        return values[i - len(scaled), j]
    if scaled[i, j] == ABSENT:
        return math.nan
    return scaled[i, j] / TENS[decimals[i]]


@compiled
def blank(scaled, values, i, j):
    if i >= len(scaled):
        values[i - len(scaled), j] = math.nan
    else:
        scaled[i, j] = ABSENT


@compiled
def stays_quiet_throughout(pts, wake, p, times, row, decimals, logged_ms):
    """Take a whole scaled row with which nothing can begin or end, whenever it is judged.

    The value held before must be inside too: with it a limit that comes into force meanwhile
    finds nothing to begin, so this row need not wait for its turn among the others.

    Returns:
        How many samples that were, -1 if the row must be judged one by one.
    """
    point = pts[p]
    if point.busy or point.decimals != decimals or times[0] <= point.last_ms:
        return -1
    if not point.low_bar <= point.last_value <= point.high_bar:
        return -1
    low, high, outside, absent = point.low_scaled, point.high_scaled, 0, 0
    for j in range(len(row)):
        outside += (row[j] < low) | (row[j] > high)
        absent += row[j] == ABSENT
    if outside > absent:
        return -1
    last = len(row) - 1
    if absent:
        while last >= 0 and row[last] == ABSENT:
            last -= 1
        if last < 0:
            return 0
    point.last_ms = times[last]
    point.last_value = row[last] / TENS[decimals]
    point.arrived_ms = logged_ms
    wake[p] = logged_ms + point.quiet_ms
    return len(row) - absent


@compiled
def begin_block(
    pts, wake, row_of, tally, ids, idx, order, decimals, times, scaled, values, logged_ms
):
    """Find the points' rows, count, take all quiet rows; leave in ``order`` those to be judged.

    Of those the points that tell a unit's state come first.
    """
    states, left = 0, 0
    for i in range(len(ids)):
        p = np.int64(row_of[ids[i]]) if 0 <= ids[i] < len(row_of) else np.int64(-1)
        idx[i] = p
        if p < 0:
            tally[UNKNOWN] += count_row(scaled, values, i)
            continue
        quiet = np.int64(-1)
        if i < len(scaled) and not pts[p].is_state:
            quiet = stays_quiet_throughout(pts, wake, p, times, scaled[i], decimals[i], logged_ms)
        if quiet >= 0:
            tally[PRESENT] += quiet
            continue
        tally[PRESENT] += count_row(scaled, values, i)
        order[left] = i
        if pts[p].is_state:
            # Into its place among the states; the one that stood there goes to the end.
            order[left], order[states] = order[states], i
            states += 1
        left += 1
    tally[STATES], tally[LEFT] = states, left


@compiled
def block_loop(
    pts, sl, un, wake, rows, tally, row_of, ids, idx, order, decimals, times, scaled, values, seq,
    logged_ms,
):  # fmt: skip
    """Judge a block time by time; give True when it is done, False when room is needed."""
    if tally[BEGUN] == 0:
        tally[BEGUN] = 1
        begin_block(
            pts, wake, row_of, tally, ids, idx, order, decimals, times, scaled, values, logged_ms
        )
    n_state, n = tally[STATES], tally[LEFT]
    first = tally[GO_ON] % max(n, 1)
    for j in range(tally[GO_ON] // max(n, 1), len(times) if n else 0):
        at_ms = times[j]
        for place in range(first, n):
            i = order[place]
            p, value = np.int64(idx[i]), cell(scaled, values, decimals, i, j)
            if math.isnan(value) or is_late(pts, p, at_ms, logged_ms):
                continue
            if at_ms == pts[p].last_ms:
                blank(scaled, values, i, j)
                tally[DOUBLED] += 1
                continue
            if place >= n_state and stays_quiet(pts, wake, p, at_ms, value, logged_ms):
                continue
            tally[ROOM] = room_for(pts, un, p)
            if len(rows) - tally[COUNT] < tally[ROOM]:
                tally[GO_ON] = j * n + place
                return False
            if place < n_state:
                tell_state(pts, sl, un, wake, rows, tally, p, value, at_ms, logged_ms, seq)
            take_sample(pts, sl, un, wake, rows, tally, p, at_ms, value, logged_ms, seq)
        first = 0
    return True


@compiled
def find_rows(row_of, tally, ids, idx, scaled, values):
    """Find the points' rows and count, for a block that is not to be judged."""
    for i in range(len(ids)):
        idx[i] = row_of[ids[i]] if 0 <= ids[i] < len(row_of) else -1
        tally[PRESENT if idx[i] >= 0 else UNKNOWN] += count_row(scaled, values, i)


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
def rearm_loop(pts, sl, un, wake, now_ms):
    """Let silence count from a moment, and nothing from after it, for all points."""
    for p in range(len(pts)):
        pts[p].arrived_ms = min(pts[p].arrived_ms, now_ms)
        pts[p].armed_ms = now_ms if pts[p].missing_ms > 0 else min(pts[p].armed_ms, now_ms)
        settle(pts, sl, un, wake, p)


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
def least_scaled(bound, decimals):
    """Give the least scaled value whose value is not below a bound, exactly; see `plant_door`."""
    ten = TENS[decimals]
    if not abs(bound) * ten < LARGEST + 1:
        return np.int64(-LARGEST if bound < 0 else LARGEST + 1)
    scaled = math.ceil(bound * ten)
    while (scaled - 1) / ten >= bound:
        scaled -= 1
    while scaled / ten < bound:
        scaled += 1
    return np.int64(max(scaled, -LARGEST))


@compiled
def apply_loop(
    pts, sl, un, wake, rows, tally, p, unit, is_state, decimals, limits, missing_ms, missing_mask,
    now_ms, seq,
):  # fmt: skip
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
    point.decimals = decimals
    point.low_scaled = least_scaled(point.low_bar, decimals)
    point.high_scaled = -least_scaled(-point.high_bar, decimals)
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
