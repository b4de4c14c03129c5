"""What is written down of a change: who, when, from where, from what to what, why."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from guatu.web.audit.models import Act, Change, Unsealed
from guatu.web.audit.registry import WATCHED
from guatu.web.audit.settings_noted import note_settings
from guatu.web.connection.models import Connection, ConnectionState
from guatu.web.monitoring.models import (
    CommandKind,
    LimitRequest,
    LimitVersion,
    Outbox,
    PlannedStop,
    PlantKey,
    Slot,
    StopKind,
)
from guatu.web.monitoring.models.plant import Plant, Point, Unit
from guatu.web.notices.models import Hook, Preference
from guatu.web.people import actions
from guatu.web.people.actions import ContactSpec
from guatu.web.people.models import (
    ApiToken,
    DutyContact,
    Grant,
    Organisation,
    Role,
    SecondFactor,
    SignInEvent,
    User,
)
from tests.cast import PASSWORD, Cast
from tests.web.monitoring.conftest import Line, register_line
from tests.web.warnings.conftest import raise_one  # noqa: F401 - a fixture

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRETS = ("scrypt$", "md5$", "f" * 64, "sealed-secret")


def told_of(row: Any) -> list[Change]:
    """What is on record about a row, the oldest first."""
    kind = row._meta.label_lower
    return list(Change.objects.filter(kind=kind, record=str(row.pk)).order_by("id"))


def as_pairs(change: Change) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one.get("from"), one.get("to")) for one in change.changes}


@pytest.fixture
def line(cast: Cast) -> Line:
    return register_line(cast)


def test_a_change_on_a_page_tells_who_when_where_from_what_to_what(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.administrator)
    before = timezone.now()
    url = f"/people/{cast.viewer.pk}/edit/"
    given = {"name": "冯雪梅", "organisation": cast.city_bureau.name, "phone": "0871-5"}
    assert client.post(url, given, REMOTE_ADDR="10.1.2.3").status_code == 302
    change = told_of(cast.viewer)[-1]
    assert (change.act, change.actor, change.actor_name) == (
        Act.CHANGED,
        cast.administrator.pk,
        "管理员",
    )
    assert change.actor_organisation == "云南省应急管理厅"
    assert (change.address, change.door, len(change.request)) == ("10.1.2.3", "people:edit", 16)
    assert before <= change.at <= timezone.now()
    assert as_pairs(change) == {
        "name": ("冯雪", "冯雪梅"),
        "phone": ("", "0871-5"),
        "organisation": (
            {"id": cast.county_bureau.pk, "name": "安宁市应急管理局"},
            {"id": cast.city_bureau.pk, "name": "昆明市应急管理局"},
        ),
    }
    assert (change.region, change.organisation) == ("530100", cast.city_bureau.pk)


def test_a_command_is_told_by_its_name_and_the_machines_account(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUATU_DOING", "guatu user reset-password")
    monkeypatch.setattr("getpass.getuser", lambda: "operator")
    actions.reset_password(cast.viewer.pk, password="eine lange Zeile 77", by=None, at=NOON)
    change = told_of(cast.viewer)[-1]
    told = (change.actor, change.actor_name, change.actor_account, change.door)
    assert told == (None, "guatu user reset-password", "operator", "guatu user reset-password")
    assert change.changes == [{"field": "password", "secret": True}]


def test_the_reason_that_was_given_is_told(cast: Cast) -> None:
    grant = actions.grant_role(
        cast.viewer,
        Role.SUPERVISOR,
        cast.city,
        why="代班",
        by=cast.security_administrator,
        at=NOON,
    )
    actions.end_grant(grant.pk, why="代班结束", by=cast.security_administrator, at=NOON)
    begun, ended = told_of(grant)
    assert (begun.act, begun.why, begun.actor) == (
        Act.CREATED,
        "代班",
        cast.security_administrator.pk,
    )
    assert (ended.act, ended.why) == (Act.CHANGED, "代班结束")
    assert as_pairs(ended)["ended_why"] == ("", "代班结束")
    assert (begun.page_kind, begun.page_record) == ("people.user", str(cast.viewer.pk))


def _rows(cast: Cast, line: Line) -> list[Any]:
    """One row of each watched model."""
    plant, point = line.plant, line.points["inlet_flow"]
    by, user = cast.duty_officer, cast.viewer
    return [
        Organisation(name="新局", kind=Organisation.Kind.BUREAU, region=cast.city),
        User(username="neu", name="新人", organisation=cast.plant, password="scrypt$" + "f" * 64),
        Grant(user=user, role=Role.SUPERVISOR, region=cast.city, since=NOON, by=by, why="x"),
        DutyContact(organisation=cast.plant, order=9, name="甲", duty="值班", phone="138"),
        SecondFactor(user=user, sealed_secret="sealed-secret", since=NOON, last_step=1),
        ApiToken(
            user=user,
            name="大屏",
            prefix="guatu_abc",
            digest="f" * 64,
            scopes=["warnings.read"],
            made_at=NOON,
            expires_at=NOON + timedelta(1),
        ),
        Preference(user=user),
        Hook(
            name="群机器人",
            organisation=cast.plant,
            audience=Hook.Audience.EVENTS,
            url=f"https://example.test/{'f' * 64}",
            sealed_secret="sealed-secret",
            made_at=NOON,
            made_by=cast.administrator,
        ),
        Plant(organisation=cast.plant, region=cast.county, code="NEU", name="新厂"),
        PlantKey(plant=plant, sha256="f" * 64, issued_at=NOON, issued_by=by),
        Unit(plant=plant, code="U9", name="9号线", kind="dwc"),
        Point(unit=point.unit, code="p9", name="测点", physical_low=0, physical_high=1),
        LimitVersion(
            point=Point.objects.exclude(limits__slot=Slot.HH, limits__valid_to=None)[0],
            slot=Slot.HH,
            value=9,
            valid_from=NOON,
            changed_by=by,
            why="调整",
        ),
        LimitRequest(
            point=point, slot=Slot.LL, value=1, asked_by=cast.plant_officer, asked_at=NOON
        ),
        PlannedStop(
            plant=plant,
            kind=StopKind.HALT,
            begins_at=NOON,
            ends_at=NOON + timedelta(hours=1),
            reason="检修",
            declared_at=NOON,
            declared_by=cast.plant_officer,
        ),
        Outbox(plant=plant, kind=CommandKind.ACKNOWLEDGE, payload={"by": "x"}, created_at=NOON),
        Connection(
            organisation=cast.plant, region=cast.county, code="NEU", name="新厂", requested_at=NOON
        ),
    ]


CHANGES: dict[type[Any], tuple[str, Any, Any, Any]] = {
    Organisation: ("phone", "110", "", "110"),
    User: ("phone", "110", "", "110"),
    Grant: ("ended_why", "完", "", "完"),
    DutyContact: ("phone", "139", "138", "139"),
    SecondFactor: ("since", NOON + timedelta(1), NOON.isoformat(), "2026-11-24T04:00:00+00:00"),
    ApiToken: ("ended_at", NOON, None, NOON.isoformat()),
    Preference: ("email_from", 4, 3, 4),
    Hook: ("name", "改名", "群机器人", "改名"),
    Plant: ("name", "改名厂", "新厂", "改名厂"),
    PlantKey: ("revoked_why", "丢失", "", "丢失"),
    Unit: ("name", "10号线", "9号线", "10号线"),
    Point: ("physical_high", Decimal("2.50"), "1", "2.5"),
    LimitVersion: ("deadband", Decimal("0.5"), "0", "0.5"),
    LimitRequest: ("answer", "同意", "", "同意"),
    PlannedStop: ("ended_why", "提前", "", "提前"),
    Outbox: ("payload", {"by": "y"}, {"by": "x"}, {"by": "y"}),
    Connection: (
        "state",
        ConnectionState.APPROVED,
        ConnectionState.REQUESTED,
        ConnectionState.APPROVED,
    ),
}


def test_every_watched_model_is_told_created_changed_one_by_one_and_at_once_and_deleted(
    cast: Cast, line: Line
) -> None:
    assert set(CHANGES) == set(WATCHED)
    for row in _rows(cast, line):
        model: Any = type(row)
        column, value, old, new = CHANGES[model]
        original = getattr(row, column)
        row.save()
        setattr(row, column, value)
        row.save(update_fields=[column])
        assert model.objects.filter(pk=row.pk).update(**{column: original}) == 1
        key = row.pk
        model.objects.filter(pk=key).delete()
        row.pk = key
        told = told_of(row)
        acts = [change.act for change in told]
        assert acts == [Act.CREATED, Act.CHANGED, Act.CHANGED, Act.DELETED], model
        assert as_pairs(told[1]) == {column: (old, new)}, model
        assert as_pairs(told[2]) == {column: (new, old)}, model
        assert all(change.page_kind and change.region for change in told), model
        assert told[0].record_name
        assert not [secret for secret in SECRETS if secret in str([c.changes for c in told])]


def test_secrets_are_told_to_have_changed_and_never_what_they_are(cast: Cast, line: Line) -> None:
    for row in _rows(cast, line):
        row.save()
        for secret in WATCHED[type(row)].secret:
            assert {"field": secret, "secret": True} in told_of(row)[0].changes
    everything = "".join(str(change.changes) for change in Change.objects.all())
    assert not [secret for secret in SECRETS if secret in everything]
    assert line.key not in everything


def test_what_a_machine_counts_on_is_no_change(cast: Cast, line: Line) -> None:
    before = Change.objects.count()
    Plant.objects.filter(pk=line.plant.pk).update(config_version=77, applied_version=77)
    cast.viewer.last_login = NOON
    cast.viewer.save(update_fields=["last_login"])
    PlantKey.objects.update(last_used_at=NOON)
    cast.viewer.save()
    assert Change.objects.count() == before


def test_many_rows_changed_at_once_are_told_one_by_one(cast: Cast, line: Line) -> None:
    points = list(Point.objects.order_by("pk"))
    for point in points:
        point.name = f"{point.name}*"
    before = Change.objects.count()
    Point.objects.bulk_update(points, ["name"])
    assert Change.objects.count() - before == len(points)
    change = told_of(points[-1])[-1]
    assert as_pairs(change) == {"name": (points[-1].name[:-1], points[-1].name)}
    with pytest.raises(ValueError, match="refused"):
        Unit.objects.bulk_create([Unit(plant=line.plant, code="x")], ignore_conflicts=True)


def test_points_and_limits_of_a_plant_are_told_when_it_is_registered(line: Line) -> None:
    told = set(Change.objects.filter(page_record=str(line.plant.pk)).values_list("kind", flat=True))
    assert {"monitoring.point", "monitoring.limitversion", "monitoring.plantkey"} <= told
    for model in (Point, LimitVersion):
        kind = model._meta.label_lower
        assert Change.objects.filter(kind=kind).count() == model._default_manager.count()


def test_contacts_are_told_place_by_place(cast: Cast) -> None:
    first = ContactSpec(name="厂长", duty="负责人", phone="138")
    actions.keep_contacts(cast.plant.pk, [first], by=cast.plant_officer, at=NOON)
    second = ContactSpec(name="厂长", duty="负责人", phone="139")
    actions.keep_contacts(cast.plant.pk, [second], by=cast.plant_officer, at=NOON)
    change = Change.objects.filter(kind="people.dutycontact").latest("id")
    assert as_pairs(change) == {"phone": ("138", "139")}


def test_what_is_undone_leaves_no_trace(cast: Cast) -> None:
    before = Change.objects.count(), Unsealed.objects.count()

    with transaction.atomic():
        cast.viewer.phone = "1"
        cast.viewer.save()
        User.objects.filter(pk=cast.viewer.pk).update(phone="2")
        assert Unsealed.objects.count() == before[1] + 2
        transaction.set_rollback(True)
    assert (Change.objects.count(), Unsealed.objects.count()) == before


def test_a_warnings_and_a_sign_ins_history_is_linked_not_repeated(
    cast: Cast,
    client: Client,
    raise_one: Any,  # noqa: F811 - the fixture
) -> None:
    warning = raise_one()
    change = Change.objects.get(kind="warnings.warningentry")
    assert (change.act, change.page_kind, change.page_record) == (
        Act.ENTERED,
        "warnings.warning",
        str(warning.pk),
    )
    assert as_pairs(change)["deed"] == (None, "raise")
    assert len(change.digest) == 64
    client.post("/signin/", {"username": "chakan", "password": PASSWORD})
    event = SignInEvent.objects.latest("id")
    told = Change.objects.get(kind="people.signinevent", record=str(event.pk))
    assert as_pairs(told) == {"outcome": (None, "signed_in")}
    assert told.actor == cast.viewer.pk
    assert told.page_record == str(cast.viewer.pk)


def test_a_file_and_a_look_at_telephones_are_told(client: Client, cast: Cast) -> None:
    client.force_login(cast.administrator)
    answer = client.get("/people/?export=xlsx&q=1")
    io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    exported = Change.objects.get(act=Act.EXPORTED)
    assert (exported.actor, exported.record_name) == (cast.administrator.pk, "人员")
    assert as_pairs(exported)["query"] == (None, "q=1")
    client.get(f"/people/{cast.viewer.pk}/")
    seen = Change.objects.filter(act=Act.SEEN).latest("id")
    assert (seen.kind, seen.record) == ("people.user", str(cast.viewer.pk))


def test_settings_that_are_others_than_at_the_last_start_are_told(db: None, settings: Any) -> None:
    settings.PASSWORD_DAYS = 90
    first = note_settings()
    assert first is not None
    assert "SECRET_KEY" not in as_pairs(first)
    assert note_settings() is None
    settings.PASSWORD_DAYS = 0
    second = note_settings()
    assert second is not None
    assert as_pairs(second) == {"PASSWORD_DAYS": (90, 0)}
