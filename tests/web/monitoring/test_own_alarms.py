"""What a plant's own system says is recorded once and shown as the plant's own."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guatu.access.alarms import OwnAlarm as Said
from guatu.access.messages import Event
from guatu.web.monitoring.actions import record_events
from guatu.web.monitoring.models import Alarm, OwnAlarm
from guatu.web.warnings.models import Warning  # noqa: A004
from tests.cast import Cast
from tests.web.monitoring.conftest import Line

ADDRESS = "/plants/{}/alarms/own/"


def said(line: Line, **facts: Any) -> Event:
    now_ms = round((timezone.now() - timedelta(minutes=5)).timestamp() * 1000)
    own = Said(**{"id": "DCS-17", "kind": "raised", "at": now_ms, "text": "进水流量低低", **facts})
    return Event(
        id="0:1:0",
        kind="own_alarm",
        plant=line.plant.pk,
        at_ms=own.at,
        logged_ms=own.at + 40,
        own=own.as_json(),
    )


def record(*events: Event, seq: int = 1) -> None:
    record_events(partition=0, stream_seq=seq, events=list(events), at=timezone.now())


def test_it_is_recorded_once_and_raises_no_alarm_of_ours(line: Line) -> None:
    point = line.points["inlet_flow"]
    raised = said(line, point=point.code, value=60.2, limit=70.0, level=1)
    record(raised)
    record(raised, seq=2)
    record(said(line, kind="interlock", unit=point.unit.code, at=raised.at_ms + 800), seq=3)
    first, second = OwnAlarm.objects.order_by("at")
    assert (first.point, first.unit, first.level, first.value) == (point, point.unit, 1, 60.2)
    assert (second.kind, second.unit, second.point) == ("interlock", point.unit, None)
    assert not Alarm.objects.exists()
    assert not Warning.objects.exists()


def test_codes_that_are_not_registered_lose_no_alarm(line: Line) -> None:
    record(said(line, point="no.such", unit="X9"))
    own = OwnAlarm.objects.get()
    assert (own.point, own.unit, own.point_code, own.unit_code) == (None, None, "no.such", "X9")


def test_a_plant_that_is_not_registered_stops_no_other(line: Line) -> None:
    stranger = said(line)
    record(Event(**{**stranger.as_json(), "plant": 999_999}), stranger)
    assert OwnAlarm.objects.count() == 1


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_alarm_history_shows_it_as_the_plants_own(
    line: Line, cast: Cast, client: Client, language: str
) -> None:
    record(said(line, point=line.points["inlet_flow"].code, value=60.2, level=1))
    client.cookies["django_language"] = language
    client.force_login(cast.duty_officer)
    page = client.get(ADDRESS.format(line.plant.pk)).content.decode()
    assert "进水流量低低" in page
    assert ("企业自有" if language == "zh-hans" else "Plant's own system") in unescape(page)
    ours = client.get(f"/plants/{line.plant.pk}/alarms/").content.decode()
    assert "进水流量低低" not in ours
    assert ADDRESS.format(line.plant.pk) in ours


def test_an_outsider_sees_no_plants_own_alarms(line: Line, cast: Cast, client: Client) -> None:
    client.force_login(cast.outsider)
    assert client.get(ADDRESS.format(line.plant.pk)).status_code == 404
