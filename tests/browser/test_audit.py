"""The record of who did what in a browser: clean in both languages, both themes, both widths."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.web.monitoring.actions import StopSpec, declare_stop
from guatu.web.monitoring.models import LimitVersion, StopKind
from guatu.web.people import actions
from guatu.web.people.models import Role
from tests.browser.conftest import Axe, Choose, SignIn
from tests.cast import PASSWORD, Cast
from tests.web.monitoring.conftest import Line, register_line


@pytest.fixture
def told(cast: Cast) -> Line:
    """A record of people, points and limits, by pages and by commands."""
    line = register_line(cast)
    client = Client()
    client.post("/signin/", {"username": "admin", "password": "a wrong one 12"})
    client.post("/signin/", {"username": "admin", "password": PASSWORD})
    given = {"name": "冯雪梅", "organisation": cast.city_bureau.name, "phone": "0871-5"}
    client.post(f"/people/{cast.viewer.pk}/edit/", given)
    client.get(f"/people/{cast.viewer.pk}/")
    client.get("/people/?export=xlsx&q=冯").close()
    declare_stop(
        line.plant.pk,
        StopSpec(
            unit=None,
            kind=StopKind.MAINTENANCE,
            begins_at=timezone.now() + timedelta(hours=1),
            ends_at=timezone.now() + timedelta(hours=8),
            reason="更换冷却水泵",
        ),
        by=cast.plant_officer,
        at=timezone.now(),
    )
    actions.grant_role(
        cast.viewer,
        Role.DUTY_OFFICER,
        cast.neighbour_county,
        why="国庆期间顶班",
        by=cast.security_administrator,
        at=timezone.now(),
    )
    limit = LimitVersion.objects.filter(point=line.points["inlet_flow"])[0]
    LimitVersion.objects.filter(pk=limit.pk).update(
        value=Decimal(150), why="按新规程收紧", changed_by=cast.duty_officer
    )
    return line


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_clean(  # noqa: PLR0917 # fixtures
    language: str,
    theme: str,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    told: Line,
    watch: list[str],
    sign_in: SignIn,
    choose: Choose,
    axe: Axe,
    shot: Callable[[str], None],
) -> None:
    person = f"kind=people.user&record={cast.viewer.pk}"
    pages = [
        ("auditor", "audit", "/audit/"),
        ("auditor", "audit-person", f"/audit/record/?{person}"),
        ("administrator", "audit-part", f"/people/{cast.viewer.pk}/"),
        ("duty_officer", "audit-plant", f"/plants/{told.plant.pk}/stops/"),
    ]
    for who, name, path in pages:
        page.context.clear_cookies()
        sign_in(cast.users[who])
        choose(language, theme)
        page.goto(live_server.url + path)
        expect(page.locator("h1")).to_be_visible()
        if (place := page.locator(".record-history")).count():
            place.locator("summary").click()
            expect(place.locator(".timeline > li").first).to_be_visible()
            place.scroll_into_view_if_needed()
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert axe() == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width, wide)
            shot(f"{name}-{language}-{theme}-{width}")
