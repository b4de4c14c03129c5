"""Attacks on the door, tried: who exists, how long it takes, forged forms, names with line ends."""

import re
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.test import Client

from guatu.web.people.models import SignInEvent, User
from guatu.web.people.records import name_as_kept
from tests.cast import PASSWORD, Cast


def _hashings(monkeypatch: pytest.MonkeyPatch, username: str) -> tuple[int, str]:
    """How often a try at signing in hashes a password, and what it answers."""
    count = 0
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def counted(self: Any, *args: Any, **kwargs: Any) -> str:
        nonlocal count
        count += 1
        return str(encode(self, *args, **kwargs))

    with monkeypatch.context() as patch:
        patch.setattr(hasher, "encode", counted)
        answer = Client().post("/signin/", {"username": username, "password": "wrong"})
    assert answer.status_code == 422
    return count, answer.content.decode().replace(username, "…")


@pytest.mark.parametrize("other", ["nobody-at-all", "waixian"])
def test_names_that_exist_and_names_that_do_not_look_and_cost_the_same(
    other: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(username="waixian").update(is_active=False)
    real, page = _hashings(monkeypatch, "xianju")
    false, other_page = _hashings(monkeypatch, other)
    assert real == false == 1

    def said(text: str) -> str:
        return re.sub(r"[A-Za-z0-9]{64}|\d{2}:\d{2}:[\d.]+", "", text)  # forms' tokens, the clock

    assert said(page) == said(other_page)


@pytest.mark.parametrize(
    "path",
    [
        "/signin/",
        "/signin/code/",
        "/signout/",
        "/account/",
        "/account/second-factor/",
        "/account/sessions/",
    ],
)
def test_a_form_of_another_site_is_refused(path: str, cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.duty_officer)
    assert client.post(path, {"all": "1"}).status_code == 403


def test_a_name_with_line_ends_writes_one_line_of_the_record(cast: Cast, client: Client) -> None:
    forged = "xianju\r\n2026-11-23 admin signed_in\u202e\x1b[2J"
    assert client.post("/signin/", {"username": forged, "password": "x"}).status_code == 422
    kept = SignInEvent.objects.get().username
    assert kept == "xianju 2026-11-23 admin signed_in[2J"


@pytest.mark.parametrize(
    ("typed", "kept"), [("  a\tb ", "a b"), ("\u200b", ""), ("x" * 400, "x" * 150)]
)
def test_names_are_kept_short_and_seen(typed: str, kept: str) -> None:
    assert name_as_kept(typed) == kept


def test_markup_in_a_name_is_shown_as_text(cast: Cast, client: Client) -> None:
    client.post("/signin/", {"username": "<script>alert(1)</script>", "password": "x"})
    client.force_login(cast.auditor)
    page = client.get("/sign-ins/").content.decode()
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("auditor", 200),
        ("security_administrator", 200),
        ("administrator", 403),
        ("duty_officer", 403),
        ("viewer", 403),
    ],
)
def test_the_record_is_for_those_who_may_read_it(
    who: str, status: int, cast: Cast, client: Client
) -> None:
    client.force_login(cast.users[who])
    assert client.get("/sign-ins/").status_code == status


def test_the_record_is_narrowed_by_name_and_outcome(cast: Cast, client: Client) -> None:
    for name in ("xianju", "ducha"):
        client.post("/signin/", {"username": name, "password": "wrong"})
    client.force_login(cast.auditor)
    table = client.get("/sign-ins/?q=xianju&outcome=refused").content.decode()
    assert ">xianju<" in table
    assert ">ducha<" not in table


def test_the_fields_tell_password_keepers_what_they_are(cast: Cast, client: Client) -> None:
    page = client.get("/signin/").content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    client.force_login(cast.duty_officer)
    page = client.get("/account/").content.decode()
    assert page.count('autocomplete="new-password"') == 2
    assert 'autocomplete="one-time-code"' in client.get("/account/second-factor/").content.decode()


def test_the_password_is_never_in_the_record(cast: Cast, client: Client) -> None:
    client.post("/signin/", {"username": "xianju", "password": PASSWORD})
    assert not SignInEvent.objects.filter(why__contains=PASSWORD).exists()
    assert PASSWORD not in str(SignInEvent.objects.values().get())
