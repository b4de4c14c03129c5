"""Times are read in whatever form people and machines write them."""

import pytest

from guatu.simulator.clocks import day_comes_first, parse_time
from guatu.simulator.recordings import SHANGHAI

MOMENT = 1_581_139_847_000
"""2020-02-08 13:30:47 in Shanghai."""


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-08 13:30:47",
        "2020-02-08T13:30:47",
        "2020-02-08T13:30:47+08:00",
        "2020-02-08T05:30:47Z",
        "2020-02-08 05:30:47.000 UTC",
        "2020/02/08 13:30:47",
        "2020/2/8 13:30:47",
        "2020.02.08 13:30:47",
        "2020-2-8 1:30:47 PM",
        "2020/2/8 下午1:30:47",
        "2020年2月8日 13时30分47秒",
        "20200208133047",
        "20200208 133047",
        "02/08/2020 13:30:47",
        "1581139847",
        "1581139847.0",
        "1581139847000",
        "1581139847000000",
        "1581139847000000000",
        ' "2020-02-08 13:30:47" ',
    ],
)
def test_a_moment_is_read_in_whatever_form_it_is_written(text: str) -> None:
    assert parse_time(text, SHANGHAI) == MOMENT


@pytest.mark.parametrize(
    "text",
    ["", "x", "12", "2020-13-01", "2020-02-30 01:02:03", "13:30:47", "nan", "1e400", "-5", "１"],
)
def test_what_is_not_a_moment_is_not_taken_for_one(text: str) -> None:
    assert parse_time(text, SHANGHAI) is None


def test_milliseconds_are_exact() -> None:
    for ms in range(0, 1000, 7):
        assert parse_time(f"2020-02-08 13:30:47.{ms:03d}", SHANGHAI) == MOMENT + ms


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["02/08/2020", "13/08/2020"], True),
        (["02/08/2020", "02/13/2020"], False),
        (["02/08/2020"], False),
        (["08.02.2020"], True),
    ],
)
def test_a_column_tells_whether_its_days_come_first(cells: list[str], first: bool) -> None:  # noqa: FBT001 - a table's column
    assert day_comes_first(cells) is first
