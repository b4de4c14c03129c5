"""Accounts from Excel: passwords shown once, only one's own places, undone as a whole."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guatu.web.imports.models import Import
from guatu.web.people.models import Grant, Role, User
from tests.cast import LONG_AGO, Cast
from tests.web.imports.sheets import book

HEAD = ("账号", "姓名", "工作单位", "手机")


def bring(client: Client, *rows: tuple[str, ...]) -> Import:
    file = SimpleUploadedFile("人员.xlsx", book([HEAD, *rows]))
    assert client.post("/imports/people/", {"file": file}).status_code == 302
    return Import.objects.latest("pk")


def test_accounts_are_made_with_passwords_shown_once_and_mended_by_a_second_file(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.administrator)
    tried = bring(
        client,
        ("lina", "李娜", "安宁示范铝业", "13800000001"),
        ("wang wu", "王五", "安宁示范铝业", ""),
        ("zhao", "赵六", "没有的单位", ""),
        ("lina", "李娜娜", "安宁示范铝业", ""),
        ("anquanyuan", "王芳", "", "0871-66"),
        ("qian", "", "安宁示范铝业", ""),
    )
    rows = {row.number: row for row in tried.rows.all()}
    assert [rows[n].outcome for n in range(2, 8)] == [
        "new", "wrong", "wrong", "wrong", "changed", "wrong"
    ]  # fmt: skip
    told = {n: {(p["name"], p["code"]) for p in rows[n].problems} for n in rows}
    assert told[3] == {("username", "no_code")}
    assert told[4] == {("organisation", "no_organisation")}
    assert told[5] == {("username", "doubled_row")}
    assert told[7] == {("name", "missing")}
    answer = client.post(f"/imports/{tried.pk}/do/import/")
    assert "只显示这一次" in answer.text
    (password,) = re.findall(r"<td>lina</td>.*?<td>([\w-]{16})</td>", answer.text, re.DOTALL)
    made = User.objects.get(username="lina")
    assert made.check_password(password)
    assert (made.phone, made.organisation) == ("13800000001", cast.plant)
    assert User.objects.get(username="anquanyuan").phone == "0871-66"
    assert password not in client.get(f"/imports/{tried.pk}/").text
    again = bring(client, ("lina", "李娜", "", "13800000002"))
    assert again.rows.get().changes == [["phone", "13800000001", "13800000002"]]
    client.post(f"/imports/{again.pk}/do/import/")
    client.post(f"/imports/{again.pk}/do/undo/")
    assert User.objects.get(username="lina").phone == "13800000001"
    client.post(f"/imports/{tried.pk}/do/undo/")
    made.refresh_from_db()
    assert not made.is_active
    assert User.objects.get(username="anquanyuan").phone == ""


def test_only_administrators_bring_people_and_only_to_their_own_places(
    cast: Cast, client: Client
) -> None:
    for who in (cast.duty_officer, cast.security_administrator, cast.auditor, cast.viewer):
        client.force_login(who)
        assert client.get("/imports/people/").status_code == 403
    county = cast.administrator
    county.grants.all().delete()
    Grant.objects.create(
        user=county, role=Role.ADMINISTRATOR, region=cast.county, since=LONG_AGO, why="x"
    )
    client.force_login(county)
    tried = bring(client, ("x1", "甲", "麒麟示范铝业", ""), ("waichang", "乙", "", ""))
    assert [row.problems[0]["code"] for row in tried.rows.all()] == ["no_organisation", "taken"]
