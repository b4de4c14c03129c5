"""A key replaced and revoked at a living gateway while its plant goes on sending."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.account import STORED, until_equal
from tests.faults.house import Standing, a_house
from tests.ops.sender import Sender
from tests.waiting import wait_until

PLANT, POINT, OFFICER = "YN-ST-003", "BF2.top_pressure", "anquan2"
OVERLAP_S = 20
SECONDS = 10.0
"""What "within seconds" is here, on a machine that runs other tests too."""
PARTS = ("log", "prepare-demo", "gateway", "engine", "worker")

logger = logging.getLogger("key-rotation")

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("faults")]

DEED = """
import json
from datetime import timedelta
from django.utils import timezone
from guatu.web.connection import actions
from guatu.web.connection.models import Connection
from guatu.web.monitoring.models import PlantKey
from guatu.web.people.models import User
by = User.objects.get(username="{officer}")
one = Connection.objects.get(code="{plant}")
{deed}
"""

ISSUE = """
issued = actions.issue_key(one.pk, overlap={overlap}, by=by, at=timezone.now())
ends = [key.valid_until for key in PlantKey.objects.filter(plant=one.plant_id).order_by("id")]
print(json.dumps([issued.plain, [end and end.isoformat() for end in ends]]))
"""

REVOKE = """
key = PlantKey.objects.filter(plant=one.plant_id, revoked_at=None).order_by("id").first()
actions.revoke_key(one.pk, key.pk, by=by, at=timezone.now(), note="网关被盗")
print(json.dumps(key.wire_id))
"""

HELD = """
import json
from guatu.telemetry import query
from guatu.web.monitoring.models import PlantKey
(found,) = [q for q in query.all_qualities() if q.code == "{plant}"]
keys = PlantKey.objects.filter(plant__code="{plant}").order_by("id")
print(json.dumps([found.beats, found.missing_beats, [key.revoked_at is not None for key in keys],
                  [key.revoked_by is not None for key in keys]]))
"""


@dataclass(slots=True)
class Office:
    """What the plant's officer does with its keys."""

    standing: Standing

    def _do(self, deed: str) -> Any:
        return self.standing.ask(DEED.format(officer=OFFICER, plant=PLANT, deed=deed))

    def issue(self, overlap: str) -> tuple[str, list[str | None]]:
        """Take a key; gives it and until when each of the plant's keys holds."""
        plain, ends = self._do(ISSUE.format(overlap=overlap))
        return plain, ends

    def revoke_oldest(self) -> None:
        """Revoke the oldest key that holds."""
        self._do(REVOKE)


def until_answered(sender: Sender, key: str, status: int, *, patience_s: float = 60) -> float:
    """Show a key until it is answered so; gives how many seconds that took."""
    begun = time.monotonic()
    wait_until(lambda: sender.knock(key) == status, patience_s=patience_s)
    return time.monotonic() - begun


def go_on(sender: Sender, until: threading.Event) -> None:
    """Send a beat of twenty samples every twentieth of a second."""
    while not until.wait(0.05):
        sender.send(20)


def test_a_plant_changes_its_keys_without_losing_a_beat_and_a_revoked_one_is_refused_in_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUATU_CUT_MS", "2000")
    done = threading.Event()
    with a_house(tmp_path / "home", PARTS) as standing:
        office, first = Office(standing), standing.keys[PLANT]
        with Sender(
            url=standing.house.gateway_url,
            key=first,
            authority=standing.house.home / "tls" / "ca.pem",
            point=POINT,
            epoch=1,
        ) as sender:
            until_answered(sender, first, 200)
            sending = threading.Thread(target=go_on, args=(sender, done))
            sending.start()
            try:
                second = _replaced_with_an_overlap(office, sender, first)
                third = _revoked_at_once(office, sender, second)
            finally:
                done.set()
                sending.join()
        assert sender.answers == {200: sender.beat}
        assert (
            until_equal(lambda: standing.ask(STORED), [sender.accepted] * 2)
            == [sender.accepted] * 2
        )
        # The first key ended by its time, the second by its officer; the third holds.
        assert standing.ask(HELD.format(plant=PLANT)) == [
            *(sender.beat, 0),
            [True, True, False],
            [False, True, False],
        ]
        assert len({first, second, third}) == 3


def _replaced_with_an_overlap(office: Office, sender: Sender, old: str) -> str:
    """The old key holds until its moment, and no longer; meanwhile the plant takes the new one."""
    new, ends = office.issue(f"timedelta(seconds={OVERLAP_S})")
    assert ends[0] is not None
    until = datetime.fromisoformat(ends[0]).timestamp()
    took = until_answered(sender, new, 200)
    assert sender.knock(old) == 200
    assert time.time() < until, f"the new key took {took:.1f} s to arrive"
    sender.carry(new)
    until_answered(sender, old, 401)
    late = time.time() - until
    logger.info("a new key held after %.1f s, the old one ended %.1f s late", took, late)
    assert 0 <= late < SECONDS
    return new


def _revoked_at_once(office: Office, sender: Sender, old: str) -> str:
    """A key beside the old one, which is then revoked."""
    new, _ends = office.issue("None")
    until_answered(sender, new, 200)
    sender.carry(new)
    office.revoke_oldest()
    took = until_answered(sender, old, 401)
    logger.info("a revoked key was refused after %.1f s", took)
    assert took < SECONDS
    assert sender.knock(new) == 200
    return new
