"""The warning desk under the fingers: keys, dialog, filters, live refresh; and for all eyes."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.core.nouns.warning import Level, Verdict
from guatu.web.warnings import actions
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from tests.browser.conftest import Axe, SignIn
from tests.cast import Cast

CHANGED = (
    "document.body.dispatchEvent(new CustomEvent('guatu:changed', {detail: {}, bubbles: true}))"
)


def raise_one(cast: Cast, key: str, level: Level, title: str, minutes_ago: int = 3) -> Warning:
    return actions.raise_warning(
        source_kind="monitoring.unit",
        source_key=key,
        source_url="/warnings/",
        title=title,
        level=level,
        organisation=cast.plant,
        region=cast.county,
        facts={"unit": "1#深井铸造线", "alarms": [{"point": "DWC1.inlet_flow", "slot": "LL"}]},
        at=timezone.now() - timedelta(minutes=minutes_ago),
    )


@pytest.fixture
def warnings(cast: Cast, transactional_db: None) -> list[Warning]:
    """One of each level, the orange one overdue and climbed."""
    red = raise_one(cast, "1", Level.RED, "进水流量、进水压力同时二级报警")
    orange = raise_one(cast, "2", Level.ORANGE, "分配流槽入口液位 高高限", 40)
    yellow = raise_one(cast, "3", Level.YELLOW, "炉口流槽液位 数据中断")
    blue = raise_one(cast, "4", Level.BLUE, "进水温度 高限")
    actions.escalate_overdue(timezone.now())
    actions.verify(
        blue.pk, verdict=Verdict.TEST, note="演练", by=cast.duty_officer, at=timezone.now()
    )
    return [red, orange, yellow, blue]


def test_the_keyboard_walks_the_desk_and_does_the_verbs(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.plant_officer)
    page.goto(f"{live_server.url}/warnings/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    red = page.locator(f"#warning-{warnings[0].pk}")
    expect(red).to_be_focused()
    page.keyboard.press("a")
    expect(red).to_contain_text("已签收")
    expect(page.locator(".notice")).to_contain_text("“签收”完成")
    page.keyboard.press("h")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_label("处置措施")).to_be_focused()
    page.keyboard.type("停止浇铸 jk/")  # letters typed in a field are letters, not commands
    page.keyboard.press("Control+Enter")
    expect(red).to_contain_text("已处置")
    expect(dialog).to_have_count(0)
    assert Warning.objects.get(pk=warnings[0].pk).entries.get(deed="handle").note == "停止浇铸 jk/"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/warnings/{warnings[1].pk}/")
    page.keyboard.press("a")
    expect(page.locator("#warning-detail")).to_contain_text("超期签收")


PRESS_WITH_THE_NEW_ROW = """row => new MutationObserver((seen, observer) => {
    observer.disconnect();
    document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "h", bubbles: true}));
}).observe(row.parentElement, {childList: true})"""


def test_a_row_just_swapped_in_obeys_a_key_at_once(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.plant_officer)
    page.goto(f"{live_server.url}/warnings/")
    red = page.locator(f"#warning-{warnings[0].pk}")
    red.focus()
    red.evaluate(PRESS_WITH_THE_NEW_ROW)
    page.keyboard.press("a")
    expect(page.locator("dialog[open]").get_by_label("处置措施")).to_be_focused()
    expect(page).to_have_url(f"{live_server.url}/warnings/")


def test_a_form_refused_stays_open_with_what_was_chosen(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.duty_officer)
    page.goto(f"{live_server.url}/warnings/")
    row = page.locator(f"#warning-{warnings[1].pk}")
    row.get_by_role("button", name="核实").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("误报").check()
    dialog.get_by_role("button", name="核实").click()
    expect(dialog.locator(".field-error")).to_have_text("核实为误报或测试时，须填写理由。")
    expect(dialog.get_by_label("误报")).to_be_checked()
    assert all("422" in complaint for complaint in watch)
    watch.clear()
    dialog.get_by_label("核实情况").fill("液位计被渣皮遮挡")
    dialog.get_by_role("button", name="核实").click()
    expect(row).to_contain_text("误报")
    row.get_by_role("button", name="办结").click()
    expect(dialog.get_by_label("办结意见")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row).to_be_focused()


def test_a_verbs_own_page_works_with_script_too(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.plant_officer)
    page.goto(f"{live_server.url}/warnings/{warnings[0].pk}/add_note/?next=/warnings/")
    page.get_by_label("备注内容").fill("已通知值班长")
    page.get_by_role("button", name="备注").click()
    expect(page).to_have_url(f"{live_server.url}/warnings/")
    expect(page.locator(".notice")).to_contain_text("“备注”完成")


def test_filters_narrow_at_once_and_what_is_new_appears_by_itself(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.duty_officer)
    page.goto(f"{live_server.url}/warnings/")
    rows = page.locator("tr.warning-row")
    expect(rows).to_have_count(4)
    page.locator("#filters").get_by_label("超期").check()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("overdue=1"))
    page.locator("#filters").get_by_label("超期").uncheck()
    expect(rows).to_have_count(4)
    page.keyboard.press("Escape")
    page.locator("h2").first.click()
    page.keyboard.press("/")
    page.keyboard.type("流槽")
    expect(rows).to_have_count(2)
    page.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(4)
    page.locator(f"#warning-{warnings[0].pk}").focus()
    raise_one(cast, "5", Level.RED, "又一条")
    page.evaluate(CHANGED)
    expect(rows).to_have_count(5)
    expect(page.locator("#desk-figures .figure-box").first).to_contain_text("5")
    expect(page.locator(f"#warning-{warnings[0].pk}")).to_have_attribute("data-chosen", "")


def test_ticks_outlive_a_refresh_and_are_acknowledged_together(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    watch: list[str],
) -> None:
    sign_in(cast.plant_officer)
    page.goto(f"{live_server.url}/warnings/")
    page.get_by_label(f"勾选 {warnings[0].pk} 号预警").check()
    page.get_by_label(f"勾选 {warnings[2].pk} 号预警").check()
    raise_one(cast, "5", Level.RED, "又一条")
    page.evaluate(CHANGED)
    expect(page.locator("tr.warning-row")).to_have_count(5)
    page.get_by_role("button", name="批量签收").click()
    expect(page.locator(".notice")).to_contain_text("已签收 2 条预警")
    states = Warning.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["acknowledged", "raised", "acknowledged", "raised", "raised"]


def test_the_desk_and_a_page_are_accessible_in_any_light_and_size(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    warnings: list[Warning],
    sign_in: SignIn,
    axe: Axe,
    watch: list[str],
    shot: Callable[[str], Any],
) -> None:
    sign_in(cast.plant_officer)
    for name, path in (
        ("desk", "/warnings/?state=all"),
        ("warning", f"/warnings/{warnings[1].pk}/"),
        ("verb", f"/warnings/{warnings[1].pk}/hand_over/"),
    ):
        page.goto(live_server.url + path)
        for width, height in ((1366, 768), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            for theme in ("light", "dark"):
                page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
                assert axe() == [], (name, width, theme)
                shot(f"{name}-{width}-{theme}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    watch[:] = [complaint for complaint in watch if "inline style" not in complaint]
