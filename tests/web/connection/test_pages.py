"""The pages of connections: what they show, to whom, and that a key is shown once."""

import hashlib
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guatu.access.messages import Configure
from guatu.web.connection import actions
from guatu.web.connection.actions import Wish
from guatu.web.connection.application import from_models
from guatu.web.connection.life import State
from guatu.web.connection.models import Connection
from guatu.web.monitoring.models import Plant, PlantKey
from tests.cast import Cast
from tests.web.connection.conftest import NOON

FORM = {"code": "YN-AN-009", "name": "安宁示范铝业", "contact": "0871", "address": "安宁"}


def file_of(data: object) -> SimpleUploadedFile:
    return SimpleUploadedFile("plant.json", json.dumps(data).encode())


def test_a_plant_asks_by_kinds_of_units_and_the_bureau_approves(client: Client, cast: Cast) -> None:
    client.force_login(cast.plant_officer)
    units = {"unit1_code": "DWC1", "unit1_name": "1号机", "unit1_kind": "dwc"}
    page = client.post("/connections/ask/", {**FORM, **units}, follow=True).content.decode()
    assert "待审批" in page
    asked = Connection.objects.get()
    client.force_login(cast.duty_officer)
    assert asked.name in client.get("/connections/").content.decode()
    page = client.post(f"/connections/{asked.pk}/do/approve/", follow=True).content.decode()
    assert "已批准，企业现在可以领取密钥" in page
    assert Plant.objects.get().code == "YN-AN-009"


def test_a_plant_asks_with_a_file(client: Client, cast: Cast) -> None:
    client.force_login(cast.plant_officer)
    example = client.get("/connections/example.json").json()
    answer = client.post("/connections/ask/", {**FORM, "file": file_of(example)})
    assert answer.status_code == 302
    units = Connection.objects.get().application["units"]
    assert units == json.loads(json.dumps(example["units"]))


def test_a_bad_file_is_told_place_by_place_and_the_rest_of_the_form_stays(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.plant_officer)
    bad = {"units": [{"code": "F1", "points": [{"code": "a", "physical_low": "x"}, {}]}]}
    answer = client.post("/connections/ask/", {**FORM, "code": "?", "file": file_of(bad)})
    page = answer.content.decode()
    assert answer.status_code == 422
    for text in (
        "units[0].points[0].physical_low",
        "units[0].points[1].code",
        "YN-AL-001",
        "安宁示范铝业",
    ):
        assert text in page, text
    assert not Connection.objects.exists()


def test_an_application_without_units_is_refused_in_words(client: Client, cast: Cast) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post("/connections/ask/", FORM)
    assert answer.status_code == 422
    assert "没有可接入的测点" in answer.content.decode()


def test_what_was_sent_back_is_mended_and_keeps_its_units(
    client: Client, cast: Cast, requested: Connection
) -> None:
    client.force_login(cast.duty_officer)
    refused = client.post(f"/connections/{requested.pk}/do/send_back/")
    assert refused.status_code == 422
    assert "请写明理由" in refused.content.decode()
    client.post(f"/connections/{requested.pk}/do/send_back/", {"note": "联系方式不对"})
    client.force_login(cast.plant_officer)
    page = client.get(f"/connections/{requested.pk}/mend/").content.decode()
    assert "联系方式不对" in page
    answer = client.post(f"/connections/{requested.pk}/mend/", {**FORM, "contact": "0872"})
    assert answer.status_code == 302
    before = requested.application
    requested.refresh_from_db()
    assert (requested.state, requested.contact) == (State.REQUESTED, "0872")
    assert requested.application == before


def test_a_key_is_shown_once_and_reaches_the_gateway_at_once(
    client: Client, cast: Cast, approved: Connection, placed: list[object]
) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(f"/connections/{approved.pk}/key/", {"overlap": "24"})
    page = answer.content.decode()
    found = re.search(r'class="key-text">([^<]+)<', page)
    assert found is not None
    digest = hashlib.sha256(found[1].encode()).hexdigest()
    assert PlantKey.objects.get().sha256 == digest
    assert "no-store" in answer["Cache-Control"]
    last = placed[-1]
    assert isinstance(last, Configure)
    assert [key.sha256 for key in last.config.keys] == [digest]
    again = client.get(f"/connections/{approved.pk}/").content.decode()
    assert found[1] not in again
    assert found[1] not in str(dict(client.session))


def test_a_revoked_key_leaves_the_gateways_list_at_once(
    client: Client, cast: Cast, approved: Connection, placed: list[object]
) -> None:
    key = actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON).key
    client.force_login(cast.duty_officer)
    url = f"/connections/{approved.pk}/key/{key.pk}/revoke/"
    assert client.post(url, {"note": ""}).status_code == 422
    assert client.post(url, {"note": "泄露"}).status_code == 302
    last = placed[-1]
    assert isinstance(last, Configure)
    assert last.config.keys == ()
    page = client.get(f"/connections/{approved.pk}/").content.decode()
    assert "已吊销" in page
    assert "泄露" in page


