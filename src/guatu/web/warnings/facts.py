"""A warning's facts, for people: what a source may say, and what it is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from guatu.web.shell import words
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.sources import AlarmNow, Source, source_of

_NOT_NAMED = frozenset({"alarms", "title", "unit_kind"})

# What a source may put into `facts`, and what it is called. Other keys are shown as they are.
_FACT_LABELS: dict[str, str | Promise] = {
    "plant": gettext_lazy("Plant"),
    "unit": gettext_lazy("Unit"),
    "unit_state": gettext_lazy("Unit state at its beginning"),
    "rules": gettext_lazy("Rule"),
    "rules_version": gettext_lazy("Version of the rules"),
    "point": gettext_lazy("Point"),
    "value": gettext_lazy("Value"),
    "limit": gettext_lazy("Limit"),
}
_FACT_WORDS: dict[str, Mapping[Any, str | Promise]] = {
    "slot": {
        "LL": gettext_lazy("Low-low"),
        "L": gettext_lazy("Low"),
        "H": gettext_lazy("High"),
        "HH": gettext_lazy("High-high"),
        "MISSING": gettext_lazy("No data"),
    },
    # The words of the alarm rules (core/alarms/rules.py); a new rule's may come by `name_facts`.
    "rules": {
        "two_core_points_second_stage": gettext_lazy("Two core points beyond their second limits"),
        "core_point_second_stage": gettext_lazy("A core point beyond its second limit"),
        "core_point_silent": gettext_lazy("A core point silent while its unit runs"),
        "first_stage_unacknowledged": gettext_lazy("A stage 1 alarm unacknowledged for 5 minutes"),
    },
}


def name_facts(key: str, label: str | Promise, values: Mapping[Any, str | Promise]) -> None:
    """Let an app above say what its facts are called.

    Args:
        key: a key of `facts`, or of an alarm in it.
        label: its heading, lazily translated.
        values: words for the codes it holds; codes without a word are shown as they are.
    """
    _FACT_LABELS[key] = label
    _FACT_WORDS[key] = dict(values)


def _fact(key: str, value: object) -> str:
    if isinstance(value, str | int) and value in _FACT_WORDS.get(key, {}):
        return str(_FACT_WORDS[key][value])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return words.number(value)
    if isinstance(value, list):
        return ", ".join(_fact(key, part) for part in value)
    return words.NOTHING if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFact:
    """An alarm as a warning tells it; what the source left out is a dash."""

    point: str
    name: str
    alarm: str
    value: str
    limit: str
    unit_state: str
    began: datetime | None
    now: AlarmNow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A warning's facts, for people: named values, and the alarms behind it."""

    named: Sequence[tuple[str, str]]
    alarms: Sequence[AlarmFact]

    @property
    def still_active(self) -> int:
        """How many of the alarms still hold, as far as the source knows."""
        return sum(a.now is not None and a.now.returned_at is None for a in self.alarms)


def facts_of(warning: Warning) -> Facts:
    """Read a warning's facts, whatever its source put there.

    `facts` is a JSON object. Its key "alarms" holds a list of objects with any of `point` (code),
    `name`, `alarm` (in words) or `slot` (LL, L, H, HH, MISSING), `value` and `limit` (in words, or
    figures with `measure`, the unit of both, and `decimals`), `unit_state`, `key` (by which the
    source tells how the alarm stands now), and `at` (ISO 8601) or `at_ms`; every other key is a
    named value. Alarms come in the order in which they began.
    """
    facts = warning.facts if isinstance(warning.facts, dict) else {}
    found = facts.get("alarms")
    alarms = [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []
    source = source_of(warning.source_kind)
    keys = [str(alarm["key"]) for alarm in alarms if alarm.get("key")]
    now = source.alarms_now(keys) if source and keys else {}
    told = [_alarm_fact(alarm, facts, source, now) for alarm in alarms]
    return Facts(
        named=[
            (str(_FACT_LABELS.get(key, key)), _named(key, value, facts, source))
            for key, value in facts.items()
            if key not in _NOT_NAMED and not isinstance(value, dict)
        ],
        alarms=sorted(told, key=lambda alarm: (alarm.began is None, alarm.began)),
    )


def _named(key: str, value: object, facts: Mapping[str, Any], source: Source | None) -> str:
    if key == "unit_state" and source is not None and type(value) is int:
        return source.unit_state(value, facts)
    return _fact(key, value)


def _alarm_fact(
    alarm: Mapping[str, Any],
    facts: Mapping[str, Any],
    source: Source | None,
    now: Mapping[str, AlarmNow],
) -> AlarmFact:
    return AlarmFact(
        point=_fact("point", alarm.get("point")),
        name=str(alarm.get("name", "")),
        alarm=_alarm_word(alarm),
        value=_quantity(alarm.get("value"), alarm, source),
        limit=_quantity(alarm.get("limit"), alarm, source),
        unit_state=_named("unit_state", alarm.get("unit_state"), facts, source),
        began=_moment(alarm.get("at", alarm.get("at_ms"))),
        now=now.get(str(alarm.get("key"))),
    )


def _alarm_word(alarm: Mapping[str, Any]) -> str:
    """The word of its slot in the reader's language before the word that was written down."""
    slot = alarm.get("slot")
    if isinstance(slot, str) and slot in _FACT_WORDS["slot"]:
        return _fact("slot", slot)
    return str(alarm.get("alarm") or _fact("slot", slot))


def _quantity(value: object, alarm: Mapping[str, Any], source: Source | None) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _fact("value", value)
    if source is not None:
        return source.reading(value, alarm)
    return f"{words.number(value)} {alarm.get('measure', '')}".strip()


def _moment(value: object) -> datetime | None:
    """A moment from ISO 8601 or milliseconds; none where it is neither, or has no time zone."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return None
