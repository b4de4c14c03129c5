"""Coming in, being refused, leaving, and one's own account."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from guatu.web.people import brake
from guatu.web.people.models import SignInEvent, User
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 6, 52, tzinfo=UTC)


def _try(client: Client, username: str, password: str, **extra: str) -> int:
    return client.post(
        "/signin/", {"username": username, "password": password, **extra}
    ).status_code


def _outcomes() -> list[str]:
    return list(SignInEvent.objects.order_by("id").values_list("outcome", flat=True))


def test_signing_in_and_out_is_recorded(client: Client, cast: Cast) -> None:
    answer = client.post(
        "/signin/", {"username": "xianju", "password": PASSWORD, "next": "/account/?a=1"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/account/?a=1")
    assert client.get("/account/").status_code == 200
    assert client.post("/signout/")["Location"] == "/signin/"
    assert client.get("/account/").status_code == 302
    assert _outcomes() == ["signed_in", "signed_out"]
    assert SignInEvent.objects.first().address == "127.0.0.1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "next_page", ["https://example.com/", "//example.com", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_site(next_page: str, client: Client, cast: Cast) -> None:
    answer = client.post(
        "/signin/", {"username": "xianju", "password": PASSWORD, "next": next_page}
    )
    assert answer["Location"] == "/"


def test_signing_out_needs_a_post(client: Client, cast: Cast) -> None:
    client.force_login(cast.duty_officer)
    assert client.get("/signout/").status_code == 405


@pytest.mark.parametrize(
    ("username", "password"), [("xianju", "wrong"), ("nobody", PASSWORD), ("xianju\x00", "x")]
)
def test_a_wrong_pair_is_refused_with_one_sentence(
    username: str, password: str, client: Client, cast: Cast
) -> None:
    answer = client.post("/signin/", {"username": username, "password": password})
    assert answer.status_code == 422
    assert "账号或密码不正确" in answer.content.decode() or "\x00" in username


def test_someone_who_left_cannot_come_in(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.duty_officer.pk).update(is_active=False)
    assert _try(client, "xianju", PASSWORD) == 422


def test_guessing_is_braked_and_the_brake_lets_go(client: Client, cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(brake.PER_ACCOUNT_AND_ADDRESS):
            assert _try(client, "xianju", "wrong") == 422
        answer = client.post("/signin/", {"username": "xianju", "password": PASSWORD})
        assert answer.status_code == 429
        assert answer["Retry-After"] == str(15 * 60)
        assert "15 分钟" in answer.content.decode()
        # Another account from the same place is not braked by it.
        assert _try(client, "ducha", PASSWORD) == 302
        client.post("/signout/")
        clock.shift(brake.WINDOW + timedelta(seconds=1))
        assert _try(client, "xianju", PASSWORD) == 302


@pytest.mark.parametrize(
    ("accounts", "addresses", "tries", "braked"),
    [
        pytest.param(1, 1, brake.PER_ACCOUNT_AND_ADDRESS, True, id="one account, one place"),
        pytest.param(1, 1, brake.PER_ACCOUNT_AND_ADDRESS - 1, False, id="a few mistakes"),
        pytest.param(1, 30, brake.PER_ACCOUNT, True, id="one account, many places"),
        pytest.param(1, 30, brake.PER_ACCOUNT - 1, False, id="one account, some places"),
        pytest.param(60, 1, brake.PER_ADDRESS, True, id="many accounts, one place"),
        pytest.param(60, 1, brake.PER_ADDRESS - 1, False, id="some accounts, one place"),
    ],
)
def test_three_ways_of_guessing_are_braked(
    *, accounts: int, addresses: int, tries: int, braked: bool, db: None
) -> None:
    SignInEvent.objects.bulk_create(
        SignInEvent(
            username=f"user{n % accounts}",
            address=f"10.0.0.{n % addresses}",
            outcome=SignInEvent.Outcome.REFUSED,
            at=NOW - timedelta(seconds=n),
        )
        for n in range(tries)
    )
    assert (brake.wait_until("user0", "10.0.0.0", at=NOW) is not None) == braked


def test_the_account_page_shows_who_i_am_and_changes_the_password(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.plant_officer)
    page = client.get("/account/").content.decode()
    assert "王芳" in page
    assert "安宁示范铝业" in page
    assert "企业安全员" in page
    new = "quite another 17"
    assert client.post("/account/", {"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert client.get("/account/").status_code == 200  # still signed in here
    assert User.objects.get(pk=cast.plant_officer.pk).check_password(new)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"old": "wrong", "new": "quite another 17", "again": "quite another 17"},
            "当前密码不正确",
        ),
        ({"old": PASSWORD, "new": "quite another 17", "again": "quite another 18"}, "不一致"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "至少需要 10 个字符"),
    ],
)
def test_a_password_that_does_not_do_is_told_why(
    fields: dict[str, str], sentence: str, client: Client, cast: Cast
) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post("/account/", fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_password_changed_elsewhere_ends_this_session(client: Client, cast: Cast) -> None:
    client.force_login(cast.plant_officer)
    cast.plant_officer.set_password("quite another 17")
    cast.plant_officer.save()
    assert client.get("/account/").status_code == 302


def test_a_fragment_asked_by_a_stranger_sends_the_whole_page_to_sign_in(
    client: Client, db: None
) -> None:
    answer = client.get(
        "/account/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/account/?page=2"},
    )
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/signin/?next=/account/%3Fpage%3D2"