def test_a_key_of_another_plant_is_not_found(
    client: Client, cast: Cast, approved: Connection, wish: Wish
) -> None:
    other = actions.ask(
        Wish(code="YN-QL-001", name="麒麟示范铝业", application=wish.application),
        by=cast.outside_plant_officer,
        at=NOON,
    )
    actions.approve(other.pk, by=cast.outsider, at=NOON)
    key = actions.issue_key(other.pk, overlap=None, by=cast.outside_plant_officer, at=NOON).key
    client.force_login(cast.plant_officer)
    url = f"/connections/{approved.pk}/key/{key.pk}/revoke/"
    assert client.post(url, {"note": "试试"}).status_code == 404


STRANGERS = [
    "outsider",
    "outside_plant_officer",
    "administrator",
    "security_administrator",
    "auditor",
    "responsible_unit",
]
GET = ["", "mend/"]
POST = ["key/", "do/approve/", "do/send_back/", "do/suspend/", "do/end/", "do/withdraw/", "mend/"]
INSIDE = {
    "dispatcher",
    "enterprise",
    "viewer",
    "province_duty_officer",
    "city_duty_officer",
    "supervisor",
    "duty_officer",
    "plant_officer",
}


@pytest.mark.parametrize("path", GET)
@pytest.mark.parametrize("who", STRANGERS)
def test_for_others_a_connection_does_not_exist(
    client: Client, cast: Cast, requested: Connection, path: str, who: str
) -> None:
    client.force_login(cast.users[who])
    assert client.get(f"/connections/{requested.pk}/{path}").status_code == 404
    assert requested.name not in client.get("/connections/").content.decode()


@pytest.mark.parametrize("path", [*POST, "key/1/revoke/"])
@pytest.mark.parametrize("who", STRANGERS)
def test_others_cannot_do_anything_to_it(
    client: Client, cast: Cast, requested: Connection, path: str, who: str
) -> None:
    client.force_login(cast.users[who])
    answer = client.post(f"/connections/{requested.pk}/{path}", {"note": "理由"})
    assert answer.status_code == 404


BUREAU = {"province_duty_officer", "city_duty_officer", "duty_officer"}
MAY_POST = {
    "key/": BUREAU | {"plant_officer"},
    "do/approve/": BUREAU,
    "do/send_back/": BUREAU,
    "do/suspend/": BUREAU,
    "do/end/": BUREAU,
    "do/withdraw/": {"plant_officer", "enterprise"},
    "mend/": {"plant_officer", "enterprise"},
}


@pytest.mark.parametrize("path", POST)
@pytest.mark.parametrize("who", sorted(INSIDE))
def test_only_the_allowed_reach_a_deed(
    client: Client, cast: Cast, requested: Connection, path: str, who: str
) -> None:
    client.force_login(cast.users[who])
    answer = client.post(f"/connections/{requested.pk}/{path}", {"note": "理由"})
    assert (answer.status_code != 403) == (who in MAY_POST[path])


@pytest.mark.parametrize("who", sorted(INSIDE))
def test_those_above_a_plant_see_its_connection(
    client: Client, cast: Cast, approved: Connection, who: str
) -> None:
    client.force_login(cast.users[who])
    page = client.get(f"/connections/{approved.pk}/").content.decode()
    assert "结晶器进水流量" in page
    assert 'style="' not in page


def test_only_plants_find_the_form(client: Client, cast: Cast) -> None:
    for who, user in cast.users.items():
        client.force_login(user)
        plants = {"plant_officer", "outside_plant_officer", "enterprise"}
        expected = 200 if who in plants else 403
        assert client.get("/connections/ask/").status_code == expected


def test_an_unknown_deed_is_not_found(client: Client, cast: Cast, requested: Connection) -> None:
    client.force_login(cast.duty_officer)
    assert client.post(f"/connections/{requested.pk}/do/delete/").status_code == 404
    assert client.post(f"/connections/{requested.pk}/do/connect/").status_code == 404


def test_the_list_leaves_as_a_file(client: Client, cast: Cast, requested: Connection) -> None:
    client.force_login(cast.duty_officer)
    answer = client.get("/connections/?export=xlsx")
    assert b"".join(answer.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "most"), [("", 8), ("{pk}/", 14)])
def test_a_page_asks_the_database_no_more_as_connections_grow(
    client: Client, cast: Cast, approved: Connection, path: str, most: int
) -> None:
    application = from_models([("DWC1", "1号机", "dwc")], language="zh")
    for number in range(10):
        actions.ask(
            Wish(code=f"YN-AN-1{number:02}", name="安宁第二铝业", application=application),
            by=cast.plant_officer,
            at=timezone.now(),
        )
        actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    client.force_login(cast.duty_officer)
    with CaptureQueriesContext(database) as asked:
        assert client.get("/connections/" + path.format(pk=approved.pk)).status_code == 200
    assert len(asked) <= most
