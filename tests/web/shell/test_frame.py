"""The frame of every page: language, theme, navigation, big screen, live pass, messages, errors."""

import errno
import json
import re
import sqlite3
from collections.abc import Iterator

import pytest
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from pytest_django import Settings

from guatu.telemetry.ticket import VALID_S, read_ticket
from guatu.web.people import brake, permission
from guatu.web.shell import live, nav, requests
from guatu.web.shell import urls as shell_urls
from guatu.web.shell.middleware import FragmentMessagesMiddleware
from tests.cast import Cast


def _page(client: Client, path: str = "/signin/", **headers: str) -> str:
    return client.get(path, headers=headers).content.decode()


def test_chinese_is_spoken_until_english_is_chosen_and_back(client: Client, db: None) -> None:
    assert "<h2>登录</h2>" in _page(client)
    # A browser's own language is no choice.
    assert '<html lang="zh-hans"' in _page(client, **{"accept-language": "en-US,en"})
    client.post("/language/", {"language": "en", "next": "/signin/"})
    assert "<h2>Sign in</h2>" in _page(client)
    client.post("/language/", {"language": "zh-hans"})
    assert "<h2>登录</h2>" in _page(client)


@pytest.mark.parametrize("wish", ["", "fr", "zh-hant", "../../etc"])
def test_a_language_we_do_not_speak_changes_nothing(wish: str, client: Client, db: None) -> None:
    client.post("/language/", {"language": wish})
    client.cookies["django_language"] = wish
    assert '<html lang="zh-hans"' in _page(client)


def test_the_theme_is_kept_in_a_cookie(client: Client, db: None) -> None:
    assert 'data-bs-theme="light"' in _page(client)
    answer = client.post("/theme/", {"theme": "dark", "next": "/signin/"})
    assert answer["Location"] == "/signin/"
    assert answer.cookies[requests.THEME_COOKIE]["httponly"]
    assert 'data-bs-theme="dark"' in _page(client)
    client.post("/theme/", {"theme": "<script>"})
    assert 'data-bs-theme="dark"' in _page(client)


@pytest.mark.parametrize("switch", ["/theme/", "/language/"])
def test_a_switch_leads_to_no_other_site(switch: str, client: Client, db: None) -> None:
    assert client.post(switch, {"next": "https://example.com/"})["Location"] == "/"


def test_the_big_screen_has_no_navigation_and_a_way_back(client: Client, cast: Cast) -> None:
    client.force_login(cast.supervisor)
    page = _page(client, "/account/?screen=1&page=2")
    assert 'class="big-screen"' in page
    assert 'data-bs-theme="dark"' in page
    assert "nav-wide" not in page
    assert 'href="/account/?page=2"' in page
    assert 'href="/account/?screen=1"' in _page(client, "/account/")


def test_pages_carry_no_inline_script_and_no_style_attribute(client: Client, cast: Cast) -> None:
    client.force_login(cast.supervisor)
    for path in ("/account/", "/nowhere/"):
        page = _page(client, path)
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
        assert "<style" not in page


@pytest.fixture
def entries() -> Iterator[dict[str, nav.Entry]]:
    """The navigation, put back as it was."""
    before = dict(nav._ENTRIES)
    nav._ENTRIES.clear()
    yield nav._ENTRIES
    nav._ENTRIES.clear()
    nav._ENTRIES.update(before)


def _request(path: str, user: object) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = user  # type: ignore[assignment]
    return request


def test_navigation_shows_what_one_may_open_in_order(
    entries: dict[str, nav.Entry], cast: Cast
) -> None:
    nav.register(
        nav.Entry(label="Accounts", url_name="people:signin", verb="people.create_user", order=2)
    )
    nav.register(nav.Entry(label="Mine", url_name="people:account", order=1))
    everything = [shown.label for shown in nav.shown_to(_request("/", cast.administrator))]
    assert everything == ["Mine", "Accounts"]
    assert [s.label for s in nav.shown_to(_request("/", cast.duty_officer))] == ["Mine"]
    assert nav.shown_to(_request("/", AnonymousUser())) == []


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/account/", "people:account"),
        ("/account/7/limits/", "people:account"),
        ("/accounts/", None),
        ("/elsewhere/", None),
    ],
)
def test_the_entry_that_a_page_lies_under_is_marked(
    path: str, current: str | None, entries: dict[str, nav.Entry], cast: Cast
) -> None:
    nav.register(nav.Entry(label="people:account", url_name="people:account"))
    nav.register(nav.Entry(label="people:signin", url_name="people:signin"))
    shown = nav.shown_to(_request(path, cast.duty_officer))
    assert [entry.label for entry in shown if entry.current] == ([current] if current else [])


def test_every_registered_entry_names_a_page_and_a_verb_that_exist(cast: Cast) -> None:
    for entry in nav.entries():
        assert not entry.verb or entry.verb in permission.table()
        assert str(entry.label)
    nav.shown_to(_request("/", cast.supervisor))


def test_without_a_live_process_pages_say_nothing_of_it(client: Client, cast: Cast) -> None:
    client.force_login(cast.duty_officer)
    assert "data-live-url" not in _page(client, "/account/")
    assert client.get("/live-pass/").status_code == 503


