"""A token is made, shown once and ended in a browser, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.web.people.models import Scope
from tests.browser.conftest import Axe, Choose, SignIn
from tests.cast import PASSWORD, Cast
from tests.web.api.conftest import token_of


@pytest.mark.parametrize(("language", "theme"), [("zh-hans", "light"), ("en", "dark")])
def test_the_pages_of_tokens_are_clean_and_make_and_end_one(  # noqa: PLR0917 # fixtures
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
    token_of(cast.viewer, Scope.WARNINGS_READ, Scope.READINGS_READ)
    sign_in(cast.viewer)
    choose(language, theme)
    words = {"zh-hans": ("用途", "查看预警", "新建令牌", "当前密码", "结束", "我已保存")}
    english = ("What it is for", "Read warnings", "Make a token", "Current password", "End", "kept")
    name, scope, make, password, end, kept = words.get(language, english)
    page.goto(f"{live_server.url}/account/tokens/")
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert axe() == []
        shot(f"tokens-{language}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label(name).fill("大屏")
    page.get_by_label(scope).check()
    page.get_by_label(password).fill(PASSWORD)
    page.get_by_role("button", name=make).click()
    expect(page.locator("code.token")).to_contain_text("guatu_")
    assert axe() == []
    shot(f"token-{language}")
    page.get_by_text(kept).click()
    row = page.locator("tr", has_text="大屏")
    expect(row).to_have_count(1)
    row.get_by_role("button", name=end).click()
    expect(page.locator("tr", has_text="大屏")).to_have_count(0)
    page.goto(f"{live_server.url}/account/")
    shot(f"account-{language}")
