"""A point table is brought, looked at, imported and undone in a browser, in both languages."""

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.web.monitoring.models import Point
from guatu.web.shell.requests import THEME_COOKIE
from tests.browser.conftest import Axe, SignIn
from tests.cast import Cast
from tests.web.imports.sheets import HEADINGS, book, point
from tests.web.monitoring.conftest import Line, line  # noqa: F401 - a fixture


@pytest.mark.parametrize(("language", "theme"), [("zh-hans", "light"), ("en", "dark")])
def test_a_point_table_from_upload_to_undoing(  # noqa: PLR0917 # fixtures
    language: str,
    theme: str,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
    sign_in: SignIn,
    axe: Axe,
    shot: Callable[[str], None],
) -> None:
    sign_in(cast.duty_officer)
    page.context.add_cookies(
        [
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url},
            {"name": THEME_COOKIE, "value": theme, "url": live_server.url},
        ]
    )
    chinese = ("从 Excel 导入测点", "预览结果", "导入 4 行", "理由", "撤销整次导入", "已撤销")
    english = (
        "Points from Excel", "Look what comes of it", "Import 4 rows", "Reason",
        "Undo the whole import", "Undone",
    )  # fmt: skip
    enter, look, go, why, undo, undone = chinese if language == "zh-hans" else english
    page.goto(f"{live_server.url}/plants/{line.plant.pk}/limits/")
    page.get_by_role("link", name=enter).click()
    assert axe() == []
    shot(f"import-bring-{language}")
    rows = [*(point(n) for n in range(4)), point(4, core="也许", H=5000), point(5, low="零")]
    content = book([[*HEADINGS, "安装位置"], *rows])
    page.get_by_label("Excel").set_input_files(
        {"name": "测点表.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name=look).click()
    expect(page.locator("tbody tr")).to_have_count(6)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert axe() == []
        shot(f"import-tried-{language}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1366, "height": 900})
    page.get_by_label(why).fill("新装测点")
    page.get_by_role("button", name=go).click()
    expect(page.get_by_role("button", name=undo)).to_be_visible()
    assert Point.objects.filter(unit__plant=line.plant, code__startswith="F1.").count() == 4
    shot(f"import-done-{language}")
    page.get_by_role("button", name=undo).click()
    expect(page.locator(".page-head")).to_contain_text(undone)
    page.goto(f"{live_server.url}/imports/")
    assert axe() == []
    shot(f"import-list-{language}")
