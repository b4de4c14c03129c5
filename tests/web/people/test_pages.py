"""The pages of people and organisations, by who may open them and what they do."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guatu.web.people import actions
from guatu.web.people.models import Organisation, Role, User
from guatu.web.people.posts import sight_of
from tests.cast import Cast, employ

POWERS = {"administrator", "security_administrator", "auditor"}


def form_of(client: Client, url: str, **given: str) -> Any:
    return client.post(url, given)


def test_only_the_three_powers_find_the_pages(client: Client, cast: Cast) -> None:
    for who, user in cast.users.items():
        client.force_login(user)
        for path in ("/people/", "/people/organisations/", f"/people/{user.pk}/"):
            assert client.get(path).status_code == (200 if who in POWERS else 403)


CHANGES = {
    "/people/add/": {"administrator"},
    "/people/{person}/edit/": {"administrator"},
    "/people/{person}/close/": {"administrator"},
    "/people/{person}/password/": {"administrator"},
    "/people/{person}/reopen/": {"administrator"},
    "/people/{person}/grant/": {"security_administrator"},
    "/people/grants/{grant}/end/": {"security_administrator"},
    "/people/organisations/add/": {"administrator"},
    "/people/organisations/{plant}/edit/": {"administrator"},
    "/people/organisations/{plant}/end/": {"administrator"},
}


@pytest.mark.parametrize("path", sorted(CHANGES))
def test_each_change_is_one_powers_alone(path: str, client: Client, cast: Cast) -> None:
    person = employ("ta", "他", cast.county_bureau, Role.VIEWER)
    url = path.format(person=person.pk, grant=person.grants.get().pk, plant=cast.plant.pk)
    for who, user in cast.users.items():
        client.force_login(user)
        status = client.post(url, {}).status_code
        if who in CHANGES[path]:
            assert status in {200, 302, 422}, who
        else:
            assert status in {403, 404}, who


def test_another_countys_people_are_not_there(client: Client, cast: Cast) -> None:
    local = employ("xianguan", "县管理员", cast.county_bureau, Role.ADMINISTRATOR)
    client.force_login(local)
    grant = cast.outsider.grants.get()
    for path in (
        f"/people/{cast.outsider.pk}/",
        f"/people/{cast.outsider.pk}/edit/",
        f"/people/{cast.outsider.pk}/close/",
        f"/people/{cast.outsider.pk}/grant/",
        f"/people/grants/{grant.pk}/end/",
        f"/people/organisations/{cast.other_plant.pk}/edit/",
        f"/people/organisations/?under={cast.other_plant.pk}",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("reopen/", "password/"):
        assert client.post(f"/people/{cast.outsider.pk}/{path}").status_code == 404
    assert client.post(f"/people/organisations/{cast.other_plant.pk}/end/").status_code == 404
    assert cast.outsider.name not in client.get("/people/").content.decode()
    assert cast.other_plant.name not in client.get("/people/organisations/?q=铝业").content.decode()


def test_an_account_is_made_by_one_and_granted_by_another(client: Client, cast: Cast) -> None:
    client.force_login(cast.administrator)
    made = client.post(
        "/people/add/",
        {"username": "xin", "name": "新来", "phone": "", "organisation": cast.county_bureau.name},
    )
    password = re.search(r'class="secret">([^<]+)<', made.content.decode())
    assert password is not None
    user = User.objects.get(username="xin")
    assert user.check_password(password[1])
    assert password[1] not in client.get(f"/people/{user.pk}/").content.decode()
    assert "请联系安全管理员授权" in client.get(f"/people/{user.pk}/").content.decode()
    client.force_login(cast.security_administrator)
    url = f"/people/{user.pk}/grant/"
    given = {"role": "duty_officer", "region": "530181", "why": "新任"}
    both = client.post(url, {**given, "organisation": cast.plant.name})
    assert both.status_code == 422
    assert client.post(url, {**given, "organisation": "没有的"}).status_code == 422
    assert client.post(url, {**given, "why": ""}).status_code == 422
    assert client.post(url, given).status_code == 302
    user.refresh_from_db()
    assert sight_of(user).spans == (("530181", "530181"),)


def test_the_last_day_of_a_grant_is_part_of_it(client: Client, cast: Cast) -> None:
    client.force_login(cast.security_administrator)
    client.post(
        f"/people/{cast.viewer.pk}/grant/",
        {"role": "viewer", "region": "530302", "until": "2036-01-31", "why": "借调"},
    )
    until = cast.viewer.grants.get(region="530302").until
    assert until is not None
    assert f"{timezone.localtime(until):%Y-%m-%d %H:%M}" == "2036-02-01 00:00"


def test_an_organisation_is_moved_but_not_below_itself(client: Client, cast: Cast) -> None:
    client.force_login(cast.administrator)
    given = {"name": "x", "kind": "bureau", "region": "530100", "phone": ""}
    url = f"/people/organisations/{cast.city_bureau.pk}/edit/"
    refused = client.post(url, {**given, "parent": cast.county_bureau.name})
    assert refused.status_code == 422
    assert "下级" in refused.content.decode()
    moved = client.post(url, {**given, "parent": cast.supervision_office.name})
    assert moved.status_code == 302
    cast.city_bureau.refresh_from_db()
    assert cast.city_bureau.parent == cast.supervision_office


def test_an_organisation_in_use_does_not_end(cast: Cast) -> None:
    at = timezone.now()
    with pytest.raises(ValidationError, match="仍在使用"):
        actions.end_organisation(cast.plant.pk, by=cast.administrator, at=at)
    unused = Organisation.objects.create(name="空", kind=Organisation.Kind.PARK, region=cast.county)
    actions.end_organisation(unused.pk, by=cast.administrator, at=at)
    unused.refresh_from_db()
    assert unused.ended_at == at


def test_a_powers_account_is_not_taken_over_by_the_administrator(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.administrator)
    for person in (cast.security_administrator, cast.auditor):
        before = User.objects.get(pk=person.pk).password
        client.post(f"/people/{person.pk}/password/")
        assert User.objects.get(pk=person.pk).password == before
        assert client.post(f"/people/{person.pk}/close/", {"why": "x"}).status_code == 422
    with pytest.raises(PermissionDenied):
        actions.close_account(
            cast.administrator.pk, why="x", by=cast.administrator, at=timezone.now()
        )


def test_people_are_found_by_text_role_and_organisation(client: Client, cast: Cast) -> None:
    client.force_login(cast.auditor)

    def names(query: str) -> str:
        return str(client.get(f"/people/?{query}").content.decode())

    assert cast.plant_officer.name in names("q=anquanyuan")
    assert cast.plant_officer.name in names("role=plant_safety_officer")
    assert cast.viewer.name not in names("role=plant_safety_officer")
    assert cast.plant_officer.name in names(f"under={cast.city_bureau.pk}")
    assert cast.outsider.name not in names(f"under={cast.city_bureau.pk}")
    for odd in ("role=x", "under=x", "under=99999999999999999999", "q=%00", "left=1"):
        assert client.get(f"/people/?{odd}").status_code == 200
    assert client.get("/people/organisations/?under=99999999999999999999").status_code == 404
    file = client.get("/people/?export=xlsx")
    assert b"".join(file.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/people/", "/people/organisations/?q=安宁", "/people/{person}/"])
def test_pages_ask_no_more_as_people_grow(path: str, client: Client, cast: Cast) -> None:
    client.force_login(cast.administrator)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path.format(person=cast.viewer.pk)).status_code == 200
        return len(queries)

    asked()
    before = asked()
    for n in range(20):
        place = Organisation.objects.create(
            name=f"安宁厂{n}", kind=Organisation.Kind.PLANT, region=cast.county, parent=cast.plant
        )
        employ(f"ren{n}", f"人{n}", place, Role.PLANT_SAFETY_OFFICER)
    assert asked() == before
