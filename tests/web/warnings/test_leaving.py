"""Leaving: nobody's open warnings are left behind."""

import pytest
from django.core.exceptions import ValidationError

from guatu.web.people import actions as people_actions
from guatu.web.people.leaving import heirs, open_duties
from guatu.web.people.models import Role, User
from guatu.web.warnings import actions, queries
from guatu.web.warnings.models import (
    Notice,
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
)
from tests.cast import Cast, employ
from tests.web.warnings.conftest import NOON, Raise

PASS_ON = WarningEntry.Deed.PASS_ON


@pytest.fixture
def second(cast: Cast) -> User:
    """Another officer of the plant."""
    return employ("anquan2", "马文华", cast.plant, Role.PLANT_SAFETY_OFFICER)


def test_a_plants_last_officer_does_not_leave_an_open_warning_behind(
    cast: Cast, warning: Warning
) -> None:
    with pytest.raises(ValidationError, match="接手") as refused:
        people_actions.close_account(
            cast.plant_officer.pk, why="调离", by=cast.administrator, at=NOON
        )
    assert "heir" in refused.value.error_dict
    assert User.objects.get(pk=cast.plant_officer.pk).is_active
    assert not warning.entries.filter(deed=PASS_ON).exists()


def test_what_he_signed_for_goes_to_the_heir_with_a_line_and_a_notice(
    cast: Cast, warning: Warning, second: User
) -> None:
    actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON)
    people_actions.close_account(
        cast.plant_officer.pk, why="调离", heir=second, by=cast.administrator, at=NOON
    )
    entry = warning.entries.get(deed=PASS_ON)
    assert (entry.by, entry.note) == (cast.administrator, "调离")
    assert (entry.facts["from_name"], entry.facts["to_name"]) == ("王芳", "马文华")
    assert Notice.objects.get(user=second).entry == entry
    assert open_duties(second) == [warning]
    left = User.objects.get(pk=cast.plant_officer.pk)
    assert not left.is_active
    assert all(grant.ended_why == "调离" for grant in left.grants.all())
    # And on from there: a warning taken over is the heir's to hand on.
    third = employ("anquan3", "李三", cast.plant, Role.PLANT_SAFETY_OFFICER)
    people_actions.end_grant(
        second.grants.get().pk, why="轮岗", heir=third, by=cast.security_administrator, at=NOON
    )
    assert open_duties(third) == [warning]
    assert open_duties(User.objects.get(pk=second.pk)) == []


def test_who_has_nothing_open_leaves_without_an_heir(
    cast: Cast, warning: Warning, second: User
) -> None:
    people_actions.close_account(second.pk, why="调离", by=cast.administrator, at=NOON)
    assert not warning.entries.filter(deed=PASS_ON).exists()


@pytest.mark.parametrize("who", ["viewer", "enterprise", "outside_plant_officer", "duty_officer"])
def test_who_may_not_answer_for_it_takes_nothing_over(
    who: str, cast: Cast, warning: Warning
) -> None:
    with pytest.raises(ValidationError, match="无权"):
        people_actions.close_account(
            cast.plant_officer.pk,
            why="调离",
            heir=cast.users[who],
            by=cast.administrator,
            at=NOON,
        )
    assert User.objects.get(pk=cast.plant_officer.pk).grants.get().until is None
    assert cast.users[who] not in heirs(cast.plant_officer, list(cast.users.values()))


def test_ending_one_grant_hands_over_only_what_it_covered(
    cast: Cast, raise_one: Raise, second: User
) -> None:
    both = cast.plant_officer
    people_actions.grant_role(
        both,
        Role.PLANT_SAFETY_OFFICER,
        cast.other_plant,
        why="兼任",
        by=cast.security_administrator,
        at=NOON,
    )
    both.refresh_from_db()
    here, there = raise_one(), raise_one(organisation=cast.other_plant)
    for warning in (here, there):
        actions.acknowledge(warning.pk, by=both, at=NOON)
    grant = both.grants.get(organisation=cast.plant)
    people_actions.end_grant(
        grant.pk, why="只管麒麟", heir=second, by=cast.security_administrator, at=NOON
    )
    assert here.entries.filter(deed=PASS_ON).exists()
    assert not there.entries.filter(deed=PASS_ON).exists()
    assert there in queries.visible_to(User.objects.get(pk=both.pk))
