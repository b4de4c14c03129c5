"""Open sessions: listed, ended, stolen in vain; passwords that must change."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client

from guatu.web.people import actions, password_history, sessions
from guatu.web.people.models import OpenSession, PasswordSet, SignInEvent, User
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 6, 52, tzinfo=UTC)
NEW = "quite another 17"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture(autouse=True)
def clock(db: None) -> object:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def _browser(username: str = "xianju", password: str = PASSWORD) -> Client:
    client = Client(headers={"User-Agent": CHROME})
    answer = client.post("/signin/", {"username": username, "password": password})
    assert answer.status_code == 302
    return client


def _is_in(client: Client) -> bool:
    return client.get("/account/sessions/").status_code == 200


def test_own_sessions_are_listed_and_each_can_be_ended(cast: Cast) -> None:
    here, there = _browser(), _browser()
    page = here.get("/account/sessions/").content.decode()
    assert page.count("Chrome · Windows") >= 2
    other = OpenSession.objects.order_by("id")[1]
    assert here.post("/account/sessions/", {"session": other.pk}).status_code == 302
    assert _is_in(here)
    assert not _is_in(there)
    assert SignInEvent.objects.get(outcome="session_ended").by == cast.duty_officer


def test_all_others_end_at_once(cast: Cast) -> None:
    here, there, third, stranger = _browser(), _browser(), _browser(), _browser("ducha")
    assert here.post("/account/sessions/", {"all": "1"}).status_code == 302
    assert [_is_in(one) for one in (here, there, third, stranger)] == [True, False, False, True]


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "²"])
def test_a_session_that_is_none_is_not_found(number: str, cast: Cast) -> None:
    assert _browser().post("/account/sessions/", {"session": number}).status_code == 404


def test_nobody_ends_anothers_session_through_his_own_page(cast: Cast) -> None:
    mine, others = _browser(), _browser("ducha")
    theirs = OpenSession.objects.get(user=cast.supervisor)
    assert mine.post("/account/sessions/", {"session": theirs.pk}).status_code == 404
    assert _is_in(others)


def test_the_security_administrator_ends_anothers_session_with_a_reason(cast: Cast) -> None:
    victim, keeper = _browser(), Client()
    keeper.force_login(cast.security_administrator)
    where = f"/sign-ins/{cast.duty_officer.pk}/"
    number = OpenSession.objects.get(user=cast.duty_officer).pk
    assert keeper.get(where).status_code == 200
    assert keeper.post(where, {"session": number}).status_code == 422
    assert _is_in(victim)
    assert keeper.post(where, {"session": number, "why": "账号借用"}).status_code == 302
    assert not _is_in(victim)
    event = SignInEvent.objects.get(outcome="session_ended")
    assert (event.by, event.why) == (cast.security_administrator, "账号借用")
    with pytest.raises(ValidationError):
        sessions.end_sessions(cast.duty_officer, by=cast.security_administrator, at=NOW)


def test_a_stolen_cookie_opens_nothing_after_the_password_was_changed(cast: Cast) -> None:
    mine, thief = _browser(), Client()
    thief.cookies["sessionid"] = mine.cookies["sessionid"].value
    assert _is_in(thief)
    given = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert mine.post("/account/", given).status_code == 302
    assert _is_in(mine)
    assert not _is_in(thief)
    # The way back into the thief's session is gone as well, and the list says so.
    assert sessions.of(cast.duty_officer, at=NOW).count() == 1


def test_a_stolen_cookie_opens_nothing_after_signing_out(cast: Cast) -> None:
    mine, thief = _browser(), Client()
    thief.cookies["sessionid"] = mine.cookies["sessionid"].value
    mine.post("/signout/")
    assert not _is_in(thief)


def test_a_disabled_account_is_out_at_once(cast: Cast) -> None:
    mine = _browser()
    User.objects.filter(pk=cast.duty_officer.pk).update(is_active=False)
    assert not _is_in(mine)


def test_a_key_planted_before_signing_in_opens_nothing_afterwards(cast: Cast) -> None:
    attacker = Client()
    attacker.get("/signin/")
    session = attacker.session
    session["x"] = 1
    session.save()
    planted = str(session.session_key)
    victim = Client()
    victim.cookies["sessionid"] = planted
    victim.post("/signin/", {"username": "xianju", "password": PASSWORD})
    assert _is_in(victim)
    attacker.cookies["sessionid"] = planted
    assert not _is_in(attacker)
    assert victim.cookies["sessionid"].value != planted


def test_an_idle_session_ends_and_one_in_use_goes_on_to_its_day(
    cast: Cast, clock: time_machine.Traveller, settings: object
) -> None:
    idle, used = _browser(), _browser("ducha")
    step = timedelta(seconds=settings.SESSION_IDLE_S / 2)  # type: ignore[attr-defined]
    clock.shift(step)
    assert _is_in(used)
    clock.shift(step + timedelta(seconds=1))
    assert _is_in(used)
    assert not _is_in(idle)
    assert SignInEvent.objects.get(outcome="session_expired").user == cast.duty_officer
    end = NOW + timedelta(seconds=settings.SESSION_COOKIE_AGE)  # type: ignore[attr-defined]
    while datetime.now(UTC) + step < end:
        clock.shift(step)
        assert _is_in(used)
    clock.move_to(end + timedelta(seconds=1))
    assert not _is_in(used)


def test_what_is_over_is_cleared_when_somebody_signs_in(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    _browser("ducha")
    clock.shift(timedelta(days=1))
    _browser()
    assert Session.objects.count() == 1
    assert OpenSession.objects.count() == 2  # the record stays
    clock.shift(sessions.KEPT)
    _browser()
    assert OpenSession.objects.count() == 2


def test_last_seen_is_kept_to_the_minute(cast: Cast, clock: time_machine.Traveller) -> None:
    mine = _browser()
    clock.shift(timedelta(seconds=61))
    assert _is_in(mine)
    assert OpenSession.objects.get().last_seen == NOW + timedelta(seconds=61)


def _given_by_another(cast: Cast) -> User:
    return actions.create_user(
        username="xinren",
        password=PASSWORD,
        name="新人",
        organisation=cast.county_bureau,
        by=cast.administrator,
        at=NOW,
    )


def test_a_password_given_by_another_is_changed_first(cast: Cast) -> None:
    _given_by_another(cast)
    mine = _browser("xinren")
    assert mine.get("/warnings/")["Location"] == "/account/"
    assert "由他人设置" in mine.get("/account/").content.decode()
    given = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert mine.post("/account/", given).status_code == 302
    assert mine.get("/account/sessions/").status_code == 200
    assert _is_in(_browser("xinren", NEW))


def test_a_password_grows_old_where_the_setting_says_so(
    cast: Cast, clock: time_machine.Traveller, settings: object
) -> None:
    password_history.note_password(cast.duty_officer, at=NOW, by_self=True)
    clock.shift(timedelta(days=91))
    assert _is_in(_browser())
    settings.PASSWORD_DAYS = 90  # type: ignore[attr-defined]
    assert _browser().get("/warnings/")["Location"] == "/account/"


def test_none_of_the_last_passwords_comes_again(cast: Cast) -> None:
    user, old = cast.duty_officer, PASSWORD
    chosen = [f"password number {n}" for n in range(password_history.REMEMBERED)]
    for new in chosen:
        user = actions.change_own_password(old=old, new=new, by=user, at=NOW)
        old = new
    for former in chosen:
        with pytest.raises(ValidationError):
            actions.change_own_password(old=old, new=former, by=user, at=NOW)
    actions.change_own_password(old=old, new=PASSWORD, by=user, at=NOW)
    assert PasswordSet.objects.filter(user=user).count() == password_history.REMEMBERED


@pytest.mark.parametrize("weak", ["xianju12345", "password123", "1234567890123", "short 1"])
def test_weak_passwords_are_refused(weak: str, cast: Cast) -> None:
    with pytest.raises(ValidationError):
        actions.change_own_password(old=PASSWORD, new=weak, by=cast.duty_officer, at=NOW)
