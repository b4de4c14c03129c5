"""How a plant conducts itself on the wire: what the data-quality page tells of it.

All of it is part of the engine's state and changes only by messages of the log, so it is exact
across restarts of every process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STEP_MS = 5_000
STEPPED_BACK_AFTER = 3
RISE, FALL = 0.5, 1 / 16
MOST_QUARANTINED = 40


@dataclass(slots=True)
class Clock:
    """What is known of a plant's clock, from when it says that it sent and when that came.

    A message's delay makes a clock seem slow, never fast. So an estimate follows quickly where
    it must rise and slowly where it must fall, a jump forward is believed at once, and a jump
    back only when several messages in a row agree.

    Args:
        offset_ms: the plant's clock minus the gateway's; None until it was said.
        measured_ms: when it was last measured, gateway's clock; 0 for never.
        steps: how often it jumped.
        astray: measurements in a row that lie far below the estimate.
        jump_ms: of its jumps, what the times of samples have not borne out yet.
    """

    offset_ms: float | None = None
    measured_ms: int = 0
    steps: int = 0
    astray: int = 0
    jump_ms: int = 0

    def measure(self, sent_ms: int, received_ms: int) -> None:
        """Take one measurement.

        Args:
            sent_ms: the plant's clock when it sent.
            received_ms: the gateway's when that came.
        """
        measured, self.measured_ms = float(sent_ms - received_ms), received_ms
        if self.offset_ms is None:
            self.offset_ms = measured
            return
        away = measured - self.offset_ms
        self.astray = self.astray + 1 if away < -STEP_MS else 0
        if away > STEP_MS or self.astray >= STEPPED_BACK_AFTER:
            self.steps, self.astray, self.offset_ms = self.steps + 1, 0, measured
            self.jump_ms += round(away)
        elif not self.astray:
            self.offset_ms += away * (RISE if away > 0 else FALL)

    def take_jump(self, samples_ms: int) -> int:
        """Say how much of a jump the times of samples bear out; asked once for each jump.

        One wrong word of when a message was sent, or a network that is slow for a while, looks
        like a jump, too. Then the samples go on where they were.

        Args:
            samples_ms: by how much more the samples' times grew than time here did.
        """
        jump_ms, self.jump_ms = self.jump_ms, 0
        if jump_ms > 0:
            return min(jump_ms, max(samples_ms, 0))
        return max(jump_ms, min(samples_ms, 0))


@dataclass(slots=True)
class Quarantined:
    """Samples of one point that were left out for one reason; fields as `query.Quarantined`."""

    reason: str
    where: str
    count: int
    value: str
    at_ms: int
    first_ms: int
    last_ms: int

    def as_json(self) -> list[Any]:
        """Give a form for the checkpoint and for answers."""
        return [getattr(self, name) for name in self.__slots__]


@dataclass(slots=True)
class Conduct:
    """What is known of one plant besides its samples; fields as `query.PlantQuality`."""

    uncertain: int = 0
    bad: int = 0
    late: int = 0
    backfilled: int = 0
    beats: int = 0
    doubled_beats: int = 0
    sampled_ms: int = 0
    heartbeat_ms: int = 0
    clock: Clock = field(default_factory=Clock)
    refused: dict[str, int] = field(default_factory=dict)
    quarantine: dict[tuple[str, str], Quarantined] = field(default_factory=dict)

    def now_there_ms(self, here_ms: int) -> float:
        """Say what the plant's clock shows, as far as known, when the gateway's shows this."""
        return here_ms + (self.clock.offset_ms or 0.0)

    def refuse(self, code: str, messages: int) -> None:
        """Count messages that were refused as a whole."""
        self.refused[code] = self.refused.get(code, 0) + messages

    def set_aside(self, example: Quarantined) -> None:
        """Keep an example of a sample that was left out; the oldest make room."""
        key = (example.reason, example.where)
        before = self.quarantine.pop(key, None)
        if before is not None:
            example.count += before.count
            example.first_ms = before.first_ms
        elif len(self.quarantine) >= MOST_QUARANTINED:
            del self.quarantine[next(iter(self.quarantine))]
        self.quarantine[key] = example  # at the end: the newest

    def as_json(self) -> dict[str, Any]:
        """Give a form for the checkpoint."""
        clock = self.clock
        return {
            **{name: getattr(self, name) for name in COUNTERS},
            "clock": [getattr(clock, name) for name in clock.__slots__],
            "refused": self.refused,
            "quarantine": [example.as_json() for example in self.quarantine.values()],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Conduct:
        """Read what `as_json` gave."""
        conduct = cls(
            **{name: data[name] for name in COUNTERS},
            clock=Clock(*data["clock"]),
            refused=dict(data["refused"]),
        )
        for row in data["quarantine"]:
            conduct.set_aside(Quarantined(*row))
        return conduct


COUNTERS = (
    "uncertain",
    "bad",
    "late",
    "backfilled",
    "beats",
    "doubled_beats",
    "sampled_ms",
    "heartbeat_ms",
)
"""The fields of `Conduct` that are plain numbers."""
