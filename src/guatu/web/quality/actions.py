"""Every change in data quality: the worker's looks, and a person who has seen the quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, FloatField, Sum, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from guatu.web.monitoring.models import PlannedStop, Plant, Point
from guatu.web.people import permission
from guatu.web.people.models import User
from guatu.web.quality import doors
from guatu.web.quality.expected import Stopped, expected
from guatu.web.quality.looks import DOUBLED, Counts, Look
from guatu.web.quality.models import LastLook, PlantHour
from guatu.web.shell.recorded import DONE, tell

KEPT = timedelta(days=800)
"""How long hours are kept: two years and the day to compare with."""

_SUMS = (
    "received",
    "stored",
    "uncertain",
    "bad",
    "late",
    "backfilled",
    "beats",
    "doubled_beats",
    "given_up_beats",
    "clock_steps",
    "missing_beats",
)


@transaction.atomic
def record_looks(looks: Sequence[Look], *, at: datetime) -> int:
    """Write down how the counts of plants have grown since the last look.

    Of a plant that is looked at for the first time only the counts are noted. A look that is not
    later than the last one changes nothing, so recording twice is harmless.

    Args:
        looks: at plants, each at most once.
        at: when they were taken.

    Returns:
        How many plants' hours were written.
    """
    plants = Plant.objects.in_bulk([look.plant for look in looks])
    lasts = LastLook.objects.select_for_update().in_bulk(list(plants))
    _renew_rates(plants, lasts)
    ahead = [one for one in looks if one.plant in lasts and lasts[one.plant].at < at]
    since = min((lasts[one.plant].at for one in ahead), default=at)
    stops = _stops(plants, since, at)
    hours = _hours(ahead, lasts, at)
    for look in ahead:
        last = lasts[look.plant]
        plant = plants[look.plant]
        due = (
            0.0
            if plant.suspended_at or plant.ended_at
            else expected(
                {int(unit): rate for unit, rate in last.rates.items()},
                last.at,
                at,
                stops.get(look.plant, ()),
            )
        )
        row = hours[look.plant]
        _add(row, look.counts.since(Counts.from_json(last.counts)), due)
        _note_clock(row, look, last.at)
        row.until = at
        last.at, last.counts = at, look.counts.as_json()
    _save(list(hours.values()), [lasts[look.plant] for look in ahead])
    _begin([look for look in looks if look.plant in plants and look.plant not in lasts], plants, at)
    return len(ahead)


def hour_of(since: datetime, until: datetime) -> datetime:
    """Give the hour that a span between two looks counts for: that of its middle."""
    middle = since + (until - since) / 2
    return middle.replace(minute=0, second=0, microsecond=0)


def _hours(
    looks: Iterable[Look], lasts: Mapping[int, LastLook], at: datetime
) -> dict[int, PlantHour]:
    """The row of each plant's hour, begun where there is none."""
    wanted = {look.plant: hour_of(lasts[look.plant].at, at) for look in looks}
    kept = PlantHour.objects.filter(plant__in=wanted, hour__in=set(wanted.values()))
    found = {row.plant_id: row for row in kept if wanted[row.plant_id] == row.hour}
    for plant, hour in wanted.items():
        if plant not in found:
            found[plant] = PlantHour(
                plant_id=plant, hour=hour, since=lasts[plant].at, until=lasts[plant].at
            )
    return found


def _add(row: PlantHour, more: Counts, due: float) -> None:
    for name in _SUMS:
        setattr(row, name, getattr(row, name) + more.sums.get(name, 0))
    row.expected += due
    row.rejected += sum(more.rejected.values())
    row.doubled += sum(more.rejected.get(reason, 0) for reason in DOUBLED)
    row.refused += sum(more.refused.values())
    whole = Counts(rejected=row.by_reason, refused=row.by_refusal).plus(more)
    row.by_reason, row.by_refusal = dict(whole.rejected), dict(whole.refused)


def _note_clock(row: PlantHour, look: Look, since: datetime) -> None:
    """Note how far a clock is off, if the plant has said so since the last look."""
    offset = look.clock_offset_ms
    if offset is None or (look.clock_at is not None and look.clock_at <= since):
        return
    least, most = row.clock_least_ms, row.clock_most_ms
    row.clock_last_ms = offset
    row.clock_least_ms = offset if least is None else min(least, offset)
    row.clock_most_ms = offset if most is None else max(most, offset)


_ROW_FIELDS = [
    field.name
    for field in PlantHour._meta.get_fields()  # noqa: SLF001 - Django's documented way
    if field.name not in {"id", "plant", "hour", "since"}
]


def _save(rows: list[PlantHour], lasts: list[LastLook]) -> None:
    begun = [row for row in rows if row._state.adding]  # noqa: SLF001 - Django's documented way
    kept = [row for row in rows if not row._state.adding]  # noqa: SLF001
    PlantHour.objects.bulk_create(begun, batch_size=500)
    PlantHour.objects.bulk_update(kept, _ROW_FIELDS, batch_size=100)
    LastLook.objects.bulk_update(lasts, ["at", "counts", "rates", "config_version"], batch_size=200)


def _begin(looks: Sequence[Look], plants: Mapping[int, Plant], at: datetime) -> None:
    rates = _rates([look.plant for look in looks])
    LastLook.objects.bulk_create(
        [
            LastLook(
                plant_id=look.plant,
                at=at,
                counts=look.counts.as_json(),
                rates=rates.get(look.plant, {}),
                config_version=plants[look.plant].config_version,
            )
            for look in looks
        ]
    )


def _renew_rates(plants: Mapping[int, Plant], lasts: Mapping[int, LastLook]) -> None:
    """Count anew what plants should send whose configuration has changed."""
    changed = [pk for pk, one in lasts.items() if one.config_version != plants[pk].config_version]
    rates = _rates(changed)
    for pk in changed:
        lasts[pk].rates = rates.get(pk, {})
        lasts[pk].config_version = plants[pk].config_version


def _rates(plants: Sequence[int]) -> dict[int, dict[str, float]]:
    """Samples a second by plant and unit, from the sampling periods."""
    if not plants:
        return {}
    points = Point.objects.filter(unit__plant__in=plants, retired_at=None).order_by()
    a_second = Value(1.0) / Cast(F("sampling_s"), FloatField())
    summed = points.values_list("unit__plant", "unit").annotate(
        rate=Sum(a_second, output_field=FloatField())
    )
    found: dict[int, dict[str, float]] = {}
    for plant, unit, rate in summed:
        found.setdefault(plant, {})[str(unit)] = rate
    return found


def _stops(plants: Iterable[int], since: datetime, until: datetime) -> dict[int, list[Stopped]]:
    rows = PlannedStop.objects.filter(
        plant__in=list(plants), begins_at__lt=until, ends_at__gt=since
    )
    found: dict[int, list[Stopped]] = {}
    for stop in rows:
        found.setdefault(stop.plant_id, []).append((stop.unit_id, stop.begins_at, stop.over_at))
    return found


@transaction.atomic
def forget_old_hours(*, at: datetime) -> int:
    """Delete hours that are older than is kept; returns how many."""
    return PlantHour.objects.filter(hour__lt=at - KEPT).delete()[0]


def clear_quarantine(plant: Plant, *, by: User) -> None:
    """Throw away the examples of left-out samples, once somebody has looked at them.

    Raises:
        PermissionDenied: if `by` may not.
        UnreachableError: if the log did not confirm it.
    """
    permission.demand(by, "quality.clear_quarantine", plant)
    doors.forget_quarantine(plant, by.get_full_name())
    tell(DONE, what=_("Examples of left-out samples thrown away"), record=plant)
