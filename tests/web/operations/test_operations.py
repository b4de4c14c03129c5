"""The operations page: what processes tell, what is amiss, and who may read it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from guatu.telemetry import query
from guatu.telemetry.query import EngineUnavailable, ProcessNow
from guatu.web.operations import queries
from guatu.web.operations.actions import note_pulse
from guatu.web.operations.drawing import HEIGHT, WIDTH, course
from guatu.web.operations.findings import findings
from guatu.web.operations.models import Pulse
from guatu.web.operations.standing import Standing, read
from guatu.web.people import permission
from tests.cast import Cast

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
DAY_MS = 86_400_000


def process(name: str, **facts: Any) -> ProcessNow:
    return ProcessNow(
        process=name,
        pid=1,
        started_at=AT - timedelta(hours=2),
        version="0.1.0",
        memory=200_000_000,
        cpu_s=720.0,
        facts=facts,
    )


def partition(number: int, *, behind_s: float = 0.5, **other: Any) -> dict[str, Any]:
    return {
        "partition": number,
        "sequence": 1000,
        "stored_sequence": 900,
        "tick_ms": round((AT.timestamp() - behind_s) * 1000),
        "plants": 3,
        "points": 90,
        "active_alarms": 2,
        "events_waiting": 0,
        "samples": {"received": 110, "stored": 100, "doubled_beat": 7, "unknown_point": 3},
        **other,
    }


def told(**changes: dict[str, Any]) -> list[ProcessNow]:
    """A house in good order, changed as a test says."""
    names = ("gateway", "engine", "live", "worker", "web")
    supervised = {
        name: {"starts": 1, "started": (AT - timedelta(hours=2)).isoformat(), "alive": True}
        for name in ("log", *names)
    }
    facts: dict[str, dict[str, Any]] = {
        "gateway": {"backlog": [4, 0], "disks": [["/g", 90, 100, 0]]},
        "engine": {"partitions": [partition(0), partition(1)]},
        "live": {"streams": 3},
        "worker": {
            "recorder": {"lag": 0},
            "outbox": {"waiting": 0, "oldest_s": 0.0},
            "log": {"synced": True, "started": AT.isoformat(), "memory": 1, "version": "2.15.1"},
            "backup": {"at": (AT - timedelta(hours=3)).isoformat(), "size": 9, "same_disk": False},
            "certificate_until": (AT + timedelta(days=400)).isoformat(),
            "supervised": supervised,
        },
    }
    return [process(name, **{**of, **changes.get(name, {})}) for name, of in facts.items()]


def backup(hours: int, *, same_disk: bool) -> dict[str, Any]:
    at = AT - timedelta(hours=hours)
    return {"at": at.isoformat(), "size": 1, "same_disk": same_disk}


def amiss(processes: list[ProcessNow], days_left: float | None = None) -> list[str]:
    with translation.override("en"):
        return [one.what for one in findings(read(processes, AT), days_left)]


def test_a_house_in_good_order_has_no_findings() -> None:
    assert amiss(told()) == []


def test_what_the_processes_tell_becomes_one_picture() -> None:
    house = read(told(), AT)
    assert (house.accepted, house.left_out, house.backlog) == (200, 20, 4)
    assert [row.unstored for row in house.partitions] == [100, 100]
    assert house.behind_s == pytest.approx(0.5, abs=0.01)
    assert {row.name for row in house.processes if row.alive} == {
        "log",
        "gateway",
        "engine",
        "live",
        "worker",
        "web",
    }
    loads = {row.name: row.load for row in house.processes}
    assert loads["engine"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gateway": {"disks": [["/g", 9, 100, 1]]}}, "filling up"),
        ({"gateway": {"disks": [["/g", 4, 100, 2]]}}, "nearly full"),
        ({"engine": {"partitions": [partition(0, behind_s=60)]}}, "60 s behind"),
        ({"gateway": {"backlog": [900, 0]}}, "900 messages of the log"),
        ({"worker": {"recorder": {"lag": 500}}}, "500 messages of events"),
        ({"worker": {"outbox": {"waiting": 2, "oldest_s": 90.0}}}, "90 s to take effect"),
        ({"worker": {"notices": {"untold": 2}}}, "2 events could not be told"),
        ({"worker": {"notices": {"late": 3}}}, "3 deliveries of notices are late"),
        ({"worker": {"notices": {"failing_hooks": 1}}}, "1 hooks fail"),
        ({"worker": {"backup": None}}, "no backup yet"),
        ({"worker": {"backup": backup(96, same_disk=False)}}, "96 hours"),
        ({"worker": {"backup": backup(1, same_disk=True)}}, "should save"),
        ({"worker": {"certificate_until": "2026-12-01T00:00:00+00:00"}}, "2026-12-01"),
        ({"worker": {"log": {"synced": False}}}, "does not sync"),
        ({"worker": {"verified": {"at": AT.isoformat(), "open": 2}}}, "2 findings open"),
        ({"worker": {"damaged": 3}}, "3 files of history cannot be read"),
    ],
)  # fmt: skip
def test_what_is_amiss_is_said(changes: dict[str, dict[str, Any]], sentence: str) -> None:
    said = amiss(told(**changes))
    assert len(said) == 1
    assert sentence in said[0]


def test_a_process_that_does_not_answer_is_named() -> None:
    said = amiss([one for one in told() if one.process != "live"])
    assert said == ["The process live does not answer."]


def test_a_disk_that_fills_within_two_weeks_is_said_with_its_days() -> None:
    assert amiss(told(), days_left=5.5) == ["At this pace the disk is full in 5 days."]
    assert amiss(told(), days_left=50) == []


def test_the_worst_comes_first() -> None:
    house = read(told(worker={"backup": None}, gateway={"disks": [["/g", 4, 100, 2]]}), AT)
    assert [one.tone for one in findings(house, None)] == ["bad", "attention"]


def test_without_the_log_only_that_is_said() -> None:
    with translation.override("en"):
        found = findings(Standing(at=AT, reached=False), None)
    assert len(found) == 1
    assert "log does not answer" in found[0].what


# --- courses ---------------------------------------------------------------------------------


def beat(minutes: int, *, free: int, accepted: int) -> None:
    Pulse.objects.create(
        at=AT + timedelta(minutes=minutes),
        accepted=accepted,
        left_out=0,
        disk_free=free,
        disk_total=10**12,
    )


@pytest.mark.django_db
def test_days_left_follow_from_how_the_disk_filled() -> None:
    for minute in range(0, 24 * 60, 10):
        beat(minute, free=10**12 - minute * 10**8, accepted=minute)  # 144 GB a day
    at = AT + timedelta(days=1)
    left = queries.disk_days_left(at)
    assert left == pytest.approx((10**12 - 143 * 10**9) / 144e9, rel=0.01)


@pytest.mark.django_db
def test_a_disk_that_does_not_fill_and_a_young_house_have_no_days() -> None:
    assert queries.disk_days_left(AT) is None
    for minute in range(0, 24 * 60, 10):
        beat(minute, free=10**12 + minute, accepted=0)
    assert queries.disk_days_left(AT + timedelta(days=1)) is None
    assert queries.disk_days_left(AT + timedelta(hours=1)) is None


@pytest.mark.django_db
def test_a_rate_is_never_negative_when_counting_begins_anew() -> None:
    for minute, accepted in enumerate((100, 700, 60, 120)):
        beat(minute, free=1, accepted=accepted)
    steps = queries.courses(AT + timedelta(minutes=5))
    assert [step.rate for step in steps] == [10.0, None, 1.0]


@pytest.mark.django_db
def test_a_pulse_is_kept_once_a_minute_and_for_five_weeks() -> None:
    Pulse.objects.create(at=AT - timedelta(days=36))
    for second in (1, 30):
        note_pulse(facts=read(told(), AT), at=AT + timedelta(seconds=second))
    kept = Pulse.objects.get()
    assert (kept.at, kept.accepted, kept.disk_free) == (AT, 200, 90)


def test_a_course_stays_in_its_box_and_leaves_holes_open() -> None:
    points = [(AT + timedelta(minutes=m), float(m)) for m in (0, 1, 2, 60, 61)]
    drawn = course(points, AT, AT + timedelta(minutes=61))
    assert drawn.path.count("M") == 2
    numbers = [float(n) for n in drawn.path.replace("M", "").replace(",", " ").split()]
    assert all(0 <= x <= WIDTH for x in numbers[::2])
    assert all(0 <= y <= HEIGHT for y in numbers[1::2])
    assert all(a <= b for a, b in pairwise(numbers[::2]))


# --- the page --------------------------------------------------------------------------------


def test_only_administrators_and_supervisors_may_see_it(cast: Cast) -> None:
    may = {n for n, user in cast.users.items() if permission.may(user, "operations.see")}
    assert may == {"administrator", "supervisor"}


@pytest.mark.parametrize("path", ["/operations/", "/operations/parts/", "/operations/day/"])
def test_others_are_refused_and_strangers_sent_to_sign_in(
    path: str, cast: Cast, client: Client
) -> None:
    assert client.get(path).status_code == 302
    for name, user in cast.users.items():
        if name not in {"administrator", "supervisor"}:
            client.force_login(user)
            assert client.get(path).status_code == 403, name


def test_the_page_shows_the_house(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "processes", lambda _expected: told(worker={"backup": None}))
    client.force_login(cast.administrator)
    page = client.get("/operations/").content.decode()
    assert "尚无备份" in page
    assert "研判引擎" in page
    assert "200" in page


def test_the_page_says_so_when_the_log_is_away(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_expected: object) -> list[ProcessNow]:
        raise EngineUnavailable("the log")

    monkeypatch.setattr(query, "processes", away)
    client.force_login(cast.supervisor)
    page = client.get("/operations/").content.decode()
    assert "消息日志无应答" in page


def test_a_navigation_entry_is_shown_to_those_alone(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    assert "/operations/" in client.get("/account/").content.decode()
    client.force_login(cast.duty_officer)
    assert "/operations/" not in client.get("/account/").content.decode()
