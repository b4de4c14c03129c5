"""The explorer's answers: which points, which span, to whom, as what file."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from guatu.telemetry.query import Course, Export
from guatu.web.monitoring import doors, explore
from guatu.web.monitoring.actions import record_events
from guatu.web.monitoring.exports import TooLongForExcelError
from guatu.web.monitoring.models import Alarm
from guatu.web.warnings import models as warnings
from tests.cast import Cast
from tests.web.monitoring.conftest import Line, ms, register_line
from tests.web.monitoring.test_exports import stretch

PAGE = "/plants/history/"
COURSE = "/plants/history/course.json"
FILE = "/plants/history/file/"


class History:
    """A history at the seam; each minute of a span the same figures."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], datetime, datetime, int]] = []
        self.has_newest = True

    def course(
        self, ids: Sequence[int], start: datetime, end: datetime, *, most: int
    ) -> doors.Drawn:
        self.asked.append((list(ids), start, end, most))
        point = np.repeat(np.array(ids, np.int32), 2)
        at_ms = np.tile([ms(start), ms(end)], len(ids))
        value = np.tile([1.5, 3.25], len(ids))
        count = np.tile([10, 30], len(ids))
        course = Course(point, at_ms, value, value - 1, value + 1, count, 60_000)
        return doors.Drawn(course=course, has_newest=self.has_newest)

    def export(self, ids: list[int], *_: Any) -> Export:
        return Export(stretches=iter([stretch(pk) for pk in ids]), has_newest=True)


@pytest.fixture(autouse=True)
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    fake = History()
    monkeypatch.setattr(doors, "course", fake.course)
    monkeypatch.setattr(doors, "export", fake.export)
    return fake


def shown(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def test_the_page_shows_chosen_points_with_their_figures(
    client: Client, cast: Cast, line: Line
) -> None:
    client.force_login(cast.duty_officer)
    page = shown(client, f"{PAGE}?points={line.points['inlet_flow'].pk}&span=24h")
    for text in (
        "结晶器进水流量",
        "0.5",
        "2.8",
        "4.2",
        "40",
        'data-preset="24h" aria-pressed="true"',
    ):
        assert text in page
    assert "没有符合的测点" not in page


def test_a_plants_core_points_are_where_its_history_begins(
    client: Client, cast: Cast, line: Line, history: History
) -> None:
    client.force_login(cast.duty_officer)
    shown(client, f"{PAGE}?plant={line.plant.pk}")
    assert len(history.asked[0][0]) == 3
    cores = {point.pk for point in line.points.values() if point.core}
    assert set(history.asked[0][0]) <= cores
    assert f"{PAGE}?plant={line.plant.pk}" in shown(
        client, PAGE.replace("history/", f"{line.plant.pk}/")
    )


@pytest.mark.parametrize(
    ("who", "sees"),
    [("duty_officer", True), ("plant_officer", True), ("outsider", False)],
)
def test_points_are_found_and_drawn_only_for_those_who_may_see_their_plant(
    *, who: str, sees: bool, client: Client, cast: Cast, line: Line, history: History
) -> None:
    client.force_login(cast.users[who])
    point = line.points["inlet_flow"]
    found = shown(client, f"{PAGE}?part=found&q=进水 流量&plant={line.plant.pk}")
    assert (f'value="{point.pk}"' in found) is sees
    answer = client.get(f"{COURSE}?points={point.pk}").json()
    assert [one["id"] for one in answer["points"]] == ([point.pk] if sees else [])
    assert (point.name in shown(client, f"{PAGE}?points={point.pk}")) is sees
    page = shown(client, f"{PAGE}?points={point.pk},999999")
    assert f"有 {1 if sees else 2} 个测点未显示" in page
    response = client.get(f"{FILE}?points={point.pk}&format=csv&span=1h")
    assert (response.status_code == 200) is sees
    if sees:
        assert b"YN-AN-001" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_stranger_is_sent_to_sign_in(client: Client, line: Line) -> None:
    for url in (PAGE, COURSE, FILE):
        assert client.get(url).status_code == 302


def test_courses_come_with_alarms_limits_and_what_is_missing(
    client: Client, cast: Cast, line: Line, history: History
) -> None:
    at = timezone.now() - timedelta(minutes=5)
    events = [line.event("raised", "inlet_flow", "LL", 1, at=at)]
    record_events(partition=0, stream_seq=1, events=events, at=timezone.now())
    history.has_newest = False
    client.force_login(cast.duty_officer)
    point = line.points["inlet_flow"]
    answer = client.get(f"{COURSE}?points={point.pk}&span=1h&places=400&about=1").json()
    assert (answer["width"], answer["newest"]) == (60_000, False)
    assert answer["points"][0]["v"] == [1.5, 3.25]
    assert answer["points"][0]["low"] == [0.5, 2.25]
    assert {limit["slot"] for limit in answer["points"][0]["limits"]} >= {"LL"}
    (alarm,) = answer["alarms"]
    assert (alarm["point"], alarm["stage"], alarm["from"], alarm["to"]) == (
        point.pk,
        2,
        ms(at),
        answer["to"],
    )
    assert answer["about"][0]["plant"] == "安宁示范铝业"
    assert history.asked[-1][3] == 400


@pytest.mark.parametrize(
    ("given", "length", "is_asked"),
    [
        ({}, timedelta(hours=8), True),
        ({"span": "7d"}, timedelta(days=7), True),
        ({"span": "7d", "from": "1", "to": "2"}, timedelta(days=7), True),
        ({"from": "1700000000000", "to": "1700000060000"}, timedelta(minutes=1), True),
        ({"from": "2026-11-24T08:00", "to": "2026-11-24T08:30"}, timedelta(minutes=30), True),
        ({"span": "9d"}, timedelta(hours=8), False),
        ({"from": "2026-11-24T08:00"}, timedelta(hours=8), False),
        ({"from": "5", "to": "1"}, timedelta(hours=8), False),
        ({"from": "x", "to": "y"}, timedelta(hours=8), False),
        ({"from": "-999999999999999", "to": "999999999999999"}, timedelta(hours=8), False),
    ],
)
def test_a_span_is_read_or_told_to_be_none(
    given: dict[str, str], length: timedelta, *, is_asked: bool
) -> None:
    span, was_asked = explore.span_from(given, at=timezone.now())
    assert (span.end - span.start, was_asked) == (length, is_asked)


def test_nonsense_is_answered_with_a_sentence(client: Client, cast: Cast, line: Line) -> None:
    client.force_login(cast.duty_officer)
    assert client.get(f"{COURSE}?from=5&to=1").status_code == 422
    assert "时间范围不成立" in shown(client, f"{PAGE}?from=5&to=1")
    shown(client, f"{PAGE}?points=%00,abc,-1,{'9' * 30}&plant=x&q=%00")
    for query in (
        "format=exe",
        "format=csv",
        f"points={line.points['inlet_flow'].pk}&resolution=x",
    ):
        response = client.get(f"{FILE}?{query}", follow=True)
        assert response.redirect_chain[0][0].startswith(PAGE)
        assert "请" in response.content.decode()


def test_a_file_that_excel_cannot_hold_is_refused_and_the_view_stays(
    client: Client, cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TooLongForExcelError(2_000_000)

    monkeypatch.setattr("guatu.web.monitoring.exports.write_xlsx", refuse)
    client.force_login(cast.duty_officer)
    point = line.points["inlet_flow"].pk
    response = client.get(f"{FILE}?points={point}&span=24h&format=xlsx", follow=True)
    assert f"points={point}&span=24h" in response.redirect_chain[0][0]
    assert "2,000,000" in response.content.decode()


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "csv"])
def test_a_file_carries_its_begin_in_its_name(
    client: Client, cast: Cast, line: Line, kind: str
) -> None:
    client.force_login(cast.duty_officer)
    query = f"points={line.points['inlet_flow'].pk}&from=2026-11-24T08:00&to=2026-11-24T09:00"
    response = client.get(f"{FILE}?{query}&format={kind}&resolution=minute")
    name = f"guatu-20261124-0800-minute.{kind}"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert len(b"".join(response.streaming_content)) > 100  # type: ignore[attr-defined]


