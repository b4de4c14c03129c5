"""The wall: what it counts, for whom, and that it stays quick and honest."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import python_calamine
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guatu.core.nouns.warning import Level, Verb, Verdict
from guatu.web.monitoring.models import Unit
from guatu.web.people.models import User
from guatu.web.wall.board import ON_A_DESK, gather
from guatu.web.wall.engine import EngineNow, PlantNow, UnitState
from guatu.web.warnings import actions
from tests.cast import Cast
from tests.web.wall.conftest import NOON, AddPlant, Raise

pytestmark = pytest.mark.django_db
URL = "/"


def _page(client: Client, user: User, url: str = URL) -> str:
    client.force_login(user)
    with time_machine.travel(NOON, tick=False):
        response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def _figure(html: str, label: str) -> str:
    """The figure under a label of the strip of counters."""
    found = re.search(rf'"label">{label}</span>\s*<\w+ class="value[^>]*>(.*?)</', html, re.DOTALL)
    assert found, label
    return re.sub(r"<[^>]*>", "", found[1]).strip()


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    response = client.get(URL)
    assert response.status_code == 302
    assert reverse("people:signin") in response["Location"]


def test_counters_count_what_the_user_sees(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant
) -> None:
    add_plant(whole_cast.plant, points=3)
    add_plant(whole_cast.other_plant, points=5)
    raise_one(level=Level.RED, at=NOON - timedelta(minutes=6))
    raise_one(level=Level.BLUE)
    raise_one(level=Level.YELLOW, organisation=whole_cast.other_plant)
    province = _page(client, whole_cast.province_duty_officer)
    assert _figure(province, "联网企业") == "2"
    assert _figure(province, "测点") == "10"
    assert _figure(province, "未办结预警") == "3"
    assert _figure(province, "超期") == "1"
    county = _page(client, whole_cast.outsider)
    assert _figure(county, "联网企业") == "1"
    assert _figure(county, "测点") == "6"
    assert _figure(county, "未办结预警") == "1"
    assert _figure(county, "超期") == "0"


def test_another_countys_warning_is_nowhere_on_the_page(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant
) -> None:
    add_plant(whole_cast.plant)
    raise_one(title="只属于安宁的预警")
    for part in (URL, "/?view=county", "/?view=table", reverse("wall:parts")):
        html = _page(client, whole_cast.outsider, part)
        assert "只属于安宁的预警" not in html
        assert whole_cast.plant.name not in html
        assert "昆明市：未办结" not in html
    assert "只属于安宁的预警" in _page(client, whole_cast.duty_officer)


def test_todays_closures_are_counted_from_midnight_here(whole_cast: Cast, raise_one: Raise) -> None:
    # Midnight in Shanghai is 16:00 UTC of the day before: twelve hours before noon here.
    for at in (NOON - timedelta(hours=11), NOON - timedelta(hours=13)):
        warning = raise_one(at=at - timedelta(minutes=5))
        officer = whole_cast.duty_officer
        actions.verify(warning.pk, verdict=Verdict.FALSE, note="误报", by=officer, at=at)
        actions.close(warning.pk, note="误报", by=officer, at=at)
    board = gather(whole_cast.duty_officer, NOON, view="", rows=ON_A_DESK)
    assert board.figures.closed_today == 1
    assert len(board.handled) == 2


def test_the_map_takes_the_gravest_level_of_all_that_lies_inside(
    client: Client, whole_cast: Cast, raise_one: Raise
) -> None:
    raise_one(level=Level.BLUE)
    raise_one(level=Level.RED, region=whole_cast.neighbour_county)
    raise_one(level=Level.YELLOW, organisation=whole_cast.other_plant)
    board = gather(whole_cast.province_duty_officer, NOON, view="prefecture", rows=ON_A_DESK)
    assert board.map is not None
    tones = {drawn.area.region.short_name: drawn.area.tone for drawn in board.map.outlines}
    assert len(tones) == 16
    assert (tones["昆明"], tones["曲靖"], tones["大理"]) == ("red", "yellow", "calm")
    assert [(entry.level, entry.count) for entry in board.map.legend] == [
        (Level.RED, 1),
        (Level.ORANGE, 0),
        (Level.YELLOW, 1),
        (Level.BLUE, 0),
        (None, 14),
    ]
    html = _page(client, whole_cast.province_duty_officer)
    assert "昆明市：未办结预警 2 条，最高级别红色" in html


def test_a_county_view_draws_all_counties_and_says_which_are_out_of_sight(
    whole_cast: Cast, raise_one: Raise
) -> None:
    raise_one(level=Level.ORANGE)
    board = gather(whole_cast.duty_officer, NOON, view="county", rows=ON_A_DESK)
    assert board.map is not None
    tones = {d.area.region.code: d.area.tone for d in board.map.tiles if d.tile and d.tile.code}
    assert len(tones) == 129
    assert tones["530181"] == "orange"
    assert {tone for code, tone in tones.items() if code != "530181"} == {"unseen"}


@pytest.mark.parametrize("view", ["prefecture", "county", "table", "", "nonsense"])
def test_every_view_of_the_map_answers(client: Client, whole_cast: Cast, view: str) -> None:
    html = _page(client, whole_cast.province_duty_officer, f"/?view={view}")
    assert "审图号待配置" in html or view == "table"


def test_a_wrong_base_map_is_told_and_ours_stays(
    client: Client, whole_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guatu.web.wall.board.maps_folder", lambda: tmp_path)
    (tmp_path / "530000.geojson").write_text("{", encoding="utf-8")
    html = _page(client, whole_cast.province_duty_officer)
    assert "底图不是合法的 JSON（第 1 行）" in html
    assert html.count("wall-region tone-") == 16


@pytest.mark.parametrize(("code", "below"), [("440000", 21), ("110000", 16), ("460000", 19)])
def test_a_province_without_outlines_is_shown_as_a_table(
    client: Client, whole_cast: Cast, code: str, below: int
) -> None:
    officer = whole_cast.province_duty_officer
    officer.grants.update(region=code)
    board = gather(User.objects.get(pk=officer.pk), NOON, view="county", rows=ON_A_DESK)
    assert board.map is not None
    assert board.map.view == "table"
    # Guangdong's prefectures; Beijing's districts; Hainan's cities with its own counties.
    assert len(board.map.areas) == len(board.areas) == below
    assert "本省暂无底图" in _page(client, officer)


def test_without_divisions_the_wall_says_what_to_do(client: Client, cast: Cast) -> None:
    cast.province.__class__.objects.filter(code="530000").update(code="530000", retired_at=NOON)
    assert "行政区划尚未载入" in _page(client, cast.province_duty_officer)


def test_the_gravest_come_first_and_within_a_level_the_overdue(
    whole_cast: Cast, raise_one: Raise
) -> None:
    fresh = raise_one(level=Level.ORANGE, at=NOON - timedelta(minutes=1))
    late = raise_one(level=Level.ORANGE, at=NOON - timedelta(minutes=40))
    red = raise_one(level=Level.RED, at=NOON)
    blue = raise_one(level=Level.BLUE, at=NOON - timedelta(days=2))
    board = gather(whole_cast.duty_officer, NOON, view="", rows=ON_A_DESK)
    assert [w.pk for w in board.warnings] == [red.pk, late.pk, fresh.pk, blue.pk]


def test_each_role_is_told_its_own_next_step(
    client: Client, whole_cast: Cast, raise_one: Raise
) -> None:
    raise_one(level=Level.RED, at=NOON - timedelta(minutes=6))
    seen = {
        name: gather(user, NOON, view="", rows=ON_A_DESK).todos.by_verb
        for name, user in whole_cast.users.items()
    }
    assert seen["plant_officer"] == {Verb.ACKNOWLEDGE: 1}
    assert seen["duty_officer"] == {Verb.VERIFY: 1}
    assert seen["supervisor"] == {Verb.URGE: 1}
    assert seen["outsider"] == seen["outside_plant_officer"] == {}
    assert "待签收" in _page(client, whole_cast.plant_officer)
    assert "暂无待办事项" in _page(client, whole_cast.outsider)


def test_an_engine_that_is_away_is_said_and_not_drawn_as_zero(
    client: Client, whole_cast: Cast, add_plant: AddPlant
) -> None:
    add_plant(whole_cast.plant)
    html = _page(client, whole_cast.duty_officer)
    counters = html[html.index("在线率") : html.index("未办结预警")]
    assert counters.count("引擎未连接") == 2
    assert not re.search(r'class="figure">0', counters)


def test_plants_tell_what_they_are_doing(
    client: Client,
    whole_cast: Cast,
    add_plant: AddPlant,
    says: Callable[[EngineNow], None],
) -> None:
    casting, silent, unheard = (add_plant(whole_cast.plant) for _ in range(3))
    says(
        EngineNow(
            reached=True,
            samples_per_s=1234.4,
            plants={
                casting.pk: PlantNow(
                    units={1: UnitState("dwc", 0), 2: UnitState("dwc", 3)}, last_at=NOON
                ),
                silent.pk: PlantNow(
                    units={1: UnitState("dwc", 3)}, last_at=NOON - timedelta(minutes=3)
                ),
                unheard.pk: PlantNow(),
            },
        )
    )
    board = gather(whole_cast.duty_officer, NOON, view="", rows=ON_A_DESK)
    doing = {line.plant.pk: (line.state, line.online) for line in board.plants}
    assert doing == {
        casting.pk: (UnitState("dwc", 3), True),
        silent.pk: (UnitState("dwc", 3), False),
        unheard.pk: (None, False),
    }
    html = _page(client, whole_cast.duty_officer)
    assert _figure(html, "每秒样本数") == "1,234"
    assert _figure(html, "在线率").startswith("33.3")
    assert "数据中断" in html
    assert "暂无数据" in html


def test_an_empty_wall_says_what_to_do_next(client: Client, whole_cast: Cast) -> None:
    html = _page(client, whole_cast.province_duty_officer)
    for said in ("尚未接入企业", "登记企业并发放接入密钥", "当前没有未办结预警", "暂无待办事项"):
        assert said in html


def test_questions_do_not_grow_with_the_province(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant
) -> None:
    client.force_login(whole_cast.province_duty_officer)

    def asked(url: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    urls = [URL, "/?view=county", "/?view=table", reverse("wall:parts"), reverse("wall:counters")]
    add_plant(whole_cast.plant)
    raise_one()
    before = [asked(url) for url in urls]
    for organisation in (whole_cast.plant, whole_cast.other_plant) * 5:
        add_plant(organisation)
        raise_one(organisation=organisation)
        raise_one(organisation=organisation, level=Level.RED)
    assert [asked(url) for url in urls] == before
    assert max(before) <= 16


def test_parts_come_with_the_places_they_swap_into(client: Client, whole_cast: Cast) -> None:
    html = _page(client, whole_cast.duty_officer, reverse("wall:parts"))
    for part in ("counters", "map", "warnings", "todo", "areas", "plants", "handled"):
        assert re.search(rf'id="wall-{part}"[^>]*hx-swap-oob="true"', html), part
    assert "<html" not in html


def test_the_page_has_no_style_attribute_and_no_inline_script(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant
) -> None:
    add_plant(whole_cast.plant)
    raise_one()
    html = _page(client, whole_cast.duty_officer, "/?view=county")
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)


@pytest.mark.parametrize("prefix", ["warnings", "plants", "areas", "map", "handled"])
def test_every_table_can_be_had_as_a_file(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant, prefix: str
) -> None:
    add_plant(whole_cast.plant)
    raise_one(title="进水流量低低")
    client.force_login(whole_cast.city_duty_officer)
    response = client.get(f"/?{prefix}-export=xlsx")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_index(0).to_python()
    texts = {str(cell) for row in rows for cell in row}
    expected = {
        "warnings": "进水流量低低",
        "plants": "T-1",
        "areas": "安宁市",
        "map": "安宁市",
        "handled": "核实结论",
    }
    assert expected[prefix] in texts


def test_a_plant_sees_its_own_only(
    client: Client, whole_cast: Cast, raise_one: Raise, add_plant: AddPlant
) -> None:
    mine = add_plant(whole_cast.plant)
    other = add_plant(whole_cast.other_plant)
    raise_one()
    raise_one(organisation=whole_cast.other_plant)
    html = _page(client, whole_cast.plant_officer)
    assert mine.name in html
    assert other.name not in html
    assert _figure(html, "未办结预警") == "1"


@pytest.mark.parametrize("who", ["duty_officer", "plant_officer", "supervisor"])
def test_who_belongs_to_a_part_of_the_province_opens_on_that_part(
    whole_cast: Cast, who: str
) -> None:
    board = gather(whole_cast.users[who], NOON, view="", rows=ON_A_DESK)
    assert board.map is not None
    assert board.map.drawing is not None
    assert board.map.view == "county"
    shown = board.map.frame
    assert shown is not None
    assert shown.width < board.map.drawing.width
    own = [t for t in board.map.drawing.tiles if t.code == whole_cast.county.code]
    assert shown.x <= own[0].x
    assert own[0].right <= shown.x + shown.width
    chosen = gather(whole_cast.users[who], NOON, view="prefecture", rows=ON_A_DESK).map
    assert chosen is not None
    assert chosen.frame is None


def test_a_replayed_recording_pulls_no_online_rate_down(
    whole_cast: Cast, add_plant: AddPlant, says: Callable[[EngineNow], None]
) -> None:
    live, replayed = add_plant(whole_cast.plant), add_plant(whole_cast.plant)
    Unit.objects.filter(plant=replayed).update(kind="recording")
    old = NOON - timedelta(days=1)
    says(
        EngineNow(
            reached=True,
            plants={live.pk: PlantNow(last_at=NOON), replayed.pk: PlantNow(last_at=old)},
        )
    )
    board = gather(whole_cast.duty_officer, NOON, view="", rows=ON_A_DESK)
    assert (board.figures.plants, board.figures.online, board.figures.online_share) == (1, 1, 100)
    assert {line.plant.pk for line in board.plants} == {live.pk, replayed.pk}


def test_the_wall_tells_of_every_plant_however_many_there_are(
    whole_cast: Cast, add_plant: AddPlant, says: Callable[[EngineNow], None]
) -> None:
    """Two hundred plants: each is asked for, and each that is heard counts."""
    plants = [add_plant(whole_cast.plant, points=0) for _ in range(200)]
    heard = {
        plant.pk: PlantNow(units={1: UnitState("dwc", at % 2 * 3)}, last_at=NOON)
        for at, plant in enumerate(plants[10:])
    }
    says(EngineNow(reached=True, plants=heard))
    board = gather(whole_cast.duty_officer, NOON, view="", rows=ON_A_DESK)
    assert (board.figures.plants, board.figures.online) == (200, 190)
    assert board.figures.online_share == 95.0
    assert sum(line.running for line in board.plants) == 95
    assert sum(line.last_at is None for line in board.plants) == 10
