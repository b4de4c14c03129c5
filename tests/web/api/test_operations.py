"""What programs ask and do: the same rules as the pages, each change once."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from guatu.core.nouns.warning import Level
from guatu.web.monitoring import doors
from guatu.web.monitoring.models import Alarm, PlannedStop
from guatu.web.people.models import KeptAnswer, Scope
from guatu.web.warnings.api import VerbName
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.wording import VERB_WORDS
from tests.cast import Cast
from tests.web.api.conftest import Program, Things, token_of
from tests.web.warnings.conftest import Raise

Make = Callable[..., Program]


def test_the_verbs_are_those_of_the_pages() -> None:
    assert set(get_args(VerbName)) == {verb.value for verb in VERB_WORDS}


def test_everyone_lists_what_the_pages_show_him(program: Make, things: Things) -> None:
    seen = {
        who: [one["id"] for one in program(who).get("/warnings", q="低低限").json()["items"]]
        for who in ("duty_officer", "plant_officer", "supervisor", "outsider", "auditor")
    }
    own = [things.warning.pk]
    assert seen == {
        "duty_officer": own, "plant_officer": own, "supervisor": own, "outsider": [], "auditor": []
    }  # fmt: skip
    for path in (f"/warnings/{things.warning.pk}", f"/plants/{things.line.plant.pk}"):
        assert program("outsider").get(path).status_code == 404
        assert program("duty_officer").get(path).status_code == 200


def test_pages_of_a_list_follow_each_other_whatever_comes_meanwhile(
    program: Make, raise_one: Raise
) -> None:
    made = [raise_one(level=Level.RED).pk for _ in range(7)]
    asker, found, after = program("duty_officer"), [], None
    while True:
        query = {"limit": 3, "level": "red", **({"after": after} if after else {})}
        page = asker.get("/warnings", **query).json()
        found += [one["id"] for one in page["items"]]
        raise_one(level=Level.RED)
        after = page["next"]
        if after is None:
            break
    assert found == made[::-1]
    assert asker.get("/warnings", level="blue").json() == {"items": [], "next": None}


def test_a_list_asks_the_database_as_often_however_long_it_is(
    program: Make, raise_one: Raise, django_assert_max_num_queries: Any
) -> None:
    raise_one()
    asker = program("duty_officer")
    asker.get("/warnings")
    with django_assert_max_num_queries(8):
        asker.get("/warnings", limit=200)
    for _ in range(20):
        raise_one()
    with django_assert_max_num_queries(8):
        assert len(asker.get("/warnings", limit=200).json()["items"]) == 21


def test_a_warning_is_worked_to_its_end_by_programs(program: Make, things: Things) -> None:
    plant, bureau = program("plant_officer"), program("duty_officer")
    path = f"/warnings/{things.warning.pk}"
    assert "acknowledge" in plant.get(path).json()["verbs"]
    assert "acknowledge" not in bureau.get(path).json()["verbs"]
    assert plant.post(f"{path}/acknowledge").json()["state"] == "acknowledged"
    denied = plant.post(f"{path}/verify", {"verdict": "true"})
    assert denied.status_code == 403
    empty = bureau.post(f"{path}/verify", {"verdict": "false"})
    assert empty.status_code == 422
    assert empty.json()["errors"][0]["where"] == "body.note"
    assert bureau.post(f"{path}/verify", {"verdict": "true"}).json()["verdict"] == "true"
    again = plant.post(f"{path}/acknowledge")
    assert (again.status_code, again.json()["type"]) == (409, "wrong_state")
    assert plant.post(f"{path}/handle", {"note": "stopped the casting"}).status_code == 200
    assert plant.post(f"{path}/feed_back", {"note": "pump replaced"}).status_code == 200
    done = bureau.post(f"{path}/close", {"note": "checked on site"}).json()
    assert done["state"] == "closed"
    assert [one["deed"] for one in done["history"]] == [
        "raise", "acknowledge", "verify", "handle", "feed_back", "close"
    ]  # fmt: skip


def test_what_a_verb_does_not_take_and_what_changed_since_is_refused(
    program: Make, things: Things
) -> None:
    plant, path = program("plant_officer"), f"/warnings/{things.warning.pk}"
    wrong = plant.post(f"{path}/acknowledge", {"verdict": "true"})
    assert wrong.status_code == 422
    assert [one["where"] for one in wrong.json()["errors"]] == ["body.verdict"]
    stale = plant.post(f"{path}/acknowledge", {"seen": "closed.-.1.1"})
    assert (stale.status_code, stale.json()["type"]) == (409, "changed_meanwhile")
    standing = plant.get(path).json()["standing"]
    assert plant.post(f"{path}/acknowledge", {"seen": standing}).status_code == 200


def test_a_filter_misspelt_does_not_widen_what_is_asked_for(program: Make, things: Things) -> None:
    asker = program("duty_officer")
    for path in ("/me", "/warnings", f"/plants/{things.line.plant.pk}/stops"):
        refused = asker.get(path, staet="closed")
        assert refused.status_code == 422
        assert [one["where"] for one in refused.json()["errors"]] == ["query.staet"]


def test_what_cannot_be_read_is_said_at_its_place(program: Make, things: Things) -> None:
    plant = program("plant_officer")
    path = f"/plants/{things.line.plant.pk}/stops"
    answer = plant.post(path, {"kind": "holiday", "begins_at": 1795406407, "colour": "red"})
    assert answer.status_code == 422
    told = {one["where"]: one["detail"] for one in answer.json()["errors"]}
    assert set(told) == {
        "body.kind", "body.begins_at", "body.ends_at", "body.reason", "body.colour"
    }  # fmt: skip
    assert told["body.ends_at"] == "This is missing."
    assert "+08:00" in told["body.begins_at"]
    broken = plant.client.post(
        f"/api/v1{path}", b"{", content_type="application/json",
        headers={"Authorization": f"Bearer {plant.token}"},
    )  # fmt: skip
    assert (broken.status_code, broken.json()["type"]) == (400, "unreadable")


def test_a_change_sent_twice_is_done_once(program: Make, things: Things) -> None:
    plant, key = program("plant_officer"), str(uuid.uuid4())
    now = timezone.now()
    body = {
        "kind": "maintenance",
        "begins_at": (now + timedelta(days=2)).isoformat(),
        "ends_at": (now + timedelta(days=3)).isoformat(),
        "reason": "检修",
    }
    path = f"/plants/{things.line.plant.pk}/stops"
    first, second = (plant.post(path, body, key=key) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert PlannedStop.objects.filter(reason="检修").count() == 1
    other = plant.post(path, {**body, "reason": "另一件"}, key=key)
    assert (other.status_code, other.json()["type"]) == (409, "key_used")
    # Without a key, or with another, it is another change: the stop is there already.
    assert plant.post(path, body, key="another").status_code == 422
    # What was refused is not kept: mended, the same key goes through.
    assert not KeptAnswer.objects.filter(key="another").exists()
    foreign = program("duty_officer")
    assert foreign.post(path, body, key=key).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_same_change_from_two_connections_at_once_is_done_once(
    cast: Cast, things: Things
) -> None:
    text, answers = token_of(cast.plant_officer), []
    start = threading.Barrier(4)

    def send() -> None:
        try:
            start.wait(10)
            answers.append(
                Client().post(
                    f"/api/v1/warnings/{things.warning.pk}/acknowledge",
                    {},
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {text}", "Idempotency-Key": "k"},
                )
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [one.status_code for one in answers] == [200] * 4
    assert sum("Idempotent-Replayed" in one for one in answers) == 3
    assert Warning.objects.get(pk=things.warning.pk).entries.filter(deed="acknowledge").count() == 1


def test_a_plant_is_given_with_its_limits_alarms_and_stops(program: Make, things: Things) -> None:
    asker, plant = program("viewer"), things.line.plant
    (listed,) = asker.get("/plants", q="安宁").json()["items"]
    assert (listed["code"], listed["alarms_stage_1"], listed["points"] > 0) == (
        "YN-AN-001",
        1,
        True,
    )
    whole = asker.get(f"/plants/{plant.pk}").json()
    points = {one["code"]: one for unit in whole["units"] for one in unit["points"]}
    inlet = points[things.line.points["inlet_flow"].code]
    assert {one["slot"] for one in inlet["limits"]} >= {"L", "LL"}
    (alarm,) = asker.get(f"/plants/{plant.pk}/alarms", open="true").json()["items"]
    assert (alarm["slot"], alarm["value"], alarm["limit"]) == ("L", 82.0, 140.0)
    assert asker.get(f"/plants/{plant.pk}/alarms", open="false").json()["items"] == []
    later = {"from": "2030-01-01T00:00:00+08:00"}
    assert asker.get(f"/plants/{plant.pk}/alarms", **later).json()["items"] == []
    (stop,) = asker.get(f"/plants/{plant.pk}/stops").json()["items"]
    assert (stop["standing"], stop["reason"]) == ("ahead", "年度检修")


def test_an_alarm_is_acknowledged_once_and_a_stop_withdrawn(program: Make, things: Things) -> None:
    plant, base = program("plant_officer"), f"/plants/{things.line.plant.pk}"
    path = f"{base}/alarms/{things.alarm.pk}/acknowledge"
    assert program("duty_officer").post(path).status_code == 403
    assert plant.post(path).json()["acknowledged_by"] == "王芳"
    assert plant.post(path).json()["type"] == "already_acknowledged"
    assert Alarm.objects.get().acknowledged_at is not None
    ended = plant.post(f"{base}/stops/{things.stop.pk}/end", {"why": "提前完工"})
    assert ended.json()["standing"] == "withdrawn"
    over = plant.post(f"{base}/stops/{things.stop.pk}/end", {"why": "提前完工"})
    assert over.status_code == 422


def test_readings_are_given_of_points_one_sees(
    program: Make, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = things.line.points["inlet_flow"].pk
    span = {"from": "2026-11-23T08:00:00+08:00", "to": "2026-11-23T09:00:00+08:00"}
    asker = program("viewer", Scope.READINGS_READ)
    assert asker.get("/readings", point=point, **span).json() == {
        "stretch_ms": 0,
        "newest": False,
        "courses": [
            {
                "point": point,
                "code": things.line.points["inlet_flow"].code,
                "at": [],
                "value": [],
                "low": None,
                "high": None,
                "count": None,
            }
        ],
    }
    stranger = program("outsider").get("/readings", point=point, **span)
    assert (stranger.status_code, stranger.json()["errors"][0]["where"]) == (422, "point")
    backwards = {"from": span["to"], "to": span["from"]}
    assert asker.get("/readings", point=point, **backwards).status_code == 422
    monkeypatch.setattr(doors, "course", _minutes)
    (course,) = asker.get("/readings", point=point, **span).json()["courses"]
    assert course["low"] == [1.0, 2.0]
    assert course["count"] == [60, 60]


def _minutes(point_ids: list[int], *_span: object, most: int) -> doors.Drawn:
    from guatu.telemetry.query import Course  # noqa: PLC0415 - the engine's, as doors imports it

    two = [point_ids[0]] * 2
    columns: Any = (two, [0, 60_000], [1.5, 2.5], [1.0, 2.0], [2.0, 3.0], [60, 60], 60_000)
    return doors.Drawn(course=Course(*columns), has_newest=True)
