"""The pages of monitoring: what they show, to whom, and at what cost in queries."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from guatu.access.messages import Event
from guatu.web.monitoring import doors, queries, trends
from guatu.web.monitoring.actions import change_limit, record_events
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Alarm, LimitVersion, Outbox, Plant, Point, Slot
from guatu.web.monitoring.specs import LimitSpec
from tests.cast import Cast
from tests.web.monitoring.conftest import NOON, Line, ms, register_line
from tests.web.monitoring.test_limits import spec

VALUES = {"unit_state": 3.0, "inlet_flow": 182.4, "cutoff_valve": 1.0, "platform_position": 3500.0}


class Engine:
    """An engine at the seam: it has some values, and can be away."""

    def __init__(self) -> None:
        self.away = False
        self.placed: list[object] = []
        self.roles: dict[int, str] = {}

    def _answer(self) -> None:
        if self.away:
            raise UnreachableError("no responders")

    def last_values(self, _plant: Plant, ids: Sequence[int]) -> dict[int, doors.Seen]:
        self._answer()
        if not self.roles:  # asked once, so that counting the page's queries counts the page's
            self.roles = dict(Point.objects.values_list("pk", "role"))
        return {
            pk: doors.Seen(value=VALUES[self.roles[pk]], at=timezone.now())
            for pk in ids
            if self.roles[pk] in VALUES
        }

    def history(
        self, ids: Sequence[int], start: datetime, end: datetime, *, most: int
    ) -> dict[int, doors.Series]:
        self._answer()
        times = [ms(start), ms(end)]
        return {pk: doors.Series(at_ms=times[:most], values=[1.5, 2.5]) for pk in ids}

    def intake(self, _plant: Plant) -> doors.Intake:
        self._answer()
        return doors.Intake(accepted=99, rejected={"doubled_time": 1}, last_at=timezone.now())

    def place(self, command: object, _code: str) -> object:
        self._answer()
        self.placed.append(command)
        return None


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    for name in ("last_values", "history", "intake", "place"):
        monkeypatch.setattr(doors, name, getattr(fake, name))
    return fake


def shown(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def record(*events: Event) -> None:
    record_events(partition=0, stream_seq=1, events=list(events), at=timezone.now())


def alarmed(line: Line) -> Alarm:
    at = timezone.now() - timedelta(seconds=20)
    record_events(
        partition=0,
        stream_seq=1,
        events=[line.event("raised", "inlet_flow", "LL", 1, at=at)],
        at=timezone.now(),
    )
    return Alarm.objects.get()


def test_the_plant_page_shows_values_states_alarms_and_warnings(
    client: Client, cast: Cast, line: Line
) -> None:
    alarmed(line)
    client.force_login(cast.duty_officer)
    page = shown(client, f"/plants/{line.plant.pk}/")
    point = line.points["inlet_flow"].pk
    for text in ("182.4", "结晶器进水流量", "低低限", "橙色", "82.0 m³/h", "数据质量", "重复时刻"):
        assert text in page
    assert f'data-point="{point}"' in page
    assert 'data-phase="3" aria-current="step"' in page
    assert f'data-live-plant="{line.plant.pk}"' in page
    assert 'style="' not in page


def test_without_the_engine_the_page_still_shows_what_is_recorded(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    alarmed(line)
    engine.away = True
    client.force_login(cast.plant_officer)
    page = shown(client, f"/plants/{line.plant.pk}/")
    assert "引擎无响应" in page
    assert "低低限" in page
    assert (
        client.get(
            f"/plants/{line.plant.pk}/trend.json?point={line.points['inlet_flow'].pk}"
        ).status_code
        == 503
    )
    assert "安宁示范铝业" in shown(client, "/plants/")


@pytest.mark.parametrize("part", ["alarms", "warnings", "health"])
def test_a_part_of_the_page_comes_alone(client: Client, cast: Cast, line: Line, part: str) -> None:
    client.force_login(cast.plant_officer)
    answer = shown(client, f"/plants/{line.plant.pk}/?part={part}")
    assert f'id="{part}-title"' in answer
    assert "<html" not in answer


def test_a_unit_without_a_picture_shows_tiles_with_their_course(
    client: Client, cast: Cast, line: Line
) -> None:
    line.plant.units.update(kind="recording")
    client.force_login(cast.plant_officer)
    page = shown(client, f"/plants/{line.plant.pk}/")
    assert 'class="picture"' not in page
    assert "data-spark points=" in page


def test_a_trend_comes_with_limits_and_alarms(client: Client, cast: Cast, line: Line) -> None:
    alarmed(line)
    client.force_login(cast.supervisor)
    point = line.points["inlet_flow"]
    answer = client.get(f"/plants/{line.plant.pk}/trend.json?point={point.pk}&span=1h").json()
    assert answer["v"] == [1.5, 2.5]
    assert answer["end"] - answer["start"] == 3_600_000
    assert [(row["slot"], row["value"]) for row in answer["limits"]] == [
        ("LL", 140.0),
        ("L", 170.0),
    ]
    assert [row["slot"] for row in answer["alarms"]] == ["LL"]


@pytest.mark.parametrize("wanted", ["", "x", "0", "9" * 30, "-1"])
def test_a_trend_of_no_point_is_not_found(
    client: Client, cast: Cast, line: Line, wanted: str
) -> None:
    client.force_login(cast.supervisor)
    assert client.get(f"/plants/{line.plant.pk}/trend.json?point={wanted}").status_code == 404


PAGES = ["", "trend.json?point={point}", "alarms/", "limits/", "limits/{point}/"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["plant_officer", "duty_officer", "supervisor", "viewer"])
def test_those_above_a_plant_see_its_pages(
    client: Client, cast: Cast, line: Line, path: str, who: str
) -> None:
    client.force_login(cast.users[who])
    url = f"/plants/{line.plant.pk}/" + path.format(point=line.points["inlet_flow"].pk)
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "limits/{point}/LL/"])
@pytest.mark.parametrize("who", ["outsider", "outside_plant_officer", "administrator", "auditor"])
def test_for_others_the_plant_does_not_exist(
    client: Client, cast: Cast, line: Line, path: str, who: str
) -> None:
    client.force_login(cast.users[who])
    url = f"/plants/{line.plant.pk}/" + path.format(point=line.points["inlet_flow"].pk)
    assert client.get(url).status_code == 404
    assert "安宁示范铝业" not in shown(client, "/plants/")


def test_a_stranger_is_sent_to_sign_in(client: Client, line: Line) -> None:
    response = client.get(f"/plants/{line.plant.pk}/")
    assert response.status_code == 302
    assert "/signin/" in response["Location"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("plant_officer", 200), ("duty_officer", 403), ("supervisor", 403), ("outsider", 404)],
)
def test_who_may_acknowledge_an_alarm(
    client: Client, cast: Cast, line: Line, who: str, status: int
) -> None:
    alarm = alarmed(line)
    client.force_login(cast.users[who])
    url = f"/plants/{line.plant.pk}/alarms/{alarm.pk}/acknowledge/"
    response = client.post(url, headers={"HX-Request": "true"})
    assert response.status_code == status
    alarm.refresh_from_db()
    assert (alarm.acknowledged_at is not None) == (status == 200)


def test_acknowledging_reaches_the_engine_at_once_and_works_without_script(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    alarm = alarmed(line)
    client.force_login(cast.plant_officer)
    response = client.post(f"/plants/{line.plant.pk}/alarms/{alarm.pk}/acknowledge/", follow=True)
    assert "报警已确认" in response.content.decode()
    assert len(engine.placed) == 2
    again = client.post(f"/plants/{line.plant.pk}/alarms/{alarm.pk}/acknowledge/", follow=True)
    assert "已由他人确认" in again.content.decode()


CHANGE = {
    "value": "172",
    "deadband": "4",
    "on_delay_s": "1",
    "off_delay_s": "5",
    "states": ["1", "2", "3", "4"],
}


def test_a_limit_is_changed_on_its_row_with_a_reason(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    client.force_login(cast.plant_officer)
    url = f"/plants/{line.plant.pk}/limits/{line.points['inlet_flow'].pk}/L/"
    assert 'name="why"' in shown(client, url)
    refused = client.post(url, CHANGE)
    assert refused.status_code == 422
    done = client.post(url, {**CHANGE, "why": "收紧"}, follow=True).content.decode()
    assert "已修改" in done
    assert "172 m³/h" in done
    assert len(engine.placed) == 2
    history = shown(client, f"/plants/{line.plant.pk}/limits/{line.points['inlet_flow'].pk}/")
    for text in ("收紧", "王芳", "170 m³/h", "收紧"):
        assert text in history


def test_a_limit_that_cannot_hold_is_told_in_words(client: Client, cast: Cast, line: Line) -> None:
    client.force_login(cast.plant_officer)
    url = f"/plants/{line.plant.pk}/limits/{line.points['inlet_flow'].pk}/L/"
    answer = client.post(url, {**CHANGE, "value": "120", "why": "放宽"})
    assert answer.status_code == 422
    assert "低低限 140 必须小于低限 120" in answer.content.decode()
    assert client.post(url, {**CHANGE, "value": "NaN", "why": "x"}).status_code == 422
    assert client.post(url, {**CHANGE, "value": "1e400", "why": "xx"}).status_code == 422
    assert LimitVersion.objects.filter(valid_to__isnull=False).count() == 0


def test_a_change_that_the_log_refuses_waits_and_the_user_is_told(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    engine.away = True
    client.force_login(cast.plant_officer)
    url = f"/plants/{line.plant.pk}/limits/{line.points['inlet_flow'].pk}/L/"
    answer = client.post(url, {**CHANGE, "why": "收紧"}, follow=True).content.decode()
    assert "尚未送达引擎" in answer
    assert Outbox.objects.filter(placed_at=None).count() == 2


def test_a_reader_sees_limits_without_ways_to_change_them(
    client: Client, cast: Cast, line: Line
) -> None:
    client.force_login(cast.supervisor)
    assert "/LL/" not in shown(client, f"/plants/{line.plant.pk}/limits/")
    url = f"/plants/{line.plant.pk}/limits/{line.points['inlet_flow'].pk}/L/"
    assert client.post(url, {**CHANGE, "why": "收紧"}).status_code == 403


def test_limits_are_shown_as_known_on_a_day_and_cannot_be_changed_there(
    client: Client, cast: Cast, line: Line
) -> None:
    now = timezone.now()
    LimitVersion.objects.update(valid_from=now - timedelta(days=9))
    change_limit(
        line.points["inlet_flow"].pk,
        Slot.L,
        LimitSpec(value=Decimal("172.5")),
        why="收紧",
        by=cast.plant_officer,
        at=now - timedelta(days=2),
    )
    client.force_login(cast.plant_officer)
    url = f"/plants/{line.plant.pk}/limits/"
    day = timezone.localtime(now - timedelta(days=4))
    before = shown(client, f"{url}?on={day:%Y-%m-%dT%H:%M}")
    assert "170 m³/h" in before
    assert "172.5 m³/h" not in before
    assert "/LL/" not in before
    assert "172.5 m³/h" in shown(client, url)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("no-day", "这不是日期"),
        ("0001-01-01", "1970 至 2200"),
        ("0001-01-01T00:00", "1970 至 2200"),
        ("1969-12-31", "1970 至 2200"),
        ("2201-01-01", "1970 至 2200"),
        ("9999-12-31T23:59", "1970 至 2200"),
    ],
)
@pytest.mark.parametrize("export", ["", "&export=xlsx"])
def test_a_day_that_no_limit_was_known_on_is_refused_in_words(  # noqa: PLR0917
    on: str, said: str, export: str, client: Client, cast: Cast, line: Line
) -> None:
    client.force_login(cast.plant_officer)
    answer = client.get(f"/plants/{line.plant.pk}/limits/?on={on}{export}")
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "170 m³/h" in answer.content.decode()  # what holds now is shown all the same


@pytest.mark.parametrize("path", ["", "{plant}/limits/", "{plant}/alarms/"])
def test_tables_leave_as_files(client: Client, cast: Cast, line: Line, path: str) -> None:
    alarmed(line)
    client.force_login(cast.duty_officer)
    response = client.get(f"/plants/{path.format(plant=line.plant.pk)}?export=xlsx")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(rows) >= 2
    assert "安宁示范铝业" in str(rows) or "结晶器进水流量" in str(rows)


def test_the_list_is_filtered_by_text_region_and_standing(
    client: Client, cast: Cast, line: Line
) -> None:
    alarmed(line)
    client.force_login(cast.city_duty_officer)
    for query in ("q=示范", "region=530100", "region=530181", "standing=bad", "q=YN-AN"):
        assert f"/plants/{line.plant.pk}/" in shown(client, f"/plants/?{query}")
    for query in ("q=不存在", "region=530302", "region=x", "standing=good", "q=" + "x" * 60_000):
        assert f"/plants/{line.plant.pk}/" not in shown(client, f"/plants/?{query}")


@pytest.mark.parametrize(
    ("path", "most"), [("", 13), ("{plant}/", 25), ("{plant}/limits/", 13), ("{plant}/alarms/", 11)]
)
def test_a_page_asks_the_database_no_more_as_data_grows(
    client: Client, cast: Cast, line: Line, path: str, most: int
) -> None:
    client.force_login(cast.duty_officer)
    for number in range(2, 6):
        register_line(cast, code=f"YN-AN-00{number}")
    events = [line.event("raised", "inlet_flow", "L", n) for n in range(1, 40)]
    record_events(partition=0, stream_seq=1, events=events, at=timezone.now())
    with CaptureQueriesContext(connection) as asked:
        shown(client, "/plants/" + path.format(plant=line.plant.pk))
    assert len(asked) <= most


def test_alarms_that_returned_unseen_are_told_and_acknowledged_together_with_a_reason(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    for began, role in enumerate(("inlet_flow", "inlet_pressure"), start=1):
        record(line.event("raised", role, "L", began), line.event("cleared", role, "L", began))
    client.force_login(cast.plant_officer)
    page = shown(client, f"/plants/{line.plant.pk}/")
    assert "2 条已恢复、未确认" in page
    assert "无报警" not in page
    assert queries.counters(cast.plant_officer).unread == 2
    url = f"/plants/{line.plant.pk}/alarms/acknowledge/"
    ids = [str(pk) for pk in Alarm.objects.values_list("pk", flat=True)]
    client.post(url, {"alarm": ids, "why": " "})
    assert Alarm.objects.filter(acknowledged_at=None).count() == 2
    client.post(url, {"alarm": ids, "why": "试车"})
    assert set(Alarm.objects.values_list("acknowledged_by", "acknowledged_why")) == {
        (cast.plant_officer.get_full_name(), "试车")
    }
    client.force_login(cast.duty_officer)
    assert client.post(url, {"alarm": ids, "why": "试车"}).status_code == 403


def test_the_alarm_history_is_narrowed_to_days_and_a_point(
    client: Client, cast: Cast, line: Line
) -> None:
    record(line.event("raised", "inlet_flow", "L", 1), line.event("raised", "tank_level", "L", 2))
    client.force_login(cast.plant_officer)
    url = f"/plants/{line.plant.pk}/alarms/"
    point = line.points["tank_level"].pk
    day = {"first": "2026-11-23", "last": "2026-11-23"}
    both = client.get(url, day).context["table"].page.paginator.count
    one = client.get(url, {**day, "point": str(point)}).context["table"].page.paginator.count
    none = client.get(url, {"first": "2026-11-24"}).context["table"].page.paginator.count
    assert (both, one, none) == (2, 1, 0)
    assert "这不是" in shown(client, f"{url}?first=99")


def test_a_trend_steps_its_limits_at_the_moment_they_were_changed(
    line: Line, cast: Cast, engine: Engine
) -> None:
    point = line.points["inlet_flow"]
    at = NOON + timedelta(minutes=5)
    change_limit(point.pk, Slot.L, spec("175"), why="收紧", by=cast.duty_officer, at=NOON)
    drawn = [row for row in trends.trend(point, span="15m", at=at).limits if row["slot"] == "L"]
    assert [(row["value"], row["to"] is None) for row in drawn] == [(170.0, False), (175.0, True)]
    assert drawn[0]["to"] == drawn[1]["from"] == round(NOON.timestamp() * 1000)
