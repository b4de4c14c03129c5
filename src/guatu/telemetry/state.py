"""Everything a partition's engine remembers: judging, points, plants, doubles, counts.

It changes only by messages of the log, so a checkpoint of it and the log from there on give the
same state again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import orjson
from numpy.typing import NDArray

from guatu.access.messages import PlantConfig, Point, Stop
from guatu.access.validate import read_plant_config
from guatu.telemetry import kernels
from guatu.telemetry.conduct import Conduct
from guatu.telemetry.counted import COUNTED
from guatu.telemetry.doubles import PlantBeats
from guatu.telemetry.snapshot import Part, Snapshot, Tables
from guatu.telemetry.stops import NEVER_MS, Stopping, as_watched, holding, stopping_at

MOST_GATEWAYS = 64

SMALLEST = 256
PLACES = (
    "identity",
    "sequence",
    "tick_ms",
    "cut_sequence",
    "cut_tick_ms",
    "configurations",
)
"""What a checkpoint's moving part says of where the partition is."""


@dataclass(slots=True)
class KnownPlant:
    """A plant whose configuration is in effect.

    Args:
        code: its public code.
        region: code of where it is.
        version: of the configuration.
        rows: rows of its points, in the order of the configuration.
    """

    code: str
    region: str
    version: int
    rows: list[int]


