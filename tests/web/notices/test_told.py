"""Whom each step of a warning is told, once, and never twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from guatu.core.nouns.warning import Level, Verdict
from guatu.web.notices import collecting, sources
from guatu.web.notices.models import Happened, Message
from guatu.web.warnings import actions
from guatu.web.warnings.models import Warning, WarningEntry  # noqa: A004
from tests.cast import Cast
from tests.web.warnings.conftest import NOON, Raise

SOON = NOON + timedelta(minutes=3)


def told(warning: Warning, deed: str) -> dict[str, int]:
    """Who was told a step, at which level."""
    entry = WarningEntry.objects.filter(warning=warning, deed=deed).latest("pk")
    rows = Message.objects.filter(source="warning", event=entry.pk)
    return {row.user.username: row.level for row in rows}


def test_a_new_danger_reaches_its_owner_and_those_on_duty_up_to_where_its_level_reaches(
    raise_one: Raise,
) -> None:
    reached = {
        Level.BLUE: {"anquanyuan", "xianju"},
        Level.YELLOW: {"anquanyuan", "xianju"},
        Level.ORANGE: {"anquanyuan", "xianju", "shiju"},
        Level.RED: {"anquanyuan", "xianju", "shiju", "shengting"},
    }
    for level, people in reached.items():
        one = raise_one(level=level)
        assert collecting.collect(NOON) == 1
        assert told(one, "raise") == dict.fromkeys(people, int(level))
    assert not Happened.objects.exists()


def test_where_the_county_has_nobody_on_duty_the_next_rung_hears(
    cast: Cast, raise_one: Raise
) -> None:
    cast.duty_officer.grants.update(until=NOON)
    one = raise_one(level=Level.BLUE)
    collecting.collect(NOON)
    assert set(told(one, "raise")) == {"anquanyuan", "shiju"}


def test_each_step_reaches_whom_it_concerns_and_never_who_did_it(
    cast: Cast, warning: Warning
) -> None:
    plant, duty, office = cast.plant_officer, cast.duty_officer, cast.supervisor
    actions.acknowledge(warning.pk, by=plant, at=SOON)
    actions.verify(warning.pk, verdict=Verdict.TRUE, by=duty, at=SOON, note="电话核实")
    actions.urge(warning.pk, note="请尽快", by=office, at=SOON, addressee=plant)
    actions.handle(warning.pk, note="已停浇", by=plant, at=SOON)
    actions.feed_back(warning.pk, note="密封圈老化", by=plant, at=SOON)
    actions.reopen(warning.pk, note="请附照片", by=duty, at=SOON)
    collecting.collect(SOON)
    level = int(Level.ORANGE)
    assert told(warning, "acknowledge") == {}
    assert told(warning, "verify") == {"anquanyuan": 0}
    assert told(warning, "urge") == {"anquanyuan": level}
    assert told(warning, "handle") == {}
    assert told(warning, "feed_back") == {"xianju": level}
    assert told(warning, "reopen") == {"anquanyuan": level, "shiju": level}


def test_what_climbs_reaches_the_rung_it_climbed_to_and_its_supervisors(
    warning: Warning,
) -> None:
    late = warning.acknowledge_due + timedelta(seconds=1)
    while Warning.objects.get(pk=warning.pk).rung < 2:
        actions.escalate_overdue(late)
        late += timedelta(minutes=5)
    collecting.collect(late)
    assert set(told(warning, "escalate")) == {"anquanyuan", "xianju", "shiju", "ducha"}


def test_an_event_is_told_once_however_often_it_is_noted(warning: Warning) -> None:
    entry = warning.entries.get()
    collecting.collect(NOON)
    before = Message.objects.count()
    Happened.objects.create(source="warning", event=entry.pk)
    collecting.collect(NOON)
    assert Message.objects.count() == before > 0


def test_an_event_that_its_source_fails_on_holds_up_no_other(
    warning: Warning, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def events(self, _numbers: Any) -> Any:
            raise RuntimeError("broken")

        def said(self, _numbers: Any, **_to: Any) -> Any:
            return {}

    monkeypatch.setitem(sources._SOURCES, "broken", Broken())
    Happened.objects.create(source="broken", event=1)
    assert collecting.collect(NOON) == 1
    assert told(warning, "raise")
    left = Happened.objects.get()
    assert (left.source, left.tries) == ("broken", 1)
    assert collecting.collect(NOON) == 0  # not before its time
    for day in range(20):
        collecting.collect(NOON + timedelta(days=day))
    assert Happened.objects.get().tries == collecting.MOST_TRIES
    assert "could not be told" in caplog.text


def test_a_change_that_is_undone_tells_nobody(cast: Cast, warning: Warning) -> None:
    Happened.objects.all().delete()
    with transaction.atomic():
        actions.acknowledge(warning.pk, by=cast.plant_officer, at=SOON)
        assert Happened.objects.exists()
        transaction.set_rollback(True)
    assert not Happened.objects.exists()


def test_the_bell_counts_lists_and_forgets_what_was_read(
    cast: Cast, warning: Warning, client: Client
) -> None:
    collecting.collect(NOON)
    client.force_login(cast.plant_officer)
    assert ">1</b>" in client.get("/notices/count/").content.decode()
    bell = client.get("/notices/bell/").content.decode()
    assert "进水流量 低低限" in bell
    assert "安宁示范铝业" in bell
    mine = Message.objects.get(user=cast.plant_officer)
    answer = client.get(f"/notices/{mine.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/warnings/{warning.pk}/")
    assert "</b>" not in client.get("/notices/count/").content.decode()
    others = Message.objects.get(user=cast.duty_officer)
    assert client.get(f"/notices/{others.pk}/").status_code == 404
    assert Message.objects.get(pk=others.pk).read_at is None


def test_seeing_the_warning_reads_what_was_told_of_it(
    cast: Cast, warning: Warning, client: Client
) -> None:
    collecting.collect(NOON)
    client.force_login(cast.duty_officer)
    client.get(f"/warnings/{warning.pk}/")
    assert Message.objects.get(user=cast.duty_officer).read_at is not None
    assert Message.objects.get(user=cast.plant_officer).read_at is None


def test_what_one_no_longer_sees_says_nothing_any_more(
    cast: Cast, warning: Warning, client: Client
) -> None:
    collecting.collect(NOON)
    cast.plant_officer.grants.update(until=NOON)
    client.force_login(cast.plant_officer)
    for address in ("/notices/", "/notices/bell/"):
        shown = client.get(address).content.decode()
        assert "进水流量" not in shown
        assert "已不在您的可见范围内" in shown
    mine = Message.objects.get(user=cast.plant_officer)
    assert client.get(f"/notices/{mine.pk}/")["Location"] == "/notices/"


def test_the_list_of_notices_becomes_a_file(cast: Cast, warning: Warning, client: Client) -> None:
    collecting.collect(NOON)
    client.force_login(cast.plant_officer)
    answer = client.get("/notices/?export=xlsx")
    assert b"".join(answer.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]
    read = client.post("/notices/read/", headers={"HX-Request": "true"})
    assert (read.status_code, read["HX-Trigger"]) == (200, "notices:read")
    assert "已全部读完" in client.get("/notices/?unread=1").content.decode()
