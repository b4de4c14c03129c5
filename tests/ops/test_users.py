"""`guatu user`: the first three of an empty house, and what an operator may mend."""

import argparse
import re
from pathlib import Path

import pytest

from guatu.ops import users
from guatu.ops.errors import OperatorError
from guatu.ops.house import house_from
from guatu.ops.user_words import add_user_words
from guatu.web.people.models import Organisation, User
from guatu.web.people.password_history import must_change
from tests.cast import LONG_AGO, Cast


@pytest.fixture
def guatu_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Call":
    monkeypatch.setenv("GUATU_LANG", "zh")
    return Call(tmp_path)


class Call:
    """Calls `guatu user` with words."""

    def __init__(self, home: Path) -> None:
        self._house = house_from({"GUATU_HOME": str(home)})

    def __call__(self, *words: str) -> None:
        parser = argparse.ArgumentParser()
        add_user_words(parser)
        assert users.act(parser.parse_args(words), self._house) == 0


def test_an_empty_house_begins_with_three_powers_and_passwords_shown_once(
    cast: Cast, guatu_user: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OperatorError, match="已有账号"):
        guatu_user("first", "--organisation", "局", "--region", "530181")
    for user in User.objects.all():
        user.grants.all().delete()
        user.delete()
    guatu_user("first", "--organisation", "富民县应急管理局", "--region", "530124")
    told = dict(re.findall(r"^(\w+)  (\S+)  ", capsys.readouterr().out, re.MULTILINE))
    assert set(told) == {"admin", "security", "auditor"}
    for username, password in told.items():
        user = User.objects.get(username=username)
        assert user.check_password(password)
        assert must_change(user, at=LONG_AGO)
        assert [g.region_id for g in user.current_grants()] == ["530124"]
    assert Organisation.objects.get(name="富民县应急管理局").kind == "bureau"
    guatu_user("list")
    listed = capsys.readouterr().out
    assert "security_administrator 530124" in listed
    assert not any(password in listed for password in told.values())


def test_an_account_is_added_granted_revoked_and_closed(
    cast: Cast, guatu_user: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    guatu_user("add", "xin", "--name", "新人", "--organisation", cast.county_bureau.name)
    assert "尚无权限" in capsys.readouterr().out
    where = ("xin", "duty_officer", "--region", "530181", "--why", "新任")
    guatu_user("grant", *where)
    user = User.objects.get(username="xin")
    assert [g.role for g in user.current_grants()] == ["duty_officer"]
    with pytest.raises(OperatorError, match="兼任"):
        guatu_user("grant", "xin", "auditor", "--region", "530181", "--why", "x")
    before = user.password
    guatu_user("reset-password", "xin")
    assert User.objects.get(pk=user.pk).password != before
    guatu_user("revoke", *where)
    assert User.objects.get(pk=user.pk).current_grants() == []
    with pytest.raises(OperatorError, match="没有这项授权"):
        guatu_user("revoke", *where)
    guatu_user("disable", "xin", "--why", "调离")
    assert not User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "niemand", "viewer", "--region", "530181", "--why", "x"),
        ("grant", "xianju", "king", "--region", "530181", "--why", "x"),
        ("grant", "xianju", "viewer", "--region", "1", "--why", "x"),
        ("add", "y", "--name", "y", "--organisation", "没有"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], cast: Cast, guatu_user: Call) -> None:
    with pytest.raises(OperatorError):
        guatu_user(*words)
