"""The data-quality pages: what they show, to whom, with and without an engine."""

import io
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from guatu.telemetry.query import PlantQuality, Quarantined
from guatu.web.monitoring import doors as monitoring_doors
from guatu.web.monitoring.actions import StopSpec, declare_stop
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Plant, Point, StopKind
from guatu.web.people import permission
from guatu.web.quality import doors
from guatu.web.quality.actions import record_looks
from guatu.web.quality.looks import look_at
from tests.cast import Cast
from tests.web.monitoring.conftest import Line, ms, register_line


def quality(plant: Plant, **more: object) -> PlantQuality:
    """A plant that was heard just now and sent without fault."""
    now = ms(timezone.now())
    given: dict[str, object] = {
        "plant": plant.pk,
        "code": plant.code,
        "received": 0,
        "stored": 0,
        "rejected": {},
        "refused": {},
        "uncertain": 0,
        "bad": 0,
        "late": 0,
        "backfilled": 0,
        "beats": 0,
        "doubled_beats": 0,
        "missing_beats": 0,
        "given_up_beats": 0,
        "gaps": [],
        "heard_ms": now - 2000,
        "sampled_ms": now - 2000,
        "heartbeat_ms": None,
        "clock_offset_ms": 120,
        "clock_ms": now - 2000,
        "clock_steps": 0,
    }
    return PlantQuality(**{**given, **more})  # type: ignore[arg-type]


class Engine:
    """An engine at the seam."""

    def __init__(self) -> None:
        self.away = False
        self.known: dict[int, PlantQuality] = {}
        self.forgotten: list[tuple[int, str]] = []
        self.seen: dict[int, monitoring_doors.Seen] = {}

    def _answer(self) -> None:
        if self.away:
            raise UnreachableError("no responders")

    def all_qualities(self) -> Sequence[PlantQuality]:
        self._answer()
        return list(self.known.values())

    def plant_quality(self, plant: Plant) -> PlantQuality | None:
        self._answer()
        return self.known.get(plant.pk)

    def quarantine(self, _plant: Plant) -> Sequence[Quarantined]:
        self._answer()
        now = ms(timezone.now())
        return [
            Quarantined(
                reason="unknown_point",
                where="DWC1.sped",
                count=3,
                value="<b>82</b>",
                at_ms=now,
                first_ms=now,
                last_ms=now,
            )
        ]

    def forget_quarantine(self, plant: Plant, by: str) -> None:
        self._answer()
        self.forgotten.append((plant.pk, by))

    def last_values(self, _plant: Plant, ids: Sequence[int]) -> dict[int, monitoring_doors.Seen]:
        self._answer()
        return {pk: self.seen[pk] for pk in ids if pk in self.seen}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    for name in ("all_qualities", "plant_quality", "quarantine", "forget_quarantine"):
        monkeypatch.setattr(doors, name, getattr(fake, name))
    monkeypatch.setattr(monitoring_doors, "last_values", fake.last_values)
    return fake


@pytest.fixture
def line(cast: Cast) -> Line:
    return register_line(cast)


@pytest.fixture
def troubled(line: Line, engine: Engine) -> Line:
    """A plant with a minute of trouble, counted a minute ago."""
    now = timezone.now()
    record_looks([look_at(quality(line.plant))], at=now - timedelta(minutes=1))
    engine.known[line.plant.pk] = quality(
        line.plant,
        received=1000,
        stored=900,
        rejected={"unknown_point": 60, "doubled_beat": 40},
        refused={"bad_json": 3},
        late=50,
        bad=20,
        uncertain=10,
        missing_beats=4,
        gaps=[(0, 17, 20)],
        clock_offset_ms=-7300,
    )
    record_looks([look_at(engine.known[line.plant.pk])], at=now)
    for point in line.points.values():
        if point.role != "pit_hydrogen":
            engine.seen[point.pk] = monitoring_doors.Seen(value=1.0, at=now)
    return line


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def test_the_plants_page_tells_what_is_wrong_and_how_to_mend_it(
    client: Client, cast: Cast, troubled: Line
) -> None:
    client.force_login(cast.duty_officer)
    page = shown(client, f"/quality/{troubled.plant.pk}/")
    for text in (
        "未登记测点",
        "测点编码不在企业测点表中",
        "在企业网关更正编码",
        "报文无法解析",
        "迟到样本",
        "坏值样本",
        "17–20",
        "-7.3 秒",
        "DWC1.sped",
        "井内氢气",
        "在线",
    ):
        assert text in page, text
    assert "<b>82</b>" not in page
    assert 'style="' not in page


