"""Figures, moments, durations, levels as words, and the tags that show them."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum

import pytest
import time_machine
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guatu.web.shell import words

NOW = datetime(2026, 11, 23, 6, 52, 8, tzinfo=UTC)


class Level(IntEnum):
    RED = 4


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2000, None, "2,000"),
        (1382.6, 1, "1,382.6"),
        (Decimal("7.00"), 1, "7.0"),
        (0.1 + 0.2, None, "0.3"),
        (12.0, None, "12"),
        (-0.04, 1, "0.0"),
        (-1234.5, 1, "-1,234.5"),
        (None, 1, "–"),
        (math.nan, 1, "–"),
        (math.inf, None, "–"),
        (True, None, "–"),
        ("7", None, "–"),
    ],
)
def test_a_figure_is_written_to_be_read(value: object, decimals: int | None, text: str) -> None:
    assert words.number(value, decimals) == text


@given(st.integers(-(10**12), 10**12))
def test_a_whole_figure_loses_nothing(value: int) -> None:
    assert int(words.number(value).replace(",", "")) == value


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0 秒", "0 s"),
        (59.9, "59 秒", "59 s"),
        (60, "1 分", "1 min"),
        (12 * 60 + 59, "12 分", "12 min"),
        (3600, "1 小时", "1 h"),
        (2 * 3600 + 300, "2 小时 5 分", "2 h 5 min"),
        (86400, "1 天", "1 d"),
        (3 * 86400 + 4 * 3600, "3 天 4 小时", "3 d 4 h"),
        (-90, "1 分", "1 min"),
    ],
)
def test_a_duration_is_told_in_its_largest_units(
    seconds: float, chinese: str, english: str
) -> None:
    span = timedelta(seconds=seconds)
    with translation.override("zh-hans"):
        assert words.duration(span) == chinese
    with translation.override("en"):
        assert words.duration(span) == english


@pytest.mark.parametrize(
    ("minutes", "text", "tone"),
    [(12, "还剩 12 分", "due-ahead"), (9, "还剩 9 分", "due-soon"), (-3, "超期 3 分", "due-over")],
)
def test_a_deadline_tells_what_is_left_or_over(minutes: int, text: str, tone: str) -> None:
    with time_machine.travel(NOW, tick=False):
        page = _render("{{ value|due }}", NOW + timedelta(minutes=minutes))
    assert text in page
    assert tone in page


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(minutes=5), "14:47:08"),
        (timedelta(hours=15), "11-22 23:52"),
        (timedelta(days=400), "2025-10-19 14:52"),
    ],
)
def test_a_moment_is_as_short_as_stays_clear(ago: timedelta, text: str) -> None:
    with time_machine.travel(NOW, tick=False):
        page = _render("{{ value|moment }}", NOW - ago)
    assert f">{text}</time>" in page
    assert "+08:00" in page


def _render(source: str, value: object) -> str:
    return Template(source).render(Context({"value": value}))


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("{% level_badge value %}", 4, ["level-red", "■", "红色"]),
        ("{% level_badge value %}", Level.RED, ["level-red", "■", "红色"]),
        ("{% level_badge value %}", "yellow", ["level-yellow", "●", "黄色"]),
        ('{% state "attention" value %}', "<处置中>", ["state-attention", "▲", "&lt;处置中&gt;"]),
        ('{% quantity value "m³/h" 1 %}', 182.44, [">182.4<", "m³/h"]),
        ('{% quantity value "m³/h" 1 %}', None, ["–"]),
        ("{{ value|due }}", None, ["–"]),
        ("{{ value|moment }}", None, ["–"]),
        ("{{ value|ago }}", None, ["–"]),
        ("{{ value|number:2 }}", 1.5, ["1.50"]),
        (
            "{% share_bar good=value bad=10 %}",
            30,
            ['width="75.00"', 'aria-label="正常 30, 异常 10"'],
        ),
        ('{% chart "flow" "流量" value value value %}', [], ['id="chart-flow"', "chart-flow-data"]),
    ],
)
def test_a_tag_shows_colour_shape_and_word(source: str, value: object, expected: list[str]) -> None:
    page = _render(source, value)
    assert [part for part in expected if part not in page] == []


@pytest.mark.parametrize("level", [0, 5, "green", None, True])
def test_a_level_that_is_none_is_loud(level: object) -> None:
    with pytest.raises(ValueError, match="no warning level"):
        words.level_name(level)
