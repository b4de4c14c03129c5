"""Play a scenario before a judge, and tell what did not come as it was expected."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from guatu.core.alarms.judge import AlarmEvent, Phase, PointConfig, SlotState
from guatu.core.alarms.limits import Slot
from guatu.core.alarms.rules import OpenAlarm, warnings_due
from guatu.core.alarms.scenario import (
    LEVELS,
    EnterState,
    ExpectStanding,
    ExpectWarning,
    Moment,
    Scenario,
    See,
    Send,
    SetRule,
    Watch,
    What,
)
from guatu.core.alarms.world import STATE_POINT, Judging, Said

TICK_MS = 1000
_DAWN = datetime(2026, 1, 1, tzinfo=UTC)

_STANDS: dict[str, Callable[[SlotState], bool]] = {
    "quiet": lambda slot: slot.phase is Phase.QUIET and (slot.began == 0 or slot.acknowledged),
    "pending": lambda slot: slot.phase is Phase.RISING,
    "raised": lambda slot: slot.phase.is_active and not slot.acknowledged,
    "clearing": lambda slot: slot.phase is Phase.FALLING,
    "acknowledged": lambda slot: slot.phase.is_active and slot.acknowledged,
    "returned": lambda slot: slot.phase is Phase.QUIET and slot.began > 0 and not slot.acknowledged,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """An expectation that was not met."""

    line: int
    text: str
    seen: str


@dataclass(slots=True)
class _Stage:
    """One playing: the judge, and what a recorder would have written down."""

    judging: Judging
    numbers: dict[str, int]
    core: frozenset[int]
    configs: dict[int, PointConfig] = field(default_factory=dict)
    alarms: dict[str, OpenAlarm] = field(default_factory=dict)
    seq: int = 0

    def let(self, moment: Moment) -> Miss | None:
        """Let one moment happen."""
        self.seq += 1
        at_ms = moment.at_ms
        match moment.what:
            case SetRule() as rule:
                self._set_rule(rule, at_ms)
            case EnterState(state=state):
                self._send(STATE_POINT, state, at_ms)
            case Send(point=point, value=value):
                self._send(self.numbers[point], value, at_ms)
            case See(point=point, slot=slot):
                began = self.judging.slot(self.numbers[point], slot).began
                self.hear(self.judging.acknowledge(self.numbers[point], slot, began, at_ms=at_ms))
            case expected:
                return self._look(moment, expected)
        return None

    def hear(self, said: list[Said]) -> None:
        """Write events down as a recorder does."""
        for point, event in said:
            key = f"{point}:{event.slot.value}:{event.began}"
            at = _DAWN + timedelta(milliseconds=event.at_ms)
            if event.kind == "raised":
                self.alarms[key] = _opened(key, point, event, core=point in self.core)
            elif event.kind == "cleared":
                self.alarms[key] = replace(self.alarms[key], active=False, returned_at=at)
            else:
                self.alarms[key] = replace(self.alarms[key], acknowledged_at=at)

    def _send(self, point: int, value: float, at_ms: int) -> None:
        self.hear(self.judging.block([at_ms], {point: [value]}, logged_ms=at_ms, seq=self.seq))

    def _set_rule(self, rule: SetRule, at_ms: int) -> None:
        point = self.numbers[rule.point]
        config = self.configs.get(point, PointConfig())
        if rule.slot is Slot.MISSING:
            watch = rule.rule if isinstance(rule.rule, Watch) else None
            config = replace(
                config,
                missing_after_ms=watch.after_ms if watch else None,
                missing_states=watch.states if watch else frozenset(),
            )
        else:
            others = tuple(limit for limit in config.limits if limit.slot is not rule.slot)
            new = () if rule.rule is None or isinstance(rule.rule, Watch) else (rule.rule,)
            config = replace(config, limits=others + new)
        self.configs[point] = config
        self.hear(self.judging.configure(point, config, now_ms=at_ms, seq=self.seq))

    def _look(self, moment: Moment, expected: What) -> Miss | None:
        if isinstance(expected, ExpectWarning):
            at = _DAWN + timedelta(milliseconds=moment.at_ms)
            due = warnings_due(list(self.alarms.values()), at=at)
            level = max((warning.level for warning in due), default=0)
            if level == expected.level:
                return None
            seen = f"{next(word for word, number in LEVELS.items() if number == level)} warning"
            return Miss(line=moment.line, text=moment.text, seen=seen)
        if not isinstance(expected, ExpectStanding):
            raise TypeError(expected)
        slot = self.judging.slot(self.numbers[expected.point], expected.slot)
        if _STANDS[expected.standing](slot):
            return None
        seen = " ".join(word for word, stands in _STANDS.items() if stands(slot))
        return Miss(line=moment.line, text=moment.text, seen=seen)


def play(scenario: Scenario, judging: Judging) -> list[Miss]:
    """Play a scenario; each whole second ends with a tick.

    Returns:
        The expectations not met, with what was seen instead; empty when all came true.
    """
    numbers = {name: place for place, name in enumerate(scenario.points, start=STATE_POINT + 1)}
    core = frozenset(numbers[name] for name in scenario.core)
    stage = _Stage(judging, numbers, core)
    for point in (STATE_POINT, *numbers.values()):
        stage.hear(judging.configure(point, PointConfig(), now_ms=0, seq=0))
    waiting = list(scenario.moments)
    misses = []
    for tick_ms in range(0, scenario.end_ms + TICK_MS, TICK_MS):
        while waiting and waiting[0].at_ms <= tick_ms:
            misses.append(stage.let(waiting.pop(0)))
        stage.seq += 1
        stage.hear(judging.tick(tick_ms, seq=stage.seq))
    return [miss for miss in misses if miss is not None]


def _opened(key: str, point: int, event: AlarmEvent, *, core: bool) -> OpenAlarm:
    return OpenAlarm(
        key=key,
        plant=1,
        unit=1,
        point=point,
        slot=event.slot.name,
        stage=event.slot.stage,
        core=core,
        unit_kind="dwc",
        unit_state=event.unit_state,
        began_at=_DAWN + timedelta(milliseconds=event.at_ms),
        acknowledged_at=None,
        active=True,
        value=event.value,
        limit=event.limit,
    )