@dataclass(slots=True)
class PartitionState:
    """The state of one partition.

    Args:
        identity: of the stream that the sequences belong to.
        sequence: of the last message taken.
        tick_ms: the last tick, the partition's time; 0 before the first.
        behind: ticks in a row that lay far behind it.
        cut_sequence: last sequence of the last segment.
        cut_tick_ms: tick at which it was cut.
        cuts: (tick, sequence) of past cuts, for trimming the log.
        noted: time and quality of the last sample of a row that was not good.
        notes: number of the last note taken, by gateway.
        stopping: plants with declared stops that hold or are still to come.
        turn_ms: when the next of these stops begins or ends.
        awaited: plants that were configured and have not said a word yet, whose silence would
            count: as they were configured.
        gone: rows of points that were taken away, by the point's id.
        configurations: how many times what is watched has changed.
        still_stored: the value of `configurations` whose still part is on disk; -1 for none.
    """

    identity: str = ""
    sequence: int = 0
    tick_ms: int = 0
    behind: int = 0
    cut_sequence: int = 0
    cut_tick_ms: int = 0
    cuts: list[list[int]] = field(default_factory=list)
    judge: kernels.JudgeState = field(default_factory=lambda: kernels.new_state(SMALLEST, SMALLEST))
    points: int = 0
    ids: NDArray[np.int32] = field(default_factory=lambda: np.zeros(SMALLEST, np.int32))
    decimals: NDArray[np.int8] = field(default_factory=lambda: np.zeros(SMALLEST, np.int8))
    plant_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(SMALLEST, np.int32))
    unit_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(SMALLEST, np.int32))
    row_of: NDArray[np.int32] = field(default_factory=lambda: np.full(SMALLEST, -1, np.int32))
    units: dict[int, int] = field(default_factory=dict)
    plants: dict[int, KnownPlant] = field(default_factory=dict)
    beats: dict[int, PlantBeats] = field(default_factory=dict)
    counts: dict[int, list[int]] = field(default_factory=dict)
    heard_ms: dict[int, int] = field(default_factory=dict)
    conducts: dict[int, Conduct] = field(default_factory=dict)
    noted: dict[int, tuple[int, int]] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    stopping: dict[int, Stopping] = field(default_factory=dict)
    turn_ms: int = NEVER_MS
    awaited: dict[int, PlantConfig] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    configurations: int = 0
    still_stored: int = -1
    _tables: Tables | None = None

    def take_time(self, at_ms: int) -> None:
        """Let it be this time, which is before the last where the clock was set back."""
        is_back = at_ms < self.tick_ms
        self.tick_ms, self.behind = at_ms, 0
        self.cut_tick_ms = min(self.cut_tick_ms or at_ms, at_ms)
        if self.cuts and self.cuts[-1][0] > at_ms:
            self.cuts = [[min(tick_ms, at_ms), sequence] for tick_ms, sequence in self.cuts]
        if is_back:
            self.heard_ms = {plant: min(ms, at_ms) for plant, ms in self.heard_ms.items()}

    def hear(
        self, plant: int, received_ms: int, *, sequence: int, out: kernels.EventBuffer
    ) -> None:
        """Note that a plant lives; from its first word on its silence counts."""
        self.heard_ms[plant] = received_ms
        config = self.awaited.pop(plant, None)
        if config is None:
            return
        self.configurations += 1
        held = holding(self.stopping.get(plant))
        for point in config.points:
            row = self.row(point.id)
            if row >= 0:
                watched = as_watched(point, held)
                self._apply(row, watched, now_ms=received_ms, sequence=sequence, out=out)

    def counts_of(self, plant: int) -> list[int]:
        """A plant's counts, to be added to."""
        found = self.counts.get(plant)
        if found is None:
            found = self.counts[plant] = [0] * len(COUNTED)
        return found

    def beats_of(self, plant: int) -> PlantBeats:
        """A plant's numbering series."""
        found = self.beats.get(plant)
        if found is None:
            found = self.beats[plant] = PlantBeats()
        return found

    def conduct_of(self, plant: int) -> Conduct:
        """How a plant conducts itself, to be added to."""
        found = self.conducts.get(plant)
        if found is None:
            found = self.conducts[plant] = Conduct()
        return found

    def is_new_note(self, gateway: str, number: int) -> bool:
        """Take note of a gateway's note; False if it, or a later one, came before."""
        if number <= self.notes.get(gateway, -1):
            return False
        self.notes.pop(gateway, None)
        self.notes[gateway] = number
        if len(self.notes) > MOST_GATEWAYS:
            del self.notes[next(iter(self.notes))]
        return True

    def follow_jump(self, plant: int, times: NDArray[np.int64], received_ms: int) -> None:
        """Follow a plant's clock that jumped, as far as its samples did.

        Args:
            plant: whose clock.
            times: of the first beat after the jump, rising.
            received_ms: when that came, gateway's clock.
        """
        known = self.plants.get(plant)
        if known is None or not known.rows:
            return
        rows = np.array(known.rows)
        points = self.judge.points[rows]
        last_ms, arrived_ms = int(points["last_ms"].max()), int(points["arrived_ms"].max())
        grown_ms = (int(times[-1]) - last_ms) - (received_ms - arrived_ms)
        by_ms = self.conduct_of(plant).clock.take_jump(grown_ms)
        if last_ms == kernels.NO_TIME_MS or not by_ms:
            return
        # Nothing was sampled at the shifted times: no sample may be taken for a double of one.
        by_ms = min(by_ms, int(times[0]) - 1 - last_ms)
        kernels.shift_clock(self.judge, rows, by_ms)
        for row in known.rows:
            if row in self.noted:
                at_ms, quality = self.noted[row]
                self.noted[row] = at_ms + by_ms, quality

    def row(self, point: int) -> int:
        """The row of a point, or -1."""
        return int(self.row_of[point]) if 0 <= point < len(self.row_of) else -1

    # --- configuration ---------------------------------------------------------------------

    def configure(
        self, config: PlantConfig, *, now_ms: int, sequence: int, out: kernels.EventBuffer
    ) -> bool:
        """Put a plant's newer configuration into effect; False if it is not newer."""
        known = self.plants.get(config.plant)
        if known is not None and known.version >= config.version:
            return False
        self.configurations, self._tables = self.configurations + 1, None
        for unit in config.units:
            self.units.setdefault(unit.id, len(self.units))
        rows = [self._row_for(config.plant, point) for point in config.points]
        self.judge.grow(self._room(self.points), self._room(len(self.units)))
        stopping = stopping_at(config, now_ms)
        self._set_stopping(config.plant, stopping)
        held = holding(stopping)
        self.awaited.pop(config.plant, None)
        if config.plant not in self.heard_ms and any(p.missing_after_ms for p in config.points):
            self.awaited[config.plant] = config
        for row, point in zip(rows, config.points, strict=True):
            watched = self._watched(config.plant, point, held)
            self._apply(row, watched, now_ms=now_ms, sequence=sequence, out=out)
        for row in set(known.rows if known else ()) - set(rows):
            point_id = int(self.ids[row])
            self.row_of[point_id], self.gone[point_id] = -1, row
            none = kernels.limit_rows([])
            kernels.apply_point(
                self.judge,
                row,
                -1,
                False,  # noqa: FBT003 # the kernel's arguments have places, not names
                int(self.decimals[row]),
                none,
                None,
                kernels.ALWAYS,
                now_ms,
                sequence,
                out,
            )
        self.plants[config.plant] = KnownPlant(config.code, config.region, config.version, rows)
        return True

    def held_stops(self, plant: int) -> set[int]:
        """Give the ids of a plant's stops that hold."""
        stopping = self.stopping.get(plant)
        return set(stopping.held) if stopping else set()

    def turn_stops(self, at_ms: int, sequence: int, out: kernels.EventBuffer) -> None:
        """Let stops begin and end whose moment has come."""
        if at_ms < self.turn_ms:
            return
        for plant, before in list(self.stopping.items()):
            if at_ms < before.turn_ms():
                continue
            self.configurations += 1
            after = stopping_at(before.config, at_ms)
            self._set_stopping(plant, after)
            held = holding(after)
            for point in before.config.points:
                watched = self._watched(plant, point, held)
                row = self.row(point.id)
                if row < 0:
                    continue  # it went to another plant, which took it away
                self._apply(row, watched, now_ms=at_ms, sequence=sequence, out=out)

    def _watched(self, plant: int, point: Point, held: Sequence[Stop]) -> Point:
        """Give a point as it is watched now: nobody waits for a plant that never spoke."""
        watched = as_watched(point, held)
        return replace(watched, missing_after_ms=None) if plant in self.awaited else watched

    def _set_stopping(self, plant: int, stopping: Stopping | None) -> None:
        if stopping is None:
            self.stopping.pop(plant, None)
        else:
            self.stopping[plant] = stopping
        self.turn_ms = min((one.turn_ms() for one in self.stopping.values()), default=NEVER_MS)

    def _apply(
        self, row: int, point: Point, *, now_ms: int, sequence: int, out: kernels.EventBuffer
    ) -> None:
        self.decimals[row] = point.decimals
        self.unit_of[row] = point.unit or 0
        kernels.apply_point(
            self.judge,
            row,
            self.units[point.unit] if point.unit else -1,
            point.role == "unit_state",
            point.decimals,
            kernels.limit_rows(point.limits),
            point.missing_after_ms,
            kernels.states_mask(point.missing_states),
            now_ms,
            sequence,
            out,
        )

    def _row_for(self, plant: int, point: Point) -> int:
        row = self.row(point.id)
        if row >= 0:
            return row
        row = self.gone.pop(point.id, -1)
        if row >= 0:
            # Its own row again: ever more would be needed otherwise. It begins afresh.
            self.judge.forget(row)
            self.noted.pop(row, None)
            self.plant_of[row], self.row_of[point.id] = plant, row
            return row
        row = self.points
        self.points += 1
        room = self._room(self.points)
        if room > len(self.ids):
            for name in ("ids", "decimals", "plant_of", "unit_of"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros(room - len(old), old.dtype)]))
        if point.id >= len(self.row_of):
            more = np.full(max(point.id + 1, 2 * len(self.row_of)), -1, np.int32)
            more[: len(self.row_of)] = self.row_of
            self.row_of = more
        self.ids[row], self.plant_of[row], self.row_of[point.id] = point.id, plant, row
        return row

    @staticmethod
    def _room(needed: int) -> int:
        return max(SMALLEST, 1 << (needed - 1).bit_length()) if needed > 1 else SMALLEST

    # --- checkpoint ------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Copy everything a checkpoint needs."""
        if self._tables is None:
            n = self.points
            self._tables = Tables(
                self.ids[:n].copy(), self.decimals[:n].copy(), self.plant_of[:n].copy()
            )
        is_stored = self.still_stored == self.configurations
        still = None if is_stored else self._still(self._tables)
        return Snapshot(self._moving(), still, self.configurations, self._tables)

    def _still(self, tables: Tables) -> Part:
        arrays = {
            **self.judge.still(),
            "ids": tables.ids,
            "decimals": tables.decimals,
            "plant_of": tables.plant_of,
            "unit_of": self.unit_of[: self.points].copy(),
        }
        plants = [[i, p.code, p.region, p.version, list(p.rows)] for i, p in self.plants.items()]
        stopping = [[one.config.as_json(), list(one.held)] for one in self.stopping.values()]
        awaited = [config.as_json() for config in self.awaited.values()]
        meta = {
            "units": list(self.units.items()),
            "plants": plants,
            "stopping": stopping,
            "awaited": awaited,
        }
        return Part(arrays, meta)

    def _moving(self) -> Part:
        meta = {
            **{name: getattr(self, name) for name in PLACES},
            "behind": self.behind,
            "cuts": [list(cut) for cut in self.cuts],
            "beats": [[plant, beats.as_json()] for plant, beats in self.beats.items()],
            "heard_ms": list(self.heard_ms.items()),
            "counts": [[plant, list(counts)] for plant, counts in self.counts.items()],
            "conducts": [[plant, conduct.as_json()] for plant, conduct in self.conducts.items()],
            "noted": list(self.noted.items()),
            "notes": list(self.notes.items()),
        }
        # Through JSON and back: what the living state changes later must not change this.
        return Part(self.judge.moving(), orjson.loads(orjson.dumps(meta)))

    @classmethod
    def restored(cls, still: Part, moving: Part) -> PartitionState:
        """Rebuild a state from a checkpoint.

        Raises:
            KeyError: if something is absent.
            ValueError: if it was written by another layout.
        """
        meta, arrays = moving.meta, still.arrays
        state = cls(cuts=meta["cuts"], **{name: meta[name] for name in PLACES})
        state.behind = meta.get("behind", 0)
        state.still_stored = state.configurations
        state.judge = kernels.JudgeState.restored(arrays, moving.arrays)
        state.points = len(arrays["ids"])
        room = max(cls._room(state.points), state.points)
        for name in ("ids", "decimals", "plant_of", "unit_of"):
            kept = arrays[name]
            setattr(state, name, np.concatenate([kept, np.zeros(room - len(kept), kept.dtype)]))
        most = int(state.ids.max(initial=0)) + 1
        state.row_of = np.full(max(most, SMALLEST), -1, np.int32)
        for plant, code, region, version, rows in still.meta["plants"]:
            state.plants[plant] = KnownPlant(code, region, version, rows)
            state.row_of[state.ids[rows]] = rows
        watched = state.row_of[state.ids[: state.points]] == np.arange(state.points)
        state.gone = {int(state.ids[row]): row for row in np.flatnonzero(~watched).tolist()}
        state.units = {int(unit): row for unit, row in still.meta["units"]}
        for config, held in still.meta.get("stopping", ()):
            stopping = Stopping(config=read_plant_config(config), held=tuple(held))
            state._set_stopping(stopping.config.plant, stopping)
        configs = map(read_plant_config, still.meta.get("awaited", ()))
        state.awaited = {config.plant: config for config in configs}
        state.beats = {plant: PlantBeats.from_json(data) for plant, data in meta["beats"]}
        # An older version counted fewer things.
        none = [0] * len(COUNTED)
        state.counts = {plant: [*row, *none[len(row) :]] for plant, row in meta["counts"]}
        state.conducts = {p: Conduct.from_json(data) for p, data in meta.get("conducts", ())}
        state.noted = {row: (at_ms, quality) for row, (at_ms, quality) in meta.get("noted", ())}
        state.notes = dict(meta.get("notes", ()))
        state.heard_ms = dict(meta["heard_ms"])
        return state
