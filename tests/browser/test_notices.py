"""The bell, the settings of notices, hooks and the log, in a browser, in both languages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.core.nouns.warning import Level
from guatu.web.notices import actions as notices
from guatu.web.notices import collecting
from guatu.web.notices.bodies import PRESETS
from guatu.web.notices.models import Delivery, Hook
from guatu.web.warnings import actions
from tests.browser.conftest import Axe, Choose, SignIn
from tests.cast import Cast
from tests.web.warnings.conftest import Raise, raise_one  # noqa: F401 - a fixture

LOOKS = [("zh-hans", "light"), ("en", "dark")]


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_bell_tells_what_is_new_and_forgets_what_was_opened(  # noqa: PLR0917 # fixtures
    language: str,
    theme: str,
    page: Page,
    watch: list[str],
    live_server: LiveServer,
    cast: Cast,
    raise_one: Raise,  # noqa: F811
    sign_in: SignIn,
    choose: Choose,
    axe: Axe,
    shot: Callable[[str], None],
) -> None:
    now = timezone.now()
    first = raise_one(level=Level.ORANGE, at=now - timedelta(minutes=30))
    raise_one(level=Level.YELLOW, at=now - timedelta(minutes=5), title="2#熔炼炉 炉压 高高限")
    note = "请立即停浇并回复现场情况"
    actions.urge(first.pk, note=note, by=cast.supervisor, at=now, addressee=cast.plant_officer)
    collecting.collect(now)
    sign_in(cast.plant_officer)
    choose(language, theme)
    page.goto(f"{live_server.url}/plants/")
    bell = page.locator("details.bell")
    expect(bell.locator(".bell-count")).to_have_text("3")
    bell.locator("summary").click()
    expect(bell.locator("li")).to_have_count(3)
    expect(bell.locator("li").first).to_contain_text(note)
    assert axe() == []
    shot(f"bell-{language}")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(f"bell-{language}-390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1366, "height": 768})
    bell.locator("li a").first.click()
    page.wait_for_url(f"**/warnings/{first.pk}/")
    expect(page.locator(".bell-count")).to_have_text("1")
    page.goto(f"{live_server.url}/notices/")
    expect(page.locator("tr.is-unread")).to_have_count(1)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert axe() == []
        shot(f"notices-{language}-{width}")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator("details.bell summary").click()
    page.locator(".bell-foot button").click()
    expect(page.locator(".bell-count")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_settings_hooks_and_the_log_are_clean(  # noqa: PLR0917 # fixtures
    language: str,
    theme: str,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    sign_in: SignIn,
    choose: Choose,
    axe: Axe,
    shot: Callable[[str], None],
) -> None:
    now = timezone.now()
    hook, _secret = notices.make_hook(
        name="安宁应急值班群",
        audience=Hook.Audience.EVENTS,
        url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x",
        template=PRESETS["wecom"],
        organisation=cast.county_bureau,
        from_level=3,
        by=cast.administrator,
        at=now,
    )
    notices.try_hook(hook.pk, by=cast.administrator, at=now)
    Delivery.objects.update(
        state=Delivery.State.FAILED,
        tries=10,
        ended_at=now,
        error='{"errcode":93000,"errmsg":"invalid webhook url"}',
    )
    Hook.objects.update(failing_since=now - timedelta(hours=20))
    notices.try_hook(hook.pk, by=cast.administrator, at=now + timedelta(seconds=1))
    Delivery.objects.filter(state=Delivery.State.WAITING).update(
        state=Delivery.State.SENT, tries=1, ended_at=now
    )
    sign_in(cast.administrator)
    choose(language, theme)
    pages = {
        "settings": "/account/notices/",
        "hooks": "/notices/hooks/",
        "hook": f"/notices/hooks/{hook.pk}/",
        "hook-add": "/notices/hooks/add/?preset=sms",
        "deliveries": "/notices/deliveries/",
    }
    for name, address in pages.items():
        page.goto(f"{live_server.url}{address}")
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert axe() == [], name
            shot(f"{name}-{language}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_a_red_warning_shows_on_the_desktop_once(  # fixtures
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    raise_one: Raise,  # noqa: F811
    sign_in: SignIn,
) -> None:
    raise_one(level=Level.RED, at=timezone.now())
    sign_in(cast.plant_officer)
    # Headless Chromium asks nobody and shows nothing: what the page would show is kept.
    page.add_init_script(
        "window.shown = []; window.Notification = class {"
        " static permission = 'granted';"
        " constructor(title, options) { window.shown.push([title, options.body, options.tag]); }"
        " addEventListener() {} };"
    )
    page.goto(f"{live_server.url}/plants/")
    expect(page.locator('body[data-on-desktop="1"]')).to_be_visible()
    title, body, _tag = page.evaluate("window.shown[0]")
    assert "红色预警" in title
    assert "进水流量 低低限" in body
    page.reload()
    expect(page.locator(".alert-red")).to_be_visible()
    assert page.evaluate("window.shown.length") == 0
