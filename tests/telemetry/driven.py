"""Gateway's reading and engine's judging in one process, under a clock that a test drives.

No log server, no sockets, no waiting: what a plant sends is read as the gateway reads it, laid
down as the log would hold it, and taken as the engine takes it, message by message.
"""

from __future__ import annotations

from typing import Any

import orjson

from guatu.access.messages import Configure, PlantConfig
from guatu.access.problems import RefusedError
from guatu.telemetry.examples import examples_of
from guatu.telemetry.follow import Entry
from guatu.telemetry.frame import beat_bytes, frame_bytes, heartbeat
from guatu.telemetry.intake import Taken, take_beat
from guatu.telemetry.notes import Notes
from guatu.telemetry.plant_door import PlantDoor
from guatu.telemetry.state import PartitionState
from guatu.telemetry.step import Engine


class Driven:
    """A partition with its plants' doors.

    Args:
        now_ms: the gateway's clock at the beginning.
    """

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.engine = Engine(0, PartitionState(), cut_ms=10**12, cut_samples=10**12)
        self.doors: dict[str, PlantDoor] = {}
        self.events: list[dict[str, Any]] = []
        self.messages: list[Entry] = []
        self.notes = Notes()

    @property
    def state(self) -> PartitionState:
        """The engine's."""
        return self.engine.state

    def _log(self, payload: bytes) -> None:
        entry = Entry(len(self.messages) + 1, self.now_ms, payload)
        self.messages.append(entry)
        self.events += self.engine.step(entry)

    def configure(self, config: PlantConfig) -> None:
        """Give a plant its configuration, at engine and door."""
        self._log(b"C" + orjson.dumps(Configure(config=config).as_json()))
        self.doors[config.code] = PlantDoor(config, 0)

    def send(self, code: str, body: bytes) -> Taken | RefusedError:
        """Let a plant send a body; gives what the gateway makes of it."""
        door = self.doors[code]
        try:
            taken = take_beat(door, body, self.now_ms)
        except RefusedError as refused:
            self.notes.refuse(door.config.plant, refused.problem.code)
            return refused
        examples = examples_of(door, body, taken, self.now_ms)
        self.notes.set_aside(door.config.plant, examples)
        self._log(frame_bytes([beat_bytes(taken.beat)]))
        return taken

    def live(self, plant: int) -> None:
        """Let a plant give a sign of life."""
        self._log(frame_bytes([beat_bytes(heartbeat(plant, self.now_ms, self.now_ms))]))

    def tick(self, at_ms: int) -> None:
        """Let the time be this, and everybody know."""
        self.now_ms = at_ms
        note = self.notes.next()
        tick = {"at_ms": at_ms} if note is None else {"at_ms": at_ms, "note": note}
        self._log(b"T" + orjson.dumps(tick))
        self.notes.told()

    def restart(self) -> None:
        """Put the engine's state through a checkpoint, as a killed process would."""
        snapshot = self.state.snapshot()
        assert snapshot.still is not None
        still, moving = snapshot.still, snapshot.moving
        again = orjson.loads(orjson.dumps(still.meta)), orjson.loads(orjson.dumps(moving.meta))
        kept = type(still)(still.arrays, again[0]), type(moving)(moving.arrays, again[1])
        state = PartitionState.restored(*kept)
        # As on a disk that has the newest still part only once a cut has written it.
        state.still_stored = -1
        self.engine = Engine(0, state, cut_ms=10**12, cut_samples=10**12)

    def said(self, *kinds: str) -> list[tuple[str, int | None, str, int, str]]:
        """What the engine told so far: kind, point, slot, time, why."""
        return [
            (e["kind"], e["point"], e["slot"], e["at_ms"], e["why"])
            for e in self.events
            if e["kind"] in kinds
        ]
