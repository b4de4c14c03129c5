"""The 24-hour contacts of a plant."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from guatu.web.people import actions
from guatu.web.people.actions import ContactSpec
from guatu.web.people.contacts import rings
from guatu.web.people.models import DutyContact
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 where the plants are
NIGHT = ContactSpec(name="夜班", duty="值班长", phone="0871-1", begins=time(20), ends=time(8))
DAY = ContactSpec(name="白班", duty="值班长", phone="0871-2", begins=time(8), ends=time(20))
ALWAYS = ContactSpec(name="厂长", duty="负责人", phone="138")


def test_they_are_kept_in_their_order_and_say_who_is_rung_now(cast: Cast) -> None:
    actions.keep_contacts(cast.plant.pk, [NIGHT, DAY, ALWAYS], by=cast.plant_officer, at=NOON)
    found = [(ring.contact.name, ring.now) for ring in rings(cast.plant.pk, NOON)]
    assert found == [("夜班", False), ("白班", True), ("厂长", True)]
    midnight = NOON.replace(hour=16)
    assert [ring.now for ring in rings(cast.plant.pk, midnight)] == [True, False, True]
    actions.keep_contacts(cast.plant.pk, [ALWAYS], by=cast.duty_officer, at=NOON)
    assert [ring.contact.name for ring in rings(cast.plant.pk, NOON)] == ["厂长"]


def test_only_the_plants_officer_and_the_bureau_keep_them(cast: Cast) -> None:
    may = {"plant_officer", "duty_officer", "city_duty_officer", "province_duty_officer"}
    for who, user in cast.users.items():
        if who not in may:
            with pytest.raises(PermissionDenied):
                actions.keep_contacts(cast.plant.pk, [ALWAYS], by=user, at=NOON)


def test_at_least_one_is_named(cast: Cast) -> None:
    actions.keep_contacts(cast.plant.pk, [ALWAYS], by=cast.plant_officer, at=NOON)
    with pytest.raises(ValidationError):
        actions.keep_contacts(cast.plant.pk, [], by=cast.plant_officer, at=NOON)
    assert DutyContact.objects.count() == 1


def rows(*given: dict[str, str]) -> dict[str, str]:
    sent = {"contacts-TOTAL_FORMS": str(len(given)), "contacts-INITIAL_FORMS": "0"}
    for n, row in enumerate(given):
        sent.update({f"contacts-{n}-{key}": value for key, value in row.items()})
    return sent


def test_the_form_takes_a_persons_name_and_telephone_from_the_account(
    client: Client, cast: Cast
) -> None:
    cast.plant_officer.phone = "138-0000-0001"
    cast.plant_officer.save()
    client.force_login(cast.plant_officer)
    url = f"/people/organisations/{cast.plant.pk}/contacts/"
    assert client.get(url).status_code == 200
    by_account = {"order": "2", "person": str(cast.plant_officer.pk), "duty": "安全员"}
    written = {"order": "1", "name": "门卫", "duty": "门卫", "phone": "119"}
    answer = client.post(url, rows(by_account, written, {}))
    assert answer.status_code == 302
    kept = [(c.name, c.phone, c.person) for c in cast.plant.duty_contacts.order_by("order")]
    assert kept == [("门卫", "119", None), ("王芳", "138-0000-0001", cast.plant_officer)]
    assert "门卫" in client.get(url).content.decode()
    struck = client.post(url, rows(by_account, {**written, "DELETE": "on"}))
    assert struck.status_code == 302
    assert [c.name for c in cast.plant.duty_contacts.all()] == ["王芳"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "至少"),
        ({"duty": "x", "phone": "1"}, "姓名"),
        ({"duty": "x", "name": "y"}, "电话"),
        ({"duty": "x", "name": "y", "phone": "1", "begins": "08:00"}, "起止"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    row: dict[str, str], said: str, client: Client, cast: Cast
) -> None:
    actions.keep_contacts(cast.plant.pk, [ALWAYS], by=cast.plant_officer, at=NOON)
    client.force_login(cast.plant_officer)
    answer = client.post(f"/people/organisations/{cast.plant.pk}/contacts/", rows(row))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert [c.name for c in cast.plant.duty_contacts.all()] == ["厂长"]


def test_another_countys_plant_has_no_list_here(client: Client, cast: Cast) -> None:
    actions.keep_contacts(cast.plant.pk, [ALWAYS], by=cast.plant_officer, at=NOON)
    url = f"/people/organisations/{cast.plant.pk}/contacts/"
    expected: dict[str, Any] = dict.fromkeys(cast.users, 200)
    expected |= {"outsider": 404, "outside_plant_officer": 404, "responsible_unit": 404}
    # They see the organisation, for it is their subject, but nothing of its business.
    expected |= dict.fromkeys(("administrator", "security_administrator", "auditor"), 403)
    for who, user in cast.users.items():
        client.force_login(user)
        assert client.get(url).status_code == expected[who], who
