"""The second factor: enrolled, asked for, used once, lost, and guessed in vain."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from guatu.web.people import half_in, second_factor
from guatu.web.people.models import RecoveryCode, SecondFactor, SignInEvent, User
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 6, 52, 15, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _code(at: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def clock(db: None) -> object:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def codes(clock: object, cast: Cast) -> list[str]:
    """The duty officer's recovery codes; his authenticator was added an hour ago."""
    before = NOW - timedelta(hours=1)
    return second_factor.add_second_factor(
        secret=SECRET, code=_code(before), by=cast.duty_officer, at=before, address=None
    )


def _password(client: Client, username: str = "xianju") -> str:
    answer = client.post(
        "/signin/", {"username": username, "password": PASSWORD, "next": "/account/"}
    )
    return str(answer["Location"])


def _show(client: Client, code: str) -> int:
    return client.post("/signin/code/", {"code": code, "next": "/account/"}).status_code


def _is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_password_alone_opens_nothing(codes: list[str], client: Client) -> None:
    assert _password(client) == "/signin/code/?next=%2Faccount%2F"
    assert not _is_in(client)
    assert client.get("/signin/code/").status_code == 200
    assert _show(client, _code(NOW)) == 302
    assert _is_in(client)
    assert list(SignInEvent.objects.order_by("id").values_list("outcome", flat=True)) == [
        "factor_added",
        "code_used",
        "signed_in",
    ]


@pytest.mark.parametrize(
    ("late_s", "taken"), [(0, True), (-30, True), (30, True), (-60, False), (60, False)]
)
def test_a_clock_may_be_a_step_off(
    *, late_s: int, taken: bool, codes: list[str], client: Client
) -> None:
    _password(client)
    assert _show(client, _code(NOW + timedelta(seconds=late_s))) == (302 if taken else 422)
    assert _is_in(client) == taken


def test_a_code_seen_by_another_is_not_taken_again(codes: list[str]) -> None:
    first, second = Client(), Client()
    _password(first)
    _password(second)
    assert _show(first, _code(NOW)) == 302
    assert _show(second, _code(NOW)) == 422
    # Nor is the one before it, which was never used.
    assert _show(second, _code(NOW - timedelta(seconds=30))) == 422
    assert _show(second, _code(NOW + timedelta(seconds=30))) == 302


def test_the_code_that_enrolled_does_not_sign_in(clock: object, cast: Cast, client: Client) -> None:
    second_factor.add_second_factor(
        secret=SECRET, code=_code(NOW), by=cast.duty_officer, at=NOW, address=None
    )
    _password(client)
    assert _show(client, _code(NOW)) == 422


def test_a_recovery_code_lets_in_once_however_it_is_typed(codes: list[str]) -> None:
    for typed, status in ((f" {codes[0].upper()} ", 302), (codes[0], 422), (codes[1], 302)):
        client = Client()
        _password(client)
        assert _show(client, typed) == status
    assert second_factor.codes_left(User.objects.get(username="xianju")) == 8


def test_another_persons_recovery_code_lets_nobody_in(
    codes: list[str], cast: Cast, client: Client
) -> None:
    before = NOW - timedelta(hours=1)
    others = second_factor.add_second_factor(
        secret=SECRET, code=_code(before), by=cast.supervisor, at=before, address=None
    )
    _password(client)
    assert _show(client, others[0]) == 422


def test_guessing_codes_is_braked_even_for_the_right_one(
    codes: list[str], clock: time_machine.Traveller
) -> None:
    for n in range(5):
        client = Client()  # a new browser each time gains nothing
        _password(client)
        assert _show(client, f"{n:06}") == (422 if n < 4 else 429)
    client = Client()
    _password(client)
    assert _show(client, _code(NOW)) == 429
    assert _show(client, codes[0]) == 429
    clock.shift(timedelta(minutes=15, seconds=1))
    _password(client)
    assert _show(client, _code(NOW + timedelta(minutes=15, seconds=1))) == 302


def test_a_day_has_a_bound_of_its_own(codes: list[str], cast: Cast) -> None:
    SignInEvent.objects.bulk_create(
        SignInEvent(username="xianju", outcome="code_refused", at=NOW - timedelta(hours=n))
        for n in range(1, 21)
    )
    assert second_factor.wait_until(cast.duty_officer, at=NOW) == NOW + timedelta(hours=4)
    assert not second_factor.use_code(cast.duty_officer, _code(NOW), at=NOW, address=None)


def test_wrong_codes_lock_out_nobody_who_has_not_the_password(
    codes: list[str], client: Client
) -> None:
    for _ in range(30):
        assert _show(client, "000000") == 302  # sent to the first page
    assert not SignInEvent.objects.filter(outcome="code_refused").exists()


def test_half_a_sign_in_lasts_minutes_and_one_password(
    codes: list[str], clock: time_machine.Traveller, cast: Cast, client: Client
) -> None:
    _password(client)
    clock.shift(timedelta(seconds=half_in.HOLDS_S + 1))
    assert client.get("/signin/code/")["Location"] == "/signin/?next=%2F"
    _password(client)
    cast.duty_officer.set_password("quite another 17")
    cast.duty_officer.save()
    assert client.get("/signin/code/").status_code == 302
    assert not _is_in(client)


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "/\\example.com"])
def test_the_second_page_leads_to_no_other_site(
    elsewhere: str, codes: list[str], client: Client
) -> None:
    _password(client)
    answer = client.post("/signin/code/", {"code": _code(NOW), "next": elsewhere})
    assert answer["Location"] == "/"


