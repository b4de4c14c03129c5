"""The desk and a warning's page, through the door that browsers use."""

import json
import re
from datetime import timedelta
from html import unescape
from itertools import product
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from guatu.core.nouns.warning import VERBS, Level, Verb, Verdict
from guatu.web.warnings import actions, facts, queries, timeline
from guatu.web.warnings.models import Warning  # noqa: A004
from guatu.web.warnings.wording import VERB_WORDS
from tests.cast import Cast
from tests.web.monitoring.conftest import register_line
from tests.web.warnings.conftest import NOON, Raise

DESK = "/warnings/"
HTMX = {"HX-Request": "true"}


def act_url(warning: Warning, verb: Verb) -> str:
    return reverse("warnings:act", args=[warning.pk, verb.value])


def as_seen(warning: Warning, given: dict[str, Any]) -> dict[str, Any]:
    """What a form sends that was made for the warning as it stands now."""
    return {"seen": Warning.objects.get(pk=warning.pk).standing, **given}


def text_of(response: Any) -> str:
    """What a reader sees: no tags, no doubled spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def buttons_of(response: Any) -> set[str]:
    found = re.findall(r'action="/warnings/\d+/(\w+)/"', response.content.decode())
    return {*found, *re.findall(r'href="/warnings/\d+/(\w+)/\?', response.content.decode())}


EVERYBODY = [
    "administrator",
    "province_duty_officer",
    "city_duty_officer",
    "supervisor",
    "duty_officer",
    "plant_officer",
    "outsider",
    "outside_plant_officer",
    "security_administrator",
    "auditor",
    "dispatcher",
    "responsible_unit",
    "enterprise",
    "viewer",
]
STRANGERS = {
    "outsider",
    "outside_plant_officer",
    "administrator",
    "security_administrator",
    "auditor",
    "responsible_unit",
}


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_stranger_gets_404_and_the_others_exactly_their_verbs(
    who: str, client: Client, cast: Cast, warning: Warning
) -> None:
    user = cast.users[who]
    client.force_login(user)
    page = client.get(warning.get_absolute_url())
    assert page.status_code == (404 if who in STRANGERS else 200)
    desk = client.get(DESK)
    assert (warning.title in desk.content.decode()) is (who not in STRANGERS)
    if who not in STRANGERS:
        assert buttons_of(page) == {verb.value for verb in queries.verbs_for(user, warning)}
        assert buttons_of(desk) == buttons_of(page)


@pytest.mark.parametrize(("who", "verb"), list(product(EVERYBODY, VERB_WORDS)))
def test_a_verbs_address_is_open_to_its_people_only(
    who: str, verb: Verb, client: Client, cast: Cast, warning: Warning
) -> None:
    client.force_login(cast.users[who])
    parties = queries.parties_of(cast.users[who], warning)
    allowed = bool(parties & VERBS[verb].parties)
    expected = 404 if who in STRANGERS else 200 if allowed else 403
    assert client.get(act_url(warning, verb)).status_code == expected
    posted = client.post(act_url(warning, verb), as_seen(warning, {}))
    assert posted.status_code in ({302, 422} if expected == 200 else {expected})


@pytest.mark.parametrize("path", ["/warnings/", "/warnings/1/", "/warnings/1/acknowledge/"])
def test_nobody_is_sent_to_sign_in(path: str, client: Client, warning: Warning) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"][:8]) == (302, "/signin/")


@pytest.mark.parametrize(
    "path",
    [
        "/warnings/999999/",
        "/warnings/99999999999999999999999/",
        "/warnings/1/escalate/",
        "/warnings/1/delete/",
    ],
)
def test_what_is_not_there_is_404(path: str, client: Client, cast: Cast, warning: Warning) -> None:
    client.force_login(cast.duty_officer)
    assert client.get(path).status_code == 404


def test_a_whole_life_without_script(client: Client, cast: Cast, warning: Warning) -> None:
    def do(who: str, verb: Verb, **given: str) -> str:
        client.force_login(cast.users[who])
        answer = client.post(act_url(warning, verb), as_seen(warning, given), follow=True)
        assert answer.redirect_chain == [(warning.get_absolute_url(), 302)]
        return text_of(answer)

    assert "“签收”完成" in do("plant_officer", Verb.ACKNOWLEDGE)
    do("duty_officer", Verb.VERIFY, verdict="true", note="调看视频")
    do("plant_officer", Verb.HANDLE, note="停止浇铸")
    do("plant_officer", Verb.FEED_BACK, note="更换水泵")
    page = do("duty_officer", Verb.CLOSE, note="水泵已换")
    assert "已办结" in page
    for told in ("停止浇铸", "更换水泵", "调看视频", "王芳（安宁示范铝业）", "张伟"):
        assert told in page
    warning.refresh_from_db()
    assert warning.state == "closed"


def test_a_form_made_before_somebody_decided_decides_nothing_unseen(
    client: Client, cast: Cast, warning: Warning
) -> None:
    url = act_url(warning, Verb.VERIFY)
    client.force_login(cast.duty_officer)
    opened = client.get(url).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', opened)
    assert seen
    actions.verify(warning.pk, verdict=Verdict.TRUE, by=cast.city_duty_officer, at=NOON)
    given = {"verdict": "false", "note": "校表", "seen": seen[1]}

    refused = client.post(url, given, headers=HTMX)

    assert refused.status_code == 422
    assert "打开后，预警已有变化" in text_of(refused)
    assert "校表" in text_of(refused)
    assert "待签收 属实" in text_of(refused)
    warning.refresh_from_db()
    assert warning.verdict == "true"
    # What is asked again was made for the warning as it stands by now: the correction is open.
    again = re.search(r'name="seen" value="([^"]+)"', refused.content.decode())
    assert again
    assert client.post(url, given | {"seen": again[1]}).status_code == 302
    warning.refresh_from_db()
    assert warning.verdict == "false"


def test_a_mistake_in_an_old_form_does_not_hide_that_it_is_old(
    client: Client, cast: Cast, warning: Warning
) -> None:
    given = as_seen(warning, {"verdict": "test", "note": ""})
    actions.verify(warning.pk, verdict=Verdict.TRUE, by=cast.city_duty_officer, at=NOON)
    client.force_login(cast.duty_officer)
    answer = text_of(client.post(act_url(warning, Verb.VERIFY), given))
    assert "须填写理由" in answer
    assert "打开后，预警已有变化" in answer


def test_a_note_is_added_whatever_came_before(client: Client, cast: Cast, warning: Warning) -> None:
    given = as_seen(warning, {"note": "电话\u202e已核"})
    actions.verify(warning.pk, verdict=Verdict.TRUE, by=cast.city_duty_officer, at=NOON)
    client.force_login(cast.duty_officer)
    assert client.post(act_url(warning, Verb.ADD_NOTE), given).status_code == 302
    assert warning.entries.get(deed="add_note").note == "电话已核"


def test_a_row_is_swapped_and_says_so(client: Client, cast: Cast, warning: Warning) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(
        act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {"place": "row"}), headers=HTMX
    )
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith(f'<tr id="warning-{warning.pk}"')
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["guatu:messages"]["messages"][0]["level"] == "success"
    assert told["warnings:done"] == {"warning": warning.pk}


def test_a_warnings_page_is_swapped(client: Client, cast: Cast, warning: Warning) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {}), headers=HTMX)
    assert answer.content.decode().strip().startswith('<div id="warning-detail"')
    assert "<html" not in answer.content.decode()


def test_pressing_twice_says_who_was_quicker(client: Client, cast: Cast, warning: Warning) -> None:
    client.force_login(cast.plant_officer)
    client.post(
        act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {"place": "row"}), headers=HTMX
    )
    again = client.post(
        act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {"place": "row"}), headers=HTMX
    )
    message = json.loads(again.headers["HX-Trigger"])["guatu:messages"]["messages"][0]
    assert message["level"] == "error"
    assert "当前状态为“已签收”" in message["text"]
    plain = client.post(act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {}))
    assert plain.status_code == 422
    assert "可能已有人先行办理" in text_of(plain)
    assert warning.entries.filter(deed="acknowledge").count() == 1


@pytest.mark.parametrize(
    ("who", "verb", "given", "said"),
    [
        ("duty_officer", Verb.VERIFY, {}, "请选择核实结论"),
        ("duty_officer", Verb.VERIFY, {"verdict": "maybe"}, "maybe"),
        ("duty_officer", Verb.VERIFY, {"verdict": "test"}, "核实为误报或测试时，须填写理由"),
        ("duty_officer", Verb.CLOSE, {"note": "x"}, "尚未核实，请先核实再办结"),
        ("duty_officer", Verb.HAND_OVER, {"note": "x"}, "请选择转办单位"),
        ("duty_officer", Verb.HAND_OVER, {"note": "x", "to": "999"}, "不能转办给该单位"),
        ("plant_officer", Verb.HANDLE, {"note": "  "}, "此项必填"),
        ("plant_officer", Verb.HANDLE, {"note": "x"}, "当前状态为“待签收”，不能“处置”"),
        ("plant_officer", Verb.ADD_NOTE, {"note": "长" * 2001}, "最多 2000 个字，现有 2001 个字"),
        ("plant_officer", Verb.HANDLE, {"note": "\u202e\u200b\ufeff"}, "此项必填"),
        ("duty_officer", Verb.VERIFY, {"verdict": "test", "note": "\u3164"}, "须填写理由"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "dialog"])
def test_a_form_says_what_is_wrong_and_keeps_what_was_written(  # noqa: PLR0917
    who: str,
    verb: Verb,
    given: dict[str, str],
    said: str,
    headers: dict[str, str],
    client: Client,
    cast: Cast,
    warning: Warning,
) -> None:
    client.force_login(cast.users[who])
    answer = client.post(act_url(warning, verb), as_seen(warning, given), headers=headers)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert given.get("note", "").strip().replace("\x00", "")[:20] in unescape(
        answer.content.decode()
    )
    if headers:
        assert answer.headers["HX-Retarget"] == "#verb-form"
    assert warning.entries.count() == 1


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/warnings/?mine=1", "/warnings/?mine=1"),
        ("https://elsewhere.example/", None),
        ("//elsewhere.example/", None),
        ("javascript:alert(1)", None),
    ],
)
def test_one_returns_to_an_own_address_only(
    wanted: str, target: str | None, client: Client, cast: Cast, warning: Warning
) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(act_url(warning, Verb.ACKNOWLEDGE), as_seen(warning, {"next": wanted}))
    assert answer.headers["Location"] == (target or warning.get_absolute_url())


def test_handing_over_out_of_sight_leads_back_to_the_desk(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    warning = raise_one()
    Warning.objects.filter(pk=warning.pk).update(
        organisation=cast.plant, origin=cast.other_plant, region=cast.other_county
    )
    client.force_login(cast.plant_officer)
    given = {"to": cast.other_plant.pk, "note": "x"}
    answer = client.post(act_url(warning, Verb.HAND_OVER), as_seen(warning, given), headers=HTMX)
    assert answer.headers["HX-Redirect"] == DESK


def test_several_are_acknowledged_together_and_one_refused_holds_up_none(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    mine = [raise_one() for _ in range(3)]
    signed, foreign = raise_one(), raise_one(organisation=cast.other_plant)
    actions.acknowledge(signed.pk, by=cast.plant_officer, at=NOON)
    ticked = [str(w.pk) for w in (*mine, signed, foreign)]
    client.force_login(cast.plant_officer)
    answer = client.post(
        "/warnings/acknowledge/", {"warning": [*ticked, "x", "9" * 30, "9" * 5000]}
    )
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said[0] == "已签收 3 条预警。"
    assert said[1].startswith("1 条未能签收")
    assert Warning.objects.filter(state="acknowledged").count() == 4
    foreign.refresh_from_db()
    assert foreign.state == "raised"
    empty = client.post("/warnings/acknowledge/", {})
    assert [str(m) for m in get_messages(empty.wsgi_request)][-1] == "请先勾选要签收的预警。"


@pytest.mark.parametrize(
    "query",
    [
        "level=9&level=x&state=nonsense&region=12&page=-4&sort=-nothing",
        "region=999999&q=%00&page=abc",
        "q=%F0%9F%92%A5&mine=yes&overdue=2&state=all",
        "sort=due&level=4&level=3&overdue=1&mine=1&state=raised&region=530181&q=%23",
        "sort=-owner&page=99999",
    ],
)
def test_the_desk_bears_any_address(
    query: str, client: Client, cast: Cast, warning: Warning
) -> None:
    for user in cast.users.values():
        client.force_login(user)
        assert client.get(f"{DESK}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "当前没有未办结预警"),
        ("mine=1", "没有待您办理的预警"),
        ("overdue=1", "没有符合条件的预警"),
    ],
)
def test_an_empty_desk_says_why(query: str, said: str, client: Client, cast: Cast) -> None:
    client.force_login(cast.duty_officer)
    assert said in text_of(client.get(f"{DESK}?{query}"))


def test_the_desk_asks_as_little_of_the_database_for_many_as_for_few(
    client: Client, cast: Cast, raise_one: Raise, django_assert_max_num_queries: Any
) -> None:
    for n in range(60):
        raise_one(level=Level(1 + n % 4), organisation=[cast.plant, cast.other_plant][n % 2])
    client.force_login(cast.province_duty_officer)
    with django_assert_max_num_queries(8):
        page = client.get(DESK)
    assert page.content.decode().count('class="warning-row') == 50


def test_a_warnings_page_asks_as_little_for_a_long_history(
    client: Client, cast: Cast, warning: Warning, django_assert_max_num_queries: Any
) -> None:
    for n in range(40):
        actions.add_note(warning.pk, note=str(n), by=cast.plant_officer, at=NOON)
    client.force_login(cast.duty_officer)
    with django_assert_max_num_queries(10):
        client.get(warning.get_absolute_url())


def test_the_export_holds_what_the_desk_shows_and_no_formula(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    raise_one(title="=1+1")
    raise_one(organisation=cast.other_plant)
    client.force_login(cast.duty_officer)
    answer: Any = client.get(f"{DESK}?export=xlsx&level=3")
    sheet = CalamineWorkbook.from_filelike(_file(answer)).get_sheet_by_index(0).to_python()
    assert len(sheet) == 2
    assert sheet[0][:4] == ["编号", "级别", "内容", "责任单位"]
    assert sheet[1][1:4] == ["橙色", "=1+1", "安宁示范铝业"]


def _file(answer: Any) -> Any:
    import io  # noqa: PLC0415

    return io.BytesIO(b"".join(answer.streaming_content))


def test_the_page_tells_facts_deadlines_contacts_and_where_it_came_from(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    warning = raise_one(
        facts={
            "unit": "1#深井铸造线",
            "rules": ["core_point_second_stage"],
            "alarms": [
                {
                    "point": "DWC1.inlet_flow",
                    "name": "进水流量",
                    "slot": "LL",
                    "value": 12.4,
                    "limit": 140,
                    "measure": "m³/h",
                    "at_ms": 1_790_000_000_000,
                }
            ],
        },
        at=timezone.now() - timedelta(minutes=16),
    )
    actions.escalate_overdue(timezone.now())
    client.force_login(cast.duty_officer)
    page = client.get(warning.get_absolute_url())
    told = text_of(page)
    for words in (
        "1#深井铸造线",
        "机组运行中核心测点二级报警",
        "DWC1.inlet_flow",
        "低低限",
        "12.4 m³/h",
        "140 m³/h",
        "超期 1 分",
        "企业 → 县级（未按时签收）",
        "杨晓梅",
    ):
        assert words in told
    assert 'href="/plants/1/"' in page.content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"alarms": "none"},
        {"alarms": [1, None, {"at": "yesterday"}, {"at": 1e300}, {"value": float("inf")}]},
        {"a": None, "b": [1, None, {"c": 2}], "d": {"e": 1}, "f": True, "rules": [[1]]},
        [],
    ],
)
def test_facts_of_any_shape_break_no_page(
    given: Any, client: Client, cast: Cast, warning: Warning
) -> None:
    warning.facts = given
    assert facts.facts_of(warning) is not None
    if "inf" not in str(given):
        Warning.objects.filter(pk=warning.pk).update(facts=given)
    client.force_login(cast.duty_officer)
    assert client.get(warning.get_absolute_url()).status_code == 200


def test_text_of_strangers_is_never_markup(client: Client, cast: Cast, raise_one: Raise) -> None:
    evil = "<script>alert(1)</script>"
    warning = raise_one(title=evil, facts={evil: evil, "alarms": [{"name": evil, "value": evil}]})
    actions.add_note(warning.pk, note=evil, by=cast.plant_officer, at=NOON)
    client.force_login(cast.plant_officer)
    for path in (DESK, warning.get_absolute_url(), act_url(warning, Verb.HANDLE)):
        assert evil not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("verdict", "standings"),
    [
        (None, ["done", "done", "now", "ahead", "ahead", "ahead"]),
        (Verdict.TRUE, ["done", "done", "done", "now", "ahead", "ahead"]),
        (Verdict.FALSE, ["done", "done", "done", "skipped", "skipped", "now"]),
    ],
)
def test_the_way_shows_what_is_done_and_what_comes(
    verdict: Verdict | None, standings: list[str], warning: Warning, cast: Cast
) -> None:
    actions.acknowledge(warning.pk, by=cast.plant_officer, at=NOON)
    if verdict:
        actions.verify(warning.pk, verdict=verdict, note="x", by=cast.duty_officer, at=NOON)
    warning.refresh_from_db()
    way = timeline.way_of(warning, list(queries.history(warning)))
    assert [step.standing for step in way] == standings


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_desk_speaks_one_language_at_a_time(
    language: str, client: Client, cast: Cast, warning: Warning
) -> None:
    client.cookies["django_language"] = language
    client.force_login(cast.duty_officer)
    with translation.override(language):
        told = text_of(client.get(DESK)) + text_of(client.get(warning.get_absolute_url()))
    assert ("待签收" in told) is (language == "zh-hans")
    assert ("To be acknowledged" in told) is (language == "en")


def test_no_page_needs_inline_script_or_style(client: Client, cast: Cast, warning: Warning) -> None:
    client.force_login(cast.plant_officer)
    for path in (DESK, warning.get_absolute_url(), act_url(warning, Verb.HANDLE)):
        page = client.get(path).content.decode()
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert not re.search(r"\son\w+=", page)


def test_a_red_warning_calls_on_every_page_until_somebody_signs(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    red = raise_one(level=Level.RED)
    raise_one()
    client.force_login(cast.duty_officer)
    assert f'data-alert="warning-{red.pk}-' in client.get("/warnings/alerts/").content.decode()
    client.force_login(cast.outsider)
    assert "data-alert" not in client.get("/warnings/alerts/").content.decode()
    actions.acknowledge(red.pk, by=cast.plant_officer, at=NOON)
    client.force_login(cast.duty_officer)
    assert "data-alert" not in client.get("/warnings/alerts/").content.decode()


def test_an_urging_calls_its_addressee_alone_until_he_has_seen_it(
    client: Client, cast: Cast, warning: Warning
) -> None:
    client.force_login(cast.supervisor)
    answer = client.post(
        act_url(warning, Verb.URGE),
        {"note": "请立即到场", "addressee": cast.plant_officer.pk, "seen": warning.standing},
        follow=True,
    )
    assert "对象：安宁示范铝业 王芳" in text_of(answer)
    assert "请立即到场" not in client.get("/warnings/alerts/").content.decode()
    client.force_login(cast.plant_officer)
    assert "请立即到场" in client.get("/warnings/alerts/").content.decode()
    told = client.post(f"/warnings/alerts/{warning.pk}/seen/", headers=HTMX)
    assert "请立即到场" not in told.content.decode()
    client.force_login(cast.outsider)
    assert client.post(f"/warnings/alerts/{warning.pk}/seen/").status_code == 404


def test_the_source_is_linked_only_for_those_who_may_open_it(
    client: Client, cast: Cast, raise_one: Raise
) -> None:
    plant = register_line(cast).plant
    unit = plant.units.get()
    source = {"kind": "unit", "key": str(unit.pk), "url": f"/plants/{plant.pk}/"}
    warning = raise_one(**source)
    actions.hand_over(
        warning.pk, to=cast.other_bureau, note="x", by=cast.province_duty_officer, at=NOON
    )
    seen = {}
    for who in ("outsider", "duty_officer"):
        client.force_login(cast.users[who])
        page = client.get(warning.get_absolute_url()).content.decode()
        seen[who] = f'href="/plants/{plant.pk}/"' in page
        assert "安宁示范铝业" in page
    assert seen == {"outsider": False, "duty_officer": True}


def test_the_deadlines_page_tells_every_term_and_when_it_climbs(client: Client, cast: Cast) -> None:
    client.force_login(cast.plant_officer)
    page = client.get("/warnings/deadlines/").content.decode()
    cells = re.findall(r'<td class="num[^"]*">(?:<b>)?([^<]+)', page)
    assert cells[:8] == [
        "5 分",
        "5 分",
        "10 分",
        "15 分",
        "30 分",
        "30 分",
        "1 小时",
        "1 小时 30 分",
    ]
    assert len(cells) == 8 * 4
    assert "现行" in page
