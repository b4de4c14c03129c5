"""A connection's life: each deed by whom, from where to where, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import transaction

from guatu.access.messages import PlantConfig
from guatu.web.connection import actions, life
from guatu.web.connection.actions import Wish
from guatu.web.connection.errors import DeedRefused
from guatu.web.connection.life import Deed, State
from guatu.web.connection.models import Connection, ConnectionEntry
from guatu.web.monitoring.actions import note_key_use, register_plant
from guatu.web.monitoring.models import Outbox, Plant, PlantKey
from guatu.web.monitoring.queries import plant_config
from guatu.web.monitoring.specs import unit_from_model
from guatu.web.people import permission
from tests.cast import Cast
from tests.web.connection.conftest import NOON


def config(connection: Connection) -> PlantConfig:
    """What gateway and engine know of the plant now."""
    return plant_config(Plant.objects.get(connection=connection))


def deeds(connection: Connection) -> list[str]:
    return [entry.deed for entry in connection.entries.all()]


def later(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_an_application_goes_back_and_forth_and_becomes_a_plant(cast: Cast, wish: Wish) -> None:
    asked = actions.ask(wish, by=cast.plant_officer, at=NOON)
    assert (asked.region, asked.organisation) == (cast.county, cast.plant)
    actions.send_back(asked.pk, by=cast.duty_officer, at=later(1), note="缺少应急水箱液位测点")
    better = replace(wish, contact="0871-1234567")
    actions.resubmit(asked.pk, better, by=cast.plant_officer, at=later(2), note="已补充")
    done = actions.approve(asked.pk, by=cast.duty_officer, at=later(3))
    assert done.state == State.APPROVED
    assert done.plant is not None
    assert done.plant.contact == "0871-1234567"
    assert len(config(done).points) == wish.application.points
    assert config(done).keys == ()
    history = list(done.entries.all())
    assert [(e.deed, e.by, e.note) for e in history] == [
        (Deed.REQUEST, cast.plant_officer, ""),
        (Deed.SEND_BACK, cast.duty_officer, "缺少应急水箱液位测点"),
        (Deed.RESUBMIT, cast.plant_officer, "已补充"),
        (Deed.APPROVE, cast.duty_officer, ""),
    ]
    assert [e.to_state for e in history] == ["requested", "sent_back", "requested", "approved"]


def test_the_first_data_connects_once(approved: Connection) -> None:
    assert actions.note_first_beat(approved.pk, seen_at=later(1), at=later(2))
    assert not actions.note_first_beat(approved.pk, seen_at=later(3), at=later(3))
    approved.refresh_from_db()
    assert (approved.state, approved.connected_at) == (State.CONNECTED, later(1))
    assert deeds(approved).count(Deed.CONNECT) == 1


def test_a_suspended_plant_has_no_keys_and_nobody_waits_for_it(
    cast: Cast, approved: Connection
) -> None:
    actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    before = config(approved)
    actions.suspend(approved.pk, by=cast.duty_officer, at=later(1), note="网关被入侵")
    during = config(approved)
    assert during.keys == ()
    assert all(point.missing_after_ms is None for point in during.points)
    assert [p.limits for p in during.points] == [p.limits for p in before.points]
    actions.resume(approved.pk, by=cast.duty_officer, at=later(2))
    after = config(approved)
    assert (after.keys, after.points) == (before.keys, before.points)
    approved.refresh_from_db()
    assert approved.state == State.APPROVED


def test_one_that_had_sent_is_connected_again_after_resuming(
    cast: Cast, approved: Connection
) -> None:
    actions.note_first_beat(approved.pk, seen_at=NOON, at=NOON)
    actions.suspend(approved.pk, by=cast.duty_officer, at=NOON, note="核查")
    assert actions.resume(approved.pk, by=cast.duty_officer, at=NOON).state == State.CONNECTED


def test_an_ended_connection_leaves_the_wire_and_keeps_its_history(
    cast: Cast, approved: Connection
) -> None:
    actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    actions.end(approved.pk, by=cast.duty_officer, at=later(1), note="企业关停")
    assert (config(approved).keys, config(approved).points) == ((), ())
    assert not PlantKey.objects.filter(revoked_at=None).exists()
    assert deeds(approved)[-1] == Deed.END
    with pytest.raises(DeedRefused):
        actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=later(2))


def test_the_code_of_an_ended_application_is_free_again_but_not_that_of_a_plant(
    cast: Cast, wish: Wish, requested: Connection
) -> None:
    with pytest.raises(DeedRefused, match="code_asked_for"):
        actions.ask(wish, by=cast.plant_officer, at=NOON)
    actions.withdraw(requested.pk, by=cast.plant_officer, at=NOON)
    again = actions.ask(wish, by=cast.plant_officer, at=NOON)
    actions.approve(again.pk, by=cast.duty_officer, at=NOON)
    with pytest.raises(DeedRefused, match="code_taken"):
        actions.ask(wish, by=cast.plant_officer, at=NOON)


def test_a_second_key_holds_beside_the_old_one_until_the_overlap_is_over(
    cast: Cast, approved: Connection
) -> None:
    first = actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    second = actions.issue_key(
        approved.pk, overlap=timedelta(hours=24), by=cast.plant_officer, at=later(1)
    )
    assert {k.sha256 for k in config(approved).keys} == {first.key.sha256, second.key.sha256}
    assert actions.end_old_keys(at=later(24.9)) == 0
    placed_before = Outbox.objects.count()
    assert actions.end_old_keys(at=later(25)) == 1
    assert actions.end_old_keys(at=later(25)) == 0
    assert Outbox.objects.count() == placed_before + 1
    assert [k.sha256 for k in config(approved).keys] == [second.key.sha256]
    assert deeds(approved)[-1] == Deed.KEY_ENDED


def test_a_later_overlap_never_prolongs_an_old_key(cast: Cast, approved: Connection) -> None:
    first = actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    for hours in (1, 24):
        actions.issue_key(
            approved.pk, overlap=timedelta(hours=hours), by=cast.plant_officer, at=NOON
        )
    first.key.refresh_from_db()
    assert first.key.valid_until == later(1)


def test_an_overlap_of_nothing_ends_the_old_keys_at_once(cast: Cast, approved: Connection) -> None:
    actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    new = actions.issue_key(approved.pk, overlap=timedelta(0), by=cast.plant_officer, at=later(1))
    assert [k.sha256 for k in config(approved).keys] == [new.key.sha256]


@pytest.mark.parametrize("days", [-1, 91])
def test_an_overlap_has_bounds(cast: Cast, approved: Connection, days: int) -> None:
    with pytest.raises(DeedRefused, match="overlap_out_of_range"):
        actions.issue_key(approved.pk, overlap=timedelta(days=days), by=cast.plant_officer, at=NOON)


def test_a_key_is_revoked_with_a_reason_and_once(cast: Cast, approved: Connection) -> None:
    issued = actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON)
    with pytest.raises(DeedRefused, match="reason_missing"):
        actions.revoke_key(approved.pk, issued.key.pk, by=cast.duty_officer, at=NOON, note=" ")
    actions.revoke_key(approved.pk, issued.key.pk, by=cast.duty_officer, at=NOON, note="泄露")
    assert config(approved).keys == ()
    issued.key.refresh_from_db()
    assert (issued.key.revoked_by, issued.key.revoked_why) == (cast.duty_officer, "泄露")
    with pytest.raises(DeedRefused, match="revoked_already"):
        actions.revoke_key(approved.pk, issued.key.pk, by=cast.duty_officer, at=NOON, note="泄露")


def test_the_last_use_of_a_key_never_goes_back(cast: Cast, approved: Connection) -> None:
    key = actions.issue_key(approved.pk, overlap=None, by=cast.plant_officer, at=NOON).key
    assert note_key_use({key.sha256: later(2), "0" * 64: later(2)}) == 1
    assert note_key_use({key.sha256: later(1)}) == 0
    key.refresh_from_db()
    assert key.last_used_at == later(2)


def test_plants_registered_by_the_installation_are_adopted_once(cast: Cast) -> None:
    register_plant(
        code="YN-AN-001",
        name="安宁示范铝业",
        organisation=cast.plant,
        region=cast.county,
        units=[unit_from_model("dwc", code="DWC1")],
        by=None,
        at=NOON,
    )
    assert actions.adopt_plants(at=NOON, note="演示") == 1
    assert actions.adopt_plants(at=NOON) == 0
    adopted = Connection.objects.get()
    assert (adopted.code, adopted.state, deeds(adopted)) == (
        "YN-AN-001",
        State.APPROVED,
        [Deed.ADOPT],
    )


@pytest.mark.parametrize(
    ("state", "deed"),
    [pair for pair in product(State, life.STEPS) if not life.may_follow(*pair)],
)
def test_a_deed_that_does_not_follow_is_refused(
    cast: Cast, approved: Connection, wish: Wish, state: State, deed: Deed
) -> None:
    Connection.objects.update(state=state.value)
    key = PlantKey.objects.create(plant_id=approved.plant_id or 0, sha256="a" * 64, issued_at=NOON)
    officer, plant = cast.duty_officer, cast.plant_officer
    say: dict[str, Any] = {"at": NOON, "note": "理由"}
    does: dict[Deed, Callable[[], object]] = {
        Deed.RESUBMIT: lambda: actions.resubmit(approved.pk, wish, by=plant, **say),
        Deed.WITHDRAW: lambda: actions.withdraw(approved.pk, by=plant, **say),
        Deed.SEND_BACK: lambda: actions.send_back(approved.pk, by=officer, **say),
        Deed.APPROVE: lambda: actions.approve(approved.pk, by=officer, **say),
        Deed.SUSPEND: lambda: actions.suspend(approved.pk, by=officer, **say),
        Deed.RESUME: lambda: actions.resume(approved.pk, by=officer, **say),
        Deed.END: lambda: actions.end(approved.pk, by=officer, **say),
        Deed.ISSUE_KEY: lambda: actions.issue_key(approved.pk, overlap=None, by=plant, **say),
        Deed.REVOKE_KEY: lambda: actions.revoke_key(approved.pk, key.pk, by=plant, **say),
    }
    if deed is Deed.CONNECT:
        assert not actions.note_first_beat(approved.pk, seen_at=NOON, at=NOON)
    else:
        with pytest.raises(DeedRefused, match="not_now"):
            does[deed]()
    approved.refresh_from_db()
    assert approved.state == state


VERBS = {
    "connection.see": {
        "dispatcher",
        "enterprise",
        "viewer",
        "province_duty_officer",
        "city_duty_officer",
        "supervisor",
        "duty_officer",
        "plant_officer",
    },
    "connection.ask": {"plant_officer", "enterprise"},
    "connection.decide": {"province_duty_officer", "city_duty_officer", "duty_officer"},
    "connection.shut": {
        "province_duty_officer",
        "city_duty_officer",
        "duty_officer",
    },
    "connection.manage_keys": {
        "province_duty_officer",
        "city_duty_officer",
        "duty_officer",
        "plant_officer",
    },
}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_only_the_allowed_may(cast: Cast, requested: Connection, verb: str) -> None:
    may = {who for who, user in cast.users.items() if permission.may(user, verb, requested)}
    assert may == VERBS[verb]


def test_every_verb_is_in_the_matrix_above() -> None:
    assert {v for v in permission.table() if v.startswith("connection.")} == set(VERBS)


def test_who_may_not_is_refused_by_the_action_itself(
    cast: Cast, requested: Connection, wish: Wish
) -> None:
    say: dict[str, Any] = {"at": NOON, "note": "理由"}
    refused: list[Callable[[], object]] = [
        lambda: actions.approve(requested.pk, by=cast.outsider, **say),
        lambda: actions.approve(requested.pk, by=cast.plant_officer, **say),
        lambda: actions.send_back(requested.pk, by=cast.supervisor, **say),
        lambda: actions.withdraw(requested.pk, by=cast.duty_officer, **say),
        lambda: actions.ask(wish, by=cast.duty_officer, at=NOON),
        lambda: actions.issue_key(
            requested.pk, overlap=None, by=cast.outside_plant_officer, at=NOON
        ),
    ]
    for deed in refused:
        with pytest.raises(PermissionDenied):
            deed()


def test_history_is_only_added_to(requested: Connection) -> None:
    entry = requested.entries.get()
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        ConnectionEntry.objects.update(note="anders")
    with database.cursor() as cursor:
        cursor.execute("select count(*) from connection_connectionentry")
        assert cursor.fetchone()[0] == 1
