"""However many sign in at once, only so many passwords are checked, and the rest are told."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event

import pytest
from django.test import Client

from guatu.ops.serve import WEB_THREADS
from guatu.web.people import turns as turns_of_people
from guatu.web.people import views
from guatu.web.people.models import SignInEvent
from guatu.web.people.turns import BusyError, Turns
from tests.cast import PASSWORD, Cast


def test_checking_leaves_half_of_the_web_to_those_signed_in() -> None:
    assert turns_of_people.AT_ONCE + turns_of_people.WAITING <= WEB_THREADS // 2


def test_one_checks_one_waits_and_a_third_is_sent_away_at_once() -> None:
    turns = Turns(1, 1, patience_s=60)
    leave = Event()
    checking: list[int] = []
    most: list[int] = []

    def check(number: int) -> str:
        try:
            with turns.turn():
                checking.append(number)
                most.append(len(checking))
                assert leave.wait(30)
                checking.remove(number)
        except BusyError:
            return "sent away"
        return "checked"

    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(check, number) for number in range(5)]
        done, _not_done = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        assert done  # somebody was sent away while another still checked
        while sum(future.done() for future in asked) < 3:
            wait([f for f in asked if not f.done()], timeout=30, return_when=FIRST_COMPLETED)
        leave.set()
        ends = sorted(future.result(30) for future in asked)
    assert ends == ["checked"] * 2 + ["sent away"] * 3
    assert max(most) == 1
    with turns.turn():
        assert checking == []  # all places were given back


def test_waiting_ends() -> None:
    turns = Turns(1, 1, patience_s=0.01)
    with turns.turn(), pytest.raises(BusyError), turns.turn():
        pass


@pytest.mark.parametrize("username", ["xianju", "nobody"])
def test_who_comes_while_all_turns_are_taken_is_asked_to_come_again(
    username: str, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(1, 0, patience_s=60)
    monkeypatch.setattr(views, "turns", turns)
    given = {"username": username, "password": PASSWORD}
    with turns.turn():
        answer = client.post("/signin/", given)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    page = answer.content.decode()
    assert "当前登录人数较多" in page
    assert f'value="{username}"' in page
    assert PASSWORD not in page
    assert not SignInEvent.objects.exists()  # not a wrong password: the brake does not count it
    assert client.post("/signin/", given).status_code == (302 if username == "xianju" else 422)


def test_a_password_is_not_changed_while_all_turns_are_taken(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(1, 0, patience_s=60)
    monkeypatch.setattr(views, "turns", turns)
    client.force_login(cast.plant_officer)
    new = "quite another 17"
    with turns.turn():
        answer = client.post("/account/", {"old": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    cast.plant_officer.refresh_from_db()
    assert cast.plant_officer.check_password(PASSWORD)
