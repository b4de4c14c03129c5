"""The map as the wall shows it: regions coloured by their gravest open warning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import Level
from guatu.web.people.posts import Sight
from guatu.web.regions.drawing import Drawing, ProvinceMap
from guatu.web.regions.models import Region, RegionLevel
from guatu.web.regions.tiles import Tile
from guatu.web.wall.queries import GRAVEST_FIRST, Tally

VIEWS = ("prefecture", "county", "table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A division with what is open in it; `seen` is False where the user may not look."""

    region: Region
    tally: Tally
    plants: int
    seen: bool

    @property
    def tone(self) -> str:
        """The class that colours it."""
        if not self.seen:
            return "unseen"
        highest = self.tally.highest
        return highest.name.lower() if highest else "calm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An area with its place in the drawing: a path with a label, or a tile."""

    area: Area
    path: str = ""
    x: float = 0
    y: float = 0
    tile: Tile | None = None

    @property
    def counted(self) -> bool:
        """Whether open warnings are to be told on it."""
        return self.area.seen and self.area.tally.total > 0

    @property
    def size(self) -> str:
        """The class of its text: long names are set smaller."""
        return {1: "two", 2: "two", 3: "three"}.get(len(self.area.region.short_name), "long")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """How many of the areas shown bear a tone; `level` is None for those without open warnings."""

    level: Level | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A part of the drawing, in its units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WallMap:
    """Everything the map's card shows."""

    view: str
    province: Region
    drawing: Drawing | None
    outlines: list[Drawn]
    tiles: list[Drawn]
    frame: Frame | None
    areas: list[Area]
    legend: list[LegendEntry]
    worst: list[Area]

    @property
    def view_box(self) -> str:
        """The part of the drawing that is shown, as SVG takes it."""
        if self.frame is not None:
            shown = self.frame
            return f"{shown.x:.0f} {shown.y:.0f} {shown.width:.0f} {shown.height:.0f}"
        return f"0 0 {self.drawing.width} {self.drawing.height}" if self.drawing else ""


def tally_up(regions: Mapping[str, Region], by_region: Mapping[str, Tally]) -> dict[str, Tally]:
    """Counts of every division with those of all divisions inside it."""
    sums = {code: Tally() for code in regions}
    for code, tally in by_region.items():
        place = RegionCode(code)
        for holder in (place, *place.ancestors):
            if holder.value in sums:
                for level, count in tally.by_level.items():
                    sums[holder.value].add(level, count, 0)
                sums[holder.value].overdue += tally.overdue
    return sums


def _sees(sight: Sight, own_region: str, code: str) -> bool:
    """Whether something of the division lies in sight: it, a part of it, or what holds it."""
    first, last = RegionCode(code).span
    spans = sight.spans or (RegionCode(own_region).span,)
    return any(first <= high and low <= last for low, high in spans)


def areas_of(
    province: ProvinceMap,
    *,
    by_region: Mapping[str, Tally],
    plants: Iterable[str],
    sight: Sight,
    own_region: str,
) -> dict[str, Area]:
    """Every division of the province with its counts.

    Args:
        province: the divisions.
        by_region: open warnings by the region that they bear.
        plants: the region of each plant.
        sight: how far the user sees.
        own_region: where the user's work is centred.
    """
    sums = tally_up(province.regions, by_region)
    counts = dict.fromkeys(province.regions, 0)
    for code in plants:
        place = RegionCode(code)
        for holder in (place, *place.ancestors):
            if holder.value in counts:
                counts[holder.value] += 1
    return {
        code: Area(
            region=region,
            tally=sums[code],
            plants=counts[code],
            seen=_sees(sight, own_region, code),
        )
        for code, region in province.regions.items()
    }


def wall_map(province: ProvinceMap, areas: Mapping[str, Area], view: str, *, own: str) -> WallMap:
    """The map in one of its views; for who sees a part of the province, near that part.

    Args:
        province: with its drawing, or without where there is no outline: then a table is shown.
        areas: all divisions with their counts.
        view: one of `VIEWS`; anything else is the first, or below a province the counties.
        own: the code of the region the reader belongs to.
    """
    drawing = province.drawing
    place = RegionCode(own)
    below = place != place.province
    chosen = view if view in VIEWS else VIEWS[1 if below else 0]
    chosen = chosen if drawing else "table"
    counties = chosen == "county"
    listed = [a for a in areas.values() if (is_county(a) if counties else is_top(a))]
    seen = [area for area in listed if area.seen]
    return WallMap(
        view=chosen,
        province=province.province,
        drawing=drawing,
        outlines=_outlines(drawing, areas) if drawing else [],
        tiles=_tiles(drawing, areas) if drawing and chosen == "county" else [],
        frame=_frame(drawing, place) if below and counties and drawing else None,
        areas=listed,
        legend=_legend(seen),
        worst=_worst(seen),
    )


# Nearer than so much of the drawing, tiles are only larger and tell nothing more.
LEAST_SHOWN = 0.4


def _frame(drawing: Drawing, place: RegionCode) -> Frame | None:
    """The part of the drawing around a region's prefecture; None where it has no tiles."""
    prefecture = place.value[:4] + "00"
    tiles = [tile for tile in drawing.tiles if tile.prefecture == prefecture]
    if not tiles:
        return None
    left, right = min(t.x for t in tiles), max(t.right for t in tiles)
    top, bottom = min(t.y for t in tiles), max(t.y + t.height for t in tiles)
    share = max(
        (right - left + 2 * tiles[0].width) / drawing.width,
        (bottom - top + 2 * tiles[0].height) / drawing.height,
        LEAST_SHOWN,
    )
    if share >= 1:
        return None
    width, height = drawing.width * share, drawing.height * share
    x, y = (left + right - width) / 2, (top + bottom - height) / 2
    return Frame(
        x=min(max(x, 0.0), drawing.width - width),
        y=min(max(y, 0.0), drawing.height - height),
        width=width,
        height=height,
    )


def is_county(area: Area) -> bool:
    """Whether it is a county."""
    return area.region.level == RegionLevel.COUNTY


def is_top(area: Area) -> bool:
    """Whether it hangs directly under the province: prefectures, a municipality's districts."""
    return bool(area.region.parent_id) and str(area.region.parent_id).endswith("0000")


def _outlines(drawing: Drawing, areas: Mapping[str, Area]) -> list[Drawn]:
    return [
        Drawn(area=areas[shape.code], path=shape.path, x=shape.label_x, y=shape.label_y)
        for shape in drawing.shapes
        if shape.code in areas
    ]


def _tiles(drawing: Drawing, areas: Mapping[str, Area]) -> list[Drawn]:
    return [
        Drawn(
            area=areas[tile.code or tile.prefecture],
            x=tile.x + tile.width / 2,
            y=tile.y + tile.height / 2,
            tile=tile,
        )
        for tile in drawing.tiles
        if (tile.code or tile.prefecture) in areas
    ]


def _legend(areas: Iterable[Area]) -> list[LegendEntry]:
    highest = [area.tally.highest for area in areas]
    return [
        LegendEntry(level=level, count=highest.count(level)) for level in (*GRAVEST_FIRST, None)
    ]


def _worst(areas: Iterable[Area]) -> list[Area]:
    return ranked(area for area in areas if area.tally.total)[:3]


def ranked(areas: Iterable[Area]) -> list[Area]:
    """The most overdue first, then the gravest, then the most plants, then the standard's order."""
    return sorted(
        areas, key=lambda a: ([-part for part in a.tally.weight], -a.plants, a.region.sort)
    )
