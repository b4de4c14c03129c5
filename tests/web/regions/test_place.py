"""Codes of divisions as pure values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.nouns.place import PROVINCES, Level, Place, RegionCode

codes = st.builds(
    lambda province, middle, last: province + (f"{middle:02d}{last:02d}" if middle else "0000"),
    st.sampled_from(sorted(PROVINCES - {"11", "12", "31", "50"})),
    st.integers(0, 89),
    st.integers(0, 99),
)


@pytest.mark.parametrize(
    ("text", "level", "ancestors"),
    [
        ("530000", Level.PROVINCE, []),
        ("530100", Level.PREFECTURE, ["530000"]),
        ("530181", Level.COUNTY, ["530100", "530000"]),
        ("110101", Level.COUNTY, ["110000"]),
        ("500229", Level.COUNTY, ["500000"]),
        ("419001", Level.COUNTY, ["410000"]),
        ("810000", Level.PROVINCE, []),
    ],
)
def test_the_code_tells_level_and_ancestors(text: str, level: Level, ancestors: list[str]) -> None:
    code = RegionCode(text)
    assert code.level is level
    assert [a.value for a in code.ancestors] == ancestors


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5301",
        "5301000",
        "53010x",
        "５３０１００",
        "990000",
        "530001",
        "110100",
        "419000",
        " 530100",
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"code|division|direct"):
        RegionCode(text)


@given(codes, codes)
def test_within_agrees_with_the_ancestors(one: str, other: str) -> None:
    a, b = RegionCode(one), RegionCode(other)
    assert a.is_within(b) == (b in (a, *a.ancestors))


@given(codes)
def test_every_ancestor_holds_the_division_and_sees_it_in_its_span(text: str) -> None:
    code = RegionCode(text)
    for above in code.ancestors:
        first, last = above.span
        assert first <= text <= last
        assert code.is_within(above)
        assert not above.is_within(code)


def test_a_place_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="names"):
        Place(code=RegionCode("530100"), name="昆明市", short_name="")
