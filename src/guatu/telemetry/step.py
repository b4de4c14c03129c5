"""One step of the engine: a message of the log changes the state and gives events.

Nothing here looks at a clock, a disk or a network: the same messages give the same events and the
same segments, on whichever machine and whenever.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from guatu.access.messages import (
    SLOTS,
    STAGE_OF_SLOT,
    Acknowledge,
    Configure,
    Event,
    ForgetQuarantine,
    alarm_key,
    read_alarm_key,
)
from guatu.access.problems import RefusedError
from guatu.access.validate import read_command
from guatu.telemetry import kernels, marks
from guatu.telemetry.conduct import Conduct, Quarantined
from guatu.telemetry.counted import (
    COUNTED,
    COUNTED_OF_REASON,
    DOUBLED_TIME,
    RECEIVED,
    STORED,
    UNKNOWN_POINT,
)
from guatu.telemetry.follow import Entry
from guatu.telemetry.frame import FrameBeat, FrameError, read_frame
from guatu.telemetry.history.sort import Block
from guatu.telemetry.log import COMMAND, FRAME, OWN_ALARMS, TICK
from guatu.telemetry.state import PartitionState

logger = logging.getLogger("engine")

KINDS = {kernels.RAISED: "raised", kernels.CLEARED: "cleared", kernels.ACKNOWLEDGED: "acknowledged"}
WHYS = {
    kernels.NO_WHY: "",
    kernels.RETURNED: "returned",
    kernels.INACTIVE: "inactive",
    kernels.LIMIT_CHANGED: "limit_changed",
}


AWAY_MS = 5_000
"""Ticks come every second; after a longer pause the house itself was away."""
SET_BACK_TICKS = 5
"""So many ticks in a row that lie far behind: the house's clock was set back. Fewer come of two
gateways whose clocks differ, where they take turns."""
GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples, without their whole part, lie well apart however many they are."""
PLANNED_STOP = {"limit_changed": "planned_stop"}
"""To the kernel a stop changes limits; to people it does not."""


@dataclass(slots=True)
class Arrivals:
    """Samples since the last cut: in memory, and in the log.

    Args:
        blocks: in the order of the log.
        samples: cells in them, absent ones counted too.
        of_plant: the blocks of each plant.
    """

    blocks: list[Block] = field(default_factory=list)
    samples: int = 0
    of_plant: dict[int, list[Block]] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        """Take a block."""
        self.blocks.append(block)
        self.samples += block.cells.size + (len(block.marked) if block.marked else 0)
        self.of_plant.setdefault(block.plant, []).append(block)


