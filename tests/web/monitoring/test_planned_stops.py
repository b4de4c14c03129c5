"""Declared stops: who may, what is refused, what the engine gets, what pages show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from guatu.access.messages import Configure, Stop
from guatu.access.validate import read_plant_config
from guatu.web.monitoring import doors, queries
from guatu.web.monitoring.actions import StopSpec, declare_stop, end_stop, record_events
from guatu.web.monitoring.errors import RefusedDeedError
from guatu.web.monitoring.models import Alarm, PlannedStop, Plant, Point, StopKind
from guatu.web.monitoring.models.stops import StopStanding
from guatu.web.people import permission
from tests.cast import Cast
from tests.web.monitoring.conftest import NOON, Line, ms, register_line


@pytest.fixture(autouse=True)
def placed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was placed in the log; an engine that knows no values."""
    commands: list[object] = []
    monkeypatch.setattr(doors, "place", lambda command, _code: commands.append(command))
    monkeypatch.setattr(doors, "last_values", lambda _plant, _ids: {})
    monkeypatch.setattr(doors, "history", lambda *_span, **_most: {})
    monkeypatch.setattr(doors, "intake", lambda _plant: doors.Intake())
    return commands


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


SPEC = StopSpec(
    unit=None, kind=StopKind.MAINTENANCE, begins_at=hours(1), ends_at=hours(9), reason="年度检修"
)


def declared(line: Line, cast: Cast, **changes: object) -> PlannedStop:
    spec = replace(SPEC, **changes)  # type: ignore[arg-type]
    return declare_stop(line.plant.pk, spec, by=cast.plant_officer, at=NOON)


def on_the_wire(plant: Plant, at: datetime) -> tuple[Stop, ...]:
    config = queries.plant_config(Plant.objects.get(pk=plant.pk), at=at)
    assert read_plant_config(config.as_json()) == config
    return config.stops


def test_the_engine_gets_a_stop_with_its_moments_and_points(cast: Cast, line: Line) -> None:
    flow = line.points["casting_speed"]
    stop = declared(line, cast, unit=flow.unit_id, suppressed=(flow.pk,))
    assert on_the_wire(line.plant, NOON) == (
        Stop(
            id=stop.pk,
            from_ms=ms(hours(1)),
            to_ms=ms(hours(9)),
            units=(flow.unit_id,),
            suppressed=(flow.pk,),
        ),
    )
    assert on_the_wire(line.plant, hours(9)) == ()


def test_a_stop_ended_early_is_over_for_the_engine_at_that_moment(cast: Cast, line: Line) -> None:
    stop = declared(line, cast)
    ended = end_stop(stop.pk, why="检修提前完成", by=cast.plant_officer, at=hours(3))
    assert (ended.over_at, ended.standing_at(hours(4))) == (hours(3), StopStanding.OVER)
    assert on_the_wire(line.plant, hours(3)) == ()
    with pytest.raises(RefusedDeedError, match="stop_over"):
        end_stop(stop.pk, why="检修提前完成", by=cast.plant_officer, at=hours(3.5))


def test_a_withdrawn_stop_never_holds(cast: Cast, line: Line) -> None:
    stop = declared(line, cast)
    end_stop(stop.pk, why="计划取消", by=cast.plant_officer, at=hours(0.5))
    stop.refresh_from_db()
    assert stop.standing_at(hours(2)) == StopStanding.WITHDRAWN
    assert not stop.holds_at(hours(2))
    assert on_the_wire(line.plant, hours(0.5)) == ()
    assert queries.stops_holding([line.plant.pk], hours(2)) == {}
    assert not queries.stops_ahead(queries.stops_of(line.plant), hours(0.6)).exists()


REFUSED = {
    "stop_reason_missing": {"reason": " "},
    "stop_too_late": {"begins_at": hours(-25)},
    "stop_too_far": {"begins_at": hours(24 * 366), "ends_at": hours(24 * 367)},
    "stop_ends_before": {"ends_at": hours(1)},
    "stop_too_long": {"ends_at": hours(24 * 200)},
    "unknown_unit": {"unit": 10**6},
    "suppressed_elsewhere": {"suppressed": (10**6,)},
}


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_declaration_that_cannot_hold_is_refused(cast: Cast, line: Line, code: str) -> None:
    with pytest.raises(RefusedDeedError, match=code):
        declared(line, cast, **REFUSED[code])  # type: ignore[arg-type]
    assert not PlannedStop.objects.exists()


