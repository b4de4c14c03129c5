"""From open alarms to due warnings: a table of rules, as versioned data.

A rule says which alarms count (slot, core, unit running), how many points must show them
together, and how long one must have gone unacknowledged. Nothing here knows a rule by name:
another version of the table is another set of rules.

An alarm is open while it is active, or has returned and nobody acknowledged it; acknowledged
and returned, it counts no longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from guatu.core.alarms.limits import Slot
from guatu.core.alarms.running import is_running

BLUE, YELLOW, ORANGE, RED = range(1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlarm:
    """An alarm as a rule sees it.

    Attributes:
        key: "<point>:<slot>:<began>".
        plant, unit, point: their ids; unit is None for a point that belongs to none.
        slot: "LL", "L", "H", "HH" or "MISSING".
        stage: the limit's stage.
        core: whether the point is a core linkage point.
        unit_kind: the unit's kind, by which its state is read.
        unit_state: the unit's state when the alarm began, None while unknown.
        began_at: when it began.
        acknowledged_at: when a person acknowledged it, None before.
        active: whether the condition still holds.
        value, limit: what was seen, and against what.
        returned_at: when the condition ceased, if that is known.
    """

    key: str
    plant: int
    unit: int | None
    point: int
    slot: str
    stage: int
    core: bool
    unit_kind: str
    unit_state: int | None
    began_at: datetime
    acknowledged_at: datetime | None
    active: bool
    value: float | None
    limit: float | None
    returned_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody still has something to do with it."""
        return self.active or self.acknowledged_at is None

    def held_at(self, moment: datetime) -> bool:
        """Whether the condition is known to have held at a moment.

        It held when it began, whatever is known about its return.
        """
        if moment <= self.began_at:
            return moment == self.began_at
        return self.active or (self.returned_at is not None and moment < self.returned_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the rule table.

    Attributes:
        code: its stable name, by which the web finds its sentence.
        level: the warning's level, 1 (blue) to 4 (red).
        slots: the alarms that count.
        core_only: whether only core points count.
        while_running: whether only alarms count that began while their unit was running.
        points_together: how many different points of one unit must show them at one moment.
        unacknowledged_for: how long one must have gone unacknowledged; None does not ask.
    """

    code: str
    level: int
    slots: frozenset[str]
    core_only: bool = False
    while_running: bool = False
    points_together: int = 1
    unacknowledged_for: timedelta | None = None

    def concerns(self, alarm: OpenAlarm) -> bool:
        """Tell whether an alarm is of the kind this rule counts, time aside."""
        return (
            alarm.is_open
            and alarm.slot in self.slots
            and (alarm.core or not self.core_only)
            and (not self.while_running or is_running(alarm.unit_kind, alarm.unit_state))
            and (self.unacknowledged_for is None or alarm.acknowledged_at is None)
        )

    def due_from(self, alarm: OpenAlarm) -> datetime:
        """Tell from when an alarm that this rule concerns counts."""
        return alarm.began_at + (self.unacknowledged_for or timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A version of the rule table; warnings keep the version that raised them."""

    version: int
    rules: tuple[Rule, ...]


_SECOND_STAGE = frozenset({Slot.LL.name, Slot.HH.name})
_FIRST_STAGE = frozenset({Slot.L.name, Slot.H.name})

RULES = RuleSet(
    version=2,
    rules=(
        Rule(
            code="two_core_points_second_stage",
            level=RED,
            slots=_SECOND_STAGE,
            core_only=True,
            while_running=True,
            points_together=2,
        ),
        Rule(
            code="core_point_second_stage",
            level=ORANGE,
            slots=_SECOND_STAGE,
            core_only=True,
            while_running=True,
        ),
        Rule(
            code="core_point_silent",
            level=YELLOW,
            slots=frozenset({Slot.MISSING.name}),
            core_only=True,
            while_running=True,
        ),
        Rule(
            code="first_stage_unacknowledged",
            level=BLUE,
            slots=_FIRST_STAGE,
            unacknowledged_for=timedelta(minutes=5),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that holds, and the alarms that make it hold."""

    rule: str
    level: int
    alarm_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWarning:
    """What a unit's open alarms ask for: the highest level of all rules that hold.

    Attributes:
        plant, unit: whose warning it is.
        level: 1 (blue) to 4 (red).
        reasons: the rules that hold, the highest first.
        rules_version: the version of the rule table.
    """

    plant: int
    unit: int | None
    level: int
    reasons: tuple[Reason, ...]
    rules_version: int

    @property
    def rule_codes(self) -> tuple[str, ...]:
        """The rules that hold, the highest first."""
        return tuple(reason.rule for reason in self.reasons)

    @property
    def alarm_keys(self) -> tuple[str, ...]:
        """Every alarm concerned, once, in the order of the reasons."""
        return tuple(dict.fromkeys(key for reason in self.reasons for key in reason.alarm_keys))


def warnings_due(
    open_alarms: Sequence[OpenAlarm], *, at: datetime, rules: RuleSet = RULES
) -> list[DueWarning]:
    """Tell which warnings the open alarms ask for.

    Args:
        open_alarms: of any plants, in any order; those no longer open are passed over.
        at: the moment asked about; only rules with a time look at it.
        rules: the version of the table to go by.

    Returns:
        At most one warning a unit, the highest level first, then by plant and unit.
    """
    due = []
    for (plant, unit), alarms in _by_unit(open_alarms).items():
        reasons = [_reason(rule, alarms, at) for rule in rules.rules]
        held = sorted((r for r in reasons if r), key=lambda r: (-r.level, r.rule))
        if held:
            due.append(
                DueWarning(
                    plant=plant,
                    unit=unit,
                    level=held[0].level,
                    reasons=tuple(held),
                    rules_version=rules.version,
                )
            )
    return sorted(due, key=lambda d: (-d.level, d.plant, d.unit is not None, d.unit or 0))


def next_due_at(
    open_alarms: Sequence[OpenAlarm], *, at: datetime, rules: RuleSet = RULES
) -> datetime | None:
    """Tell the first moment after ``at`` when time alone adds a reason; None if it never will."""
    moments = [
        rule.due_from(alarm)
        for rule in rules.rules
        if rule.unacknowledged_for is not None
        for alarm in open_alarms
        if rule.concerns(alarm)
    ]
    return min((moment for moment in moments if moment > at), default=None)


def not_yet_told(due: Iterable[DueWarning], told: Mapping[str, int]) -> list[DueWarning]:
    """Leave out what a warning has told before, so that a closed one is not raised again.

    Args:
        due: what is due now.
        told: alarm key → the highest level a warning has told about it.

    Returns:
        The warnings with at least one alarm that was never told at so high a level.
    """
    return [
        warning
        for warning in due
        if any(
            told.get(key, 0) < reason.level
            for reason in warning.reasons
            for key in reason.alarm_keys
        )
    ]


def _by_unit(alarms: Iterable[OpenAlarm]) -> dict[tuple[int, int | None], list[OpenAlarm]]:
    units: dict[tuple[int, int | None], list[OpenAlarm]] = {}
    for alarm in sorted(alarms, key=lambda a: (a.began_at, a.key)):
        units.setdefault((alarm.plant, alarm.unit), []).append(alarm)
    return units


def _reason(rule: Rule, alarms: list[OpenAlarm], at: datetime) -> Reason | None:
    """Give the reason a rule has, or None where it does not hold."""
    counted = [alarm for alarm in alarms if rule.concerns(alarm) and _has_come(rule, alarm, at)]
    shown = [alarm for alarm in counted if _is_joined(rule, alarm, counted)]
    if not shown:
        return None
    keys = tuple(alarm.key for alarm in shown)
    return Reason(rule=rule.code, level=rule.level, alarm_keys=keys)


def _has_come(rule: Rule, alarm: OpenAlarm, at: datetime) -> bool:
    # A rule without a time does not ask the clock: a plant's clock may run ahead of ours.
    return rule.unacknowledged_for is None or rule.due_from(alarm) <= at


def _is_joined(rule: Rule, alarm: OpenAlarm, others: list[OpenAlarm]) -> bool:
    """Tell whether enough points, this one included, showed the rule's alarms at one moment."""
    # The number of points can only rise where one begins, so no other moment need be tried.
    moments = [other.began_at for other in others if alarm.held_at(other.began_at)]
    return any(
        len({other.point for other in others if other.held_at(moment)}) >= rule.points_together
        for moment in moments
    )
