"""The explorer of history as its reader uses it: choosing, zooming, comparing, taking along."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.telemetry.history.course import resolution_for
from guatu.telemetry.history.rollup import WIDTHS
from guatu.telemetry.query import Course
from guatu.web.monitoring import doors
from guatu.web.monitoring.actions import record_events
from tests.browser.conftest import Axe, SignIn
from tests.cast import Cast
from tests.waiting import wait_until
from tests.web.monitoring.conftest import Line, register_line

SIZES = [(1366, 768), (390, 844)]
Shot = Callable[[str], None]


class History:
    """A history at the seam: waves, at the resolution that the real one would choose."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], datetime, datetime]] = []
        self.away = False

    def course(
        self, ids: Sequence[int], start: datetime, end: datetime, *, most: int
    ) -> doors.Drawn:
        self.asked.append((list(ids), start, end))
        begin, finish = (round(at.timestamp() * 1000) for at in (start, end))
        name = resolution_for(finish - begin, most)
        width = WIDTHS.get(name, 0)
        step = width * -(-(finish - begin) // (width * most)) if width else 1000
        t = np.arange(begin // step * step, finish, step)
        width = step if width else 0
        parts = []
        for place, pk in enumerate(ids):
            wave = 180 + 30 * place + 12 * np.sin(t / 3.6e6 + place) + 3 * np.sin(t / 2e5)
            parts.append((np.full(len(t), pk, np.int32), t, wave, wave - 4, wave + 4))
        point, at_ms, value, low, high = (np.concatenate(p) for p in zip(*parts, strict=True))
        spread = (low, high) if width else (value, value)
        course = Course(point, at_ms, value, *spread, np.full(len(point), 60), width)
        return doors.Drawn(course=course, has_newest=not self.away)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    fake = History()
    monkeypatch.setattr(doors, "course", fake.course)
    return fake


@pytest.fixture
def lines(cast: Cast) -> tuple[Line, Line]:
    return register_line(cast), register_line(cast, code="YN-AN-002")


def opened(page: Page, live_server: LiveServer, line: Line, *roles: str, more: str = "") -> None:
    query = "&".join(f"points={line.points[role].pk}" for role in roles)
    page.goto(f"{live_server.url}/plants/history/?{query}{more}")
    drawn(page)


def drawn(page: Page) -> None:
    expect(page.locator("[data-canvas][data-ready='1']")).to_be_visible()


def address(page: Page) -> str:
    """Where the page is now; its own property would be as old as the last question."""
    return str(page.evaluate("location.href"))


def span_of(page: Page) -> float:
    found = dict(re.findall(r"(from|to)=(\d+)", address(page)))
    return (int(found["to"]) - int(found["from"])) / 1000


@pytest.mark.parametrize("size", SIZES)
def test_the_explorer_is_accessible_and_keeps_the_policy(
    *,
    size: tuple[int, int],
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    axe: Axe,
    watch: list[str],
    shot: Shot,
) -> None:
    at = timezone.now() - timedelta(minutes=100)
    events = [lines[0].event("raised", "inlet_flow", "LL", 1, at=at)]
    record_events(partition=0, stream_seq=1, events=events, at=timezone.now())
    sign_in(cast.duty_officer)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    opened(page, live_server, lines[0], "inlet_flow", "inlet_temperature", "well_level")
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
        page.evaluate("dispatchEvent(new Event('resize'))")
        wait_until(lambda: page.locator("[data-canvas]").get_attribute("data-ready") == "1")
        assert axe() == [], (size, theme)
        shot(f"explore-{size[0]}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_points_of_several_plants_are_found_and_laid_one_below_the_other(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    watch: list[str],
    shot: Shot,
) -> None:
    sign_in(cast.duty_officer)
    page.goto(f"{live_server.url}/plants/history/")
    expect(page.get_by_text("请在右侧选择测点").first).to_be_visible()
    for line in lines:
        page.locator("#plant").select_option(str(line.plant.pk))
        page.locator("#q").fill("")
        page.locator("#q").press_sequentially("进水流量")
        found = page.locator("[data-found] label", has_text="结晶器进水流量")
        expect(found).to_have_count(1)
        found.click()
        expect(page.locator(f"[data-point='{line.points['inlet_flow'].pk}']")).to_be_visible()
    drawn(page)
    assert set(history.asked[-1][0]) == {line.points["inlet_flow"].pk for line in lines}
    page.get_by_role("button", name="分栏").click()
    expect(page.get_by_role("button", name="分栏")).to_have_attribute("aria-pressed", "true")
    shot("explore-stacked")
    # The address is the view: whoever opens it sees the same.
    page.reload()
    drawn(page)
    expect(page.locator("[data-chosen] li")).to_have_count(2)
    expect(page.get_by_role("button", name="分栏")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="移除").first.click()
    expect(page.locator("[data-chosen] li")).to_have_count(1)


def test_wheel_keys_and_buttons_change_the_span_and_the_resolution_by_itself(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.duty_officer)
    opened(page, live_server, lines[0], "inlet_flow", more="&span=30d")
    note = page.locator("[data-resolution]")
    expect(note).to_contain_text("小时")
    canvas = page.locator("[data-canvas]")
    canvas.focus()
    for _ in range(4):
        page.keyboard.press("+")
    expect(note).to_contain_text("分钟")
    wait_until(lambda: "from=" in address(page) and span_of(page) < 3 * 86400)
    before = span_of(page)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(24):
        page.mouse.wheel(0, -200)
    wait_until(lambda: span_of(page) < before / 50)
    expect(note).to_have_text(re.compile(r"原始数据|\d\d:\d\d"))
    start = re.findall(r"from=(\d+)", address(page))[0]
    page.get_by_role("button", name="更早").click()
    wait_until(lambda: re.findall(r"from=(\d+)", address(page))[0] < start)
    page.get_by_role("button", name="24 小时").click()
    expect(page).to_have_url(re.compile("span=24h"))


def test_another_day_is_laid_beneath_and_values_follow_the_cursor(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    watch: list[str],
    shot: Shot,
) -> None:
    sign_in(cast.duty_officer)
    opened(page, live_server, lines[0], "inlet_flow", "inlet_temperature", more="&span=8h")
    history.asked.clear()
    page.locator("[data-compare]").select_option("1")
    wait_until(lambda: len(history.asked) >= 2)
    starts = sorted(start for _, start, _ in history.asked[-2:])
    assert starts[1] - starts[0] == timedelta(days=1)
    drawn(page)
    box = page.locator("[data-canvas]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    expect(page.locator("[data-chosen] li").first).to_contain_text("对比时段")
    shot("explore-compare")
    page.locator("[data-moments] summary").click()
    expect(page.locator("[data-moments-rows] tr").nth(3)).to_be_visible()


def test_a_stretch_is_chosen_with_shift_and_the_mouse(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.duty_officer)
    opened(page, live_server, lines[0], "inlet_flow", more="&span=8h")
    box = page.locator("[data-canvas]").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    wait_until(lambda: "from=" in address(page))
    assert 0.15 < span_of(page) / (8 * 3600) < 0.3


def test_an_engine_that_is_away_is_told_and_what_is_stored_is_drawn(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    lines: tuple[Line, Line],
    history: History,
    sign_in: SignIn,
    watch: list[str],
) -> None:
    history.away = True
    sign_in(cast.duty_officer)
    opened(page, live_server, lines[0], "inlet_flow")
    expect(page.locator("[data-note]")).to_contain_text("缺少最新数据")
    expect(page.locator("[data-figures] tr")).to_have_count(1)
