"""Strangers' guessing does not lock out who signed in with this browser before."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from guatu.web.people import brake, known
from guatu.web.people.models import SignInEvent
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 6, 52, tzinfo=UTC)


def _try(client: Client, username: str, password: str) -> int:
    given = {"username": username, "password": password}
    return client.post("/signin/", given).status_code


def _knowing(username: str) -> Client:
    """A browser with which somebody signed in and left."""
    client = Client()
    assert _try(client, username, PASSWORD) == 302
    client.post("/signout/")
    return client


def _guessed(username: str, times: int, *, address: str = "127.0.0.1") -> None:
    SignInEvent.objects.bulk_create(
        SignInEvent(username=username, address=address, outcome=SignInEvent.Outcome.REFUSED, at=NOW)
        for _ in range(times)
    )


@pytest.fixture(autouse=True)
def _still(db: None) -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("username", "times", "address"),
    [
        ("xianju", brake.PER_ACCOUNT_AND_ADDRESS, "127.0.0.1"),
        ("somebody", brake.PER_ADDRESS, "127.0.0.1"),
    ],
)
def test_guesses_of_others_brake_strangers_and_not_a_known_browser(
    username: str, times: int, address: str, cast: Cast
) -> None:
    mine = _knowing("xianju")
    _guessed(username, times, address=address)
    assert _try(Client(), "xianju", PASSWORD) == 429
    assert _try(mine, "xianju", PASSWORD) == 302


def test_guesses_from_many_places_brake_no_place_where_the_account_signed_in_lately(
    cast: Cast,
) -> None:
    _guessed("xianju", brake.PER_ACCOUNT, address="10.0.0.1")
    assert _try(Client(), "xianju", PASSWORD) == 429
    SignInEvent.objects.create(
        username="xianju", address="127.0.0.1", outcome=SignInEvent.Outcome.SIGNED_IN, at=NOW
    )
    assert _try(Client(), "xianju", PASSWORD) == 302
    assert brake.wait_until("xianju", "10.0.0.2", at=NOW) is not None
    assert brake.wait_until("xianju", "127.0.0.1", at=NOW + brake.HOME) is None  # brake let go
    _guessed("xianju", brake.PER_ACCOUNT_AND_ADDRESS, address="127.0.0.1")
    assert _try(Client(), "xianju", PASSWORD) == 429


def test_a_known_browser_has_a_bound_of_its_own(cast: Cast) -> None:
    mine = _knowing("xianju")
    for _ in range(brake.PER_KNOWN_BROWSER):
        assert _try(mine, "xianju", "wrong") == 422
    assert _try(mine, "xianju", PASSWORD) == 429


def test_a_browser_known_to_one_account_is_a_stranger_to_others(cast: Cast) -> None:
    mine = _knowing("xianju")
    _guessed("ducha", brake.PER_ACCOUNT_AND_ADDRESS)
    assert _try(mine, "ducha", PASSWORD) == 429
    # Nor does one account's cookie do under the name of another's.
    mine.cookies[known.cookie_of("ducha")] = mine.cookies[known.cookie_of("xianju")].value
    assert _try(mine, "ducha", PASSWORD) == 429


@pytest.mark.parametrize("value", ["", "x", "1:2:3", "null"])
def test_a_forged_cookie_makes_no_known_browser(value: str, cast: Cast) -> None:
    _guessed("xianju", brake.PER_ACCOUNT_AND_ADDRESS)
    client = Client()
    client.cookies[known.cookie_of("xianju")] = value
    assert _try(client, "xianju", PASSWORD) == 429


def test_a_password_changed_elsewhere_makes_a_stranger_of_the_browser(cast: Cast) -> None:
    mine, elsewhere = _knowing("xianju"), Client()
    elsewhere.force_login(cast.duty_officer)
    new = "quite another 17"
    given = {"old": PASSWORD, "new": new, "again": new}
    assert elsewhere.post("/account/", given).status_code == 302
    elsewhere.post("/signout/")
    _guessed("xianju", brake.PER_ACCOUNT_AND_ADDRESS)
    assert _try(mine, "xianju", new) == 429
    assert _try(elsewhere, "xianju", new) == 302  # where it was changed, it is known at once


def test_the_cookie_is_for_the_sign_in_page_and_not_for_scripts(cast: Cast) -> None:
    client = Client()
    _try(client, "xianju", PASSWORD)
    kept = client.cookies[known.cookie_of("xianju")]
    assert kept["httponly"]
    assert (kept["samesite"], kept["path"]) == ("Lax", "/signin/")
    assert "xianju" not in kept.key + kept.value


def test_blanks_around_a_name_begin_no_count_of_their_own(cast: Cast) -> None:
    client = Client()
    for n in range(brake.PER_ACCOUNT_AND_ADDRESS):
        assert _try(client, " " * n + "xianju" + "\t" * n, "wrong") == 422
    assert _try(client, "xianju", PASSWORD) == 429