def test_the_ranking_puts_the_worst_first(
    client: Client, cast: Cast, troubled: Line, engine: Engine
) -> None:
    good = register_line(cast, code="YN-AN-000")
    Plant.objects.filter(pk=good.plant.pk).update(name="安宁第二铝业")
    now = timezone.now()
    points = Point.objects.filter(unit__plant=good.plant).count()
    record_looks([look_at(quality(good.plant))], at=now - timedelta(minutes=1))
    engine.known[good.plant.pk] = quality(good.plant, received=60 * points, stored=60 * points)
    record_looks([look_at(engine.known[good.plant.pk])], at=now)
    client.force_login(cast.city_duty_officer)
    page = shown(client, "/quality/")
    assert page.index("安宁示范铝业") < page.index("安宁第二铝业")
    assert "100.00" in page


def test_a_plant_that_is_not_heard_is_interrupted_unless_it_is_declared_stopped(
    client: Client, cast: Cast, line: Line, engine: Engine
) -> None:
    now = timezone.now()
    engine.known[line.plant.pk] = quality(line.plant, heard_ms=ms(now - timedelta(minutes=5)))
    client.force_login(cast.duty_officer)
    assert "数据中断" in shown(client, f"/quality/{line.plant.pk}/")
    spec = StopSpec(
        unit=None,
        kind=StopKind.HALT,
        begins_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        reason="停产",
    )
    declare_stop(line.plant.pk, spec, by=cast.plant_officer, at=now)
    for url in ("/quality/", f"/quality/{line.plant.pk}/"):
        sampled = ms(now - timedelta(hours=2))
        engine.known[line.plant.pk] = quality(line.plant, heard_ms=sampled, sampled_ms=sampled)
        assert "已报备停产" in shown(client, url)
        engine.known[line.plant.pk] = quality(line.plant)
        assert "已报停仍上数" in shown(client, url)


def test_without_the_engine_the_recorded_day_still_stands(
    client: Client, cast: Cast, troubled: Line, engine: Engine
) -> None:
    engine.away = True
    client.force_login(cast.plant_officer)
    page = shown(client, f"/quality/{troubled.plant.pk}/")
    assert "引擎无响应" in page
    assert "未登记测点" in page
    assert "引擎无响应" in shown(client, "/quality/")


@pytest.mark.parametrize("day", ["", "2026-13-40", "yesterday", "1900-01-01", "2999-01-01"])
def test_an_impossible_day_is_today(client: Client, cast: Cast, troubled: Line, day: str) -> None:
    client.force_login(cast.duty_officer)
    today = timezone.localdate()
    assert f'value="{today:%Y-%m-%d}"' in shown(client, f"/quality/{troubled.plant.pk}/?day={day}")
    assert f'value="{today:%Y-%m-%d}"' in shown(client, f"/quality/?day={day}")


def test_yesterday_is_shown_from_what_was_recorded(client: Client, cast: Cast, line: Line) -> None:
    now = timezone.now()
    record_looks([look_at(quality(line.plant))], at=now - timedelta(days=1, minutes=1))
    before = quality(line.plant, received=77, stored=70, rejected={"ancient_time": 7})
    record_looks([look_at(before)], at=now - timedelta(days=1))
    client.force_login(cast.duty_officer)
    day = timezone.localdate(now - timedelta(days=1, seconds=30))
    page = shown(client, f"/quality/{line.plant.pk}/?day={day:%Y-%m-%d}")
    assert "过早时间" in page
    assert "过早时间" not in shown(client, f"/quality/{line.plant.pk}/")


