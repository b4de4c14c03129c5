"""Build the outlines of Yunnan's prefectures from the npm package echarts 4.9.0.

    npm pack echarts@4.9.0
    python tools/regions/build_outlines.py echarts-4.9.0.tgz

The package (Apache-2.0) keeps rings as zigzag differences in 1/1024 degree. They are decoded,
thinned so that neighbours still share every border, and written as GeoJSON keyed by code.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
OUT = REPOSITORY / "src/guatu/web/regions/data/maps/530000.geojson"
MEMBER = "package/map/json/province/yunnan.json"
# Thousandths of a degree: about 1.1 km, a pixel of a map 800 pixels high.
TOLERANCE = 11.0
# A ring smaller than this (square thousandths) is a speck on any screen.
SPECK = 600.0
Point = tuple[int, int]
Ring = list[Point]


def decode(text: str, offset: list[int]) -> Ring:
    """One ring in 1/1024 degree, first point not repeated at the end."""
    x, y = offset
    ring = []
    for at in range(0, len(text), 2):
        dx, dy = ord(text[at]) - 64, ord(text[at + 1]) - 64
        x += (dx >> 1) ^ -(dx & 1)
        y += (dy >> 1) ^ -(dy & 1)
        ring.append((x, y))
    return ring[:-1] if ring[0] == ring[-1] else ring


def rings(geometry: dict[str, Any]) -> list[Ring]:
    """Outer rings of a feature; the source has no holes."""
    parts, offsets = geometry["coordinates"], geometry["encodeOffsets"]
    if geometry["type"] == "Polygon":
        parts, offsets = [parts], [offsets]
    return [decode(part[0], offset[0]) for part, offset in zip(parts, offsets, strict=True)]


def junctions(all_rings: list[Ring]) -> set[Point]:
    """Points where borders meet: there the set of neighbouring points is larger than two."""
    near: dict[Point, set[Point]] = defaultdict(set)
    for ring in all_rings:
        for before, here in zip([ring[-1], *ring], ring, strict=False):
            near[here].add(before)
            near[before].add(here)
    return {point for point, neighbours in near.items() if len(neighbours) > 2}


def distance(point: Point, start: Point, end: Point) -> float:
    """From a point to the line through two others, in 1/1024 degree."""
    (px, py), (ax, ay), (bx, by) = point, start, end
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    if length == 0:
        return float(((px - ax) ** 2 + (py - ay) ** 2) ** 0.5)
    return float(abs((bx - ax) * (ay - py) - (ax - px) * (by - ay)) / length)


def thin(line: Ring) -> Ring:
    """Douglas and Peucker; the ends stay. The same line backwards gives the same points."""
    if len(line) < 3:
        return line
    if line[0] > line[-1]:
        return thin(line[::-1])[::-1]
    far, at = max((distance(p, line[0], line[-1]), i) for i, p in enumerate(line[1:-1], 1))
    if far <= TOLERANCE:
        return [line[0], line[-1]]
    return [*thin(line[: at + 1])[:-1], *thin(line[at:])]


def thin_ring(ring: Ring, fixed: set[Point]) -> Ring:
    """Thin a ring border by border, so that both sides of a border keep the same points."""
    cuts = [i for i, point in enumerate(ring) if point in fixed]
    if len(cuts) < 2:  # an island: cut it at its two outermost points instead
        cuts = sorted({ring.index(min(ring)), ring.index(max(ring))})
    turned = [*ring[cuts[0] :], *ring[: cuts[0] + 1]]
    marks = [cut - cuts[0] for cut in cuts] + [len(turned) - 1]
    out: Ring = []
    for start, end in pairwise(marks):
        out += thin(turned[start : end + 1])[:-1]
    return out


def area(ring: Ring) -> float:
    """Of a ring, in square 1/1024 degrees."""
    twice = sum(
        ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True)
    )
    return abs(twice) / 2


def feature(source: dict[str, Any], fixed: set[Point]) -> dict[str, Any]:
    """One prefecture as GeoJSON, counter-clockwise rings, thousandths of a degree."""
    kept = []
    for ring in rings(source["geometry"]):
        thinned = thin_ring(ring, fixed)
        if len(thinned) < 3 or area(thinned) < SPECK:
            continue
        closed = [*thinned, thinned[0]]
        kept.append([[[round(x / 1024, 3), round(y / 1024, 3)] for x, y in closed]])
    return {
        "type": "Feature",
        "properties": {
            "code": source["id"],
            "name": source["properties"]["name"],
            "centre": [round(v, 3) for v in source["properties"]["cp"]],
        },
        "geometry": {"type": "MultiPolygon", "coordinates": kept},
    }


def main() -> None:
    """Write the outlines."""
    with tarfile.open(sys.argv[1]) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{sys.argv[1]} holds no {MEMBER}")
        source = json.load(member)
    every_ring = [ring for each in source["features"] for ring in rings(each["geometry"])]
    fixed = junctions(every_ring)
    features = [feature(each, fixed) for each in source["features"]]
    collection = {
        "type": "FeatureCollection",
        "properties": {
            "code": "530000",
            "source": "echarts@4.9.0 map/json/province/yunnan.json",
            "licence": "Apache-2.0",
            "review_number": "",
        },
        "features": features,
    }
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    OUT.write_text(
        text.replace('{"type":"Feature",', '\n{"type":"Feature",') + "\n", encoding="utf-8"
    )
    before = sum(len(ring) for ring in every_ring)
    after = sum(len(p[0]) for f in features for p in f["geometry"]["coordinates"])
    sys.stdout.write(f"{before} -> {after} points, {len(fixed)} junctions -> {OUT.name}\n")


if __name__ == "__main__":
    main()
