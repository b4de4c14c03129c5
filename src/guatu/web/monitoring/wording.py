"""Sentences for codes: what is wrong with a limit, and what an alarm says."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guatu.web.monitoring import words
from guatu.web.monitoring.errors import Problem
from guatu.web.monitoring.models import Alarm, Slot
from guatu.web.shell.words import number


def _slot(fact: object) -> str:
    name = str(fact)
    return str(words.SLOTS[Slot[name]]) if name in Slot.__members__ else name


def _listed(told: Problem) -> str:
    """Names, in the reader's punctuation."""
    names = told.facts["points"]
    return pgettext("between names", ", ").join(names if isinstance(names, list) else [])


_PROBLEMS: dict[str, Callable[[Problem], str]] = {
    "reason_missing": lambda _p: _("Say why: the reason stays with this version."),
    "reason_too_long": lambda p: _("A reason has at most %(most)s characters.") % p.facts,
    "unchanged": lambda _p: _("This is what holds already: nothing to change."),
    "outside_physical_range": lambda p: (
        _("The sensor reads from %(low)s to %(high)s: a limit outside would never act.")
        % {"low": number(p.facts["low"]), "high": number(p.facts["high"])}
    ),
    "silence_out_of_range": lambda p: (
        _("Silence is counted from 1 to %(most)s seconds here.") % p.facts
    ),
    "delay_too_long": lambda p: (
        _("At most %(most)s seconds here: a longer delay would let danger pass unseen.") % p.facts
    ),
    "deadband_beyond": lambda p: (
        _("At most %(most)s here: with more, the alarm would not clear in time or not at all.")
        % {"most": number(p.facts["most"])}
    ),
    "negative_deadband": lambda _p: _("A deadband is zero or more."),
    "delay_out_of_range": lambda _p: _("A delay is between zero and 7 days."),
    "not_a_number": lambda _p: _("This is no number."),
    "unknown_state": lambda _p: _("There is no such unit state."),
    "stop_reason_missing": lambda _p: _("Say why: the reason stays with the declaration."),
    "stop_too_late": lambda p: (
        _("A stop can be declared up to %(hours)s hours after it began.") % p.facts
    ),
    "stop_too_far": lambda p: _("A stop is declared at most %(days)s days ahead.") % p.facts,
    "stop_ends_before": lambda _p: _("A stop ends after it begins, and not in the past."),
    "stop_too_long": lambda p: (
        _(
            "A stop lasts at most %(days)s days; for longer ask the bureau to suspend "
            "the connection."
        )
        % p.facts
    ),
    "span_empty": lambda _p: _("A span ends at least a second after it begins."),
    "unknown_point": lambda p: _("There is no point %(id)s that you may see.") % p.facts,
    "unknown_unit": lambda _p: _("There is no such unit in this plant."),
    "suppressed_elsewhere": lambda _p: _("A point under maintenance must belong to what stops."),
    "core_suppressed": lambda p: (
        _("Core points are judged during a stop too: %(points)s.") % {"points": _listed(p)}
    ),
    "stops_overlap": lambda _p: _("A stop of the same scope is declared for this time already."),
    "too_many_stops": lambda p: _("At most %(most)s stops can be ahead.") % p.facts,
    "stop_over": lambda _p: _("This stop is over already."),
    "out_of_order": lambda p: (
        _(
            "“%(slot)s” at %(value)s must lie below “%(other)s” at %(other_value)s: "
            "the order is low-low, low, high, high-high."
        )
        % {
            "slot": _slot(p.facts["slot"]),
            "value": number(p.facts["value"]),
            "other": _slot(p.facts["other"]),
            "other_value": number(p.facts["other_value"]),
        }
    ),
    "deadband_too_wide": lambda p: (
        _(
            "With this deadband “%(slot)s” returns only at %(release)s, where “%(other)s” "
            "already begins: the alarm could never clear."
        )
        % {
            "slot": _slot(p.facts["slot"]),
            "release": number(p.facts["release"]),
            "other": _slot(p.facts["other"]),
        }
    ),
}


def problem(told: Problem) -> str:
    """What is wrong and how to mend it, in the reader's language."""
    sentence = _PROBLEMS.get(told.code)
    if sentence is None:
        return _("This cannot hold (%(code)s).") % {"code": told.code}
    return sentence(told)


def reading(alarm: Alarm, value: float | None) -> str:
    """A value of an alarm's point with its unit; a dash where none was seen."""
    if value is None:
        return "–"
    if alarm.slot == Slot.MISSING:
        # What is watched is silence: its limit is a time, whatever the point measures.
        return _("%(seconds)s s") % {"seconds": number(value)}
    figure = number(value, alarm.point.decimals)
    return f"{figure} {words.measure(alarm.point.measure)}".strip()


def alarm_words(alarm: Alarm) -> str:
    """What an alarm says: side and stage, or that data is missing."""
    return str(words.SLOTS.get(alarm.slot, alarm.slot))