@pytest.mark.parametrize("path", ["", "{plant}/"])
def test_tables_leave_as_files(client: Client, cast: Cast, troubled: Line, path: str) -> None:
    client.force_login(cast.duty_officer)
    answer = client.get(f"/quality/{path.format(plant=troubled.plant.pk)}?export=xlsx")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(rows) == (25 if path else 2)
    assert (900.0 in {cell for row in rows for cell in row}) == bool(path)


INSIDE = [
    "dispatcher",
    "enterprise",
    "viewer",
    "province_duty_officer",
    "city_duty_officer",
    "supervisor",
    "duty_officer",
    "plant_officer",
]
MAY_CLEAR = set(INSIDE) - {"supervisor", "dispatcher", "enterprise", "viewer"}


def test_only_the_allowed_may(cast: Cast, line: Line) -> None:
    for verb, expected in {
        "quality.see": set(INSIDE),
        "quality.clear_quarantine": MAY_CLEAR,
    }.items():
        may = {who for who, user in cast.users.items() if permission.may(user, verb, line.plant)}
        assert may == expected


@pytest.mark.parametrize("who", INSIDE)
def test_those_above_a_plant_see_its_data_quality(
    client: Client, cast: Cast, troubled: Line, engine: Engine, who: str
) -> None:
    client.force_login(cast.users[who])
    assert "安宁示范铝业" in shown(client, "/quality/")
    page = shown(client, f"/quality/{troubled.plant.pk}/")
    assert ("已查看，清除" in page) == (who in MAY_CLEAR)
    answer = client.post(f"/quality/{troubled.plant.pk}/forget/")
    assert answer.status_code == (302 if who in MAY_CLEAR else 403)
    assert bool(engine.forgotten) == (who in MAY_CLEAR)


@pytest.mark.parametrize("who", ["outsider", "outside_plant_officer"])
def test_for_others_the_plant_does_not_exist(
    client: Client, cast: Cast, troubled: Line, engine: Engine, who: str
) -> None:
    client.force_login(cast.users[who])
    assert client.get(f"/quality/{troubled.plant.pk}/").status_code == 404
    assert client.get(f"/quality/{troubled.plant.pk}/?export=xlsx").status_code == 404
    assert client.post(f"/quality/{troubled.plant.pk}/forget/").status_code == 404
    assert "安宁示范铝业" not in shown(client, "/quality/")
    assert "安宁示范铝业" not in shown(client, "/quality/?region=530181")
    assert engine.forgotten == []


def test_a_quarantine_that_cannot_be_cleared_is_told(
    client: Client, cast: Cast, troubled: Line, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(cast.plant_officer)

    def away(_plant: Plant, _by: str) -> None:
        raise UnreachableError("no responders")

    monkeypatch.setattr(doors, "forget_quarantine", away)
    answer = client.post(f"/quality/{troubled.plant.pk}/forget/", follow=True)
    assert "引擎暂无响应" in answer.content.decode()


@pytest.mark.parametrize("path", ["", "{plant}/"])
def test_a_page_asks_the_database_no_more_as_plants_grow(
    client: Client, cast: Cast, troubled: Line, engine: Engine, path: str
) -> None:
    for number in range(2, 8):
        plant = register_line(cast, code=f"YN-AN-00{number}").plant
        engine.known[plant.pk] = quality(plant)
    client.force_login(cast.duty_officer)
    with CaptureQueriesContext(database) as asked:
        shown(client, "/quality/" + path.format(plant=troubled.plant.pk))
    assert len(asked) <= 12
