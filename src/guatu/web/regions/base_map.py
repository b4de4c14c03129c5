"""The base map of a province: outlines of its prefectures, ours or the owner's.

An owner puts the official base map into GUATU_HOME/maps/<province code>.geojson. It is checked;
where it is wrong the packaged outlines stay in use and the problems are told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from guatu.web.regions.divisions import DATA_PACKAGE
from guatu.web.regions.geometry import Floats

LARGEST_BYTES: Final = 20_000_000
# China with its seas, generous by a degree.
WEST, EAST, SOUTH, NORTH = 72.0, 137.0, 2.0, 55.0
CODE_NAMES: Final = ("code", "adcode", "id")


@dataclass(frozen=True, slots=True)
class MapProblem:
    """What is wrong with an owner's map, and where; the reader's language comes later."""

    code: str
    where: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One prefecture: its rings in degrees (longitude, latitude), holes among them."""

    code: str
    rings: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseMap:
    """Outlines with what must be said under a map; `review_number` is "" where none was given."""

    province: str
    outlines: tuple[Outline, ...]
    source: str
    licence: str
    review_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The map to draw, None where there is none, and what was wrong with the owner's."""

    base_map: BaseMap | None
    problems: tuple[MapProblem, ...] = ()
    owners: bool = False


def find_map(province: str, *, folder: Path, prefectures: frozenset[str]) -> Found:
    """The owner's map if it is there and right, else the packaged one, else none.

    Args:
        province: GB/T 2260 code of the province.
        folder: where the owner puts maps.
        prefectures: codes of the divisions directly below the province.
    """
    own = folder / f"{province}.geojson"
    try:
        stat = own.stat()
    except OSError:
        return Found(base_map=_packaged(province))
    if stat.st_size > LARGEST_BYTES:
        problem = MapProblem("map_too_large", own.name, {"limit_mb": LARGEST_BYTES // 1_000_000})
        return Found(base_map=_packaged(province), problems=(problem,))
    base_map, problems = _own(own, stat.st_mtime_ns, stat.st_size, province, prefectures)
    if base_map is None:
        return Found(base_map=_packaged(province), problems=problems)
    return Found(base_map=base_map, owners=True)


# Keyed by what changes when the file does, so a new file is seen at once and read once.
@lru_cache(maxsize=4)
def _own(
    path: Path, _changed_ns: int, _size: int, province: str, prefectures: frozenset[str]
) -> tuple[BaseMap | None, tuple[MapProblem, ...]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None, (MapProblem("map_unreadable", path.name),)
    return read_map(text, province=province, prefectures=prefectures)


@lru_cache(maxsize=4)
def _packaged(province: str) -> BaseMap | None:
    source = files(DATA_PACKAGE).joinpath("data", "maps", f"{province}.geojson")
    if not source.is_file():
        return None
    # Our own file is held right by a test; which prefectures it must name, too.
    return read_map(source.read_text(encoding="utf-8"), province=province, prefectures=None)[0]


def read_map(
    text: str, *, province: str, prefectures: frozenset[str] | None
) -> tuple[BaseMap | None, tuple[MapProblem, ...]]:
    """Read a map from GeoJSON text.

    Args:
        text: a FeatureCollection; each feature bears its code in `properties.code` (or adcode,
            or the feature's id) and is a Polygon or MultiPolygon in degrees.
        province: the province it must be of.
        prefectures: the codes it must hold, or None to take what it holds.

    Returns:
        The map and no problems, or no map and at least one problem.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return None, (MapProblem("map_not_json", "$", {"line": line}),)
    if not isinstance(data, dict) or not isinstance(data.get("features"), list):
        return None, (MapProblem("map_not_collection", "$.features"),)
    problems: list[MapProblem] = []
    outlines: dict[str, Outline] = {}
    for at, feature in enumerate(data["features"]):
        outline = _read_feature(feature, f"$.features[{at}]", prefectures)
        if isinstance(outline, MapProblem):
            problems.append(outline)
        elif outline.code in outlines:
            facts = {"code": outline.code}
            problems.append(MapProblem("map_doubled_code", f"$.features[{at}]", facts))
        else:
            outlines[outline.code] = outline
    missing = sorted((prefectures or frozenset()) - outlines.keys())
    if missing and not problems:
        lacking: dict[str, Any] = {"codes": ", ".join(missing), "count": len(missing)}
        problems.append(MapProblem("map_missing_code", "$.features", lacking))
    if problems or not outlines:
        return None, tuple(problems) or (MapProblem("map_not_collection", "$.features"),)
    return _with_credits(data, province, tuple(outlines[code] for code in sorted(outlines))), ()


def _with_credits(data: dict[str, Any], province: str, outlines: tuple[Outline, ...]) -> BaseMap:
    about = data.get("properties")
    about = about if isinstance(about, dict) else {}

    def said(*names: str) -> str:
        return next((str(about[name])[:200] for name in names if about.get(name)), "")

    return BaseMap(
        province=province,
        outlines=outlines,
        source=said("source", "来源"),
        licence=said("licence", "license", "许可"),
        review_number=said("review_number", "审图号"),
    )


def _read_feature(
    feature: object, where: str, prefectures: frozenset[str] | None
) -> Outline | MapProblem:
    if not isinstance(feature, dict):
        return MapProblem("map_bad_feature", where)
    code = _code_of(feature)
    if code is None:
        return MapProblem("map_no_code", where)
    if prefectures is not None and code not in prefectures:
        return MapProblem("map_foreign_code", where, {"code": code})
    rings = _rings_of(feature.get("geometry"))
    if rings is None:
        return MapProblem("map_bad_geometry", f"{where}.geometry", {"code": code})
    if not all(_in_china(ring) for ring in rings):
        return MapProblem("map_outside_china", f"{where}.geometry", {"code": code})
    return Outline(code=code, rings=rings)


def _code_of(feature: dict[str, Any]) -> str | None:
    about = feature.get("properties")
    candidates = [*(about.get(n) for n in CODE_NAMES)] if isinstance(about, dict) else []
    for value in (*candidates, feature.get("id")):
        text = str(value).strip() if isinstance(value, str | int) else ""
        if len(text) == 6 and text.isascii() and text.isdigit():
            return text
    return None


def _rings_of(geometry: object) -> tuple[Floats, ...] | None:
    """All rings of a polygon or multipolygon, or None if it is neither, or empty, or crooked."""
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    parts = geometry.get("coordinates")
    parts = [parts] if geometry["type"] == "Polygon" else parts
    try:
        rings = tuple(_ring(line) for polygon in parts for line in polygon)  # type: ignore[union-attr]
    except (TypeError, ValueError, OverflowError):
        return None
    return rings or None


def _ring(line: Iterable[Sequence[float]]) -> Floats:
    """One ring without the closing point.

    Raises:
        ValueError: if it has fewer than three corners or a point without two finite numbers.
    """
    ring = np.array([point[:2] for point in line], dtype=np.float64)
    if ring.ndim == 2 and len(ring) > 1 and np.array_equal(ring[0], ring[-1]):
        ring = ring[:-1]
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
        raise ValueError("not a ring")
    return ring


def _in_china(ring: Floats) -> bool:
    x, y = ring[:, 0], ring[:, 1]
    return bool(((x >= WEST) & (x <= EAST) & (y >= SOUTH) & (y <= NORTH)).all())
