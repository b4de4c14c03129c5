"""The wall's tables as files: the same figures as on the page, all rows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.core.nouns.warning import Level
from guatu.web.monitoring.words import unit_state
from guatu.web.shell import words
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.words import NOTHING
from guatu.web.wall import queries
from guatu.web.wall.board import Board, PlantLine
from guatu.web.wall.map import Area
from guatu.web.warnings import queries as warnings
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.rows import DURATIONS, FIGURES

_ORIGIN: Column[Warning] = Column(key="origin", label=_("Arose at"), value=lambda w: w.origin.name)


def warnings_table(request: HttpRequest, board: Board) -> Table[Warning]:
    """All open warnings that the user sees."""
    return Table(
        request,
        prefix="warnings",
        name=pgettext_lazy("wall", "Open warnings"),
        rows=warnings.with_next_due(warnings.visible_to(board.user).filter(closed_at=None)),
        columns=[
            Column(key="id", label=pgettext_lazy("wall", "No."), value=lambda w: w.number),
            Column(
                key="level",
                label=pgettext_lazy("wall", "Level"),
                value=lambda w: w.get_level_display(),
            ),
            Column(
                key="raised", label=pgettext_lazy("wall", "Raised"), value=lambda w: w.raised_at
            ),
            Column(
                key="place", label=pgettext_lazy("wall", "Place"), value=lambda w: _place(board, w)
            ),
            Column(key="title", label=pgettext_lazy("wall", "Content"), value=lambda w: w.headline),
            Column(
                key="owner",
                label=pgettext_lazy("wall", "Owner"),
                value=lambda w: w.organisation.name,
            ),
            Column(
                key="state",
                label=pgettext_lazy("wall", "State"),
                value=lambda w: w.state_word,
            ),
            Column(
                key="due",
                label=pgettext_lazy("wall", "Due"),
                value=lambda w: vars(w)["nearest_due"],
            ),
            _ORIGIN,
            *FIGURES,
        ],
    )


def _place(board: Board, warning: Warning) -> str:
    return board.places.get(warning.region_id, warning.region.name)


def plants_table(request: HttpRequest, board: Board) -> Table[PlantLine]:
    """All plants that the user sees."""
    return Table(
        request,
        prefix="plants",
        name=pgettext_lazy("wall", "Plants"),
        rows=board.plants,
        columns=[
            Column(key="code", label=pgettext_lazy("wall", "Code"), value=lambda p: p.plant.code),
            Column(key="name", label=pgettext_lazy("wall", "Plant"), value=lambda p: p.plant.name),
            Column(
                key="region",
                label=pgettext_lazy("wall", "Region"),
                value=lambda p: p.plant.region.name,
            ),
            Column(
                key="state",
                label=pgettext_lazy("wall", "Production"),
                value=lambda p: unit_state(p.state.number, p.state.kind) if p.state else NOTHING,
            ),
            Column(key="points", label=pgettext_lazy("wall", "Points"), value=lambda p: p.points),
            Column(
                key="stage_2",
                label=pgettext_lazy("wall", "Stage 2 alarms"),
                value=lambda p: p.stage_2,
            ),
            Column(
                key="stage_1",
                label=pgettext_lazy("wall", "Stage 1 alarms"),
                value=lambda p: p.stage_1,
            ),
            Column(
                key="open",
                label=pgettext_lazy("wall", "Open warnings"),
                value=lambda p: p.tally.total,
            ),
            Column(key="last", label=pgettext_lazy("wall", "Last data"), value=lambda p: p.last_at),
        ],
    )


def areas_table(request: HttpRequest, areas: list[Area], *, prefix: str) -> Table[Area]:
    """Divisions with their open warnings."""

    def level_column(level: Level) -> Column[Area]:
        return Column(
            key=level.name.lower(),
            label=words.level_word(level),
            value=lambda area: area.tally.by_level[level],
            sort="level",
        )

    return Table(
        request,
        prefix=prefix,
        name=_("Open warnings by region"),
        rows=areas,
        page_size=200,
        columns=[
            Column(
                key="code",
                label=pgettext_lazy("wall", "Code"),
                value=lambda a: a.region.code,
                phone=False,
            ),
            Column(
                key="name", label=pgettext_lazy("wall", "Region"), value=lambda a: a.region.name
            ),
            Column(
                key="plants",
                label=pgettext_lazy("wall", "Plants"),
                value=lambda a: a.plants,
                sort="plants",
            ),
            Column(
                key="total",
                label=pgettext_lazy("wall", "Open"),
                value=lambda a: a.tally.total,
                sort="total",
            ),
            *[level_column(level) for level in queries.GRAVEST_FIRST],
            Column(
                key="overdue",
                label=pgettext_lazy("wall", "Overdue"),
                value=lambda a: a.tally.overdue,
                sort="late",
            ),
        ],
    )


def handled_table(request: HttpRequest, board: Board) -> Table[Warning]:
    """What was handled or closed lately."""
    return Table(
        request,
        prefix="handled",
        name=_("Handled lately"),
        rows=queries.lately_handled(board.user, board.at),
        columns=[
            Column(key="id", label=pgettext_lazy("wall", "No."), value=lambda w: w.number),
            Column(
                key="level",
                label=pgettext_lazy("wall", "Level"),
                value=lambda w: w.get_level_display(),
            ),
            Column(key="title", label=pgettext_lazy("wall", "Content"), value=lambda w: w.headline),
            Column(
                key="owner",
                label=pgettext_lazy("wall", "Owner"),
                value=lambda w: w.organisation.name,
            ),
            Column(
                key="verdict",
                label=pgettext_lazy("wall", "Finding"),
                value=lambda w: w.get_verdict_display(),
            ),
            Column(
                key="state",
                label=pgettext_lazy("wall", "State"),
                value=lambda w: w.state_word,
            ),
            Column(
                key="raised", label=pgettext_lazy("wall", "Raised"), value=lambda w: w.raised_at
            ),
            Column(
                key="done", label=pgettext_lazy("wall", "Done"), value=lambda w: vars(w)["done_at"]
            ),
            Column(key="handled", label=_("Handled at"), value=lambda w: w.handled_at),
            Column(key="closed", label=_("Closed at"), value=lambda w: w.closed_at),
            _ORIGIN,
            *DURATIONS,
            *FIGURES,
        ],
    )


def tables(request: HttpRequest, board: Board) -> Mapping[str, Table[Any]]:
    """All tables of the wall by the prefix in the address."""
    seen = [area for area in board.map.areas if area.seen] if board.map else []
    return {
        "warnings": warnings_table(request, board),
        "plants": plants_table(request, board),
        "areas": areas_table(request, board.areas, prefix="areas"),
        "map": areas_table(request, seen, prefix="map"),
        "handled": handled_table(request, board),
    }


def exported(tables_by_prefix: Mapping[str, Table[Any]]) -> FileResponse | None:
    """The file that the request asks for, None where it asks for a page."""
    files = (table.export() for table in tables_by_prefix.values())
    return next((file for file in files if file is not None), None)
