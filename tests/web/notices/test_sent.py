"""Mails and calls: what goes out, when, signed how, tried how often, and to whom never."""

import email
import email.policy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from guatu.core.nouns.warning import Level
from guatu.web.notices import actions, collecting, delivering, sending
from guatu.web.notices.bodies import PRESETS
from guatu.web.notices.delivering import PAUSES, Outcome
from guatu.web.notices.models import Delivery, FromLevel, Hook, Message, Preference
from guatu.web.people.own_contact import change_own_email
from tests.cast import Cast
from tests.web.notices.conftest import MakeHook, Receiver
from tests.web.warnings.conftest import NOON, Raise

NIGHT = NOON + timedelta(hours=11)  # 23:00 where people are


def go(at: Any) -> int:
    """Collect, send and settle, as the worker does."""
    collecting.collect(at)
    parcels = delivering.take(at, most=100)
    for parcel in parcels:
        delivering.settle(parcel, sending.send(parcel), at=at)
    return len(parcels)


def write_to(cast: Cast, **wanted: Any) -> None:
    """Give the plant's officer a mailbox, and what he wants to be told."""
    change_own_email("wang@example.test", by=cast.plant_officer)
    Preference.objects.create(user=cast.plant_officer, **wanted)


def read(mail: str) -> tuple[Any, str]:
    read = email.message_from_string(mail, policy=email.policy.default)
    return read, read.get_content()


