"""From the board to what the templates say: words, addresses, rows in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guatu.core.nouns.warning import Verb
from guatu.web.monitoring import queries as monitoring
from guatu.web.monitoring.words import unit_state
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.regions.problems import sentence
from guatu.web.shell.requests import is_big_screen
from guatu.web.shell.tables import Table
from guatu.web.wall.board import Board, Figures, PlantLine
from guatu.web.wall.map import VIEWS, Area, WallMap
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.wording import state_tone

FEW: Final = 18
"""Rows that find room beside the map."""
VIEW_LABELS: Final[Mapping[str, str | Promise]] = {
    "prefecture": gettext_lazy("Prefectures"),
    "county": gettext_lazy("Counties"),
    "table": pgettext_lazy("wall", "Table"),
}
TODO_LABELS: Final[Mapping[Verb, str | Promise]] = {
    Verb.ACKNOWLEDGE: gettext_lazy("To acknowledge"),
    Verb.VERIFY: gettext_lazy("To verify"),
    Verb.HANDLE: gettext_lazy("To handle"),
    Verb.FEED_BACK: gettext_lazy("To feed back"),
    Verb.CLOSE: gettext_lazy("To close"),
    Verb.URGE: gettext_lazy("To urge"),
    Verb.ADD_NOTE: gettext_lazy("To answer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A choice between views of the map."""

    label: str | Promise
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRow:
    """A warning as the wall lists it."""

    warning: Warning
    place: str
    tone: str
    due: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantRow:
    """A plant as the wall lists it; `tone` and `word` say what it is doing."""

    line: PlantLine
    place: str
    tone: str
    word: str


def of_figures(request: SignedInRequest, figures: Figures) -> dict[str, Any]:
    """What the counters' template needs."""
    return {
        "figures": figures,
        "levels": figures.tally.levels,
        "query": _query(request),
        "away": pgettext("wall", "engine not connected"),
    }


def of_board(
    request: SignedInRequest, board: Board, tables: Mapping[str, Table[Any]]
) -> dict[str, Any]:
    """What the page's templates need."""
    return {
        **of_figures(request, board.figures),
        "board": board,
        "asking": monitoring.plants_asking(board.user),
        "tables": tables,
        "map": board.map,
        "map_problems": [sentence(problem) for problem in board.map_problems],
        "switches": _switches(request, board.map),
        "review_note": _review_note(board.map),
        "warning_rows": [_warning_row(board, w) for w in board.warnings],
        "handled_rows": [_warning_row(board, w) for w in board.handled],
        "plant_rows": [_plant_row(board, line) for line in board.plants[: board.rows.plants]],
        "todo_rows": [(TODO_LABELS.get(t.verb, t.verb), t) for t in board.todos.items],
        "todo_counts": [
            (TODO_LABELS.get(verb, verb), count) for verb, count in board.todos.by_verb.items()
        ],
        "all_areas_url": f"{reverse('wall:wall')}?{_query(request, view='table')}#wall-map",
        "most": max((area.tally.total for area in board.areas), default=0),
        # Few rows find room beside the map; on a wall the places stay where they are.
        "few": _rows_beside(board) <= FEW and not is_big_screen(request),
    }


def _query(request: SignedInRequest, **changes: str) -> str:
    """The page's own choices, for addresses of its parts: view and big screen, nothing else."""
    kept = {name: request.GET[name] for name in ("view", "screen") if name in request.GET}
    return urlencode({**kept, **changes})


def _switches(request: SignedInRequest, shown: WallMap | None) -> list[Switch]:
    if shown is None or shown.drawing is None:
        return []
    return [
        Switch(
            label=VIEW_LABELS[view],
            url=f"{reverse('wall:wall')}?{_query(request, view=view)}",
            current=view == shown.view,
        )
        for view in VIEWS
    ]


def _review_note(shown: WallMap | None) -> str:
    """What must stand under a map: its review number, or that there is none yet."""
    if shown is None or shown.drawing is None:
        return ""
    number = shown.drawing.review_number
    if not number:
        return _("map review number not yet configured")
    return _("map review number: %(number)s") % {"number": number}


def _warning_row(board: Board, warning: Warning) -> WarningRow:
    return WarningRow(
        warning=warning,
        place=board.places.get(warning.region_id, warning.region.name),
        tone=state_tone(warning),
        due=vars(warning).get("nearest_due"),
    )


def _plant_row(board: Board, line: PlantLine) -> PlantRow:
    tone, word = _doing(board, line)
    place = board.places.get(line.plant.region_id, line.plant.region.name)
    return PlantRow(line=line, place=place, tone=tone, word=word)


def _doing(board: Board, line: PlantLine) -> tuple[str, str]:
    """Tone and word of what a plant is doing, as far as the engine can tell."""
    if not board.figures.engine_reached:
        return "idle", _("unknown")
    if line.now is None or line.now.last_at is None:
        return "idle", pgettext("wall", "no data yet")
    if line.replayed and not line.online:
        return "idle", pgettext("wall", "replayed recording")
    if not line.online:
        return "bad", _("data interrupted")
    if line.state is None:
        return "good", pgettext("wall", "on line")
    return ("good" if line.running else "idle"), unit_state(line.state.number, line.state.kind)


def area_url(area: Area) -> str:
    """The desk, narrowed to a division."""
    return f"{reverse('warnings:desk')}?{urlencode({'region': area.region.code})}"


def _rows_beside(board: Board) -> int:
    """Count the rows that would stand one under another beside the map."""
    return len(board.warnings) + max(len(board.ranking), 1) + len(board.plants)