def test_a_page_carries_a_pass_to_live_data_and_can_ask_for_a_fresh_one(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.LIVE_SECRET = "a secret of sixteen or more"
    client.force_login(cast.duty_officer)
    page = _page(client, "/account/")
    assert 'data-live-url="http://testserver:8001/live"' in page
    assert 'data-live-pass="/live-pass/"' in page
    fresh = client.get("/live-pass/").json()
    # Renewed before it ends, and soon enough that who signed out hears little more.
    assert fresh["renew_s"] < VALID_S <= 180
    assert f'data-live-renew="{fresh["renew_s"]}"' in page
    ticket = read_ticket(fresh["ticket"], settings.LIVE_SECRET, timezone.now().timestamp())
    assert ticket is not None
    assert ticket.user == cast.duty_officer.pk
    assert list(ticket.regions) == ["530181"]


def test_the_live_origin_can_be_set_for_a_proxy(settings: Settings) -> None:
    settings.LIVE_ORIGIN = "https://live.example.gov.cn"
    assert live.origin(_request("/", AnonymousUser())) == "https://live.example.gov.cn"


@pytest.mark.parametrize(
    ("status", "header", "told"),
    [(200, {}, True), (422, {}, True), (302, {}, False), (200, {"HX-Redirect": "/"}, False)],
)
def test_messages_travel_with_a_fragment_but_wait_for_a_page_that_follows(
    status: int,
    header: dict[str, str],
    told: bool,  # noqa: FBT001 - a case of the table
) -> None:
    request = RequestFactory().get("/", headers={"HX-Request": "true"})
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    storage = default_storage(request)
    request._messages = storage  # type: ignore[attr-defined]
    messages.success(request, "预警已签收")
    answer = FragmentMessagesMiddleware(lambda _: HttpResponse(status=status, headers=header))(
        request
    )
    if told:
        event = json.loads(answer["HX-Trigger"])
        assert event == {
            "guatu:messages": {"messages": [{"level": "success", "text": "预警已签收"}]}
        }
    else:
        assert "HX-Trigger" not in answer
        assert [str(message) for message in storage] == ["预警已签收"]


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "address"),
    [
        ("10.0.0.1", "1.2.3.4", False, "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", True, "1.2.3.4"),
        ("10.0.0.1", "nonsense", True, None),
        ("", "", False, None),
        ("::1", "", False, "::1"),
    ],
)
def test_a_senders_address_is_not_what_the_sender_says(
    *,
    remote: str,
    forwarded: str,
    behind_proxy: bool,
    address: str | None,
    settings: Settings,
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
    assert requests.address_of(request) == address


def _sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


class _OfPostgres(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("as PostgreSQL says it")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "cause", "status", "said"),
    [
        (OperationalError("full"), _sqlite(sqlite3.SQLITE_FULL), 503, "磁盘已满"),
        (OperationalError("locked"), _sqlite(sqlite3.SQLITE_BUSY), 503, "数据库繁忙"),
        (
            OperationalError("locked"),
            _sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT),
            503,
            "数据库繁忙",
        ),
        (OperationalError("full"), _OfPostgres("53100"), 503, "磁盘已满"),
        (OperationalError("lock"), _OfPostgres("55P03"), 503, "数据库繁忙"),
        (OSError(errno.ENOSPC, "No space left on device"), None, 503, "磁盘已满"),
        (OperationalError("no such table"), _sqlite(sqlite3.SQLITE_ERROR), 500, "系统出错了"),
        (OperationalError("of its own"), None, 500, "系统出错了"),
        (OSError(errno.EACCES, "Permission denied"), None, 500, "系统出错了"),
        (ValueError("ours"), None, 500, "系统出错了"),
    ],
)
def test_a_full_disk_and_a_busy_database_are_told_with_what_to_do(  # noqa: PLR0917
    error: Exception,
    cause: Exception | None,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    db: None,
) -> None:
    @login_not_required
    def failing(_request: object) -> HttpResponse:
        raise error from cause

    client = Client(raise_request_exception=False)
    route = next(p for p in shell_urls.urlpatterns if p.name == "healthz")
    monkeypatch.setattr(route, "callback", failing)
    answer = client.get("/healthz")
    assert answer.status_code == status
    assert said in answer.content.decode()
    assert ("Retry-After" in answer) is (status == 503)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the bound is SQLite's own")
@pytest.mark.django_db(transaction=True)
def test_a_full_database_answers_a_sign_in_in_words() -> None:
    client = Client(raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # no free pages left inside
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            answers = [
                client.post("/signin/", {"username": f"{n:0150}", "password": "x"})
                for n in range(brake.PER_ADDRESS)
            ]
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    refused = [answer for answer in answers if answer.status_code != 422]
    assert refused
    assert {answer.status_code for answer in refused} == {503}
    assert "磁盘已满" in refused[0].content.decode()
    assert client.post("/signin/", {"username": "x", "password": "x"}).status_code == 422


def test_nobody_chose_a_theme_so_the_readers_system_does(client: Client, db: None) -> None:
    page = _page(client)
    assert "data-theme-follows" in page
    assert 'content="light dark"' in page
    client.post("/theme/", {"theme": "light", "next": "/signin/"})
    chosen = _page(client)
    assert "data-theme-follows" not in chosen
    assert 'data-bs-theme="light"' in chosen


def test_an_error_of_ours_is_told_with_what_to_do(client: Client, db: None) -> None:
    from guatu.web.shell import views  # noqa: PLC0415 - only this test calls a view by hand

    request = RequestFactory().get("/")
    with translation.override("zh-hans"):
        assert "系统出错了" in views.server_error(request).content.decode()
    with translation.override("en"):
        assert "Something went wrong" in views.server_error(request).content.decode()