def test_the_session_key_changes_at_each_step(codes: list[str], client: Client) -> None:
    client.get("/signin/")
    planted = Client()
    planted.force_login(User.objects.get(username="ducha"))
    client.cookies["sessionid"] = planted.cookies["sessionid"].value
    planted.post("/signout/")
    _password(client)
    half = client.cookies["sessionid"].value
    assert half != planted.cookies["sessionid"].value
    _show(client, _code(NOW))
    assert client.cookies["sessionid"].value != half
    thief = Client()
    thief.cookies["sessionid"] = half
    assert not _is_in(thief)


def test_enrolling_shows_secret_and_codes_and_keeps_neither_in_plain(
    clock: object, cast: Cast, client: Client
) -> None:
    client.force_login(cast.plant_officer)
    page = client.get("/account/second-factor/").content.decode()
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    assert "<svg" in page
    wrong = {"code": "000000", "password": PASSWORD}
    assert client.post("/account/second-factor/", wrong).status_code == 422
    assert not SecondFactor.objects.exists()
    given = {"code": _code(NOW, secret), "password": PASSWORD}
    shown = client.post("/account/second-factor/", given).content.decode()
    codes = re.findall(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>", shown)
    assert len(set(codes)) == 10
    kept = " ".join(
        (
            *SecondFactor.objects.values_list("sealed_secret", flat=True),
            *RecoveryCode.objects.values_list("digest", flat=True),
        )
    )
    assert secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    again = client.get("/account/second-factor/").content.decode()
    assert codes[0] not in again
    assert secret not in again


def test_a_stolen_session_adds_no_factor_and_removes_none(
    codes: list[str], cast: Cast, client: Client
) -> None:
    client.force_login(cast.duty_officer)
    for deed in ("renew", "remove"):
        given = {"do": deed, f"{deed}-password": "wrong"}
        assert client.post("/account/second-factor/", given).status_code == 422
    assert second_factor.is_on(cast.duty_officer)
    assert second_factor.codes_left(cast.duty_officer) == 10
    # And guesses the password there a few times only, even the right one.
    for _ in range(5):
        client.post("/account/second-factor/", {"do": "remove", "remove-password": "wrong"})
    given = {"do": "remove", "remove-password": PASSWORD}
    assert client.post("/account/second-factor/", given).status_code == 422
    assert second_factor.is_on(cast.duty_officer)


def test_one_may_give_it_up_with_the_password(codes: list[str], cast: Cast, client: Client) -> None:
    client.force_login(cast.duty_officer)
    given = {"do": "renew", "renew-password": PASSWORD}
    assert codes[0] not in client.post("/account/second-factor/", given).content.decode()
    given = {"do": "remove", "remove-password": PASSWORD}
    assert client.post("/account/second-factor/", given).status_code == 302
    assert not second_factor.is_on(cast.duty_officer)
    assert not RecoveryCode.objects.exists()


def test_a_role_that_must_have_one_gets_nowhere_without(
    clock: object, cast: Cast, client: Client, settings: object
) -> None:
    settings.SECOND_FACTOR_ROLES = ["auditor"]  # type: ignore[attr-defined]
    client.force_login(cast.auditor)
    assert client.get("/sign-ins/")["Location"] == "/account/second-factor/"
    part = client.get("/sign-ins/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (401, "/account/second-factor/")
    page = client.get("/account/second-factor/").content.decode()
    assert "data-live-ticket" not in page  # no live data either
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    given = {"code": _code(NOW, secret), "password": PASSWORD}
    assert client.post("/account/second-factor/", given).status_code == 200
    assert client.get("/sign-ins/").status_code == 200
    with pytest.raises(ValidationError):
        second_factor.remove_second_factor(by=cast.auditor, at=NOW, address=None)


def test_a_lost_one_is_reset_with_a_reason_by_the_security_administrator(
    codes: list[str], cast: Cast, client: Client
) -> None:
    victim = Client()
    _password(victim)
    _show(victim, _code(NOW))
    client.force_login(cast.security_administrator)
    where = f"/sign-ins/{cast.duty_officer.pk}/"
    assert client.post(where, {"reset": "1", "why": "  "}).status_code == 422
    assert second_factor.is_on(cast.duty_officer)
    assert client.post(where, {"reset": "1", "why": "手机丢失"}).status_code == 302
    assert not second_factor.is_on(cast.duty_officer)
    assert not _is_in(victim)
    event = SignInEvent.objects.get(outcome="factor_reset")
    assert (event.user, event.by, event.why) == (
        cast.duty_officer,
        cast.security_administrator,
        "手机丢失",
    )


@pytest.mark.parametrize("who", ["administrator", "auditor", "duty_officer", "supervisor"])
def test_nobody_else_resets_one(who: str, codes: list[str], cast: Cast, client: Client) -> None:
    client.force_login(cast.users[who])
    where = f"/sign-ins/{cast.duty_officer.pk}/"
    assert client.post(where, {"reset": "1", "why": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        second_factor.reset_second_factor(
            cast.duty_officer, by=cast.users[who], at=NOW, why="x", address=None
        )
    assert second_factor.is_on(cast.duty_officer)
