"""Commands wait in the outbox until the log has them: in order, tried again, once in effect."""

from datetime import timedelta

import pytest

from guatu.access.messages import Acknowledge, Command, Configure
from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import (
    acknowledge_alarm,
    publish_outbox,
    record_events,
    revoke_key,
    rotate_key,
)
from guatu.web.monitoring.errors import AlreadyAcknowledgedError, UnreachableError
from guatu.web.monitoring.models import Alarm, Outbox, PlantKey
from tests.cast import Cast
from tests.web.monitoring.conftest import NOON, Line, register_line

SECOND = timedelta(seconds=1)


class Log:
    """A log that can be away, and keeps what was placed in it."""

    def __init__(self) -> None:
        self.away = False
        self.tries = 0
        self.placed: list[tuple[str, str]] = []

    def place(self, command: Command, plant_code: str) -> None:
        self.tries += 1
        if self.away:
            raise UnreachableError("no responders")
        assert isinstance(command, Configure | Acknowledge)
        said = command.config.version if isinstance(command, Configure) else command.alarm
        self.placed.append((plant_code, str(said)))


@pytest.fixture
def log() -> Log:
    return Log()


def test_commands_are_placed_in_their_order_and_once(line: Line, cast: Cast, log: Log) -> None:
    rotate_key(line.plant.pk, by=cast.duty_officer, at=NOON)
    assert publish_outbox(at=NOON, publish=log.place).placed == 2
    assert publish_outbox(at=NOON, publish=log.place).placed == 0
    assert log.placed == [("YN-AN-001", "1"), ("YN-AN-001", "2")]


def test_what_the_log_refuses_is_tried_again_after_a_growing_pause(line: Line, log: Log) -> None:
    log.away = True
    at = NOON
    pauses = []
    for _ in range(3):
        delivery = publish_outbox(at=at, publish=log.place)
        assert (delivery.placed, delivery.failed, delivery.error) == (0, 1, "no responders")
        message = Outbox.objects.get()
        assert message.next_try_at is not None
        pauses.append(message.next_try_at - at)
        tried = log.tries
        publish_outbox(at=message.next_try_at - SECOND / 2, publish=log.place)
        assert log.tries == tried
        at = message.next_try_at
    assert pauses == [SECOND, 2 * SECOND, 4 * SECOND]
    log.away = False
    assert publish_outbox(at=at, publish=log.place).placed == 1
    assert Outbox.objects.get().last_error == ""


def test_a_command_behind_a_refused_one_waits_and_other_plants_do_not(cast: Cast, log: Log) -> None:
    line, other = register_line(cast), register_line(cast, code="YN-AN-009")
    rotate_key(line.plant.pk, by=cast.duty_officer, at=NOON)
    first = Outbox.objects.filter(plant=line.plant).earliest("id")
    Outbox.objects.filter(pk=first.pk).update(next_try_at=NOON + 60 * SECOND)
    publish_outbox(at=NOON, publish=log.place)
    assert log.placed == [(other.plant.code, "1")]
    publish_outbox(at=NOON + 60 * SECOND, publish=log.place)
    assert log.placed[1:] == [(line.plant.code, "1"), (line.plant.code, "2")]


def test_a_command_that_another_process_has_in_hand_is_left_alone(line: Line, log: Log) -> None:
    Outbox.objects.update(claimed_until=NOON + 10 * SECOND)
    assert publish_outbox(at=NOON, publish=log.place).placed == 0
    assert publish_outbox(at=NOON + 10 * SECOND, publish=log.place).placed == 1


def test_the_newest_configuration_is_sent_again_if_an_older_one_came_after_it(
    line: Line, cast: Cast, log: Log
) -> None:
    rotate_key(line.plant.pk, by=cast.duty_officer, at=NOON)
    Outbox.objects.filter(version=2).update(placed_at=NOON)
    publish_outbox(at=NOON, publish=log.place)
    assert log.placed == [("YN-AN-001", "1"), ("YN-AN-001", "3")]


def test_the_page_knows_what_waits_and_why(line: Line, log: Log) -> None:
    log.away = True
    publish_outbox(at=NOON, publish=log.place)
    waiting = queries.waiting(line.plant)
    assert (waiting.count, waiting.error) == (1, "no responders")
    log.away = False
    publish_outbox(at=NOON, publish=log.place, plants=[line.plant.pk])
    assert queries.waiting(line.plant).unapplied
    line.plant.applied_version = 1
    assert not queries.waiting(line.plant).unapplied


def test_an_acknowledgement_reaches_the_engine_once(line: Line, cast: Cast, log: Log) -> None:
    record_events(
        partition=0, stream_seq=1, events=[line.event("raised", "inlet_flow", "L", 1)], at=NOON
    )
    publish_outbox(at=NOON, publish=log.place)
    alarm = acknowledge_alarm(Alarm.objects.get().pk, by=cast.plant_officer, at=NOON)
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("王芳", NOON)
    with pytest.raises(AlreadyAcknowledgedError):
        acknowledge_alarm(alarm.pk, by=cast.plant_officer, at=NOON)
    publish_outbox(at=NOON, publish=log.place)
    assert log.placed[1:] == [("YN-AN-001", alarm.key)]


def test_a_revoked_key_leaves_the_configuration_and_its_text_is_kept_nowhere(
    line: Line, cast: Cast
) -> None:
    fresh = rotate_key(line.plant.pk, by=cast.duty_officer, at=NOON)
    old = PlantKey.objects.earliest("id")
    assert fresh.plain not in str(list(PlantKey.objects.values())) + str(
        list(Outbox.objects.values_list("payload", flat=True))
    )
    revoke_key(old.pk, by=cast.duty_officer, at=NOON)
    revoke_key(old.pk, by=cast.duty_officer, at=NOON)
    last = Outbox.objects.latest("id")
    assert last.version == 3
    assert [key["id"] for key in last.payload["config"]["keys"]] == [
        PlantKey.objects.latest("id").wire_id
    ]
