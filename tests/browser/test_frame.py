"""The frame in a real browser: policy, accessibility, switches, clock, phone."""

import json
import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Axe, SignIn
from tests.cast import Cast
from tests.waiting import wait_until

SIZES = [(1366, 768), (390, 844)]


@pytest.mark.parametrize("path", ["/signin/", "/account/", "/nowhere/", "/account/?screen=1"])
def test_a_page_of_the_frame_is_accessible_and_keeps_the_policy(
    *,
    path: str,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    sign_in: SignIn,
    axe: Axe,
    watch: list[str],
) -> None:
    if path != "/signin/":
        sign_in(cast.duty_officer)
    page.goto(live_server.url + path)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
            assert axe() == [], (width, theme)
        # Nothing sticks out to the side: the page itself never scrolls sideways.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if path == "/nowhere/":
        assert [complaint for complaint in watch if "404" not in complaint] == []
        watch.clear()


def test_a_person_signs_in_switches_language_and_theme_and_leaves(
    *,
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    sign_in_by_form: SignIn,
    watch: list[str],
    shot: Callable[[str], None],
) -> None:
    page.goto(f"{live_server.url}/account/")
    expect(page).to_have_url(re.compile(r"/signin/\?next=/account/"))
    shot("signin")
    page.get_by_label("账号").fill("xianju")
    page.get_by_label("密码").fill("a long enough one 42")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="我的账号")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".who summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def test_the_clock_is_the_servers_and_runs(
    page: Page, live_server: LiveServer, cast: Cast, sign_in: SignIn, watch: list[str]
) -> None:
    sign_in(cast.duty_officer)
    page.goto(f"{live_server.url}/account/")
    clock = page.locator("[data-clock]")
    first = clock.inner_text()
    assert re.fullmatch(r"\d\d:\d\d:\d\d", first)
    expect(clock).not_to_have_text(first)


def test_a_table_is_sorted_in_place_and_the_address_follows(
    page: Page, live_server: LiveServer, cast: Cast, sign_in: SignIn, watch: list[str]
) -> None:
    sign_in(cast.duty_officer)
    page.goto(f"{live_server.url}/account/")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="时间", exact=True).click()
    expect(page.locator("th[aria-sort='ascending']")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"sort=at"))
    assert page.evaluate("window.sameDocument") is True


def _with_live(page: Page, answer: Callable[[Route], None], *, renew_s: int = 0) -> None:
    """Serve the page with a pass to a live process that `answer` plays."""

    def passed(route: Route) -> None:
        body = {
            "url": f"{page.url.split('/account')[0]}/live",
            "ticket": "fresh",
            "renew_s": renew_s,
        }
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    def paged(route: Route) -> None:
        response = route.fetch()
        origin = route.request.url.split("/account")[0]
        given = {"live-url": f"{origin}/live", "live-ticket": "first", "live-pass": "/live-pass/"}
        given["live-renew"] = str(renew_s)
        body = "<body " + " ".join(f'data-{name}="{value}"' for name, value in given.items())
        route.fulfill(response=response, body=response.text().replace("<body", body, 1))

    page.route("**/account/", paged)
    page.route("**/live-pass/", passed)
    page.route(re.compile(r"/live\?"), answer)


def _wait(page: Page, condition: str) -> None:
    """Wait for a condition in the page; Playwright's own way needs eval, which the policy bars."""
    wait_until(lambda: bool(page.evaluate(condition)))


def _stream(*events: tuple[str, object]) -> str:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)


def test_live_events_reach_the_page_and_a_lost_stream_is_told_and_renewed(
    page: Page, live_server: LiveServer, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(cast.duty_officer)
    tickets: list[str] = []

    def answer(route: Route) -> None:
        tickets.append(re.findall(r"ticket=(\w+)", route.request.url)[0])
        body = _stream(("values", [[101, 182.4, 1, False]]), ("changed", {"kind": "warning"}))
        route.fulfill(status=200, content_type="text/event-stream", body="retry: 60000\n\n" + body)

    _with_live(page, answer)
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.heard = [];"
        " for (const name of ['guatu:values', 'guatu:changed'])"
        " document.body.addEventListener(name, e => heard.push([name, e.detail])); });"
    )
    page.goto(f"{live_server.url}/account/")
    _wait(page, "heard.length >= 2")
    heard = page.evaluate("heard.slice(0, 2)")
    assert heard[0] == ["guatu:values", {"values": [[101, 182.4, 1, False]]}]
    assert heard[1] == ["guatu:changed", {"kind": "warning"}]
    # The played stream ends at once: lost is told, and a fresh ticket is fetched.
    expect(page.locator("[data-live-mark]")).to_have_attribute("data-state", "lost")
    expect(page.locator("[data-live-word]")).to_have_text("连接中断")
    _wait(page, "heard.length >= 4")
    assert tickets[:2] == ["first", "fresh"]


