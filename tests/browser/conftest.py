"""Browser tests: Debian's Chromium, a real server, and an eye on console, policy and accessibility.

A test takes `page` and `live_server`; `watch` fails it for any console error or policy violation,
`sign_in` brings one of the cast in, `axe` tells what a page does wrong for those who cannot see it.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from guatu.web.people.models import User
from guatu.web.shell.requests import THEME_COOKIE
from tests.cast import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SHOTS = Path(os.environ.get("GUATU_SHOTS", "test-results"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SignIn = Callable[[User], None]
Choose = Callable[[str, str], None]
Axe = Callable[[], list[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and skip it visibly where there is no Chromium."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # One worker drives the browser: two of them on two cores only wait for each other.
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"no {CHROMIUM}: apt-get install chromium"))


@pytest.fixture(scope="session", autouse=True)
def _database_beside_the_browser() -> Iterator[None]:
    """Playwright runs a loop in this thread, and Django then refuses its own database calls."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, without anything that reaches out."""
    return {"executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """The usual workstation of a control room."""
    return {
        "viewport": {"width": 1366, "height": 768},
        "timezone_id": "Asia/Shanghai",
        # A colour on its way to another is neither: what is measured is what comes to rest.
        "reduced_motion": "reduce",
    }


@pytest.fixture
def watch(page: Page) -> Iterator[list[str]]:
    """What the browser complained of; a test that leaves anything in it fails.

    A refused form (403, 404, 422, 429) is written to the console by Chromium itself: a test that
    provokes one says `watch.clear()` after looking at it.
    """
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e =>"
        " console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    yield complaints
    assert complaints == []


@pytest.fixture
def sign_in(context: BrowserContext, client: Any, live_server: LiveServer) -> SignIn:
    """Bring one of the cast in, past the form (which has its own test)."""

    def bring_in(user: User) -> None:
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )

    return bring_in


@pytest.fixture
def choose(context: BrowserContext, live_server: LiveServer) -> Choose:
    """`choose(language, theme)`: what the switches in the header keep in cookies."""

    def keep(language: str, theme: str) -> None:
        chosen = {settings.LANGUAGE_COOKIE_NAME: language, THEME_COOKIE: theme}
        context.add_cookies(
            [{"name": name, "value": v, "url": live_server.url} for name, v in chosen.items()]
        )

    return keep


@pytest.fixture
def sign_in_by_form(page: Page, live_server: LiveServer) -> SignIn:
    """Bring one of the cast in as a person does."""

    def bring_in(user: User) -> None:
        page.goto(f"{live_server.url}/signin/")
        page.get_by_label("账号").fill(user.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()

    return bring_in


@pytest.fixture
def axe(page: Page) -> Axe:
    """What axe-core finds wrong with the page, one line a rule and element."""

    def findings() -> list[str]:
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    return findings


@pytest.fixture
def shot(page: Page) -> Callable[[str], None]:
    """Keep a picture of the page, to be looked at: test-results/NAME.png."""

    def take(name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")

    return take
