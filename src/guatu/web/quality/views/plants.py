"""A region's plants, the worst data first, with the region's day by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from guatu.web.monitoring import queries as monitoring
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Plant
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.quality import doors, queries
from guatu.web.quality.chart import hours_of
from guatu.web.quality.looks import Counts
from guatu.web.quality.queries import NOTHING, Figures
from guatu.web.quality.standing import Finding, Standing, chief, findings, standing
from guatu.web.quality.wording import offset_words
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state

if TYPE_CHECKING:
    from guatu.telemetry.query import PlantQuality

FARTHEST = timedelta(days=800)
WORST = 50
"""Of so many plants at most the list says what their trouble is."""
FINE_SHARE = 99.0
"""With more usable data than this, percent, a plant has no trouble worth a word in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A plant of the ranking."""

    plant: Plant
    now: Standing
    day: Figures
    silent: int
    link: str
    why: Sequence[Finding] = ()


def day_of(request: SignedInRequest) -> date:
    """The day asked for, today where none or an impossible one is."""
    today = timezone.localdate()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return day if today - FARTHEST <= day <= today else today


def _share(key: str, label: Any, value: str, *, phone: bool = True) -> Column[Line]:  # noqa: ANN401 - text, or text to come
    return Column(
        key=key,
        label=label,
        value=lambda line: getattr(line.day, value),
        decimals=2,
        unit="%",
        sort=key,
        phone=phone,
    )


def _why(line: Line) -> SafeString:
    marks = ((state(one.reason.tone, str(one.reason.name)),) for one in line.why)
    return format_html('<div class="why">{}</div>', format_html_join("", "{}", marks))


def _name(line: Line) -> SafeString:
    return format_html('<a href="{}">{}</a>', line.link, line.plant.name)


_COLUMNS: list[Column[Line]] = [
    Column(
        key="now",
        label=gettext_lazy("Now"),
        value=lambda line: line.now.word,
        cell=lambda line: state(line.now.tone, line.now.word),
        sort="now",
    ),
    Column(
        key="name",
        label=gettext_lazy("Plant"),
        value=lambda line: line.plant.name,
        cell=_name,
        sort="name",
    ),
    Column(
        key="why",
        label=gettext_lazy("Chief trouble"),
        value=lambda line: "; ".join(str(one.reason.name) for one in line.why),
        cell=_why,
    ),
    Column(
        key="region",
        label=gettext_lazy("Region"),
        value=lambda line: line.plant.region.name,
        phone=False,
    ),
    _share("usable", gettext_lazy("Usable"), "usable_share"),
    _share("arrived", gettext_lazy("Arrived"), "arrived_share"),
    _share("rejected", gettext_lazy("Left out"), "rejected_share"),
    _share("doubled", gettext_lazy("Doubled"), "doubled_share", phone=False),
    _share("late", gettext_lazy("Late"), "late_share"),
    _share("doubtful", gettext_lazy("Bad or uncertain"), "doubtful_share"),
    Column(
        key="gaps",
        label=gettext_lazy("Missing messages"),
        value=lambda line: line.day.missing,
        sort="gaps",
    ),
    Column(
        key="refused",
        label=gettext_lazy("Refused messages"),
        value=lambda line: line.day.refused,
        sort="refused",
        phone=False,
    ),
    Column(
        key="clock",
        label=gettext_lazy("Clock offset"),
        value=lambda line: offset_words(line.now.clock_offset_ms),
        align="end",
    ),
    Column(
        key="silent",
        label=gettext_lazy("Silent points"),
        value=lambda line: line.silent,
        sort="silent",
    ),
    Column(
        key="heard",
        label=gettext_lazy("Last message"),
        value=lambda line: line.now.heard_at,
        sort="heard",
        phone=False,
    ),
]


@require_GET
@never_cache
def plants(request: SignedInRequest) -> HttpResponseBase:
    """The ranking of the plants the reader may see, as a page or a file."""
    day, at = day_of(request), timezone.now()
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "region")}
    rows = monitoring.filtered(
        monitoring.visible_to(request.user).filter(ended_at=None),
        text=chosen["q"],
        region=chosen["region"],
    )
    qualities = _qualities()
    lines = _lines(
        list(rows), queries.by_plant(rows, day), queries.silent_points(rows), qualities, at, day
    )
    table = Table(
        request,
        columns=_COLUMNS,
        rows=_with_reasons(lines, day),
        name=_("Data quality %(day)s") % {"day": day.isoformat()},
        row_css=lambda line: "row-red" if line.now.tone == "bad" else "",
        empty=_("No plant fits these filters."),
    )
    if (file := table.export()) is not None:
        return file
    begins, _ends = queries.day_span(day)
    by_hour = queries.by_hour(rows, day)
    context = {
        "table": table,
        "chosen": chosen,
        "day": day,
        "today": timezone.localdate(),
        "regions": monitoring.regions_of_plants(request.user),
        "hours": hours_of(begins, by_hour),
        "reached": qualities is not None,
        "total": _total(by_hour.values()),
        "online": sum(line.now.tone == "good" for line in lines),
        "interrupted": sum(line.now.tone == "bad" for line in lines),
        "contradictions": sum(line.now.contradicts for line in lines),
        "count": len(lines),
    }
    return render(request, "quality/plants.html", context)


def _qualities() -> Mapping[int, PlantQuality] | None:
    try:
        return {quality.plant: quality for quality in doors.all_qualities()}
    except UnreachableError:
        return None


def _lines(  # noqa: PLR0917 - one row of the page is made of this much
    rows: Sequence[Plant],
    days: Mapping[int, Figures],
    silent: Mapping[int, int],
    qualities: Mapping[int, PlantQuality] | None,
    at: datetime,
    day: date,
) -> list[Line]:
    stops = monitoring.stops_holding([plant.pk for plant in rows], at)
    query = urlencode({"day": day.isoformat()})
    lines = [
        Line(
            plant=plant,
            now=standing(
                plant,
                (qualities or {}).get(plant.pk),
                stops.get(plant.pk, []),
                at=at,
                reached=qualities is not None,
            ),
            day=days.get(plant.pk, NOTHING),
            silent=silent.get(plant.pk, 0),
            link=f"{reverse('quality:plant', args=[plant.pk])}?{query}",
        )
        for plant in rows
    ]
    return sorted(lines, key=_rank)


def _with_reasons(lines: list[Line], day: date) -> list[Line]:
    """Say of the worst plants why; of hundreds nobody reads it, and it would take long."""
    worst = [line for line in lines[:WORST] if (line.day.usable_share or 100.0) < FINE_SHARE]
    counts = queries.reasons_by_plant((line.plant.pk for line in worst), day)
    today = day == timezone.localdate()
    told = {
        line.plant.pk: chief(
            findings(
                line.day,
                counts.get(line.plant.pk, Counts()),
                offset_ms=line.now.clock_offset_ms if today else None,
            )
        )
        for line in worst
    }
    return [replace(line, why=told.get(line.plant.pk, ())) for line in lines]


def _rank(line: Line) -> tuple[object, ...]:
    """The worst first; who has no figures yet stands last."""
    usable = line.day.usable_share
    return (usable is None, usable or 0.0, line.plant.code)


def _total(figures: Any) -> Figures:  # noqa: ANN401 - figures by hour
    rows = list(figures)
    return Figures(**{name: sum(getattr(row, name) for row in rows) for name in queries.SUMS})
