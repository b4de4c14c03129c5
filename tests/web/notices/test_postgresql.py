"""The same on PostgreSQL, where it is installed: workers side by side tell and take each once."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import a_server

SCRIPT = """
import json, threading
from collections import Counter
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
call_command("migrate", verbosity=0)
from guatu.core.nouns.warning import Level
from guatu.web.notices import actions, collecting, delivering
from guatu.web.notices.bodies import PRESETS
from guatu.web.notices.delivering import Outcome
from guatu.web.notices.models import Delivery, Happened, Message
from guatu.web.warnings.actions import raise_warning
from tests.cast import assemble
cast, now = assemble(), timezone.now()
for name, template in (("program", ""), ("robot", PRESETS["wecom"])):
    for n in range(3):
        actions.make_hook(
            name=name, organisation=cast.county_bureau, audience="events", from_level=0,
            url="https://example.test/", template=template, by=cast.administrator, at=now,
        )
for n in range(300):
    raise_warning(
        source_kind="monitoring.unit", source_key=str(n), source_url="", title="x",
        level=Level.RED, organisation=cast.plant, region=cast.county, facts={}, at=now,
    )
def side_by_side(work):
    def run():
        try:
            for turn in range(12):
                work()
        except BaseException as error:
            failed.append(repr(error))
        finally:
            connection.close()
    threads = [threading.Thread(target=run) for n in range(4)]
    [t.start() for t in threads]; [t.join() for t in threads]
failed, taken = [], []
def collect():
    while collecting.collect(now):
        pass
side_by_side(collect)
def take():
    parcels = delivering.take(now)
    for parcel in parcels:
        taken.extend(parcel.deliveries)
        delivering.settle(parcel, Outcome(), at=now)
for turn in range(20):
    side_by_side(take)
twice = [one for one, times in Counter(taken).items() if times > 1]
states = Counter(Delivery.objects.values_list("state", flat=True))
print(json.dumps([
    failed, Happened.objects.count(), Message.objects.count(), Delivery.objects.count(),
    len(taken), twice, states,
]))
"""
ROOT = Path(__file__).resolve().parents[3]


def test_workers_side_by_side_tell_and_take_everything_once(tmp_path: Path) -> None:
    with a_server() as port:
        environ = {
            **os.environ,
            "GUATU_HOME": str(tmp_path),
            "GUATU_DATABASE_URL": f"postgresql://guatu@127.0.0.1:{port}/postgres",
            "DJANGO_SETTINGS_MODULE": "guatu.web.settings",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=False
        )
    assert ran.returncode == 0, ran.stderr[-3000:]
    failed, untold, messages, made, taken, twice, states = json.loads(ran.stdout.splitlines()[-1])
    assert failed == []
    assert untold == 0
    # The owner's officer and the duty officers of county, city and province; six hooks.
    assert (messages, made) == (300 * 4, 300 * 6)
    assert (taken, twice, states) == (made, [], {"sent": made})