def test_more_points_cost_no_more_queries(client: Client, cast: Cast, line: Line) -> None:
    client.force_login(cast.duty_officer)
    counts = []
    for points in ([1], list(range(1, 9))):
        ids = [point.pk for point in list(line.points.values())[: len(points)]]
        url = f"{COURSE}?points={','.join(map(str, ids))}"
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(url)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_at_most_twenty_points_are_drawn(
    client: Client, cast: Cast, line: Line, history: History
) -> None:
    second = register_line(cast, code="YN-AN-002")
    ids = [p.pk for p in (*line.points.values(), *second.points.values())][:25]
    assert len(ids) > explore.MOST_POINTS
    client.force_login(cast.duty_officer)
    client.get(f"{COURSE}?points={','.join(map(str, ids))}")
    assert history.asked[-1][0] == ids[: explore.MOST_POINTS]


def test_an_alarm_leads_to_what_was_read_around_it(
    client: Client, cast: Cast, line: Line, history: History
) -> None:
    began = timezone.now() - timedelta(hours=2)
    point = line.points["inlet_flow"]
    events = [line.event("raised", "inlet_flow", "LL", 1, at=began)]
    record_events(partition=0, stream_seq=1, events=events, at=timezone.now())
    client.force_login(cast.duty_officer)
    address = explore.around(Alarm.objects.get())
    # How far an alarm that lasts is shown grows with it: to some seconds the same.
    beginning = escape(address.partition("&to=")[0][:-4])
    plant_page = shown(client, PAGE.replace("history/", f"{line.plant.pk}/"))
    assert beginning in plant_page
    warning = warnings.Warning.objects.get()
    assert beginning in shown(client, reverse("warnings:detail", args=[warning.pk]))
    assert point.name in shown(client, address)
    ids, start, end, _ = history.asked[-1]
    assert ids == [point.pk]
    # A quarter of its two hours on each side.
    assert (ms(start), ms(end) - ms(timezone.now())) == pytest.approx(
        (ms(began - timedelta(minutes=30)), 1_800_000), abs=60_000
    )
