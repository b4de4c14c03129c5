"""The pages of people and organisations in a browser: clean in both languages and both themes."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guatu.web.people import actions
from guatu.web.people.actions import ContactSpec
from guatu.web.people.models import Role
from tests.browser.conftest import Axe, Choose, SignIn
from tests.cast import Cast


@pytest.fixture
def told(cast: Cast) -> Cast:
    """A person with a present, a coming to an end and an ended grant; a plant with contacts."""
    at, by = timezone.now(), cast.security_administrator
    until = at + timedelta(days=9)
    actions.grant_role(
        cast.viewer, Role.DUTY_OFFICER, cast.neighbour_county, why="顶班", by=by, at=at, until=until
    )
    ended = actions.grant_role(cast.viewer, Role.VIEWER, cast.city, why="借调", by=by, at=at)
    actions.end_grant(ended.pk, why="借调结束", by=by, at=at)
    specs = [
        ContactSpec(name="门卫", duty="值班", phone="0871-1", begins=time(20), ends=time(8)),
        ContactSpec(name="王芳", duty="安全员", phone="138", person=cast.plant_officer),
    ]
    actions.keep_contacts(cast.plant.pk, specs, by=cast.plant_officer, at=at)
    return cast


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_clean(  # noqa: PLR0917 # fixtures
    language: str,
    theme: str,
    page: Page,
    live_server: LiveServer,
    told: Cast,
    sign_in: SignIn,
    choose: Choose,
    axe: Axe,
    shot: Callable[[str], None],
) -> None:
    pages = {
        "administrator": [
            "/people/",
            "/people/organisations/",
            f"/people/organisations/?under={told.city_bureau.pk}",
            "/people/add/",
            f"/people/organisations/{told.plant.pk}/edit/",
        ],
        "security_administrator": [
            f"/people/{told.viewer.pk}/",
            f"/people/{told.viewer.pk}/grant/",
        ],
        "plant_officer": [f"/people/organisations/{told.plant.pk}/contacts/"],
    }
    for who, paths in pages.items():
        page.context.clear_cookies()
        sign_in(told.users[who])
        choose(language, theme)
        for path in paths:
            page.goto(live_server.url + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            expect(page.locator("h1")).to_be_visible()
            for width in (1366, 390):
                page.set_viewport_size({"width": width, "height": 768})
                assert axe() == []
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (path, width, wide)
                name = "-".join(path.partition("?")[0].strip("/").split("/"))
                shot(f"{name}-{language}-{theme}-{width}")
