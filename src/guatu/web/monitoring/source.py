"""What a warning that arose from a unit says: kept as codes and figures, told in any language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guatu.core.alarms.running import CASTING_KINDS
from guatu.web.monitoring import words
from guatu.web.monitoring.explore import around
from guatu.web.monitoring.models import Alarm, Cleared, Slot, Unit
from guatu.web.monitoring.queries import visible_to
from guatu.web.people.models import User
from guatu.web.shell.words import NOTHING, number
from guatu.web.warnings.sources import AlarmNow

SECONDS = "s"
MOST_ALARMS = 40
"""So many alarms are kept with a warning: the first and the last ones where there are more."""

Told = Mapping[str, Any]


def title_facts(unit: Unit, rule: str, alarms: Sequence[Alarm]) -> dict[str, Any]:
    """What the title of a warning is made of, in codes and figures.

    Args:
        unit: where.
        rule: the code of the rule that holds, from core.alarms.rules.
        alarms: those that make it hold, at least one.
    """
    first = alarms[0]
    return {
        "rule": rule,
        "unit": unit.name,
        "points": list(dict.fromkeys(alarm.point.name for alarm in alarms)),
        "unit_kind": unit.kind,
        **figures(first),
    }


def figures(alarm: Alarm) -> dict[str, Any]:
    """An alarm's slot and figures. What is watched in silence is a time, whatever is measured."""
    silence = alarm.slot == Slot.MISSING
    return {
        "slot": Slot(alarm.slot).name,
        "value": alarm.value,
        "limit": alarm.limit,
        "measure": SECONDS if silence else alarm.point.measure,
        "decimals": None if silence else alarm.point.decimals,
    }


def reading(value: object, told: Told) -> str:
    """A figure with its unit, in the reader's language; a dash where there is none.

    Args:
        value: the figure.
        told: as `figures` made it.
    """
    figure = number(value, told.get("decimals"))
    if figure == NOTHING:
        return NOTHING
    if told.get("measure") == SECONDS:
        return _("%(seconds)s s") % {"seconds": figure}
    return f"{figure} {words.measure(str(told.get('measure', '')))}".strip()


def title(told: Told) -> str:
    """What a warning is about, in one line of the reader's language.

    Args:
        told: as `title_facts` made it.
    """
    points = [str(name) for name in told["points"]]
    facts = {
        "unit": told["unit"],
        "point": points[0],
        "alarm": words.SLOTS[Slot[told["slot"]]],
        "value": reading(told.get("value"), told),
        "limit": reading(told.get("limit"), told),
        "count": len(points),
        "points": pgettext("between names", ", ").join(points),
    }
    if told["rule"] == "two_core_points_second_stage":
        return _("%(unit)s: %(count)s core points beyond stage 2 together (%(points)s)") % facts
    if told["rule"] == "core_point_silent":
        if told["unit_kind"] in CASTING_KINDS:
            return _("%(unit)s: no data from %(point)s while casting") % facts
        return _("%(unit)s: no data from %(point)s") % facts
    if told["rule"] == "first_stage_unacknowledged":
        return _("%(unit)s: %(point)s %(alarm)s alarm not acknowledged for 5 minutes") % facts
    return _("%(unit)s: %(point)s %(alarm)s, %(value)s (limit %(limit)s)") % facts


def warning_facts(
    unit: Unit, rules: Sequence[str], alarms: Iterable[Alarm], before: Told | None
) -> dict[str, Any]:
    """What is kept with a warning for people to read: the unit, the rules, each alarm.

    Args:
        unit: where.
        rules: codes of the rules that hold now.
        alarms: those that make them hold now.
        before: what the open warning kept so far; None for a new one. Alarms once told stay
            told, and the unit's state stays that of the beginning.
    """
    now = sorted(alarms, key=lambda alarm: (alarm.began_at, alarm.pk))
    kept = before or {}
    told = {alarm.get("key", str(n)): alarm for n, alarm in enumerate(kept.get("alarms", ()))}
    told |= {alarm.key: _alarm_facts(alarm) for alarm in now if alarm.key not in told}
    listed = sorted(told.values(), key=_began_ms)
    if len(listed) > MOST_ALARMS:
        listed = [*listed[: MOST_ALARMS // 2], *listed[-MOST_ALARMS // 2 :]]
    began_in = kept.get("unit_state", now[0].unit_state if before is None else None)
    return {
        "unit": unit.name,
        "unit_kind": unit.kind,
        # What a unit was doing is left out where nothing is known of it.
        **({} if began_in is None else {"unit_state": began_in}),
        "rules": list(dict.fromkeys([*kept.get("rules", ()), *rules])),
        "alarms": listed,
    }


def _began_ms(told: Told) -> float:
    """When an alarm began, as it was kept; of one that does not say, before all others.

    An older version kept the time as text, `at`.
    """
    at_ms, text = told.get("at_ms"), told.get("at")
    if at_ms is None and isinstance(text, str):
        try:
            return datetime.fromisoformat(text).timestamp() * 1000
        except ValueError:
            return -math.inf
    return -math.inf if at_ms is None else float(at_ms)


def _alarm_facts(alarm: Alarm) -> dict[str, Any]:
    return {
        "key": alarm.key,
        "point": alarm.point.code,
        "name": alarm.point.name,
        **figures(alarm),
        "unit_state": alarm.unit_state,
        "at_ms": round(alarm.began_at.timestamp() * 1000),
    }


class UnitSource:
    """What this app knows of the units that warnings arise from."""

    def title(self, facts: Told) -> str:
        """The title in the reader's language; "" for a warning from before titles were kept so."""
        told = facts.get("title")
        return title(told) if isinstance(told, dict) else ""

    def reading(self, value: float, told: Told) -> str:
        """A figure of an alarm with its unit."""
        return reading(value, told)

    def unit_state(self, number: int, facts: Told) -> str:
        """A state of the unit, by what kind of unit it is."""
        return words.unit_state(number, str(facts.get("unit_kind", "")))

    def alarms_now(self, keys: Sequence[str]) -> dict[str, AlarmNow]:
        """How these alarms stand now."""
        rows = Alarm.objects.filter(key__in=keys).only(
            "key", "point_id", "began_at", "cleared_at", "why"
        )
        return {
            alarm.key: AlarmNow(
                returned_at=alarm.cleared_at, word=standing(alarm), url=around(alarm)
            )
            for alarm in rows
        }

    def may_open(self, user: User, source_key: str) -> bool:
        """Whether this user sees the unit's plant."""
        return visible_to(user).filter(units=int(source_key)).exists()


def standing(alarm: Alarm) -> str:
    """How an alarm stands, in words: active, or why it is over."""
    if alarm.cleared_at is None:
        return _("Active")
    return str(Cleared(alarm.why).label) if alarm.why in Cleared.values else _("Over")
