"""A plant may not disarm its core points alone: it asks, and its bureau agrees or refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import (
    approve_limit,
    change_limit,
    refuse_limit,
    request_limit,
    withdraw_limit,
)
from guatu.web.monitoring.errors import (
    AlreadyDecidedError,
    ConsentNeededError,
    LimitRefusedError,
)
from guatu.web.monitoring.models import LimitRequest, LimitVersion, Outbox, Slot, Verdict
from guatu.web.monitoring.specs import LimitSpec
from tests.cast import Cast
from tests.web.monitoring.conftest import NOON, Line
from tests.web.monitoring.test_limits import spec

LATER = NOON + timedelta(hours=1)
LOOSER = spec("150")


def _ask(line: Line, cast: Cast, limit: LimitSpec = LOOSER) -> LimitRequest:
    return request_limit(
        line.points["inlet_flow"].pk,
        Slot.L,
        limit,
        why="夏季流量偏低",
        by=cast.plant_officer,
        at=NOON,
    )


def _held(line: Line) -> Decimal | None:
    point = line.points["inlet_flow"]
    return LimitVersion.objects.current().get(point=point, slot=Slot.L).value


@pytest.mark.parametrize(
    "limit", [LOOSER, spec(None), spec("170", on_delay_s=Decimal(30)), spec("170", states=(3,))]
)
def test_a_plant_cannot_loosen_a_core_point_alone(line: Line, cast: Cast, limit: LimitSpec) -> None:
    point = line.points["inlet_flow"].pk
    with pytest.raises(ConsentNeededError):
        change_limit(point, Slot.L, limit, why="放宽", by=cast.plant_officer, at=NOON)
    assert _held(line) == 170
    change_limit(point, Slot.L, limit, why="放宽", by=cast.duty_officer, at=NOON)
    assert _held(line) == limit.value


def test_a_plant_tightens_alone_and_loosens_what_is_no_core_point(line: Line, cast: Cast) -> None:
    flow, tank = line.points["inlet_flow"].pk, line.points["tank_level"].pk
    change_limit(flow, Slot.L, spec("175"), why="收紧", by=cast.plant_officer, at=NOON)
    wanted = LimitSpec(value=Decimal("3.5"), deadband=Decimal("0.1"))
    change_limit(tank, Slot.L, wanted, why="放宽", by=cast.plant_officer, at=NOON)


def test_what_was_asked_for_holds_once_the_bureau_agrees(line: Line, cast: Cast) -> None:
    asked, queued = _ask(line, cast), Outbox.objects.count()
    assert _held(line) == 170
    assert queries.plants_asking(cast.duty_officer) == [line.plant]
    version = approve_limit(asked.pk, by=cast.duty_officer, at=LATER)
    asked.refresh_from_db()
    assert _held(line) == 150
    assert (version.changed_by, version.why) == (cast.plant_officer, "夏季流量偏低")
    assert (asked.verdict, asked.decided_by) == (Verdict.APPROVED, cast.duty_officer)
    assert Outbox.objects.count() == queued + 1
    assert queries.plants_asking(cast.duty_officer) == []


def test_a_refusal_needs_a_reason_and_changes_nothing(line: Line, cast: Cast) -> None:
    asked = _ask(line, cast)
    with pytest.raises(LimitRefusedError):
        refuse_limit(asked.pk, why=" ", by=cast.duty_officer, at=LATER)
    refuse_limit(asked.pk, why="流量不足时无余量", by=cast.duty_officer, at=LATER)
    assert _held(line) == 170
    with pytest.raises(AlreadyDecidedError):
        approve_limit(asked.pk, by=cast.duty_officer, at=LATER)


def test_a_second_request_replaces_the_first_and_can_be_withdrawn(line: Line, cast: Cast) -> None:
    first, second = _ask(line, cast), _ask(line, cast, spec("160"))
    first.refresh_from_db()
    assert first.verdict == Verdict.WITHDRAWN
    withdraw_limit(second.pk, by=cast.plant_officer, at=LATER)
    assert not LimitRequest.objects.waiting().exists()


def test_a_request_that_other_limits_have_overtaken_cannot_be_agreed_to(
    line: Line, cast: Cast
) -> None:
    asked = _ask(line, cast)
    point = line.points["inlet_flow"].pk
    change_limit(point, Slot.LL, spec("160"), why="收紧", by=cast.plant_officer, at=LATER)
    with pytest.raises(LimitRefusedError):
        approve_limit(asked.pk, by=cast.duty_officer, at=LATER)
    asked.refresh_from_db()
    assert asked.verdict == Verdict.WAITING


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("duty_officer", True),
        ("city_duty_officer", True),
        ("plant_officer", False),
        ("supervisor", False),
        ("outsider", False),
    ],
)
def test_who_may_agree(line: Line, cast: Cast, who: str, *, allowed: bool) -> None:
    asked = _ask(line, cast)
    if allowed:
        approve_limit(asked.pk, by=cast.users[who], at=LATER)
        return
    with pytest.raises(PermissionDenied):
        approve_limit(asked.pk, by=cast.users[who], at=LATER)


@pytest.mark.parametrize(
    ("slot", "wanted", "code", "where"),
    [
        (Slot.L, spec("175", deadband=Decimal(200)), "deadband_beyond", "deadband"),
        (Slot.LL, spec("145", deadband=Decimal(26)), "deadband_beyond", "deadband"),
        (Slot.L, spec("595", deadband=Decimal(6)), "deadband_beyond", "deadband"),
        (Slot.L, spec("175", on_delay_s=Decimal(61)), "delay_too_long", "on_delay_s"),
        (Slot.L, spec("175", off_delay_s=Decimal(100_000)), "delay_too_long", "off_delay_s"),
        (Slot.MISSING, spec("61"), "silence_out_of_range", "value"),
    ],
)
def test_a_setting_that_would_disarm_an_alarm_is_refused_even_to_the_bureau(  # noqa: PLR0917
    line: Line, cast: Cast, slot: Slot, wanted: LimitSpec, code: str, where: str
) -> None:
    point = line.points["inlet_flow"].pk
    with pytest.raises(LimitRefusedError) as refused:
        change_limit(point, slot, wanted, why="试", by=cast.duty_officer, at=NOON)
    assert (code, where) in [(p.code, p.where) for p in refused.value.problems]


def test_loosening_on_the_page_becomes_a_request_that_the_bureau_answers(
    line: Line, cast: Cast, client: Client
) -> None:
    point = line.points["inlet_flow"].pk
    client.force_login(cast.plant_officer)
    url = reverse("monitoring:change-limit", args=[line.plant.pk, point, "L"])
    figures = {"value": "１５０．０", "deadband": " 4", "on_delay_s": "1", "off_delay_s": "5"}
    told = client.post(
        url, {**figures, "states": ["1", "2", "3", "4"], "why": "夏季"}, follow=True
    ).content.decode()
    asked = LimitRequest.objects.get()
    assert asked.value == 150
    assert "已提交申请" in told
    assert "撤回申请" in told
    client.force_login(cast.duty_officer)
    assert "申请放宽核心测点限值" in client.get(reverse("monitoring:plants")).content.decode()
    answer = reverse("monitoring:answer-limit", args=[line.plant.pk, asked.pk, "approve"])
    assert "已批准" in client.post(answer, follow=True).content.decode()
    assert _held(line) == 150
