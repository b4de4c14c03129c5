"""Places: administrative divisions of China as pure values.

The code alone tells the level and the parents, so a scope ("everything in Kunming") is a
range of codes and needs no tree walk.

Source: GB/T 2260 (codes for the administrative divisions of the People's Republic of China).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# First two digits of the 34 province-level divisions, by the six great regions and the three apart.
PROVINCES: Final = frozenset(
    region + digit
    for region, digits in {
        "1": "12345",
        "2": "123",
        "3": "1234567",
        "4": "123456",
        "5": "01234",
        "6": "12345",
        "7": "1",
        "8": "12",
    }.items()
    for digit in digits
)
# Beijing, Tianjin, Shanghai, Chongqing: no prefectures, districts hang under the municipality.
MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
# Counties and cities administered by a province or autonomous region itself: pp90cc.
DIRECT: Final = "90"


class Level(StrEnum):
    """The three levels the code knows; the country is above, townships are below."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


@dataclass(frozen=True, slots=True, order=True)
class RegionCode:
    """A six-digit GB/T 2260 code, checked once and then trusted.

    Raises:
        ValueError: if the text is not such a code. Headings of the standard that are no
            division of their own ("省直辖县级行政区划") are refused too.
    """

    value: str

    def __post_init__(self) -> None:
        text = self.value
        if len(text) != 6 or not (text.isascii() and text.isdigit()):
            raise ValueError(f"a GB/T 2260 code has six digits: {text!r}")
        if text[:2] not in PROVINCES:
            raise ValueError(f"no province-level division has this code: {text!r}")
        middle, last = text[2:4], text[4:]
        if middle == "00" and last != "00":
            raise ValueError(f"a county needs a prefecture or direct part: {text!r}")
        if middle != "00" and last == "00" and self._hangs_under_province():
            raise ValueError(f"a heading of the standard, not a division: {text!r}")

    def _hangs_under_province(self) -> bool:
        return self.value[:2] in MUNICIPALITIES or self.value[2:4] == DIRECT

    @property
    def level(self) -> Level:
        """Province, prefecture or county, as the code says."""
        if self.value.endswith("0000"):
            return Level.PROVINCE
        return Level.PREFECTURE if self.value.endswith("00") else Level.COUNTY

    @property
    def province(self) -> RegionCode:
        """The province-level division it lies in; a province gives itself."""
        return RegionCode(self.value[:2] + "0000")

    @property
    def parent(self) -> RegionCode | None:
        """The next division above, or None above a province."""
        if self.level is Level.PROVINCE:
            return None
        if self.level is Level.PREFECTURE or self._hangs_under_province():
            return self.province
        return RegionCode(self.value[:4] + "00")

    @property
    def ancestors(self) -> tuple[RegionCode, ...]:
        """Those above it, the nearest first."""
        parent = self.parent
        return () if parent is None else (parent, *parent.ancestors)

    @property
    def span(self) -> tuple[str, str]:
        """The least and greatest code text inside it, itself included."""
        prefix = self.value[: {Level.PROVINCE: 2, Level.PREFECTURE: 4}.get(self.level, 6)]
        return prefix.ljust(6, "0"), prefix.ljust(6, "9")

    def is_within(self, other: RegionCode) -> bool:
        """Whether it is the other division or lies inside it."""
        first, last = other.span
        return first <= self.value <= last

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A division with its names; `short_name` is what fits on a map ("昆明", "楚雄")."""

    code: RegionCode
    name: str
    short_name: str

    def __post_init__(self) -> None:
        if not self.name or not self.short_name:
            raise ValueError(f"a place needs its names: {self.code}")

    @property
    def level(self) -> Level:
        """As its code says."""
        return self.code.level
