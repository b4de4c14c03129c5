"""The list of plants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from guatu.web.monitoring import queries
from guatu.web.monitoring.last_words import LastWord, last_words
from guatu.web.monitoring.models import Plant
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import level_badge, state
from guatu.web.shell.words import NOTHING, level_word

STANDINGS = {
    "bad": gettext_lazy("Stage 2 alarm"),
    "attention": gettext_lazy("Stage 1 alarm"),
    "good": gettext_lazy("Normal"),
}


def _name(plant: Plant) -> SafeString:
    return format_html(
        '<a href="{}">{}</a>', reverse("monitoring:plant", args=[plant.pk]), plant.name
    )


def _standing(plant: Plant) -> str:
    return str(STANDINGS[queries.standing(plant)])


def _warning(plant: Plant) -> str:
    level = getattr(plant, "warning_level", 0)
    return level_word(level) if level else ""


_COLUMNS: list[Column[Plant]] = [
    Column(
        key="name", label=gettext_lazy("Plant"), value=lambda p: p.name, cell=_name, sort="name"
    ),
    Column(key="code", label=gettext_lazy("Code"), value=lambda p: p.code, sort="code"),
    Column(
        key="region",
        label=gettext_lazy("Region"),
        value=lambda p: p.region.name,
        sort="region__sort",
    ),
    Column(
        key="points",
        label=gettext_lazy("Points"),
        value=lambda p: getattr(p, "points_count", 0),
        sort="points_count",
    ),
    Column(
        key="stage2",
        label=gettext_lazy("Stage 2 alarms"),
        value=lambda p: getattr(p, "stage_2", 0),
        sort="stage_2",
    ),
    Column(
        key="stage1",
        label=gettext_lazy("Stage 1 alarms"),
        value=lambda p: getattr(p, "stage_1", 0),
        sort="stage_1",
    ),
    Column(
        key="unread",
        label=gettext_lazy("Unacknowledged"),
        value=lambda p: getattr(p, "unread", 0),
        sort="unread",
        phone=False,
    ),
    Column(
        key="warning",
        label=gettext_lazy("Open warning"),
        value=_warning,
        cell=lambda p: level_badge(p.warning_level) if _warning(p) else NOTHING,  # type: ignore[attr-defined]
        sort="warning_level",
    ),
    Column(
        key="address",
        label=gettext_lazy("Plant address"),
        value=lambda p: p.address,
        phone=False,
    ),
]


def _columns(now: Mapping[int, LastWord], *, addresses: bool) -> list[Column[Plant]]:
    """The columns, with what the engine says of each plant of the page.

    Args:
        now: filled once the page's plants are known.
        addresses: whether any plant has one; an empty column tells nothing.
    """

    def silent(plant: Plant) -> bool:
        return plant.pk in now and now[plant.pk].is_silent

    def standing(plant: Plant) -> str:
        return _("No data") if silent(plant) and _is_good(plant) else _standing(plant)

    def mark(plant: Plant) -> SafeString:
        tone = "idle" if silent(plant) and _is_good(plant) else queries.standing(plant)
        return state(tone, standing(plant))

    return [
        Column(
            key="standing",
            label=gettext_lazy("Status"),
            value=standing,
            cell=mark,
            sort="stage_2",
        ),
        *_COLUMNS[:4],
        Column(
            key="units",
            label=gettext_lazy("Unit state"),
            value=lambda p: now[p.pk].units if p.pk in now else "",
        ),
        Column(
            key="last",
            label=gettext_lazy("Last data"),
            value=lambda p: now[p.pk].last_at if p.pk in now else None,
        ),
        *(column for column in _COLUMNS[4:] if addresses or column.key != "address"),
    ]


def _is_good(plant: Plant) -> bool:
    return queries.standing(plant) == "good"


def _mark(plant: Plant) -> str:
    return {"bad": "row-red", "attention": "row-yellow"}.get(queries.standing(plant), "")


@require_GET
def plants(request: SignedInRequest) -> HttpResponseBase:
    """The plants the reader may see, filtered, sorted, as a page or a file."""
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "region", "standing")}
    rows: QuerySet[Any] = queries.filtered(
        queries.plant_rows(request.user),
        text=chosen["q"],
        region=chosen["region"],
        standing=chosen["standing"],
    )
    now: dict[int, LastWord] = {}
    counters = queries.counters(request.user)
    table = Table(
        request,
        columns=_columns(now, addresses=counters.addressed > 0),
        rows=rows.order_by("-stage_2", "-stage_1", "region__sort", "code"),
        name=_("Plants"),
        row_css=_mark,
        empty=_("No plant fits these filters."),
        live=True,
    )
    now.update(last_words(list(table.page.object_list), at=timezone.now()))
    if (file := table.export()) is not None:
        return file
    context = {
        "table": table,
        "chosen": chosen,
        "standings": STANDINGS.items(),
        "regions": queries.regions_of_plants(request.user),
        "counters": counters,
        "asking": queries.plants_asking(request.user),
    }
    return render(request, "monitoring/plants.html", context)
