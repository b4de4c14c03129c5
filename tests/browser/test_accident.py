"""The main job, seen by the people who do it: from lost cooling water to a closed warning."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from guatu.ops.assemble import DEMO
from guatu.ops.demo_accounts import PASSWORD
from tests.browser.conftest import SHOTS
from tests.faults.house import Standing, a_house

COMES_WITHIN_MS = 60_000
Enter = Callable[[str], Page]

SIX_MINUTES_LATER = """
import json
from datetime import timedelta
from django.utils import timezone
from guatu.web.warnings.actions import escalate_overdue
print(json.dumps(escalate_overdue(timezone.now() + timedelta(minutes=6))))
"""


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    """The demo as `make demo` starts it, its accident a few seconds away."""
    monkeypatch.setenv("GUATU_DEMO_ACCIDENT_S", "12")
    with a_house(tmp_path / "home", DEMO) as standing:
        yield standing


@pytest.fixture
def enter(browser: Browser, demo: Standing) -> Iterator[Enter]:
    """Open a window of one's own, signed in by the form; its complaints fail the test."""
    complaints: list[str] = []
    contexts = []

    def signed_in(username: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{demo.house.web_url}signin/")
        page.get_by_label("账号").fill(username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert complaints == []


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def do(page: Page, verb: str, note: str = "", *, choose: str = "") -> None:
    """Do a verb on a warning's page: the button, and the form where it asks for one."""
    page.locator(".verbs").get_by_role("button", name=verb, exact=True).click()
    if not note:
        return
    form = page.locator("dialog[open]")
    if choose:
        form.get_by_label(choose).check()
    form.get_by_role("textbox").fill(note)
    form.get_by_role("button", name=verb, exact=True).click()
    expect(form).to_have_count(0)


@pytest.mark.engine
@pytest.mark.xdist_group("faults")
def test_lost_cooling_water_is_seen_warned_of_and_handled_to_closure(
    demo: Standing, enter: Enter
) -> None:
    wall = enter("shengban")
    plant = enter("anquan")
    plant.goto(f"{demo.house.web_url}plants/1/")
    officer = enter("zhiban")
    before = plant.locator("body").inner_text()

    # The wall shows it by itself: nobody presses anything.
    title = wall.get_by_role("link", name="核心测点").first
    expect(title).to_be_visible(timeout=COMES_WITHIN_MS)
    expect(wall.locator("#counters, body").first).to_contain_text("红色")
    shoot(wall, "accident-wall")
    expect(plant.locator("body")).to_contain_text("二级", timeout=20_000)
    assert plant.locator("body").inner_text() != before
    shoot(plant, "accident-plant")

    title.click()
    address = wall.url
    for page in (plant, officer):
        page.goto(address)
    do(plant, "签收")
    expect(officer.locator("#warning-detail")).to_contain_text("已签收", timeout=10_000)
    do(officer, "核实", "现场视频与流量计一致，确为断水", choose="属实")
    do(plant, "处置", "已停止浇铸，关闭快速切断阀，启用应急水箱")
    do(plant, "反馈", "水泵电源恢复，流量、压力正常，无人员受伤")
    do(officer, "办结", "同意办结，纳入本月通报")
    for page in (plant, officer, wall):
        expect(page.locator("#warning-detail")).to_contain_text("已办结", timeout=10_000)
    shoot(officer, "accident-closed")
    history = officer.locator(".timeline").inner_text()
    for word in ("签收", "核实", "处置", "反馈", "办结"):
        assert word in history


@pytest.mark.engine
@pytest.mark.xdist_group("faults")
def test_a_warning_left_alone_climbs_by_time(demo: Standing, enter: Enter) -> None:
    wall = enter("shengban")
    title = wall.get_by_role("link", name="核心测点").first
    expect(title).to_be_visible(timeout=COMES_WITHIN_MS)
    title.click()

    demo.ask(SIX_MINUTES_LATER)

    expect(wall.locator(".timeline")).to_contain_text("升级", timeout=10_000)
    expect(wall.locator("#warning-detail")).to_contain_text("安宁市应急管理局")
    shoot(wall, "accident-climbed")
