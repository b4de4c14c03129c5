"""A person adds a second factor, leaves, and comes in with it; the pages around it looked at."""

import re

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.web.people.models import RecoveryCode, SecondFactor
from tests.browser.conftest import SHOTS, Axe, SignIn
from tests.cast import PASSWORD, Cast

STYLES = ("light", "dark", "phone")


def _shoot(page: Page, name: str, axe: Axe) -> list[str]:
    """See a page in each dress, and that it is fit for those who cannot see it."""
    usual, wrong = page.viewport_size, list[str]()
    for style in STYLES:
        page.set_viewport_size(
            {"width": 390, "height": 844} if style == "phone" else {"width": 1366, "height": 768}
        )
        theme = "dark" if style == "dark" else "light"
        page.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
        page.screenshot(path=SHOTS / f"{name}-{style}.png", full_page=True)
        wrong += [f"{name} {style}: {finding}" for finding in axe()]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{name} is wider than a {style} page"] if wide > 0 else []
    if usual is not None:
        page.set_viewport_size(usual)
    return wrong


def _secret(page: Page) -> str:
    return page.locator("code.secret").inner_text().replace(" ", "")


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_is_added_and_asked_for(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    sign_in_by_form: SignIn,
    watch: list[str],
    axe: Axe,
) -> None:
    SHOTS.mkdir(exist_ok=True)
    wrong: list[str] = []
    user = cast.security_administrator
    sign_in_by_form(user)
    page.goto(f"{live_server.url}/account/")
    wrong += _shoot(page, "account", axe)
    page.get_by_role("link", name="添加").click()
    wrong += _shoot(page, "enrol", axe)
    secret = _secret(page)
    page.get_by_label("动态口令器显示的六位数字").fill(pyotp.TOTP(secret).now())
    page.get_by_label("当前密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    expect(page.get_by_role("button", name="打印")).to_be_visible()
    wrong += _shoot(page, "recovery", axe)
    page.get_by_role("link", name="我已妥善保管").click()
    wrong += _shoot(page, "factor", axe)
    page.goto(f"{live_server.url}/account/sessions/")
    wrong += _shoot(page, "sessions", axe)
    page.goto(f"{live_server.url}/sign-ins/{cast.duty_officer.pk}/")
    wrong += _shoot(page, "access", axe)
    page.goto(f"{live_server.url}/sign-ins/")
    wrong += _shoot(page, "sign-ins", axe)
    page.locator("summary", has_text=str(user)).click()
    page.get_by_role("button", name="退出").click()
    sign_in_by_form(user)
    expect(page.get_by_label("验证码")).to_be_focused()
    wrong += _shoot(page, "code", axe)
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(?!signin)"))
    assert RecoveryCode.objects.exclude(used_at=None).count() == 1
    page.locator("form.switch button[name=language]").first.click()
    for name in ("account", "account/second-factor", "account/sessions", "sign-ins"):
        page.goto(f"{live_server.url}/{name}/")
        shot = name.replace("/", "-")
        page.screenshot(path=SHOTS / f"{shot}-english.png", full_page=True)
    assert SecondFactor.objects.get(user=user).since <= timezone.now()
    assert wrong == []
