"""The pages of the record: who reads what of it."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from guatu.web.audit.models import Act, Change
from guatu.web.audit.registry import LINKED, WATCHED
from guatu.web.audit.values import fields_of
from guatu.web.audit.wording import COLUMNS, KINDS
from guatu.web.people import actions
from guatu.web.people.models import Role, User
from tests.cast import Cast, employ
from tests.web.monitoring.conftest import NOON, Line, register_line
from tests.web.warnings.conftest import raise_one  # noqa: F401 - a fixture


@pytest.fixture
def line(cast: Cast) -> Line:
    return register_line(cast)


def rows_of(answer: Any) -> list[list[Any]]:
    body = b"".join(answer.streaming_content)
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()


def edit(cast: Cast, name: str = "冯雪梅") -> User:
    return actions.edit_user(
        cast.viewer.pk,
        name=name,
        organisation=cast.county_bureau,
        phone="0871-66",
        by=cast.administrator,
        at=NOON,
    )


def test_only_the_auditor_reads_the_record_and_nobody_changes_it(
    client: Client, cast: Cast
) -> None:
    for who, user in cast.users.items():
        client.force_login(user)
        expected = 200 if who == "auditor" else 403
        assert client.get("/audit/").status_code == expected, who
        assert client.post("/audit/").status_code in {403, 405}, who


def test_an_auditor_reads_of_his_own_scope_only(client: Client, cast: Cast, line: Line) -> None:
    own = employ("an-shenji", "安审计", cast.county_bureau, Role.AUDITOR)
    other = employ("ql-shenji", "麒审计", cast.other_bureau, Role.AUDITOR)
    for user, sees in ((own, True), (other, False), (cast.auditor, True)):
        client.force_login(user)
        name = line.points["inlet_flow"].name
        text = client.get(f"/audit/?kind=monitoring.point&record={name}").content.decode()
        assert (f"{name}</a>" in text) is sees, user
        query = f"?kind=monitoring.plant&record={line.plant.pk}"
        assert client.get(f"/audit/record/{query}").status_code == (200 if sees else 404), user


def test_a_line_tells_from_what_to_what_in_the_readers_words(client: Client, cast: Cast) -> None:
    client.force_login(cast.security_administrator)
    why = {"role": "supervisor", "scope": cast.city.name, "why": "代班"}
    client.post(f"/people/{cast.viewer.pk}/grant/", why)
    edit(cast)
    client.force_login(cast.auditor)
    text = client.get("/audit/").content.decode()
    assert "<del>冯雪</del> → <ins>冯雪梅</ins>" in text
    assert "姓名" in text or "名称" in text
    client.cookies["django_language"] = "en"
    text = client.get("/audit/?kind=people.user").content.decode()
    assert "telephone:</span> 0871-66" in text
    assert "changed" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("who=管理", {"冯雪梅 (chakan)"}),
        ("record=chakan&act=changed", {"冯雪梅 (chakan)"}),
        ("kind=people.user&act=changed", {"冯雪梅 (chakan)"}),
        ("who=管理&region=530181", {"冯雪梅 (chakan)"}),
        ("who=管理&region=530302", set()),
        ("who=管理&first=2020-01-01&last=9999-12-31", {"冯雪梅 (chakan)"}),
        ("who=管理&last=0001-01-01", set()),
        ("who=nobody", set()),
    ],
)
def test_the_record_is_narrowed(client: Client, cast: Cast, query: str, expected: set[str]) -> None:
    client.force_login(cast.administrator)
    given = {"name": "冯雪梅", "organisation": cast.county_bureau.name, "phone": "1"}
    client.post(f"/people/{cast.viewer.pk}/edit/", given)
    client.force_login(cast.auditor)
    rows = rows_of(client.get(f"/audit/?{query}&export=xlsx"))
    assert {row[4] for row in rows[1:] if row[2] == "修改"} == expected


def test_the_record_as_a_file_is_on_record_itself(client: Client, cast: Cast) -> None:
    client.force_login(cast.auditor)
    count = Change.objects.count()
    rows = rows_of(client.get("/audit/?export=xlsx"))
    assert len(rows) == count + 1
    exported = Change.objects.get(act=Act.EXPORTED)
    assert (exported.actor, exported.changes[1]["to"]) == (cast.auditor.pk, count)


def test_a_longer_record_asks_no_more_of_the_database(client: Client, cast: Cast) -> None:
    client.force_login(cast.auditor)
    client.get("/audit/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/audit/").status_code == 200
        return len(asked)

    before = queries()
    for number in range(60):
        edit(cast, name=f"冯{number}")
    assert queries() == before


def test_who_sees_a_record_sees_what_was_done_to_it_and_not_from_where(
    client: Client,
    cast: Cast,
    line: Line,
    raise_one: Any,  # noqa: F811 - the fixture
) -> None:
    client.force_login(cast.administrator)
    given = {"name": "冯雪梅", "organisation": cast.county_bureau.name, "phone": "1"}
    client.post(f"/people/{cast.viewer.pk}/edit/", given, REMOTE_ADDR="10.9.8.7")
    client.get(f"/people/{cast.viewer.pk}/")
    person = f"/audit/record/?kind=people.user&record={cast.viewer.pk}"
    text = client.get(person).content.decode()
    assert "冯雪梅" in text
    assert "10.9.8.7" not in text
    assert ">查看</td>" not in text
    part = client.get(f"{person}&part=1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "冯雪梅" in part
    client.force_login(cast.auditor)
    assert "10.9.8.7" in client.get(person).content.decode()
    client.force_login(cast.duty_officer)
    assert client.get(person).status_code == 404
    plant = f"/audit/record/?kind=monitoring.plant&record={line.plant.pk}"
    assert line.plant.name in client.get(plant).content.decode()
    limits = client.get(f"{plant}&only=monitoring.limitversion").content.decode()
    assert "限值" in limits
    assert "testserver" not in limits
    warning = f"/audit/record/?kind=warnings.warning&record={raise_one().pk}"
    assert client.get(warning).status_code == 200
    client.force_login(cast.outsider)
    for url in (person, plant, warning):
        assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kind=people.user",
        "kind=people.user&record=x",
        "kind=auth.user&record=1",
        "record=1",
        f"kind=people.user&record={'9' * 40}",
        "kind=people.user&record=%00",
    ],
)
def test_a_history_of_nothing_is_not_there(client: Client, cast: Cast, query: str) -> None:
    client.force_login(cast.auditor)
    assert client.get(f"/audit/record/?{query}").status_code == 404


@pytest.mark.parametrize(
    ("who", "url"),
    [
        ("administrator", "/people/{user}/"),
        ("administrator", "/people/organisations/?under={organisation}"),
        ("duty_officer", "/plants/{plant}/"),
        ("duty_officer", "/plants/{plant}/limits/"),
        ("duty_officer", "/plants/{plant}/stops/"),
    ],
)
def test_each_records_page_has_a_place_for_its_history(
    client: Client, cast: Cast, line: Line, who: str, url: str
) -> None:
    facts = {"user": cast.viewer.pk, "organisation": cast.plant.pk, "plant": line.plant.pk}
    client.force_login(cast.users[who])
    assert "/audit/record/?kind=" in client.get(url.format(**facts)).content.decode()


def test_every_kind_and_every_column_has_a_word() -> None:
    kinds = {model._meta.label_lower for model in (*WATCHED, *LINKED)}
    assert kinds <= set(KINDS)
    names = {f.name for model, how in WATCHED.items() for f in fields_of(model, how.counted)}
    names |= {name for how in LINKED.values() for name in how.told}
    assert names <= set(COLUMNS)
