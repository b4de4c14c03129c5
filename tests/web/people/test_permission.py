"""Who may do what: the table of this app, and the bolts under everyone's table."""

from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser

from guatu.web.people import permission, queries
from guatu.web.people.models import Organisation, Role, User
from guatu.web.people.posts import sight_of
from tests.cast import Cast

EVERYBODY = {name for name, kind in Cast.__annotations__.items() if kind is User}
# Things by the name of the cast; what is not listed is forbidden.
ALLOWED = {
    "people.change_own_password": {(who, "any") for who in EVERYBODY},
    "people.see_organisation": {
        *product(("administrator", "security_administrator", "auditor"), ("plant", "other_plant")),
        *product(("dispatcher", "enterprise", "viewer"), ("plant",)),
        ("province_duty_officer", "plant"),
        ("province_duty_officer", "other_plant"),
        ("city_duty_officer", "plant"),
        ("supervisor", "plant"),
        ("duty_officer", "plant"),
        ("plant_officer", "plant"),
        ("outsider", "other_plant"),
        ("outside_plant_officer", "other_plant"),
    },
    "people.create_organisation": {("administrator", "plant"), ("administrator", "other_plant")},
    **{
        f"people.{verb}": {("administrator", "plant"), ("administrator", "other_plant")}
        for verb in (
            "create_user",
            "edit_organisation",
            "edit_user",
            "close_account",
            "reset_password",
        )
    },
    "people.keep_contacts": {
        ("plant_officer", "plant"),
        ("duty_officer", "plant"),
        ("city_duty_officer", "plant"),
        *product(("province_duty_officer",), ("plant", "other_plant")),
        ("outsider", "other_plant"),
        ("outside_plant_officer", "other_plant"),
    },
    "people.see_contacts": {
        *product(
            (
                "plant_officer",
                "duty_officer",
                "city_duty_officer",
                "supervisor",
                "dispatcher",
                "enterprise",
                "viewer",
            ),
            ("plant",),
        ),
        *product(("province_duty_officer",), ("plant", "other_plant")),
        ("outsider", "other_plant"),
        ("outside_plant_officer", "other_plant"),
    },
    "people.see": set(
        product(("administrator", "security_administrator", "auditor"), ("plant", "other_plant"))
    ),
    "people.grant": {
        ("security_administrator", "plant"),
        ("security_administrator", "other_plant"),
    },
    "people.end_own_session": {(who, "any") for who in EVERYBODY},
    "people.keep_second_factor": {(who, "any") for who in EVERYBODY},
    "people.keep_tokens": {(who, who) for who in EVERYBODY},
    "people.change_own_email": {(who, who) for who in EVERYBODY},
    "people.end_token": {
        ("security_administrator", "plant"),
        ("security_administrator", "other_plant"),
    },
    "people.end_session": {
        ("security_administrator", "plant"),
        ("security_administrator", "other_plant"),
    },
    "people.reset_second_factor": {
        ("security_administrator", "plant"),
        ("security_administrator", "other_plant"),
    },
    "people.see_sign_ins": {
        *product(("security_administrator", "auditor"), ("plant", "other_plant")),
    },
}


@pytest.mark.parametrize("verb", sorted(ALLOWED))
def test_only_the_allowed_may(verb: str, cast: Cast) -> None:
    things: dict[str, object] = {"plant": cast.plant, "other_plant": cast.other_plant}
    if "own" in verb or verb == "people.keep_second_factor":
        things = {"any": None}
    if verb in {"people.keep_tokens", "people.change_own_email"}:
        things = dict(cast.users)
    may = {
        (who, what)
        for (who, user), (what, thing) in product(cast.users.items(), things.items())
        if permission.may(user, verb, thing)
    }
    assert may == ALLOWED[verb]


def test_every_verb_of_this_app_is_in_the_matrix_above() -> None:
    assert {verb for verb in permission.table() if verb.startswith("people.")} == set(ALLOWED)


@pytest.mark.parametrize(
    "nobody", [None, AnonymousUser(), object()], ids=["none", "anonymous", "thing"]
)
@pytest.mark.parametrize("verb", sorted(permission.table()))
def test_a_missing_user_is_never_allowed(verb: str, nobody: object, cast: Cast) -> None:
    assert not permission.may(nobody, verb)
    assert not permission.may(nobody, verb, cast.plant)


def test_someone_who_left_may_nothing_more(cast: Cast) -> None:
    cast.administrator.is_active = False
    assert not permission.may(cast.administrator, "people.create_user", cast.plant)
    assert not queries.visible_to(cast.administrator).exists()


def test_a_superuser_is_not_excepted(cast: Cast) -> None:
    cast.outsider.is_superuser = True
    assert not permission.may(cast.outsider, "people.see_organisation", cast.plant)


def test_an_unknown_verb_is_loud(cast: Cast) -> None:
    with pytest.raises(permission.UnknownVerb):
        permission.may(cast.administrator, "people.fly")


def test_a_verb_is_registered_once() -> None:
    with pytest.raises(KeyError):
        permission.register("people.create_user", permission.anyone)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("administrator", "all"),
        ("city_duty_officer", "city"),
        ("supervisor", "city"),
        ("duty_officer", "county"),
        ("plant_officer", "plant"),
        ("outsider", "elsewhere"),
        ("outside_plant_officer", "other plant"),
    ],
)
def test_each_sees_their_own_region_or_plant(who: str, sees: str, cast: Cast) -> None:
    county = {cast.county_bureau, cast.housing_bureau, cast.plant}
    elsewhere = {cast.other_bureau, cast.other_plant}
    city = county | {cast.city_bureau, cast.supervision_office}
    seen: dict[str, set[Organisation]] = {
        "all": city | elsewhere | {cast.province_bureau},
        "city": city,
        "county": county,
        "plant": {cast.plant},
        "elsewhere": elsewhere,
        "other plant": {cast.other_plant},
    }
    assert set(queries.visible_to(cast.users[who])) == seen[sees]


def test_a_filter_and_a_question_about_one_thing_agree(cast: Cast) -> None:
    for user, organisation in product(cast.users.values(), Organisation.objects.all()):
        covered = sight_of(user, *Role).covers(
            region=organisation.region_id, organisation=organisation.pk
        )
        assert covered == queries.visible_to(user).filter(pk=organisation.pk).exists()


def test_users_are_seen_where_their_organisation_is(cast: Cast) -> None:
    assert set(queries.users_visible_to(cast.duty_officer)) == {
        cast.duty_officer,
        cast.plant_officer,
        cast.dispatcher,
        cast.responsible_unit,
        cast.enterprise,
        cast.viewer,
    }
    assert set(queries.users_visible_to(cast.plant_officer)) == {
        cast.plant_officer,
        cast.enterprise,
    }


def test_nobody_sees_nothing(cast: Cast) -> None:
    assert not queries.visible_to(None).exists()
    assert not queries.visible_to(AnonymousUser()).exists()
    assert queries.region_codes_of(None) == []


def test_a_plant_hears_no_region_and_a_bureau_hears_its_own(cast: Cast) -> None:
    assert queries.region_codes_of(cast.plant_officer) == []
    assert queries.region_codes_of(cast.duty_officer) == ["530181"]


def test_a_role_names_roles_that_exist(cast: Cast) -> None:
    held = {grant.role for user in cast.users.values() for grant in user.current_grants()}
    assert held == set(Role.values)
