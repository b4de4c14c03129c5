"""The table of divisions that comes with the package, and loading it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from guatu.core.nouns.place import Level
from guatu.web.regions import queries
from guatu.web.regions.actions import load_divisions
from guatu.web.regions.divisions import packaged_divisions
from guatu.web.regions.models import Region

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
# The sixteen prefectures of Yunnan with the number of counties each has.
YUNNAN = {
    "昆明市": 14,
    "曲靖市": 9,
    "玉溪市": 9,
    "保山市": 5,
    "昭通市": 11,
    "丽江市": 5,
    "普洱市": 10,
    "临沧市": 8,
    "楚雄彝族自治州": 10,
    "红河哈尼族彝族自治州": 13,
    "文山壮族苗族自治州": 8,
    "西双版纳傣族自治州": 3,
    "大理白族自治州": 12,
    "德宏傣族景颇族自治州": 5,
    "怒江傈僳族自治州": 4,
    "迪庆藏族自治州": 3,
}


def test_the_nation_is_whole() -> None:
    levels = Counter(place.level for place in packaged_divisions())
    assert levels[Level.PROVINCE] == 34
    assert levels[Level.PREFECTURE] == 333
    # Officially 2,844; Sansha's two districts have no published codes (see data/README.md).
    assert levels[Level.COUNTY] == 2842


def test_every_code_is_there_once_and_its_parent_stands_before_it() -> None:
    seen: set[str] = set()
    for place in packaged_divisions():
        assert place.code.value not in seen
        assert place.code.parent is None or place.code.parent.value in seen
        seen.add(place.code.value)


@pytest.mark.parametrize("word", ["开发区", "高新", "管理区", "管委会", "示范区", "市辖区", "直辖"])
def test_no_zone_of_statistics_alone_is_among_them(word: str) -> None:
    assert [p.name for p in packaged_divisions() if word in p.name] == []


def test_yunnan_is_exact() -> None:
    places = {p.code: p for p in packaged_divisions() if p.code.value.startswith("53")}
    counties = Counter(
        places[p.code.parent].name
        for p in places.values()
        if p.level is Level.COUNTY and p.code.parent
    )
    assert dict(counties) == YUNNAN
    assert sum(counties.values()) == 129


@pytest.mark.parametrize(
    ("code", "name", "short_name"),
    [
        ("530181", "安宁市", "安宁"),
        ("530922", "云县", "云县"),
        ("532800", "西双版纳傣族自治州", "西双版纳"),
        ("530925", "双江拉祜族佤族布朗族傣族自治县", "双江"),
        ("150000", "内蒙古自治区", "内蒙古"),
        ("130107", "井陉矿区", "井陉矿区"),
        ("610103", "碑林区", "碑林"),
        ("429021", "神农架林区", "神农架"),
        ("710000", "台湾省", "台湾"),
    ],
)
def test_names_are_short_on_a_map_and_whole_elsewhere(
    code: str, name: str, short_name: str
) -> None:
    place = next(p for p in packaged_divisions() if p.code.value == code)
    assert (place.name, place.short_name) == (name, short_name)


@pytest.mark.django_db
def test_loading_twice_changes_nothing() -> None:
    first = load_divisions(at=AT)
    second = load_divisions(at=AT + timedelta(days=1))
    assert (first.created, first.kept) == (3209, 0)
    assert (second.created, second.changed, second.retired, second.kept) == (0, 0, 0, 3209)


@pytest.mark.django_db
def test_what_the_file_no_longer_names_is_retired_once_and_never_deleted() -> None:
    load_divisions(at=AT)
    Region.objects.create(code="530199", name="旧县", short_name="旧", level="county", sort=1)
    assert load_divisions(at=AT).retired == 1
    assert load_divisions(at=AT + timedelta(days=1)).retired == 0
    assert Region.objects.get(code="530199").retired_at == AT
    assert "530199" not in {region.code for region in queries.subtree("530100")}


@pytest.mark.django_db
def test_a_changed_name_is_mended_and_a_retired_division_comes_back() -> None:
    load_divisions(at=AT)
    Region.objects.filter(code="530181").update(name="安宁县", retired_at=timezone.now())
    assert load_divisions(at=AT).changed == 1
    region = Region.objects.get(code="530181")
    assert (region.name, region.retired_at) == ("安宁市", None)


@pytest.mark.django_db
def test_questions_follow_the_code(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    load_divisions(at=AT)
    assert queries.subtree("530000").count() == 1 + 16 + 129
    assert queries.subtree("530100").count() == 1 + 14
    assert [r.name for r in queries.subtree("530181")] == ["安宁市"]
    assert queries.children("530000").count() == 16
    assert queries.children("110000").count() == 16
    assert queries.provinces().count() == 34
    assert [r.name for r in queries.ancestors("530181")] == ["云南省", "昆明市"]
    with django_assert_num_queries(1):
        paths = queries.short_paths(["530181", "419001", "530000", "530198"])
    assert paths == {
        "530181": ("云南", "昆明", "安宁"),
        "419001": ("河南", "济源"),
        "530000": ("云南",),
    }


@pytest.mark.django_db
def test_a_filter_by_subtree_works_through_a_foreign_key() -> None:
    load_divisions(at=AT)
    below = Region.objects.filter(queries.subtree_filter("530100", field="parent"))
    assert below.count() == 14
