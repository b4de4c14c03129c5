"""Changes to people."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from guatu.web.people import actions
from guatu.web.people.models import Organisation, SignInEvent, User
from guatu.web.people.records import record_sign_in
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 6, 52, tzinfo=UTC)


def test_an_administrator_founds_a_plant_and_gives_it_an_officer(cast: Cast) -> None:
    plant = actions.create_organisation(
        name="安宁第二铝业",
        kind=Organisation.Kind.PLANT,
        region=cast.county,
        parent=cast.county_bureau,
        by=cast.administrator,
        at=NOW,
    )
    officer = actions.create_user(
        username="second",
        password="quite another 17",
        name="赵敏",
        organisation=plant,
        by=cast.administrator,
        at=NOW,
    )
    assert officer.check_password("quite another 17")
    assert str(officer) == "赵敏"
    assert officer.date_joined == NOW


@pytest.mark.parametrize("who", ["supervisor", "duty_officer", "plant_officer", "outsider"])
def test_nobody_else_creates_accounts(who: str, cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        actions.create_user(
            username="x",
            password="quite another 17",
            name="x",
            organisation=cast.plant,
            by=cast.users[who],
            at=NOW,
        )
    with pytest.raises(PermissionDenied):
        actions.create_organisation(
            name="x",
            kind=Organisation.Kind.PLANT,
            region=cast.county,
            parent=None,
            by=cast.users[who],
            at=NOW,
        )


@pytest.mark.parametrize("password", ["short", "123456789012", "password123", "zhaomin-2026"])
def test_a_weak_password_is_refused(password: str, cast: Cast) -> None:
    with pytest.raises(ValidationError):
        actions.create_user(
            username="zhaomin-2026",
            password=password,
            name="赵敏",
            organisation=cast.county_bureau,
            by=cast.administrator,
            at=NOW,
        )


def test_changing_ones_password_needs_the_old_one_and_is_recorded(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        actions.change_own_password(
            old="wrong", new="quite another 17", by=cast.duty_officer, at=NOW
        )
    actions.change_own_password(old=PASSWORD, new="quite another 17", by=cast.duty_officer, at=NOW)
    assert User.objects.get(pk=cast.duty_officer.pk).check_password("quite another 17")
    assert SignInEvent.objects.get().outcome == SignInEvent.Outcome.PASSWORD_CHANGED


def test_only_a_refusal_is_recorded_without_a_user(db: None) -> None:
    with pytest.raises(PermissionDenied):
        record_sign_in(
            username="x", outcome=SignInEvent.Outcome.SIGNED_IN, by=None, at=NOW, address=None
        )
