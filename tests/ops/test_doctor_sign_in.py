"""The doctor looks at the door."""

from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from pytest_django.fixtures import Settings

from guatu.ops.demo_accounts import PASSWORD
from guatu.ops.doctor import sign_in
from guatu.ops.doctor.told import Tone
from guatu.ops.house import house_on_free_ports
from guatu.web.people import second_factor
from guatu.web.people.models import SecondFactor, User
from tests.cast import Cast


@pytest.mark.parametrize(
    ("host", "https", "debug", "tones"),
    [
        ("127.0.0.1", False, False, []),
        ("127.0.0.1", False, True, []),
        ("localhost", False, False, []),
        ("127.0.0.1", True, True, [Tone.BAD]),
        ("10.1.2.3", False, False, [Tone.REMARK]),
        ("0.0.0.0", False, True, [Tone.BAD, Tone.REMARK]),  # noqa: S104 - what is warned of
        ("10.1.2.3", True, False, []),
    ],
)
def test_plain_http_and_debug_are_told_where_others_come_in(
    *, host: str, https: bool, debug: bool, tones: list[Tone]
) -> None:
    assert [told.tone for told in sign_in.way_in(host=host, https=https, debug=debug)] == tones


def test_tls_without_a_trusted_proxy_is_told(
    cast: Cast, tmp_path: Path, settings: Settings
) -> None:
    house = house_on_free_ports(tmp_path)
    assert not list(sign_in.sign_in(house))  # nothing was started here yet
    (tmp_path / "secret_key").write_text("x")
    (told,) = sign_in.sign_in(house)
    assert told.tone is Tone.GOOD
    settings.HTTPS, settings.BEHIND_PROXY = True, False
    assert "GUATU_PROXY" in next(iter(sign_in.sign_in(house))).what
    settings.BEHIND_PROXY = True
    assert "GUATU_PROXY" not in " ".join(told.what for told in sign_in.sign_in(house))


def test_the_demos_password_is_told_outside_the_demo(cast: Cast) -> None:
    assert not list(sign_in.demo_passwords(is_open=True))
    User.objects.filter(username="ducha").update(password=make_password(PASSWORD))
    (told,) = sign_in.demo_passwords(is_open=True)
    assert told.tone is Tone.BAD
    assert "ducha" in told.what
    assert not list(sign_in.demo_passwords(is_open=False))
    User.objects.filter(username="ducha").update(is_active=False)
    assert not list(sign_in.demo_passwords(is_open=True))


def test_administrators_without_a_second_factor_are_named(cast: Cast) -> None:
    powers = (cast.administrator, cast.security_administrator, cast.auditor)
    (told,) = sign_in.second_factors()
    assert told.tone is Tone.REMARK
    assert all(user.username in told.what for user in powers)
    assert cast.duty_officer.username not in told.what
    for user in powers:
        SecondFactor.objects.create(
            user=user, sealed_secret="x", since=user.date_joined, last_step=0
        )
    assert not list(sign_in.second_factors())
    assert all(second_factor.is_on(user) for user in powers)
