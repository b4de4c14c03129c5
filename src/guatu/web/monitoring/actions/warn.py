"""From open alarms to warnings: the rule table of the core, put to the units that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import translation

from guatu.core.alarms.rules import RULES, DueWarning, OpenAlarm, not_yet_told, warnings_due
from guatu.core.nouns.warning import Level
from guatu.web.monitoring.models import Alarm, Slot, Unit
from guatu.web.monitoring.queries import SOURCE_KIND
from guatu.web.monitoring.source import title, title_facts, warning_facts
from guatu.web.warnings.actions import raise_warning
from guatu.web.warnings.models import Warning as RaisedWarning

_LOOK_BACK = timedelta(days=1)
"""How old a returned alarm may be and still be a reason; an active one never grows too old."""


def raise_due(units: Collection[int], *, at: datetime, just_raised: Collection[str] = ()) -> int:
    """Raise or lift the warnings that these units' open alarms ask for and that were not told yet.

    Runs in the caller's transaction.

    Args:
        units: ids of the units to look at.
        at: the moment.
        just_raised: keys of alarms whose raising was recorded only now. They count even where
            they are over already, so that a late or disordered recording misses no danger.

    Returns:
        How many warnings were raised or lifted.
    """
    alarms = _open_alarms(units, at, just_raised)
    seen = [_seen_now(alarm, just_raised) for alarm in alarms]
    told = {alarm.key: alarm.warned_level for alarm in alarms}
    due = not_yet_told(warnings_due(seen, at=at), told)
    if not due:
        return 0
    by_key = {alarm.key: alarm for alarm in alarms}
    places = Unit.objects.select_related("plant__organisation", "plant__region").in_bulk(
        {warning.unit for warning in due}
    )
    for warning in due:
        _raise(warning, places[warning.unit or 0], by_key, at)
    return len(due)


def raise_overdue(*, at: datetime) -> int:
    """Raise what is due by time alone, on whatever unit; returns how many."""
    units: set[int] = set()
    for rule in RULES.rules:
        if rule.unacknowledged_for is None:
            continue
        slots = [Slot[name] for name in rule.slots]
        candidates = (
            _unanswered()
            .filter(
                acknowledged_at__isnull=True,
                slot__in=slots,
                warned_level__lt=rule.level,
                began_at__lte=at - rule.unacknowledged_for,
            )
            .filter(Q(cleared_at__isnull=True) | Q(cleared_at__gt=at - _LOOK_BACK))
        )
        units.update(candidates.order_by().values_list("unit", flat=True).distinct())
    return raise_due(units, at=at) if units else 0


def _unanswered() -> QuerySet[Alarm]:
    """Alarms that no closed warning has answered for.

    What began before the unit's last warning was closed, and is over, was dealt with by it. What
    still holds is a fact of today, and what began since is new.
    """
    closed = RaisedWarning.objects.filter(
        source_kind=SOURCE_KIND,
        source_key=Cast(OuterRef("unit"), CharField()),
        closed_at__gte=OuterRef("began_at"),
    )
    return Alarm.objects.filter(Q(cleared_at__isnull=True) | ~Exists(closed))


def _open_alarms(units: Collection[int], at: datetime, also: Collection[str]) -> list[Alarm]:
    still_due = Q(acknowledged_at__isnull=True, cleared_at__gt=at - _LOOK_BACK)
    unanswered = _unanswered().filter(Q(cleared_at__isnull=True) | still_due)
    rows = Alarm.objects.filter(unit__in=units, raise_seen=True)
    rows = rows.filter(Q(pk__in=unanswered.order_by().values("pk")) | Q(key__in=also))
    return list(rows.select_related("point", "unit").order_by("began_at", "id"))


def _seen_now(alarm: Alarm, just_raised: Collection[str]) -> OpenAlarm:
    seen = as_seen(alarm)
    if seen.is_open or alarm.key not in just_raised:
        return seen
    reopened = replace(seen, acknowledged_at=None)
    at_once = (rule for rule in RULES.rules if rule.unacknowledged_for is None)
    return reopened if any(rule.concerns(reopened) for rule in at_once) else seen


def as_seen(alarm: Alarm) -> OpenAlarm:
    """An alarm as the rules see it."""
    return OpenAlarm(
        key=alarm.key,
        plant=alarm.plant_id,
        unit=alarm.unit_id,
        point=alarm.point_id,
        slot=Slot(alarm.slot).name,
        stage=alarm.stage,
        core=alarm.point.core,
        unit_kind=alarm.unit.kind,
        unit_state=alarm.unit_state,
        began_at=alarm.began_at,
        acknowledged_at=alarm.acknowledged_at,
        active=alarm.cleared_at is None,
        value=alarm.value,
        limit=alarm.limit,
        returned_at=alarm.cleared_at,
    )


def _raise(due: DueWarning, unit: Unit, alarms: dict[str, Alarm], at: datetime) -> None:
    gravest = due.reasons[0]
    source = {"source_kind": SOURCE_KIND, "source_key": str(unit.pk)}
    found = RaisedWarning.objects.filter(**source, closed_at=None).first()
    told = title_facts(unit, gravest.rule, [alarms[key] for key in gravest.alarm_keys])
    if found is not None and due.level <= found.level:
        told = found.facts.get("title", told)  # the title tells of the gravest, as the level does
    concerned = [alarms[key] for key in due.alarm_keys]
    facts = warning_facts(unit, due.rule_codes, concerned, found.facts if found else None)
    # Written once for everybody, to be searched: in the installation's own language.
    with translation.override(settings.LANGUAGE_CODE):
        kept_title = title(told)
    raise_warning(
        **source,
        source_url=reverse("monitoring:plant", args=[unit.plant_id]),
        title=kept_title,
        level=Level(due.level),
        organisation=unit.plant.organisation,
        region=unit.plant.region,
        facts={**facts, "title": told, "rules_version": due.rules_version},
        at=at,
    )
    for reason in due.reasons:
        _note_told(reason.alarm_keys, reason.level)


def _note_told(keys: Iterable[str], level: int) -> None:
    Alarm.objects.filter(key__in=list(keys), warned_level__lt=level).update(warned_level=level)
