"""The wall's board: everything one request shows, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import Level
from guatu.web.monitoring.models import Plant
from guatu.web.people.models import User
from guatu.web.people.posts import home_of, sight_of
from guatu.web.regions.base_map import MapProblem
from guatu.web.regions.drawing import ProvinceMap, province_map
from guatu.web.regions.models import Region, RegionLevel
from guatu.web.wall import queries
from guatu.web.wall.engine import EngineNow, PlantNow, UnitState, engine_now
from guatu.web.wall.map import Area, WallMap, areas_of, is_county, is_top, ranked, wall_map
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun

# A plant is on line while data came within this time.
ONLINE_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many rows each part shows."""

    warnings: int
    todos: int
    plants: int
    areas: int
    handled: int


ON_A_DESK = Rows(warnings=10, todos=6, plants=8, areas=7, handled=8)
# Enough for a screen of double width; the style sheet leaves out what a usual one cannot hold.
ON_A_WALL = Rows(warnings=13, todos=12, plants=13, areas=16, handled=11)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantLine:
    """A plant with its alarms, its open warnings and what the engine knows of it now."""

    plant: Plant
    points: int
    stage_1: int
    stage_2: int
    tally: queries.Tally
    now: PlantNow | None
    online: bool
    replayed: bool = False

    @property
    def last_at(self) -> datetime | None:
        """When data last came, as far as the engine can tell."""
        return self.now.last_at if self.now else None

    @property
    def level(self) -> Level | None:
        """The gravest open warning that arose in it."""
        return self.tally.highest

    @property
    def state(self) -> UnitState | None:
        """Its most telling unit state: of a unit at work before one that stands."""
        if self.now is None or not self.now.units:
            return None
        states = list(self.now.units.values())
        return next((state for state in states if state.is_running), states[0])

    @property
    def running(self) -> bool:
        """Whether one of its units is at work."""
        return self.state is not None and self.state.is_running

    @property
    def rank(self) -> tuple[object, ...]:
        """What to look at first: warnings, alarms, work going on, then the code."""
        return (
            [-part for part in self.tally.weight[1:]],
            -self.stage_2,
            -self.stage_1,
            not self.running,
            self.plant.code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The strip of counters."""

    plants: int
    online: int | None
    points: int
    online_share: float | None
    samples_per_s: float | None
    tally: queries.Tally
    closed_today: int
    engine_reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the wall shows at a moment."""

    at: datetime
    user: User
    rows: Rows
    figures: Figures
    map: WallMap | None
    map_problems: tuple[MapProblem, ...]
    areas: list[Area]
    warnings: list[Warning]
    todos: queries.Todos
    plants: list[PlantLine]
    handled: list[Warning]
    places: Mapping[str, str]
    scope: Region

    @property
    def ranking(self) -> list[Area]:
        """The areas that the ranking shows: those with something to tell first."""
        return self.areas[: self.rows.areas]


def maps_folder() -> Path:
    """Where an owner puts base maps."""
    return Path(settings.HOME) / "maps"


def gather_figures(user: User, at: datetime) -> tuple[Figures, list[PlantLine], EngineNow]:
    """The counters alone, with the plants that they count."""
    tallies = queries.open_warnings(user, at)
    return _figures(user, at, tallies)


def _figures(
    user: User, at: datetime, tallies: queries.OpenWarnings
) -> tuple[Figures, list[PlantLine], EngineNow]:
    rows = list(queries.plants(user))
    engine = engine_now([plant.pk for plant in rows], queries.unit_kinds(user), at)
    lines = [_line(plant, tallies, engine, at) for plant in rows]
    live = [line for line in lines if not line.replayed]
    online = sum(line.online for line in live) if engine.reached else None
    figures = Figures(
        plants=len(live),
        online=online,
        points=sum(line.points for line in lines),
        online_share=100 * online / len(live) if online is not None and live else None,
        samples_per_s=engine.samples_per_s,
        tally=tallies.whole,
        closed_today=queries.closed_today(user, at),
        engine_reached=engine.reached,
    )
    return figures, sorted(lines, key=lambda line: line.rank), engine


def _line(
    plant: Plant, tallies: queries.OpenWarnings, engine: EngineNow, at: datetime
) -> PlantLine:
    now = engine.plants.get(plant.pk)
    seen = now.last_at if now else None
    counts: dict[str, int] = vars(plant)
    return PlantLine(
        plant=plant,
        points=counts["points"],
        stage_1=counts["stage_1"],
        stage_2=counts["stage_2"],
        tally=tallies.by_origin.get(plant.organisation_id, queries.Tally()),
        now=now,
        online=seen is not None and at - seen <= ONLINE_FOR,
        replayed=bool(counts["replayed"]),
    )


def gather(user: User, at: datetime, *, view: str, rows: Rows) -> Board:
    """Everything the wall shows to a user at a moment.

    Args:
        user: who looks; only what the user may see is counted.
        at: now.
        view: of the map.
        rows: how many of each part.
    """
    tallies = queries.open_warnings(user, at)
    figures, plants, _engine = _figures(user, at, tallies)
    scope = home_of(user)
    province = _province(scope)
    areas: dict[str, Area] = {}
    if province is not None:
        areas = areas_of(
            province,
            by_region=tallies.by_region,
            plants=[line.plant.region_id for line in plants],
            sight=sight_of(user),
            own_region=scope.code,
        )
    return Board(
        at=at,
        user=user,
        rows=rows,
        figures=figures,
        map=wall_map(province, areas, view, own=scope.code) if province else None,
        map_problems=province.problems if province else (),
        areas=_ranking(areas, scope),
        warnings=queries.most_pressing(user, at, limit=rows.warnings),
        todos=queries.todos(user, at, limit=rows.todos),
        plants=plants,
        handled=list(queries.lately_handled(user, at)[: rows.handled]),
        places=_places(province),
        scope=scope,
    )


def _province(scope: Region) -> ProvinceMap | None:
    code = RegionCode(scope.code).province.value
    try:
        return province_map(code, folder=maps_folder())
    except Region.DoesNotExist:
        return None


def _places(province: ProvinceMap | None) -> dict[str, str]:
    """How a region is said on the wall: prefecture and county, short."""
    if province is None:
        return {}
    said = {}
    for code, region in province.regions.items():
        above = province.regions.get(region.parent_id or "")
        prefix = f"{above.short_name} " if above and above.level != RegionLevel.PROVINCE else ""
        said[code] = prefix + region.short_name
    return said


def _ranking(areas: Mapping[str, Area], scope: Region) -> list[Area]:
    """Prefectures for a province, counties for what is below."""
    fitting = is_top if scope.level == RegionLevel.PROVINCE else is_county
    return ranked(a for a in areas.values() if a.seen and fitting(a))
