"""How one point is judged: the reference, plain and slow, that the compiled kernel must equal.

A pure step: ``judge(state, happening) -> (state, events)``. Everything that can happen to a
point is a value: a sample, a tick, its unit entering a state, another configuration, an
acknowledgement. Two clocks appear and are never mixed: ``at_ms`` is the plant's (samples),
``logged_ms`` the gateway's (arrivals, ticks, silence).

The rules, once:

1. A sample is judged by its own time. Newer than the point's last: judged. The same time: a
   double, nothing happens. Older: late, nothing is judged by it; but where the last one lies in
   the future and this one does not, a clock was set right, and time goes on from this one.
2. Between samples the last value holds. When a delay has run out, its step takes effect at
   the moment it ran out, no matter who lets it be known, a tick or the next sample.
3. At a tick a point's clock reads its last sample's time plus what the gateway's clock has
   gone on since that sample arrived: a plant's wrong clock neither hurries nor delays.
4. RISING while beyond the limit; raised after the on delay. FALLING while returned; cleared
   after the off delay. What is neither ends RISING and ends FALLING, and nothing more.
5. A limit out of force (its unit left the limit's states) says what was due, clears with
   ``inactive``, rests. Come into force, it judges the value held from that moment.
6. A point is silent when nothing newer has arrived for ``missing_after_ms`` since its last
   arrival, its configuration or its unit entering a watched state, whichever is latest. (Where
   the house itself was away, the engine lets it count from the return.)
7. A limit that is changed or removed says what was due, clears with ``limit_changed`` and
   starts afresh on the value held. What is not changed does not notice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from guatu.core.alarms.limits import LIMIT_SLOTS, AlarmLimit, Slot

BEGINNINGS_A_SEQUENCE = 1024
AHEAD_MS = 5_000
"""How far after its arrival a sample's time may lie and still be of the present."""
FRESH_MS = 60_000
"""How far before."""


def supersedes(at_ms: int, logged_ms: int, last_ms: int | None) -> bool:
    """Whether a sample is judged (rule 1).

    Args:
        at_ms: its time.
        logged_ms: when it was logged.
        last_ms: time of the point's last judged sample.
    """
    if last_ms is None or at_ms > last_ms:
        return True
    is_present = logged_ms - FRESH_MS <= at_ms <= logged_ms + AHEAD_MS
    return is_present and last_ms > logged_ms + AHEAD_MS


