"""Outlines and tiles: ours are right, an owner's is checked, and the drawing places everyone."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guatu.web.regions.actions import load_divisions
from guatu.web.regions.base_map import find_map, read_map
from guatu.web.regions.divisions import packaged_divisions
from guatu.web.regions.drawing import Drawing, ProvinceMap, draw, province_map
from guatu.web.regions.geometry import contains, distance_to_border
from guatu.web.regions.problems import sentence

PREFECTURES = frozenset(
    p.code.value
    for p in packaged_divisions()
    if p.code.value.startswith("53") and p.level == "prefecture"
)
COUNTIES = tuple(
    (p.code.parent.value, p.code.value)
    for p in packaged_divisions()
    if p.code.value.startswith("53") and p.level == "county" and p.code.parent
)
SQUARE = [[100.0, 25.0], [101.0, 25.0], [101.0, 26.0], [100.0, 26.0], [100.0, 25.0]]


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    base_map = find_map("530000", folder=Path("/nonexistent"), prefectures=PREFECTURES).base_map
    assert base_map is not None
    return draw(base_map, COUNTIES)


def _map(**changes: Any) -> dict[str, Any]:
    """An owner's map of Yunnan, right but for the changes."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        }
        for code in sorted(PREFECTURES)
    ]
    return {
        "type": "FeatureCollection",
        "properties": {"source": "标准地图服务", "审图号": "GS(2026)0001号"},
        "features": features,
        **changes,
    }


def test_the_packaged_outlines_are_the_sixteen_prefectures_with_their_licence() -> None:
    found = find_map("530000", folder=Path("/nonexistent"), prefectures=PREFECTURES)
    assert found.base_map is not None
    assert {o.code for o in found.base_map.outlines} == PREFECTURES
    assert found.base_map.licence == "Apache-2.0"
    assert "echarts" in found.base_map.source
    assert found.base_map.review_number == ""


def test_a_province_without_outlines_has_no_map() -> None:
    found = find_map("440000", folder=Path("/nonexistent"), prefectures=frozenset({"440100"}))
    assert found.base_map is None
    assert found.problems == ()


def test_every_county_has_one_tile_and_every_prefecture_one_for_its_name(drawing: Drawing) -> None:
    codes = [tile.code for tile in drawing.tiles if tile.code]
    assert sorted(codes) == sorted(county for _, county in COUNTIES)
    assert {(t.prefecture, t.code) for t in drawing.tiles if t.code} == set(COUNTIES)
    assert {t.prefecture for t in drawing.tiles if not t.code} == PREFECTURES


def test_no_two_tiles_overlap_and_all_lie_in_the_drawing(drawing: Drawing) -> None:
    for one, other in combinations(drawing.tiles, 2):
        apart_x = abs(one.x - other.x) >= one.width - 0.2
        apart_y = abs(one.y - other.y) >= one.height - 0.2
        assert apart_x or apart_y
    assert all(t.x >= 0 and t.x + t.width <= drawing.width for t in drawing.tiles)
    assert all(t.y >= 0 and t.y + t.height <= drawing.height for t in drawing.tiles)


def test_every_tile_lies_in_its_prefecture_or_beside_it(drawing: Drawing) -> None:
    shapes = {shape.code: _corners(shape.path) for shape in drawing.shapes}
    inside = 0
    for tile in drawing.tiles:
        middle = np.array([[tile.x + tile.width / 2, tile.y + tile.height / 2]])
        rings = shapes[tile.prefecture]
        inside += bool(contains(rings, middle)[0])
        assert contains(rings, middle)[0] or distance_to_border(rings, middle)[0] < tile.width
    assert inside > len(drawing.tiles) * 0.8


def test_labels_lie_in_their_prefecture(drawing: Drawing) -> None:
    for shape in drawing.shapes:
        label = np.array([[shape.label_x, shape.label_y]], dtype=float)
        assert contains(_corners(shape.path), label)[0]


def test_the_drawing_is_the_same_each_time(drawing: Drawing) -> None:
    base_map = find_map("530000", folder=Path("/nonexistent"), prefectures=PREFECTURES).base_map
    assert base_map is not None
    assert draw(base_map, COUNTIES) == drawing


