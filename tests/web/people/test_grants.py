"""Granting and ending: the separation of powers, scopes, and how far each reaches."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from guatu.web.people import actions, permission, queries
from guatu.web.people.models import BUSINESS, POWERS, Grant, Organisation, Role, User
from guatu.web.people.posts import posts_of, sight_of
from tests.cast import Cast, employ

NOW = datetime(2026, 11, 23, 6, 52, tzinfo=UTC)


def granted(cast: Cast, user: User, role: Role, scope: Any, **given: Any) -> Grant:
    given = {"why": "试用", "by": cast.security_administrator, "at": NOW, **given}
    return actions.grant_role(user, role, scope, **given)


@pytest.fixture
def newcomer(cast: Cast) -> User:
    return employ("xinren", "新人", cast.county_bureau)


def test_a_new_account_may_nothing_until_something_is_granted(cast: Cast, newcomer: User) -> None:
    assert posts_of(newcomer) == ()
    assert not queries.visible_to(newcomer).exists()
    granted(cast, newcomer, Role.DUTY_OFFICER, cast.county)
    newcomer.refresh_from_db()
    assert permission.may(newcomer, "monitoring.change_limit", cast.plant)
    assert not permission.may(newcomer, "monitoring.change_limit", cast.other_plant)


@pytest.mark.parametrize(
    ("one", "other"),
    [*combinations(sorted(POWERS), 2), *((p, b) for p in sorted(POWERS) for b in sorted(BUSINESS))],
)
@pytest.mark.parametrize("turned", [False, True])
def test_powers_are_held_by_nobody_together(
    one: Role, other: Role, cast: Cast, newcomer: User, *, turned: bool
) -> None:
    first, second = (other, one) if turned else (one, other)
    granted(cast, newcomer, first, cast.county_bureau)
    with pytest.raises(ValidationError, match="兼任"):
        granted(cast, newcomer, second, cast.county_bureau)
    assert [g.role for g in newcomer.grants.all()] == [first]


def test_a_power_that_begins_later_counts_already_and_one_that_ended_no_more(
    cast: Cast, newcomer: User
) -> None:
    later = granted(cast, newcomer, Role.AUDITOR, cast.county, at=NOW + timedelta(days=9))
    with pytest.raises(ValidationError):
        granted(cast, newcomer, Role.ADMINISTRATOR, cast.county)
    actions.end_grant(
        later.pk, why="x", by=cast.security_administrator, at=NOW + timedelta(days=10)
    )
    granted(cast, newcomer, Role.ADMINISTRATOR, cast.county, at=NOW + timedelta(days=11))


def test_several_business_roles_in_several_places_are_one_sight(cast: Cast, newcomer: User) -> None:
    granted(cast, newcomer, Role.DUTY_OFFICER, cast.county)
    granted(cast, newcomer, Role.VIEWER, cast.other_plant)
    newcomer.refresh_from_db()
    seen = set(queries.visible_to(newcomer))
    assert {cast.plant, cast.other_plant} <= seen
    assert cast.other_bureau not in seen
    # The role counts where it is held: a duty officer here is none there.
    assert permission.may(newcomer, "monitoring.decide_limit", cast.plant)
    assert permission.may(newcomer, "monitoring.see", cast.other_plant)
    assert not permission.may(newcomer, "monitoring.decide_limit", cast.other_plant)


def test_a_grant_over_an_organisation_reaches_all_below_it(
    cast: Cast, newcomer: User, django_assert_num_queries: Any
) -> None:
    group = Organisation.objects.create(name="集团", kind=Organisation.Kind.PLANT, region=cast.city)
    Organisation.objects.filter(pk=cast.plant.pk).update(parent=group)
    Organisation.objects.filter(pk=cast.other_plant.pk).update(parent=cast.plant)
    granted(cast, newcomer, Role.PLANT_SAFETY_OFFICER, group)
    newcomer.refresh_from_db()
    with django_assert_num_queries(2):
        sight = sight_of(newcomer)
        assert sight.organisations == {group.pk, cast.plant.pk, cast.other_plant.pk}
        assert permission.may(newcomer, "monitoring.change_limit", cast.other_plant)
        assert not permission.may(newcomer, "monitoring.change_limit", cast.county_bureau)


def test_a_grant_holds_from_its_beginning_to_its_end(cast: Cast, newcomer: User) -> None:
    now = timezone.now()
    for since, until, holds in (
        (now - timedelta(hours=2), now - timedelta(hours=1), False),
        (now + timedelta(hours=1), None, False),
        (now - timedelta(hours=1), now + timedelta(hours=1), True),
    ):
        newcomer.grants.all().delete()
        granted(cast, newcomer, Role.VIEWER, cast.county, at=since, until=until)
        newcomer.refresh_from_db()
        assert bool(sight_of(newcomer)) is holds
        found = Grant.objects.get_queryset().current(now).filter(user=newcomer)
        assert found.exists() is holds


def test_nobody_grants_to_himself_nor_ends_what_is_his(cast: Cast) -> None:
    own = cast.security_administrator
    with pytest.raises(PermissionDenied):
        granted(cast, own, Role.VIEWER, cast.county)
    with pytest.raises(PermissionDenied):
        actions.end_grant(own.grants.get().pk, why="x", by=own, at=NOW)


def test_only_security_administrators_grant(cast: Cast, newcomer: User) -> None:
    for who, user in cast.users.items():
        if who != "security_administrator":
            with pytest.raises(PermissionDenied):
                granted(cast, newcomer, Role.VIEWER, cast.county, by=user)
            with pytest.raises(PermissionDenied):
                actions.end_grant(cast.viewer.grants.get().pk, why="x", by=user, at=NOW)


def test_a_countys_security_administrator_grants_nothing_beyond_it(
    cast: Cast, newcomer: User
) -> None:
    local = employ("xianan", "县安管", cast.county_bureau, Role.SECURITY_ADMINISTRATOR)
    granted(cast, newcomer, Role.VIEWER, cast.county, by=local)
    for scope in (cast.city, cast.other_county, cast.other_plant, cast.province):
        with pytest.raises(PermissionDenied):
            granted(cast, newcomer, Role.VIEWER, scope, by=local)
    with pytest.raises(PermissionDenied):
        granted(cast, cast.outsider, Role.VIEWER, cast.county, by=local)


def test_what_does_not_hold_together_is_refused(cast: Cast, newcomer: User) -> None:
    def refused(role: Role, scope: Any, **given: Any) -> None:
        with pytest.raises(ValidationError):
            granted(cast, newcomer, role, scope, **given)

    refused(Role.VIEWER, cast.county, why="  ")
    refused(Role.VIEWER, cast.county, until=NOW)
    refused(Role.PLANT_SAFETY_OFFICER, cast.county)
    cast.plant.ended_at = NOW
    refused(Role.VIEWER, cast.plant)
    granted(cast, newcomer, Role.VIEWER, cast.county)
    refused(Role.VIEWER, cast.county)
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    refused(Role.VIEWER, cast.city)


def test_the_database_refuses_a_grant_without_one_scope(cast: Cast, newcomer: User) -> None:
    for scope in ({}, {"region": cast.county, "organisation": cast.plant}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(user=newcomer, role=Role.VIEWER, since=NOW, why="x", **scope)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(
            user=newcomer, role=Role.PLANT_SAFETY_OFFICER, region=cast.county, since=NOW, why="x"
        )


def test_an_ended_grant_stays_on_record_with_its_reason(cast: Cast) -> None:
    grant = cast.viewer.grants.get()
    actions.end_grant(grant.pk, why="调离", by=cast.security_administrator, at=NOW)
    cast.viewer.refresh_from_db()
    assert not sight_of(cast.viewer)
    grant.refresh_from_db()
    assert (grant.ended_by, grant.ended_why, grant.until) == (
        cast.security_administrator,
        "调离",
        NOW,
    )
    with pytest.raises(ValidationError):
        actions.end_grant(grant.pk, why="x", by=cast.security_administrator, at=NOW)
    with pytest.raises(ValidationError):
        actions.end_grant(
            cast.dispatcher.grants.get().pk, why=" ", by=cast.security_administrator, at=NOW
        )


def test_the_three_powers_see_no_business(cast: Cast) -> None:
    for who in ("administrator", "security_administrator", "auditor"):
        assert not sight_of(cast.users[who])
        assert not permission.may(cast.users[who], "monitoring.see", cast.plant)
        assert not permission.may(cast.users[who], "monitoring.see")