def test_a_stream_is_renewed_before_its_ticket_ends_and_is_never_lost(
    page: Page, live_server: LiveServer, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(cast.duty_officer)
    page.clock.install()
    page.add_init_script(
        "window.streams = []; window.EventSource = class extends EventTarget {"
        " constructor(url) { super(); this.url = String(url); this.closed = false;"
        " streams.push(this); }"
        " close() { this.closed = true; } };"
        "window.states = []; addEventListener('DOMContentLoaded', () => new MutationObserver("
        "() => states.push(document.body.dataset.liveState)).observe(document.body,"
        " { attributes: true, attributeFilter: ['data-live-state'] }));"
    )
    _with_live(page, lambda route: route.abort(), renew_s=140)
    page.goto(f"{live_server.url}/account/")
    _wait(page, "streams.length === 1")
    page.evaluate("streams[0].dispatchEvent(new Event('open'))")
    _wait(page, "document.body.dataset.liveState === 'live'")
    page.evaluate("states.length = 0")
    page.clock.run_for(140_000)
    _wait(page, "streams.length === 2")
    assert not page.evaluate("streams[0].closed")  # until the next one speaks
    page.evaluate("streams[1].dispatchEvent(new Event('open'))")
    assert page.evaluate("streams[0].closed")
    assert "ticket=fresh" in page.evaluate("streams[1].url")
    assert set(page.evaluate("states")) <= {"live"}


@pytest.mark.parametrize("system", ["dark", "light"])
def test_pages_follow_the_readers_system_until_one_is_chosen(
    *,
    system: Literal["dark", "light"],
    page: Page,
    live_server: LiveServer,
    cast: Cast,
    shot: Callable[[str], None],
    watch: list[str],
) -> None:
    other = {"dark": "light", "light": "dark"}[system]
    page.emulate_media(color_scheme=system)
    page.goto(f"{live_server.url}/signin/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", system)
    shot(f"signin-follows-{system}")
    page.emulate_media(color_scheme=other)  # type: ignore[arg-type]
    expect(html).to_have_attribute("data-bs-theme", other)
    page.emulate_media(color_scheme=system)
    page.get_by_role("button", name={"dark": "浅色", "light": "深色"}[system]).click()
    expect(html).to_have_attribute("data-bs-theme", other)
    expect(html).not_to_have_attribute("data-theme-follows", "")


def test_changes_in_quick_succession_are_not_lost_to_the_calm(
    page: Page, live_server: LiveServer, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(cast.duty_officer)
    first = True

    def answer(route: Route) -> None:
        nonlocal first
        body = _stream(*[("changed", {"kind": "warning", "plant": n}) for n in range(5)])
        route.fulfill(status=200, content_type="text/event-stream", body=body if first else "")
        first = False

    _with_live(page, answer)
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.heard = [];"
        " document.body.addEventListener('guatu:changed', e => heard.push(e.detail.kind)); });"
    )
    page.goto(f"{live_server.url}/account/")
    _wait(page, "heard.length >= 2")
    assert page.evaluate("heard.slice(0, 2)") == ["warning", "several"]


def test_a_page_of_the_frame_works_without_script(
    browser: object, live_server: LiveServer, cast: Cast
) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{live_server.url}/account/?sort=at")
    page.fill("[name=username]", "xianju")
    page.fill("[name=password]", "a long enough one 42")
    page.click(".fields button")
    expect(page.get_by_role("heading", name="我的账号")).to_be_visible()
    expect(page.locator("th[aria-sort='ascending']")).to_have_count(1)
    context.close()