def _corners(path: str) -> list[np.ndarray]:
    """The rings of a path back from its relative steps."""
    rings = []
    for part in path.split("M")[1:]:
        steps = part.rstrip("z").replace(",", " ").replace("-", " -").split("l")
        rings.append(np.cumsum([[float(v) for v in step.split()] for step in steps], axis=0))
    return rings


def test_an_owners_map_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "530000.geojson").write_text(json.dumps(_map()), encoding="utf-8")
    found = find_map("530000", folder=tmp_path, prefectures=PREFECTURES)
    assert found.owners
    assert found.base_map is not None
    assert found.base_map.review_number == "GS(2026)0001号"


def _without_code(data: dict[str, Any]) -> None:
    data["features"][3]["properties"] = {}


def _foreign(data: dict[str, Any]) -> None:
    data["features"][0]["properties"]["code"] = "440100"


def _doubled(data: dict[str, Any]) -> None:
    data["features"][1]["properties"]["code"] = data["features"][0]["properties"]["code"]


def _line(data: dict[str, Any]) -> None:
    data["features"][0]["geometry"] = {"type": "LineString", "coordinates": SQUARE}


def _metres(data: dict[str, Any]) -> None:
    data["features"][0]["geometry"]["coordinates"] = [[[x * 1e5, y * 1e5] for x, y in SQUARE]]


def _short(data: dict[str, Any]) -> None:
    data["features"].pop()


def _two_corners(data: dict[str, Any]) -> None:
    data["features"][0]["geometry"]["coordinates"] = [SQUARE[:2]]


def _text_corner(data: dict[str, Any]) -> None:
    data["features"][0]["geometry"]["coordinates"] = [[*SQUARE, ["x", "y"]]]


@pytest.mark.parametrize(
    ("spoil", "code", "where"),
    [
        (_without_code, "map_no_code", "$.features[3]"),
        (_foreign, "map_foreign_code", "$.features[0]"),
        (_doubled, "map_doubled_code", "$.features[1]"),
        (_line, "map_bad_geometry", "$.features[0].geometry"),
        (_metres, "map_outside_china", "$.features[0].geometry"),
        (_short, "map_missing_code", "$.features"),
        (_two_corners, "map_bad_geometry", "$.features[0].geometry"),
        (_text_corner, "map_bad_geometry", "$.features[0].geometry"),
    ],
)
def test_a_spoilt_map_leaves_ours_in_use_and_says_what_is_wrong_and_where(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], code: str, where: str
) -> None:
    data = _map()
    spoil(data)
    (tmp_path / "530000.geojson").write_text(json.dumps(data), encoding="utf-8")
    found = find_map("530000", folder=tmp_path, prefectures=PREFECTURES)
    assert not found.owners
    assert found.base_map is not None
    assert [(p.code, p.where) for p in found.problems] == [(code, where)]
    with translation.override("zh-hans"):
        said = sentence(found.problems[0])
    assert "底图" in said or "轮廓" in said


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "map_not_json"),
        (b"[" * 100_000, "map_not_json"),
        (b"\xff\xfe", "map_unreadable"),
        (b"[]", "map_not_collection"),
        (b'{"features": {}}', "map_not_collection"),
        (b'{"features": []}', "map_missing_code"),
        (b'{"features": [1]}', "map_bad_feature"),
    ],
)
def test_a_file_that_is_no_map_says_so(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "530000.geojson").write_bytes(content)
    found = find_map("530000", folder=tmp_path, prefectures=PREFECTURES)
    assert [p.code for p in found.problems] == [code]
    assert found.base_map is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.just("530100"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["features", "properties", "code", "geometry", "type", "coordinates"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=4), json_values)
def test_no_text_makes_the_reader_stumble(features: list[Any], about: Any) -> None:
    text = json.dumps({"features": features, "properties": about})
    base_map, problems = read_map(text, province="530000", prefectures=PREFECTURES)
    assert (base_map is None) == bool(problems)
    assert all(sentence(problem) for problem in problems)


@pytest.mark.django_db
def test_the_map_of_a_province_comes_with_its_divisions(tmp_path: Path) -> None:
    load_divisions(at=datetime(2026, 11, 23, tzinfo=UTC))
    whole: ProvinceMap = province_map("530000", folder=tmp_path)
    assert whole.province.name == "云南省"
    assert len(whole.regions) == 146
    assert whole.drawing is not None
    assert len(whole.drawing.tiles) == 145