def test_a_mail_says_what_where_by_when_and_what_to_do(
    cast: Cast, raise_one: Raise, mailbox: list[str], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://guatu.example.test"
    write_to(cast)
    one = raise_one(level=Level.RED)
    assert go(NOON) == 1
    (mail,) = mailbox
    head, text = read(mail)
    assert head["Subject"].strip().startswith("【红色预警】 新发 安宁示范铝业 1#深井铸造线")
    assert (head["To"], head["Auto-Submitted"]) == ("wang@example.test", "auto-generated")
    sent = Delivery.objects.get()
    assert head["Message-ID"] == f"<{sent.uid}@example.test>"
    assert sent.state == Delivery.State.SENT
    assert one.number in text
    assert f"https://guatu.example.test/warnings/{one.pk}/" in text
    assert go(NOON + timedelta(hours=1)) == 0


def test_quiet_hours_hold_back_all_but_red_and_give_the_rest_in_one_mail(
    cast: Cast, raise_one: Raise, mailbox: list[str]
) -> None:
    write_to(cast, quiet_from="22:00", quiet_until="07:00")
    raise_one(level=Level.ORANGE, at=NIGHT)
    raise_one(level=Level.ORANGE, at=NIGHT)
    raise_one(level=Level.RED, at=NIGHT)
    assert go(NIGHT) == 1
    assert len(mailbox) == 1
    assert go(NIGHT + timedelta(hours=7, minutes=59)) == 0
    assert go(NIGHT + timedelta(hours=8)) == 1
    head, text = read(mailbox[1])
    assert head["Subject"].strip().startswith("2 条提醒")
    assert text.count("YJ-") == 2


def test_what_was_read_meanwhile_is_not_sent(
    cast: Cast, raise_one: Raise, mailbox: list[str]
) -> None:
    write_to(cast, quiet_from="22:00", quiet_until="07:00")
    raise_one(level=Level.ORANGE, at=NIGHT)
    go(NIGHT)
    actions.mark_read(cast.plant_officer, at=NIGHT)
    assert go(NIGHT + timedelta(hours=9)) == 0
    assert mailbox == []
    assert Delivery.objects.get().state == Delivery.State.DROPPED


def test_nobody_is_written_to_below_his_level_or_without_an_address(
    cast: Cast, raise_one: Raise, mailbox: list[str]
) -> None:
    write_to(cast, email_from=FromLevel.RED)
    raise_one(level=Level.ORANGE)
    assert go(NOON) == 0
    Preference.objects.update(email_from=FromLevel.NEVER)
    raise_one(level=Level.RED)
    assert go(NOON) == 0
    assert mailbox == []


def test_a_mail_server_that_is_away_is_tried_again(
    cast: Cast, raise_one: Raise, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 9
    write_to(cast)
    raise_one(level=Level.RED)
    assert go(NOON) == 1
    row = Delivery.objects.get()
    assert (row.state, row.due_at - NOON) == (Delivery.State.WAITING, PAUSES[0])
    assert "ConnectionRefused" in row.error


def test_a_program_is_told_each_event_in_a_signed_body(
    cast: Cast, raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    made = hook()
    one = raise_one(level=Level.RED)
    go(NOON)
    ((headers, body),) = receiver.came
    told = json.loads(body)
    assert told["type"] == "warning.raised"
    assert told["data"]["warning"]["number"] == one.number
    assert told["data"]["warning"]["level"] == "red"
    # As the page of the documentation tells a receiver to check it.
    page = (Path(__file__).parents[3] / "docs" / "notices.md").read_text()
    shown: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], shown)  # noqa: S102 - our own page
    assert shown["is_ours"](made.secret, headers, body)  # type: ignore[attr-defined]
    assert not shown["is_ours"](made.secret, headers, body + b" ")  # type: ignore[attr-defined]
    assert headers["Host"].startswith("localhost:")
    assert made.secret not in Hook.objects.get().sealed_secret  # type: ignore[attr-defined]


def test_a_hook_hears_what_its_organisation_sees_and_no_more(
    cast: Cast, raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    hook(organisation=cast.other_bureau)
    hook(organisation=cast.other_plant)
    raise_one(level=Level.RED)
    go(NOON)
    assert receiver.came == []
    raise_one(level=Level.RED, organisation=cast.other_plant)
    go(NOON)
    assert len(receiver.came) == 2


def test_a_group_robot_is_told_a_flood_in_one_call(
    raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    hook(template=PRESETS["wecom"], from_level=FromLevel.ORANGE)
    for _each in range(30):
        raise_one(level=Level.ORANGE)
    raise_one(level=Level.YELLOW)
    go(NOON)
    (body,) = receiver.bodies()
    assert "另有 29 条" in body["markdown"]["content"]


def test_a_text_message_goes_to_each_person_by_the_nearest_gateway(
    cast: Cast, raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    cast.plant_officer.phone = "13800000001"
    cast.plant_officer.save()
    people = Hook.Audience.PEOPLE
    far = hook(audience=people, template=PRESETS["sms"], organisation=cast.province_bureau)
    near = hook(audience=people, template=PRESETS["sms"], organisation=cast.county_bureau)
    raise_one(level=Level.RED)
    go(NOON)
    (body,) = receiver.bodies()  # the others have no telephone number
    assert body["phone"] == "13800000001"
    assert "红色预警" in body["content"]
    assert not far.deliveries.exists()
    assert near.deliveries.count() == 1


def test_no_fact_breaks_out_of_its_text(
    raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    hook(template='{"text": "${title}"}')
    raise_one(title='"}, "x": ["${phone}\\')
    go(NOON)
    assert receiver.bodies() == [{"text": '"}, "x": ["${phone}\\'}]


@pytest.mark.parametrize(
    ("status", "answer", "headers", "wait"),
    [
        (500, b"oops", {}, PAUSES[0]),
        (429, b"", {"Retry-After": "90"}, timedelta(seconds=90)),
        (429, b"", {"Retry-After": "9999999"}, PAUSES[0]),
        (302, b"", {"Location": "http://localhost:1/"}, PAUSES[0]),
        (200, b'{"errcode": 45009, "errmsg": "too fast"}', {}, PAUSES[0]),
    ],
)
def test_what_is_refused_is_tried_again_later(  # noqa: PLR0917
    status: int,
    answer: bytes,
    headers: dict[str, str],
    wait: timedelta,
    raise_one: Raise,
    hook: MakeHook,
    receiver: Receiver,
) -> None:
    receiver.status, receiver.answer, receiver.headers = status, answer, headers
    made = hook()
    raise_one()
    go(NOON)
    row = Delivery.objects.get()
    assert (row.state, row.due_at - NOON, row.tries) == (Delivery.State.WAITING, wait, 1)
    assert row.error
    assert Hook.objects.get(pk=made.pk).failing_since == NOON
    receiver.status, receiver.answer = 200, b"ok"
    go(NOON + timedelta(minutes=10))
    assert Delivery.objects.get().state == Delivery.State.SENT
    assert Hook.objects.get(pk=made.pk).failing_since is None
    ids = {headers["webhook-id"] for headers, _body in receiver.came}
    assert len(ids) == 1, "a repeat has the number of the first"


def test_it_is_given_up_after_a_day_and_can_be_tried_anew(
    cast: Cast, raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    receiver.status = 503
    hook()
    raise_one()
    at, tries = NOON, 0
    while tries < 50 and go(at):
        tries += 1
        at = Delivery.objects.get().due_at
    assert tries == len(PAUSES) + 1
    row = Delivery.objects.get()
    assert row.state == Delivery.State.FAILED
    assert row.ended_at is not None
    assert timedelta(hours=20) < row.ended_at - NOON < timedelta(hours=30)
    with pytest.raises(PermissionDenied):
        actions.try_again(row.pk, by=cast.duty_officer, at=at)
    actions.try_again(row.pk, by=cast.administrator, at=at)
    receiver.status = 200
    go(at)
    assert Delivery.objects.get().state == Delivery.State.SENT


def test_one_that_is_gone_is_given_up_at_once(
    raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    receiver.status = 410
    hook()
    raise_one()
    go(NOON)
    assert Delivery.objects.get().state == Delivery.State.FAILED


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", f"{0}.0.0.0", "[::ffff:127.0.0.1]"],
)
def test_no_hook_leads_into_the_machine_itself(
    host: str, raise_one: Raise, hook: MakeHook, receiver: Receiver, settings: Any
) -> None:
    settings.HOOK_HOSTS = []
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    hook(url=f"http://{host}:{port}/")
    raise_one()
    go(NOON)
    row = Delivery.objects.get()
    assert receiver.came == []
    assert row.state == Delivery.State.FAILED
    assert "GUATU_HOOK_HOSTS" in row.error


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a/", "file:///etc/passwd", "https://", "https://u:p@a/", "http://[x/"]
)
def test_what_is_no_address_is_refused(url: str, hook: MakeHook) -> None:
    with pytest.raises(ValidationError) as refused:
        hook(url=url)
    assert refused.value.error_dict["url"][0].code == "address"


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{", "json"),
        ("[" * 5000, "json"),
        ("[]", "object"),
        ('{"a": "${nobody}"}', "unknown"),
        ('{"a": "' + "x" * 9000 + '"}', "long"),
    ],
)
def test_a_template_that_cannot_be_sent_is_refused(
    template: str, code: str, hook: MakeHook
) -> None:
    with pytest.raises(ValidationError) as refused:
        hook(template=template)
    assert refused.value.error_dict["template"][0].code == code


def test_a_sender_that_died_loses_nothing(
    raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    hook()
    raise_one()
    collecting.collect(NOON)
    assert len(delivering.take(NOON)) == 1  # and never settled
    assert delivering.take(NOON + timedelta(seconds=30)) == []
    assert go(NOON + delivering.LEASE) == 1
    assert len(receiver.came) == 1


def test_a_way_that_cannot_be_packed_holds_up_no_other(
    cast: Cast,
    raise_one: Raise,
    hook: MakeHook,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = hook()
    Hook.objects.filter(pk=broken.pk).update(sealed_secret="sealed by another key")
    hook(organisation=cast.city_bureau)
    raise_one()
    assert go(NOON) == 1
    assert len(receiver.came) == 1
    row = Delivery.objects.get(hook=broken)
    assert (row.state, row.tries, row.error) == (Delivery.State.WAITING, 1, "OtherKeyError")
    assert row.due_at == NOON + PAUSES[0]
    assert "could not be packed" in caplog.text


def test_a_look_at_nothing_takes_no_lock(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert collecting.collect(NOON) == 0
        assert delivering.take(NOON) == []


def test_a_busy_way_is_left_alone_and_others_go_on(
    cast: Cast, raise_one: Raise, hook: MakeHook
) -> None:
    first, second = hook(), hook(organisation=cast.city_bureau)
    raise_one()
    raise_one()
    collecting.collect(NOON)
    taken = delivering.take(NOON, busy={("hook", first.pk)})
    assert [parcel.way for parcel in taken] == [("hook", second.pk)] * 2


def test_a_program_gets_many_in_their_order_one_call_each(
    raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    hook()
    numbers = [raise_one(at=NOON + timedelta(seconds=n)).number for n in range(15)]
    later = NOON + timedelta(minutes=1)
    assert [go(later), go(later), go(later)] == [delivering.IN_A_ROW, 5, 0]
    assert [body["data"]["warning"]["number"] for body in receiver.bodies()] == numbers


def test_a_dead_way_with_much_waiting_hides_no_other(
    cast: Cast, raise_one: Raise, hook: MakeHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LOOKED_AT", 5)
    dead = hook()
    for _each in range(6):
        raise_one(level=Level.RED)
    other = hook(organisation=cast.city_bureau)
    raise_one(level=Level.BLUE)
    collecting.collect(NOON)
    taken = delivering.take(NOON, busy={("hook", dead.pk)})
    assert {parcel.way for parcel in taken} == {("hook", other.pk)}


def test_a_hook_that_ended_is_called_no_more(
    cast: Cast, raise_one: Raise, hook: MakeHook, receiver: Receiver
) -> None:
    made = hook()
    raise_one()
    collecting.collect(NOON)
    actions.end_hook(made.pk, why="不再使用", by=cast.administrator, at=NOON)
    raise_one()
    assert go(NOON) == 0
    assert receiver.came == []
    with pytest.raises(Hook.DoesNotExist):
        actions.try_hook(made.pk, by=cast.administrator, at=NOON)


def test_a_trial_goes_by_every_way(
    cast: Cast, hook: MakeHook, receiver: Receiver, mailbox: list[str]
) -> None:
    write_to(cast, email_from=FromLevel.NEVER)
    cast.plant_officer.phone = "13800000001"
    cast.plant_officer.save()
    hook(audience=Hook.Audience.PEOPLE, template=PRESETS["sms"])
    assert len(actions.try_ways(by=cast.plant_officer, at=NIGHT)) == 2
    assert go(NIGHT) == 2
    assert "测试" in receiver.bodies()[0]["content"]
    assert "测试" in read(mailbox[0])[0]["Subject"]
    assert Message.objects.get(source="trial").user == cast.plant_officer


def test_old_messages_are_forgotten_and_what_waits_is_kept(
    raise_one: Raise, hook: MakeHook
) -> None:
    hook()
    raise_one()
    collecting.collect(NOON)
    later = NOON + delivering.KEPT + timedelta(days=1)
    delivering.prune(later)
    assert Delivery.objects.count() == 1
    assert not Message.objects.exists()
    for parcel in delivering.take(later):
        delivering.settle(parcel, Outcome(), at=later)
    assert delivering.prune(later) == 1
    assert delivering.prune(later) == 0
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()