@dataclass(slots=True)
class Engine:
    """The steps of one partition.

    Args:
        partition: its number, part of event ids.
        cut_ms: see `EngineSettings`.
        cut_samples: see `EngineSettings`.
    """

    partition: int
    state: PartitionState
    cut_ms: int
    cut_samples: int
    arrivals: Arrivals = field(default_factory=Arrivals)
    cut_due: bool = False
    _out: kernels.EventBuffer = field(default_factory=kernels.EventBuffer)

    def step(self, entry: Entry) -> list[dict[str, Any]]:
        """Take one message; gives its events in the form of `Event.as_json`.

        Raises:
            OtherVersion: of beats; nothing has changed then.
        """
        kind = entry.payload[0] if entry.payload else 0
        events: list[dict[str, Any]] = []
        try:
            if kind == FRAME:
                for beat in read_frame(bytearray(entry.payload)):
                    self._beat(beat, entry.sequence)
                    if self._out.count:
                        self._tell(events, entry.sequence, beat.received_ms)
            elif kind == TICK:
                tick = orjson.loads(entry.payload[1:])
                if "note" in tick:
                    self._note(tick["note"])
                self._tick(events, int(tick["at_ms"]), entry.sequence)
                self._tell(events, entry.sequence, self.state.tick_ms)
            elif kind == COMMAND:
                self._command(events, entry)
            elif kind == OWN_ALARMS:
                self._own_alarms(events, entry, orjson.loads(entry.payload[1:]))
            else:
                logger.error("message %d is of no known kind", entry.sequence)
        except (FrameError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            # Not ours to stop for: the log holds it, and everything behind it waits.
            logger.exception("message %d not understood: %s", entry.sequence, error)  # noqa: TRY401
        self.state.sequence = entry.sequence
        return events

    def _beat(self, beat: FrameBeat, sequence: int) -> None:
        state = self.state
        counts, conduct = state.counts_of(beat.plant), state.conduct_of(beat.plant)
        self._hear(beat.plant, beat.sent_ms, beat.received_ms, sequence)
        if beat.is_heartbeat or not len(beat.ids):
            conduct.heartbeat_ms = beat.received_ms
            if beat.is_heartbeat:
                return
        left_out = int(beat.rejected[:, 1].sum()) if len(beat.rejected) else 0
        reason = state.beats_of(beat.plant).reason_against(beat.epoch, beat.beat)
        if reason:
            lost = kernels.place_block(state.row_of, beat.ids, beat.cells, self._out)
            samples = lost.present + lost.unknown + left_out
            counts[RECEIVED] += samples
            counts[COUNTED.index(reason)] += samples
            conduct.doubled_beats += 1
            return
        conduct.beats += 1
        if left_out:
            counts[RECEIVED] += left_out
            for number, samples in beat.rejected.tolist():
                counts[COUNTED_OF_REASON[number]] += samples
        self._samples(beat, sequence, counts, conduct)

    def _hear(self, plant: int, sent_ms: int, received_ms: int, sequence: int) -> None:
        """Note that a plant lives, and what its clock shows; 0 where it does not say."""
        self.state.hear(plant, received_ms, sequence=sequence, out=self._out)
        if sent_ms:
            self.state.conduct_of(plant).clock.measure(sent_ms, received_ms)

    def _own_alarms(
        self, events: list[dict[str, Any]], entry: Entry, message: dict[str, Any]
    ) -> None:
        """Hand on what a plant's own system said, in the order of the log."""
        plant, received_ms = int(message["plant"]), int(message["received_ms"])
        self._hear(plant, int(message["sent_ms"]), received_ms, entry.sequence)
        for own in message["alarms"]:
            self._say(events, entry, "own_alarm", plant, int(own["at"]), own=own)

    def _samples(self, beat: FrameBeat, sequence: int, counts: list[int], conduct: Conduct) -> None:
        """Judge and keep what a new beat carries."""
        state = self.state
        bad = marks.set_aside_bad(beat) if len(beat.marks) else None
        if beat.backfill:
            found = kernels.place_block(state.row_of, beat.ids, beat.cells, self._out)
        else:
            if conduct.clock.jump_ms and len(beat.cells.times):
                state.follow_jump(beat.plant, beat.cells.times, beat.received_ms)
            found = kernels.judge_block(
                state.judge,
                state.row_of,
                beat.ids,
                beat.cells,
                sequence,
                beat.received_ms,
                self._out,
            )
        stored = found.present - found.doubled
        counts[RECEIVED] += found.present + found.unknown
        counts[UNKNOWN_POINT] += found.unknown
        counts[DOUBLED_TIME] += found.doubled
        counts[STORED] += stored
        told = marks.NONE if bad is None else marks.account_for(state, beat, bad, found.rows)
        stored += told.bad
        if beat.backfill:
            conduct.backfilled += stored
        else:
            conduct.late += marks.late_samples(beat, conduct)
            conduct.bad += told.bad
            conduct.uncertain += told.uncertain
        if stored:
            conduct.sampled_ms = beat.received_ms
            self.arrivals.add(Block(sequence, beat.plant, found.rows, beat.cells, told.marked))

    def _note(self, note: dict[str, Any]) -> None:
        """Take what a gateway tells of messages that never became beats."""
        state = self.state
        if not state.is_new_note(str(note["gateway"]), int(note["number"])):
            return
        for plant, refused in note["refused"]:
            for code, messages in refused.items():
                state.conduct_of(int(plant)).refuse(str(code), int(messages))
        for plant, *example in note["examples"]:
            state.conduct_of(int(plant)).set_aside(Quarantined(*example))

    def _tick(self, events: list[dict[str, Any]], at_ms: int, sequence: int) -> None:
        state = self.state
        if at_ms <= state.tick_ms and not self._is_set_back(at_ms):
            self._see_whether_to_cut()
            return
        if state.tick_ms and abs(at_ms - state.tick_ms) > AWAY_MS:
            # No gateway or no log meanwhile: the plants spoke, and nobody was there to hear. Or
            # the clock was set back, and nothing may count from what is still to come.
            kernels.rearm(state.judge, at_ms)
        state.take_time(at_ms)
        # A stop that begins at this tick comes before what silence makes due at it.
        state.turn_stops(at_ms, sequence, self._out)
        self._tell(events, sequence, at_ms, instead=PLANNED_STOP)
        kernels.judge_tick(state.judge, at_ms, sequence, self._out)
        self._see_whether_to_cut()

    def _is_set_back(self, at_ms: int) -> bool:
        """Count ticks that lie far behind the last; True once there are enough in a row."""
        state = self.state
        state.behind = state.behind + 1 if at_ms < state.tick_ms - AWAY_MS else 0
        if state.behind < SET_BACK_TICKS:
            return False
        logger.warning("the clock was set back by %.0f s", (state.tick_ms - at_ms) / 1000)
        return True

    def _see_whether_to_cut(self) -> None:
        state = self.state
        # Were all partitions cut at one tick, all would be held up by it together.
        own_ms = int(self.cut_ms * (self.partition * GOLDEN % 1))
        turns = [(at_ms - own_ms) // self.cut_ms for at_ms in (state.tick_ms, state.cut_tick_ms)]
        is_turn = turns[0] != turns[1] and state.tick_ms - state.cut_tick_ms >= self.cut_ms / 2
        self.cut_due = is_turn or self.arrivals.samples >= self.cut_samples

    def _command(self, events: list[dict[str, Any]], entry: Entry) -> None:
        now_ms = self.state.tick_ms or entry.logged_ms
        try:
            command = read_command(orjson.loads(entry.payload[1:]))
        except RefusedError as refused:
            self._say(events, entry, "refused_command", 0, now_ms, why=refused.problem.code)
            return
        match command:
            case Configure(config=config):
                held = self.state.held_stops(config.plant)
                if self.state.configure(
                    config, now_ms=now_ms, sequence=entry.sequence, out=self._out
                ):
                    begun = self.state.held_stops(config.plant) - held
                    instead = PLANNED_STOP if begun else None
                    self._tell(events, entry.sequence, entry.logged_ms, instead=instead)
                    self._say(
                        events, entry, "configured", config.plant, now_ms, version=config.version
                    )
            case Acknowledge():
                self._acknowledge(events, entry, command)
            case ForgetQuarantine(plant=plant):
                self.state.conduct_of(plant).quarantine.clear()

    def _acknowledge(
        self, events: list[dict[str, Any]], entry: Entry, command: Acknowledge
    ) -> None:
        key = read_alarm_key(command.alarm)
        row = self.state.row(key[0]) if key else -1
        done = (
            key is not None
            and row >= 0
            and kernels.acknowledge(self.state.judge, row, key[1], key[2], command.at_ms, self._out)
        )
        if done:
            self._tell(events, entry.sequence, entry.logged_ms, by=command.by)
        else:
            plant = int(self.state.plant_of[row]) if row >= 0 else 0
            self._say(
                events,
                entry,
                "refused_command",
                plant,
                command.at_ms,
                why="unknown_alarm",
                alarm=command.alarm,
                by=command.by,
            )

    def _say(
        self,
        events: list[dict[str, Any]],
        entry: Entry,
        kind: str,
        plant: int,
        at_ms: int,
        **facts: Any,  # noqa: ANN401
    ) -> None:
        event = Event(
            id=f"{self.partition}:{entry.sequence}:{len(events)}",
            kind=kind,
            plant=plant,
            at_ms=at_ms,
            logged_ms=entry.logged_ms,
            **facts,
        )
        events.append(event.as_json())

    def _tell(
        self,
        events: list[dict[str, Any]],
        sequence: int,
        logged_ms: int,
        *,
        by: str = "",
        instead: Mapping[str, str] | None = None,
    ) -> None:
        """Turn what the kernel wrote into events; `instead` gives better words for its whys."""
        state = self.state
        for row in self._out.rows[: self._out.count].tolist():
            kind, slot, why, unit_state, point_row, began, at_ms, value, limit = row
            point = int(state.ids[point_row])
            event = Event(
                id=f"{self.partition}:{sequence}:{len(events)}",
                kind=KINDS[kind],
                plant=int(state.plant_of[point_row]),
                at_ms=at_ms,
                logged_ms=logged_ms,
                alarm=alarm_key(point, slot, began),
                unit=int(state.unit_of[point_row]) or None,
                point=point,
                slot=SLOTS[slot],
                stage=STAGE_OF_SLOT[slot],
                value=None if math.isnan(value) else value,
                limit=None if math.isnan(limit) else limit,
                unit_state=None if unit_state < 0 else unit_state,
                why=(instead or {}).get(WHYS[why], WHYS[why]),
                by=by,
            )
            events.append(event.as_json())
        self._out.clear()

    def take_cut(self) -> Arrivals:
        """Begin a new segment; gives what the last one holds."""
        arrivals, self.arrivals = self.arrivals, Arrivals()
        state = self.state
        state.cut_sequence, state.cut_tick_ms = state.sequence, state.tick_ms
        state.cuts = [*state.cuts[-63:], [state.tick_ms, state.sequence]]
        self.cut_due = False
        return arrivals