def test_a_core_point_is_never_left_unjudged_by_a_declaration(cast: Cast, line: Line) -> None:
    flow = line.points["inlet_flow"]
    assert flow.core
    with pytest.raises(RefusedDeedError, match="core_suppressed"):
        declared(line, cast, suppressed=(flow.pk,))


def test_two_stops_of_the_same_scope_and_time_are_refused_but_of_a_unit_beside_the_plant_not(
    cast: Cast, line: Line
) -> None:
    declared(line, cast)
    with pytest.raises(RefusedDeedError, match="stops_overlap"):
        declared(line, cast, begins_at=hours(8), ends_at=hours(12))
    declared(line, cast, begins_at=hours(9), ends_at=hours(12))
    declared(line, cast, unit=line.points["inlet_flow"].unit_id)


MAY = {
    "monitoring.declare_stop": {"plant_officer"},
    "monitoring.end_stop": {
        "plant_officer",
        "duty_officer",
        "city_duty_officer",
        "province_duty_officer",
    },
}


@pytest.mark.parametrize("verb", sorted(MAY))
def test_only_the_allowed_may(cast: Cast, line: Line, verb: str) -> None:
    may = {who for who, user in cast.users.items() if permission.may(user, verb, line.plant)}
    assert may == MAY[verb]


def test_the_actions_ask_for_themselves(cast: Cast, line: Line) -> None:
    stop = declared(line, cast)
    with pytest.raises(PermissionDenied):
        declare_stop(line.plant.pk, SPEC, by=cast.duty_officer, at=NOON)
    with pytest.raises(PermissionDenied):
        end_stop(stop.pk, why="理由", by=cast.outsider, at=NOON)


def test_an_alarm_cleared_by_a_stop_says_so(client: Client, cast: Cast, line: Line) -> None:
    now = timezone.now()
    events = [
        line.event("raised", "inlet_flow", "MISSING", 1, at=now),
        line.event("cleared", "inlet_flow", "MISSING", 1, at=now, why="planned_stop"),
    ]
    record_events(partition=0, stream_seq=1, events=events, at=now)
    assert Alarm.objects.get().get_why_display() == "停产检修开始"
    client.force_login(cast.duty_officer)
    assert "停产检修开始" in client.get(f"/plants/{line.plant.pk}/alarms/").content.decode()


# --- pages ------------------------------------------------------------------------------------


def form(begins: float = 1, ends: float = 9, **more: object) -> dict[str, object]:
    now = timezone.localtime()
    return {
        "unit": "",
        "kind": "halt",
        "begins_at": f"{now + timedelta(hours=begins):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=ends):%Y-%m-%dT%H:%M}",
        "reason": "春节停产",
        **more,
    }


def test_a_plant_declares_a_stop_and_the_bureau_sees_it(
    client: Client, cast: Cast, line: Line, placed: list[object]
) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(f"/plants/{line.plant.pk}/stops/", form(), follow=True)
    assert "已报备" in answer.content.decode()
    last = placed[-1]
    assert isinstance(last, Configure)
    assert len(last.config.stops) == 1
    client.force_login(cast.city_duty_officer)
    page = client.get("/plants/stops/").content.decode()
    assert "春节停产" in page
    assert "安宁示范铝业" in page
    assert "春节停产" in client.get(f"/plants/{line.plant.pk}/stops/").content.decode()


def test_what_is_wrong_is_told_at_its_field(client: Client, cast: Cast, line: Line) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post(f"/plants/{line.plant.pk}/stops/", form(ends=0.5))
    assert answer.status_code == 422
    assert "结束时间须晚于开始时间" in answer.content.decode()
    other = register_line(cast, code="YN-AN-002").points["inlet_flow"]
    for wrong in ({"unit": str(other.unit_id)}, {"suppressed": [str(other.pk)]}):
        assert client.post(f"/plants/{line.plant.pk}/stops/", form(**wrong)).status_code == 422


