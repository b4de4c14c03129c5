"""The compiled kernel in the place of the reference judge: one unit, the same questions."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from guatu.core.alarms.judge import AlarmEvent, Phase, PointConfig, SlotState
from guatu.core.alarms.limits import Slot
from guatu.core.alarms.world import STATE_POINT, Said
from guatu.telemetry import kernels
from guatu.telemetry.cells import Cells, cells_of

DECIMALS = 3

KINDS = {
    kernels.RAISED: "raised",
    kernels.CLEARED: "cleared",
    kernels.ACKNOWLEDGED: "acknowledged",
}
WHYS = {
    kernels.NO_WHY: "",
    kernels.RETURNED: "returned",
    kernels.INACTIVE: "inactive",
    kernels.LIMIT_CHANGED: "limit_changed",
}


class KernelWorld:
    """A unit judged by the kernel; point numbers are rows, made as they are needed."""

    def __init__(self) -> None:
        self.state = kernels.new_state(1, 1)
        self.still = self.state.still()
        self.out = kernels.EventBuffer(64)
        self.decimals: dict[int, int] = {}
        self.sent_with: dict[int, int] = {}
        self.judged = 0
        self.doubled = 0

    def configure(self, point: int, config: PointConfig, *, now_ms: int, seq: int) -> list[Said]:
        self.state.grow(point + 1)
        # Each time another number of decimals: one, two more, and back.
        known = self.decimals.get(point)
        self.decimals[point] = DECIMALS if known is None else DECIMALS + (known - DECIMALS + 1) % 3
        self.sent_with.setdefault(point, self.decimals[point])
        kernels.apply_point(
            self.state,
            point,
            0,
            point == STATE_POINT,
            self.decimals[point],
            kernels.limit_rows(config.limits),
            config.missing_after_ms,
            kernels.states_mask(config.missing_states),
            now_ms,
            seq,
            self.out,
        )
        self.still = self.state.still()
        return self.take()

    def block(
        self,
        times_ms: Sequence[int],
        values: Mapping[int, Sequence[float | None]],
        *,
        logged_ms: int,
        seq: int,
    ) -> list[Said]:
        # Both kinds of rows: of every second point the samples come unscaled.
        points = sorted(values, key=lambda point: point % 2)
        table = np.array(
            [[math.nan if v is None else v for v in values[point]] for point in points], np.float64
        ).reshape(len(points), len(times_ms))
        even = sum(point % 2 == 0 for point in points)
        # The gateway knows of other decimals one block later than the engine.
        decimals = np.array([self.sent_with.get(point, DECIMALS) for point in points], np.int8)
        self.sent_with |= {
            point: self.decimals[point] for point in points if point in self.decimals
        }
        cells, _ = cells_of(np.array(times_ms, np.int64), table[:even], decimals[:even])
        assert len(cells.scaled) == even
        found = kernels.judge_block(
            self.state,
            np.arange(len(self.state.points), dtype=np.int32),
            np.array(points, np.int32),
            Cells(decimals, cells.times, cells.scaled, table[even:]),
            seq,
            logged_ms,
            self.out,
        )
        self.judged += found.present - found.doubled
        self.doubled += found.doubled
        return self.take()

    def tick(self, tick_ms: int, *, seq: int) -> list[Said]:
        kernels.judge_tick(self.state, tick_ms, seq, self.out)
        return self.take()

    def acknowledge(self, point: int, slot: Slot, began: int, *, at_ms: int) -> list[Said]:
        known = kernels.acknowledge(self.state, point, slot, began, at_ms, self.out)
        said = self.take()
        assert known == bool(said)
        return said

    def slot(self, point: int, slot: Slot) -> SlotState:
        row = self.state.slots[point, slot]
        return SlotState(
            phase=Phase(int(row["phase"])),
            since_ms=int(row["since_ms"]),
            began=int(row["began"]),
            acknowledged=bool(row["acked"]),
        )

    def restart(self) -> None:
        """Go on from a checkpoint, as another process would."""
        self.state = kernels.JudgeState.restored(self.still, self.state.moving())

    def take(self) -> list[Said]:
        return [
            (
                int(row["point"]),
                AlarmEvent(
                    kind=KINDS[row["kind"]],
                    slot=Slot(row["slot"]),
                    began=int(row["began"]),
                    at_ms=int(row["at_ms"]),
                    value=None if math.isnan(row["value"]) else float(row["value"]),
                    limit=float(row["limit"]),
                    unit_state=None if row["unit_state"] < 0 else int(row["unit_state"]),
                    why=WHYS[row["why"]],
                ),
            )
            for row in self.out.take()
        ]
