"""The drawing of a province: paths of its prefectures, places for labels, tiles of its counties."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from guatu.web.regions.base_map import BaseMap, MapProblem, find_map
from guatu.web.regions.geometry import Projection, roomiest_point, svg_path
from guatu.web.regions.models import Region, RegionLevel
from guatu.web.regions.queries import subtree
from guatu.web.regions.tiles import Tile, lay_tiles

WIDTH, MARGIN = 2000, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A prefecture's path with the middle of its label, in drawing units."""

    code: str
    path: str
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A province ready for SVG; tiles whose code is "" bear the prefecture's name."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    tiles: tuple[Tile, ...]
    source: str
    licence: str
    review_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceMap:
    """A province to draw: its divisions, and what is wrong with the owner's map."""

    province: Region
    regions: dict[str, Region]
    drawing: Drawing | None
    problems: tuple[MapProblem, ...]


def province_map(province: str, *, folder: Path) -> ProvinceMap:
    """The map of a province, one query for its divisions.

    Args:
        province: its GB/T 2260 code.
        folder: where the owner puts base maps.

    Raises:
        Region.DoesNotExist: if the divisions were never loaded.
    """
    regions = {region.code: region for region in subtree(province)}
    if province not in regions:
        raise Region.DoesNotExist(province)
    # Directly below: prefectures, and counties where a province or municipality has them itself.
    top = frozenset(r.code for r in regions.values() if r.parent_id == province)
    found = find_map(province, folder=folder, prefectures=top)
    counties = tuple(
        (r.parent_id or "", r.code) for r in regions.values() if r.level == RegionLevel.COUNTY
    )
    drawing = _draw_cached(_Key(found.base_map), counties) if found.base_map else None
    return ProvinceMap(
        province=regions[province], regions=regions, drawing=drawing, problems=found.problems
    )


class _Key:
    """A map as a key of the cache: the very object, for its arrays have no hash."""

    def __init__(self, base_map: BaseMap) -> None:
        self.base_map = base_map

    def __hash__(self) -> int:
        return id(self.base_map)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.base_map is self.base_map


@lru_cache(maxsize=4)
def _draw_cached(key: _Key, counties: tuple[tuple[str, str], ...]) -> Drawing:
    return draw(key.base_map, counties)


def draw(base_map: BaseMap, counties: tuple[tuple[str, str], ...]) -> Drawing:
    """Draw a map.

    Args:
        base_map: outlines in degrees.
        counties: pairs of prefecture code and county code, in the standard's order.
    """
    rings = [ring for outline in base_map.outlines for ring in outline.rings]
    projection = Projection.fitting(rings, width=WIDTH, margin=MARGIN)
    shapes = {
        outline.code: [projection.apply(ring) for ring in outline.rings]
        for outline in base_map.outlines
    }
    below: dict[str, list[str]] = {}
    for prefecture, county in counties:
        # A county with an outline of its own hangs directly under the province.
        below.setdefault(county if county in shapes else prefecture, []).append(county)
    labels = {code: roomiest_point(lines) for code, lines in shapes.items()}
    return Drawing(
        width=projection.width,
        height=projection.height,
        shapes=tuple(
            Shape(
                code=code,
                path=svg_path(lines),
                label_x=round(labels[code][0]),
                label_y=round(labels[code][1]),
            )
            for code, lines in shapes.items()
        ),
        tiles=tuple(lay_tiles(shapes, below, width=projection.width)),
        source=base_map.source,
        licence=base_map.licence,
        review_number=base_map.review_number,
    )