def test_a_stop_is_ended_on_the_page_with_a_reason(
    client: Client, cast: Cast, line: Line, placed: list[object]
) -> None:
    client.force_login(cast.plant_officer)
    client.post(f"/plants/{line.plant.pk}/stops/", form(begins=-1))
    stop = PlannedStop.objects.get()
    url = f"/plants/{line.plant.pk}/stops/{stop.pk}/end/"
    assert "请写明原因" in client.post(url, {"why": ""}, follow=True).content.decode()
    page = client.post(url, {"why": "提前复产"}, follow=True).content.decode()
    assert "提前复产" in page
    last = placed[-1]
    assert isinstance(last, Configure)
    assert last.config.stops == ()


def values(monkeypatch: pytest.MonkeyPatch, **by_role: float) -> None:
    """Let the engine say these values, all of this moment."""

    def last(_plant: Plant, ids: Sequence[int]) -> dict[int, doors.Seen]:
        roles = dict(Point.objects.values_list("pk", "role"))
        now = timezone.now()
        return {
            pk: doors.Seen(value=by_role[roles[pk]], at=now) for pk in ids if roles[pk] in by_role
        }

    monkeypatch.setattr(doors, "last_values", last)


@pytest.mark.parametrize(
    "case",
    [
        ({}, "期间数据中断不报警"),
        ({"unit_state": 0.0, "inlet_flow": 12.0}, "已报停，仍有 2 个测点上数"),
        ({"unit_state": 3.0}, "已报停，却在运行"),
    ],
)
def test_data_during_a_stop_is_shown_as_contradiction(
    client: Client,
    cast: Cast,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[dict[str, float], str],
) -> None:
    said, words = case
    client.force_login(cast.plant_officer)
    client.post(f"/plants/{line.plant.pk}/stops/", form(begins=-1))
    values(monkeypatch, **said)
    page = client.get(f"/plants/{line.plant.pk}/").content.decode()
    assert words in page
    assert "春节停产" in page


@pytest.mark.parametrize("who", ["outsider", "outside_plant_officer"])
def test_for_others_the_stops_do_not_exist(
    client: Client, cast: Cast, line: Line, who: str
) -> None:
    stop = declared(
        line, cast, begins_at=timezone.now(), ends_at=timezone.now() + timedelta(days=9)
    )
    client.force_login(cast.users[who])
    assert client.get(f"/plants/{line.plant.pk}/stops/").status_code == 404
    assert client.post(f"/plants/{line.plant.pk}/stops/", form()).status_code == 404
    url = f"/plants/{line.plant.pk}/stops/{stop.pk}/end/"
    assert client.post(url, {"why": "理由"}).status_code == 404
    assert "年度检修" not in client.get("/plants/stops/?which=all").content.decode()


@pytest.mark.parametrize(
    "case",
    [
        ("plant_officer", 302, 302),
        ("duty_officer", 403, 302),
        ("supervisor", 403, 403),
        ("viewer", 403, 403),
        ("enterprise", 403, 403),
    ],
)
def test_who_may_declare_and_end(
    client: Client, cast: Cast, line: Line, case: tuple[str, int, int]
) -> None:
    who, declare, end = case
    now = timezone.now()
    stop = declared(line, cast, begins_at=now, ends_at=now + timedelta(hours=1))
    client.force_login(cast.users[who])
    assert client.get(f"/plants/{line.plant.pk}/stops/").status_code == 200
    answer = client.post(f"/plants/{line.plant.pk}/stops/", form(begins=5, ends=6))
    assert answer.status_code == declare
    url = f"/plants/{line.plant.pk}/stops/{stop.pk}/end/"
    assert client.post(url, {"why": "理由"}).status_code == end


def test_stops_of_another_plant_are_not_ended_here(client: Client, cast: Cast, line: Line) -> None:
    stop = declared(line, cast)
    other = register_line(cast, code="YN-AN-002")
    client.force_login(cast.plant_officer)
    url = f"/plants/{other.plant.pk}/stops/{stop.pk}/end/"
    assert client.post(url, {"why": "理由"}).status_code == 404