class Phase(Enum):
    """Where a slot stands; FALLING is still active."""

    QUIET = 0
    RISING = 1
    ACTIVE = 2
    FALLING = 3

    @property
    def is_active(self) -> bool:
        """Whether the alarm is on."""
        return self in (Phase.ACTIVE, Phase.FALLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointConfig:
    """What a point is judged by.

    Attributes:
        limits: at most one a slot.
        missing_after_ms: silence allowed; None is not watched.
        missing_states: the unit states in which it is watched; empty means all.
    """

    limits: tuple[AlarmLimit, ...] = ()
    missing_after_ms: int | None = None
    missing_states: frozenset[int] = frozenset()

    def limit_in(self, slot: Slot) -> AlarmLimit | None:
        """Give the limit of a slot, if it has one."""
        return next((limit for limit in self.limits if limit.slot is slot), None)

    def watches_in(self, unit_state: int | None) -> bool:
        """Tell whether silence counts in a unit state."""
        return self.missing_after_ms is not None and (
            not self.missing_states or unit_state in self.missing_states
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """Where one slot stands, since when, and its latest alarm's identity (0 before the first)."""

    phase: Phase = Phase.QUIET
    since_ms: int = 0
    began: int = 0
    acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PointState:
    """All that judging remembers of one point."""

    config: PointConfig
    arrived_ms: int
    armed_ms: int
    unit_state: int | None = None
    last_ms: int | None = None
    last_value: float | None = None
    slots: dict[Slot, SlotState] = field(
        default_factory=lambda: {slot: SlotState() for slot in Slot}
    )

    def clock(self, gateway_ms: int) -> int | None:
        """Read the point's clock at a moment of the gateway's; None before the first sample."""
        if self.last_ms is None:
            return None
        return self.last_ms + max(0, gateway_ms - self.arrived_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value the plant sent."""

    at_ms: int
    value: float
    logged_ms: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time, as a message."""

    tick_ms: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntered:
    """The point's unit enters another state."""

    unit_state: int
    at_ms: int
    logged_ms: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """Another configuration takes effect."""

    config: PointConfig
    now_ms: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A person has seen an alarm."""

    slot: Slot
    began: int
    at_ms: int


Happening = Sample | Tick | StateEntered | Configured | Acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvent:
    """What judging says: ``kind`` is raised, cleared or acknowledged; ``why`` is for cleared."""

    kind: str
    slot: Slot
    began: int
    at_ms: int
    value: float | None
    limit: float
    unit_state: int | None
    why: str = ""


def begin(config: PointConfig, *, now_ms: int) -> PointState:
    """Give the state of a point that is configured at this moment of the gateway's clock."""
    return PointState(config=config, arrived_ms=now_ms, armed_ms=now_ms)


def judge(state: PointState, happening: Happening) -> tuple[PointState, list[AlarmEvent]]:
    """Let one thing happen to a point.

    Returns:
        The state after it, and what was said, in order.
    """
    pen = _Pen(state)
    match happening:
        case Sample():
            _take_sample(pen, happening)
        case Tick():
            _let_tick(pen, happening)
        case StateEntered():
            _enter_state(pen, happening)
        case Configured():
            _configure(pen, happening)
        case Acknowledged():
            _acknowledge(pen, happening)
    return pen.state, pen.events


class _Pen:
    """The state being written during one step, and the events said so far."""

    def __init__(self, state: PointState) -> None:
        self.state = state
        self.events: list[AlarmEvent] = []

    def set(self, slot: Slot, phase: Phase, since_ms: int) -> None:
        changed = replace(self.state.slots[slot], phase=phase, since_ms=since_ms)
        self.state = replace(self.state, slots={**self.state.slots, slot: changed})

    def say(self, kind: str, slot: Slot, at_ms: int, why: str = "") -> None:
        if slot is Slot.MISSING:
            value, limit = None, (self.state.config.missing_after_ms or 0) / 1000
        else:
            held = self.state.config.limit_in(slot)
            value, limit = self.state.last_value, held.value if held else 0.0
        self.events.append(
            AlarmEvent(
                kind=kind,
                slot=slot,
                began=self.state.slots[slot].began,
                at_ms=at_ms,
                value=value,
                limit=limit,
                unit_state=self.state.unit_state,
                why=why,
            )
        )

    def raise_alarm(self, slot: Slot, at_ms: int, seq: int) -> None:
        last = self.state.slots[slot]
        began = max(seq * BEGINNINGS_A_SEQUENCE, last.began + 1)
        raised = SlotState(phase=Phase.ACTIVE, since_ms=at_ms, began=began)
        self.state = replace(self.state, slots={**self.state.slots, slot: raised})
        self.say("raised", slot, at_ms)

    def set_clock_back(self, at_ms: int) -> None:
        """Let no phase of a limit have begun in what turned out to be the future."""
        for slot in LIMIT_SLOTS:
            now = self.state.slots[slot]
            if now.since_ms > at_ms:
                self.set(slot, now.phase, at_ms)

    def clear_alarm(self, slot: Slot, at_ms: int, why: str) -> None:
        # An alarm that a tick raised may lie after the sample that ends it.
        at_ms = max(at_ms, self.state.slots[slot].since_ms)
        self.say("cleared", slot, at_ms, why)
        self.set(slot, Phase.QUIET, at_ms)


def _limits_in_force(state: PointState) -> Iterator[tuple[Slot, AlarmLimit]]:
    for slot in LIMIT_SLOTS:
        limit = state.config.limit_in(slot)
        if limit is not None and limit.is_active_in(state.unit_state):
            yield slot, limit


def _let_time_pass(pen: _Pen, slot: Slot, limit: AlarmLimit, until_ms: int, seq: int) -> None:
    """Rule 2: hold the last value until a moment."""
    now = pen.state.slots[slot]
    if now.phase is Phase.RISING and until_ms - now.since_ms >= limit.on_delay_ms:
        pen.raise_alarm(slot, now.since_ms + limit.on_delay_ms, seq)
    elif now.phase is Phase.FALLING and until_ms - now.since_ms >= limit.off_delay_ms:
        pen.clear_alarm(slot, now.since_ms + limit.off_delay_ms, "returned")


def _take_sample(pen: _Pen, sample: Sample) -> None:
    last_ms = pen.state.last_ms
    if not supersedes(sample.at_ms, sample.logged_ms, last_ms):
        return
    if last_ms is not None and sample.at_ms < last_ms:
        pen.set_clock_back(sample.at_ms)
    for slot, limit in _limits_in_force(pen.state):
        if sample.at_ms > pen.state.slots[slot].since_ms:
            _let_time_pass(pen, slot, limit, sample.at_ms, sample.seq)
    pen.state = replace(
        pen.state, last_ms=sample.at_ms, last_value=sample.value, arrived_ms=sample.logged_ms
    )
    for slot, limit in _limits_in_force(pen.state):
        _take_value(pen, slot, limit, sample)
    if pen.state.slots[Slot.MISSING].phase.is_active:
        pen.clear_alarm(Slot.MISSING, sample.logged_ms, "returned")


def _take_value(pen: _Pen, slot: Slot, limit: AlarmLimit, sample: Sample) -> None:
    """Rule 4."""
    now = pen.state.slots[slot]
    beyond, returned = limit.is_beyond(sample.value), limit.has_returned(sample.value)
    match now.phase:
        case Phase.QUIET if beyond:
            pen.set(slot, Phase.RISING, sample.at_ms)
        case Phase.RISING if not beyond:
            pen.set(slot, Phase.QUIET, sample.at_ms)
        case Phase.ACTIVE if returned:
            pen.set(slot, Phase.FALLING, max(sample.at_ms, now.since_ms))
        case Phase.FALLING if not returned:
            pen.set(slot, Phase.ACTIVE, max(sample.at_ms, now.since_ms))
        case _:
            pass
    _let_time_pass(pen, slot, limit, sample.at_ms, sample.seq)


def _let_tick(pen: _Pen, tick: Tick) -> None:
    here_ms = pen.state.clock(tick.tick_ms)
    if here_ms is not None:
        for slot, limit in _limits_in_force(pen.state):
            _let_time_pass(pen, slot, limit, here_ms, tick.seq)
    config = pen.state.config
    quiet = pen.state.slots[Slot.MISSING].phase is Phase.QUIET
    if quiet and config.missing_after_ms is not None and config.watches_in(pen.state.unit_state):
        due_ms = max(pen.state.arrived_ms, pen.state.armed_ms) + config.missing_after_ms
        if tick.tick_ms >= due_ms:
            pen.raise_alarm(Slot.MISSING, due_ms, tick.seq)


def _leave(pen: _Pen, slot: Slot, at_ms: int, why: str, seq: int) -> None:
    """Put a slot out of force: what was due is said, an active alarm clears, it rests."""
    limit = None if slot is Slot.MISSING else pen.state.config.limit_in(slot)
    if limit is not None:
        _let_time_pass(pen, slot, limit, at_ms, seq)
    if pen.state.slots[slot].phase.is_active:
        pen.clear_alarm(slot, at_ms, why)
    pen.set(slot, Phase.QUIET, pen.state.slots[slot].since_ms)


def _begin_holding(pen: _Pen, slot: Slot, limit: AlarmLimit, at_ms: int) -> None:
    """Bring a limit into force: it judges the value held, from this moment."""
    last_ms, value = pen.state.last_ms, pen.state.last_value
    if last_ms is not None and value is not None and limit.is_beyond(value):
        pen.set(slot, Phase.RISING, max(at_ms, last_ms))


def _enter_state(pen: _Pen, entered: StateEntered) -> None:
    """Rule 5. While limits leave, events still tell the state that is being left."""
    old, new = pen.state.unit_state, entered.unit_state
    if new == old:
        return
    config = pen.state.config
    for slot in LIMIT_SLOTS:
        limit = config.limit_in(slot)
        if limit is None:
            continue
        before, after = limit.is_active_in(old), limit.is_active_in(new)
        if before and not after:
            _leave(pen, slot, entered.at_ms, "inactive", entered.seq)
        elif after and not before:
            _begin_holding(pen, slot, limit, entered.at_ms)
    before, after = config.watches_in(old), config.watches_in(new)
    if before and not after:
        _leave(pen, Slot.MISSING, entered.logged_ms, "inactive", entered.seq)
    elif after and not before:
        pen.state = replace(pen.state, armed_ms=entered.logged_ms)
    pen.state = replace(pen.state, unit_state=new)


def _configure(pen: _Pen, configured: Configured) -> None:
    """Rule 7."""
    old, new = pen.state.config, configured.config
    here_ms = pen.state.clock(configured.now_ms)
    changed = [slot for slot in LIMIT_SLOTS if old.limit_in(slot) != new.limit_in(slot)]
    for slot in changed:
        if here_ms is not None:
            _leave(pen, slot, here_ms, "limit_changed", configured.seq)
    silence = (new.missing_after_ms, new.missing_states)
    rewatched = (old.missing_after_ms, old.missing_states) != silence
    if rewatched:
        _leave(pen, Slot.MISSING, configured.now_ms, "limit_changed", configured.seq)
        if not old.watches_in(pen.state.unit_state):
            pen.state = replace(pen.state, armed_ms=configured.now_ms)
    pen.state = replace(pen.state, config=new)
    for slot, limit in _limits_in_force(pen.state):
        if slot in changed and here_ms is not None:
            _begin_holding(pen, slot, limit, here_ms)


def _acknowledge(pen: _Pen, seen: Acknowledged) -> None:
    now = pen.state.slots[seen.slot]
    if now.began != seen.began or now.began == 0 or now.acknowledged:
        return
    noted = replace(now, acknowledged=True)
    pen.state = replace(pen.state, slots={**pen.state.slots, seen.slot: noted})
    pen.say("acknowledged", seen.slot, seen.at_ms)
