"""Judging a reading against default limits, in the plainest way: no deadband, no delay."""

from dataclasses import dataclass

from guatu.web.monitoring.specs import unit_from_model


@dataclass(frozen=True)
class PlainLimit:
    point: str
    slot: str
    value: float
    states: tuple[int, ...]
    on_delay_s: float
    core: bool

    def broken_by(self, value: float, state: int) -> bool:
        if self.states and state not in self.states:
            return False
        return value < self.value if self.slot.startswith("L") else value > self.value


def default_limits() -> list[PlainLimit]:
    """All default limits of the model of a deep-well casting line."""
    return [
        PlainLimit(
            point=point.role,
            slot=slot.name,
            value=float(limit.value),
            states=limit.states,
            on_delay_s=float(limit.on_delay_s),
            core=point.core,
        )
        for point in unit_from_model("dwc", code="DWC1").points
        for slot, limit in point.limits.items()
        if slot.name != "MISSING" and limit.value is not None
    ]
