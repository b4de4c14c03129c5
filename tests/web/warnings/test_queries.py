"""Who sees which warning, what is late, and what each should do next."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from guatu.core.nouns.warning import (
    Level,
    Party,
    Rung,
    State,
    Verb,
    Verdict,
    next_verbs,
    overdue_since,
)
from guatu.web.people import permission
from guatu.web.warnings import actions, ladder, queries
from guatu.web.warnings.models import Warning  # noqa: A004
from guatu.web.warnings.queries import Filters
from tests.cast import Cast
from tests.web.warnings.conftest import NOON, Raise

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("administrator", set()),
        ("security_administrator", set()),
        ("auditor", set()),
        ("responsible_unit", set()),
        ("dispatcher", {"Anning"}),
        ("enterprise", {"Anning"}),
        ("viewer", {"Anning"}),
        ("province_duty_officer", {"Anning", "Qujing"}),
        ("city_duty_officer", {"Anning"}),
        ("supervisor", {"Anning"}),
        ("duty_officer", {"Anning"}),
        ("plant_officer", {"Anning"}),
        ("outsider", {"Qujing"}),
        ("outside_plant_officer", {"Qujing"}),
    ],
)
def test_one_sees_ones_region_and_a_plant_itself(
    who: str, places: set[str], cast: Cast, raise_one: Raise
) -> None:
    here, there = raise_one(), raise_one(organisation=cast.other_plant)
    user = cast.users[who]
    seen = set(queries.visible_to(user))
    assert seen == {w for w, place in ((here, "Anning"), (there, "Qujing")) if place in places}
    for warning in (here, there):
        assert queries.sees(user, warning) is (warning in seen)
        assert permission.may(user, "warnings.see", warning) is (warning in seen)


def test_nobody_and_the_dismissed_see_nothing(cast: Cast, warning: Warning) -> None:
    dismissed = cast.plant_officer
    dismissed.is_active = False
    for nobody in (None, AnonymousUser(), dismissed):
        assert not queries.visible_to(nobody).exists()
        assert queries.open_summary(nobody).total == 0
        assert queries.todo(nobody, NOON) == []
        assert queries.parties_of(nobody, warning) == frozenset()


def test_a_plant_sees_no_other_plant_of_its_county(cast: Cast, raise_one: Raise) -> None:
    neighbour = cast.other_plant
    neighbour.region = cast.county
    neighbour.save()
    theirs = raise_one(organisation=neighbour)
    assert theirs not in queries.visible_to(cast.plant_officer)
    assert theirs in queries.visible_to(cast.duty_officer)


def test_what_is_handed_over_is_seen_by_the_new_owner_and_where_it_arose(
    cast: Cast, warning: Warning
) -> None:
    actions.hand_over(
        warning.pk, to=cast.other_bureau, note="x", by=cast.province_duty_officer, at=NOON
    )
    assert warning in queries.visible_to(cast.outsider)
    assert warning in queries.visible_to(cast.plant_officer)
    assert warning not in queries.visible_to(cast.outside_plant_officer)
    warning.refresh_from_db()
    assert queries.parties_of(cast.outsider, warning) == {Party.OWNER}


def scatter(raise_one: Raise) -> None:
    """Bring warnings into every state, verdict and lateness, past what people would do."""
    cases = product(State, [None, *Verdict], [Rung.PLANT, Rung.PREFECTURE])
    for state, verdict, rung in cases:
        warning = raise_one()
        Warning.objects.filter(pk=warning.pk).update(
            state=state.value,
            verdict=verdict.value if verdict else "",
            rung=rung.value,
            closed_at=NOON if state is State.CLOSED else None,
        )


@pytest.mark.parametrize("passed", [MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 9 * HOUR])
def test_what_the_database_calls_late_is_what_the_noun_calls_late(
    passed: timedelta, cast: Cast, raise_one: Raise
) -> None:
    scatter(raise_one)
    at = NOON + passed
    late = set(Warning.objects.filter(queries.overdue(at)).values_list("pk", flat=True))
    assert late == {w.pk for w in Warning.objects.all() if overdue_since(w.life, at)}


@pytest.mark.parametrize(
    "who", ["plant_officer", "duty_officer", "city_duty_officer", "supervisor", "administrator"]
)
@pytest.mark.parametrize("at", [NOON + MINUTE, NOON + HOUR])
def test_what_waits_for_a_user_is_what_the_noun_says_comes_next(
    who: str, at: datetime, cast: Cast, raise_one: Raise
) -> None:
    scatter(raise_one)
    user = cast.users[who]
    expected = {
        w.pk
        for w in Warning.objects.all()
        if set(next_verbs(w.life, at)) & queries.parties_of(user, w)
    }
    waiting = Warning.objects.filter(queries.awaiting(user, at, reached=False))
    assert set(waiting.values_list("pk", flat=True)) == expected
    listed = queries.todo(user, at, limit=100)
    assert {item.warning.pk for item in listed} == expected
    for item in listed:
        assert item.verb in queries.verbs_for(user, item.warning)
    mine = set(Warning.objects.filter(queries.awaiting(user, at)).values_list("pk", flat=True))
    assert {item.warning.pk for item in listed if item.mine} == mine


def test_a_county_does_first_what_has_not_climbed(cast: Cast, raise_one: Raise) -> None:
    low, climbed = raise_one(), raise_one(level=Level.BLUE)
    Warning.objects.filter(pk=climbed.pk).update(rung=Rung.PREFECTURE)
    at = NOON + MINUTE
    assert [t.mine for t in queries.todo(cast.duty_officer, at)] == [True, True]
    listed = queries.todo(cast.city_duty_officer, at)
    assert [(t.warning, t.mine) for t in listed] == [(climbed, True), (low, False)]


def test_todo_begins_with_the_gravest_and_nearest(cast: Cast, raise_one: Raise) -> None:
    blue = raise_one(level=Level.BLUE)
    late_orange = raise_one(level=Level.ORANGE, at=NOON - HOUR)
    orange = raise_one(level=Level.ORANGE)
    red = raise_one(level=Level.RED)
    listed = queries.todo(cast.plant_officer, NOON + MINUTE)
    assert [t.warning for t in listed] == [red, late_orange, orange, blue]
    assert [t.verb for t in listed] == [Verb.ACKNOWLEDGE] * 4
    assert [t.overdue for t in listed] == [False, True, False, False]
    assert listed[0].due == NOON + 5 * MINUTE
    assert len(queries.todo(cast.plant_officer, NOON, limit=2)) == 2


def test_the_summary_counts_what_is_open_by_level(
    cast: Cast, raise_one: Raise, django_assert_num_queries: Any
) -> None:
    for level in (Level.RED, Level.RED, Level.BLUE):
        raise_one(level=level)
    raise_one(organisation=cast.other_plant)
    closed = raise_one()
    Warning.objects.filter(pk=closed.pk).update(state="closed", closed_at=NOON)
    # One for the grants, which a request reads once, and one for the counts.
    with django_assert_num_queries(2):
        summary = queries.open_summary(cast.duty_officer, at=NOON + 10 * MINUTE)
    assert summary.by_level == {Level.RED: 2, Level.ORANGE: 0, Level.YELLOW: 0, Level.BLUE: 1}
    assert (summary.total, summary.overdue, summary.unacknowledged) == (3, 2, 3)
    assert queries.open_summary(cast.province_duty_officer).total == 4


def test_the_desk_is_narrowed_by_each_filter(cast: Cast, raise_one: Raise) -> None:
    red = raise_one(level=Level.RED, title="结晶器 进水压力 低低限")
    blue = raise_one(level=Level.BLUE)
    far = raise_one(level=Level.BLUE, organisation=cast.other_plant)
    closed = raise_one()
    Warning.objects.filter(pk=closed.pk).update(state="closed", closed_at=NOON)
    actions.acknowledge(blue.pk, by=cast.plant_officer, at=NOON)
    user, at = cast.province_duty_officer, NOON + 10 * MINUTE

    def found(**given: Any) -> list[Warning]:
        return list(queries.desk(user, Filters(**given), at=at))

    assert found() == [red, far, blue]
    assert found(levels=frozenset({Level.BLUE})) == [far, blue]
    assert found(states=frozenset({State.CLOSED})) == [closed]
    assert found(states=frozenset({State.CLOSED, State.RAISED})) == [red, far, closed]
    assert found(overdue=True) == [red]
    assert found(region="530300") == [far]
    assert found(region="530100") == [red, blue]
    assert found(text="进水压力") == [red]
    assert found(text=f"#{blue.pk}") == [blue]
    assert found(text="麒麟") == [far]
    assert found(text="9" * 40) == []
    assert found(mine=True) == []
    Warning.objects.filter(pk=red.pk).update(rung=Rung.PROVINCE)
    assert found(mine=True) == [red]


def test_contacts_run_from_the_owner_up_to_the_province(cast: Cast, warning: Warning) -> None:
    cast.city_duty_officer.is_active = False
    cast.city_duty_officer.save()
    cast.duty_officer.phone = "138-0000-0003"
    cast.duty_officer.save()
    named = [(contact.rung, contact.name, contact.phone) for contact in ladder.contacts(warning)]
    assert named == [
        (Rung.PLANT, "王芳", ""),
        (Rung.COUNTY, "张伟", "138-0000-0003"),
        (Rung.PREFECTURE, "", ""),
        (Rung.PROVINCE, "和志强", ""),
    ]


def test_the_bureau_that_answers_is_that_of_the_rung_with_its_people_counted(
    cast: Cast, raise_one: Raise, django_assert_num_queries: Any
) -> None:
    resting, county, city = raise_one(), raise_one(), raise_one()
    Warning.objects.filter(pk=county.pk).update(rung=Rung.COUNTY)
    Warning.objects.filter(pk=city.pk).update(rung=Rung.PREFECTURE)
    cast.city_duty_officer.is_active = False
    cast.city_duty_officer.save()
    listed = list(Warning.objects.all())
    with django_assert_num_queries(1):
        found = ladder.answering(listed)
    assert resting.pk not in found
    assert (found[county.pk].name, found[county.pk].on_duty) == ("安宁市应急管理局", 1)
    assert (found[city.pk].name, found[city.pk].on_duty) == ("昆明市应急管理局", 0)


def test_a_warning_may_be_handed_up_and_back_but_to_no_other_plant(
    cast: Cast, warning: Warning
) -> None:
    above = {cast.county_bureau, cast.city_bureau, cast.province_bureau}
    assert set(ladder.owners_to_be(cast.plant_officer, warning)) == above
    assert set(ladder.owners_to_be(cast.duty_officer, warning)) == above
    by_province = set(ladder.owners_to_be(cast.province_duty_officer, warning))
    assert by_province == above | {cast.other_bureau}
    actions.hand_over(warning.pk, to=cast.county_bureau, note="x", by=cast.plant_officer, at=NOON)
    warning.refresh_from_db()
    back = set(ladder.owners_to_be(cast.duty_officer, warning))
    assert back == {cast.plant, cast.city_bureau, cast.province_bureau}


def test_what_is_no_danger_waits_for_no_signature(cast: Cast, raise_one: Raise) -> None:
    waiting, denied = raise_one(), raise_one()
    actions.verify(denied.pk, verdict=Verdict.TEST, note="drill", by=cast.duty_officer, at=NOON)
    denied.refresh_from_db()
    assert (denied.state_word, denied.owed) == ("已核实·测试", None)
    late = NOON + HOUR
    assert queries.open_summary(cast.duty_officer, at=late).unacknowledged == 1
    only = Filters(states=frozenset({State.RAISED}))
    assert list(queries.desk(cast.duty_officer, only, at=late)) == [waiting]
    assert set(queries.desk(cast.duty_officer, Filters(), at=late)) == {waiting, denied}


def test_whoever_is_urged_finds_it_first_among_what_to_do(cast: Cast, raise_one: Raise) -> None:
    red, blue = raise_one(level=Level.RED), raise_one(level=Level.BLUE)
    actions.urge(blue.pk, note="x", by=cast.supervisor, at=NOON)
    listed = queries.todo(cast.plant_officer, NOON)
    assert [(t.warning, t.urged) for t in listed] == [(blue, True), (red, False)]
    actions.verify(blue.pk, verdict=Verdict.TEST, note="drill", by=cast.duty_officer, at=NOON)
    assert [t.warning for t in queries.todo(cast.plant_officer, NOON)] == [red]
