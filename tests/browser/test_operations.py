"""The operations page in a browser: it keeps itself fresh and shuts nobody out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.telemetry import query
from guatu.telemetry.query import ProcessNow
from guatu.web.operations.models import Pulse
from tests.browser.conftest import Axe, SignIn
from tests.cast import Cast
from tests.web.operations.test_operations import told


@pytest.mark.parametrize("theme", ["浅色", "深色"])
def test_the_page_is_clean_in_both_themes_and_refreshes_itself(  # noqa: PLR0917 # fixtures
    theme: str,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    sign_in: SignIn,
    axe: Axe,
    shot: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lag = {"lag": 0}

    def processes(_expected: object) -> list[ProcessNow]:
        return told(worker={"backup": None, "recorder": dict(lag)})

    monkeypatch.setattr(query, "processes", processes)
    now = timezone.now().replace(second=0, microsecond=0)
    for minute in range(0, 24 * 60, 2):
        at = now - timedelta(minutes=24 * 60 - minute)
        Pulse.objects.create(
            at=at,
            accepted=minute * (6000 + minute),
            left_out=0,
            backlog=minute % 60,
            disk_free=10**11 - minute * 10**6,
        )
    sign_in(cast.administrator)
    page.goto(f"{live_server.url}/operations/")
    if page.get_by_role("button", name=theme).count():
        page.get_by_role("button", name=theme).click()
    expect(page.get_by_text("尚无备份")).to_be_visible()
    assert axe() == []
    shot(f"operations-{theme}")
    lag["lag"] = 900
    expect(page.get_by_text("900 条事件消息等待入库")).to_be_visible(timeout=15_000)
