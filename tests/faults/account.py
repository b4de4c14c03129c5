"""What a house under fire should hold, counted by fresh processes that read it back."""

import time
from collections.abc import Callable
from contextlib import suppress

from tests.faults.house import Standing
from tests.waiting import wait_until

STORED = """
import json
from guatu.telemetry.history.read import count_stored
from guatu.telemetry.settings import history_folder
found = count_stored(history_folder())
print(json.dumps([found.rows, found.distinct]))
"""

ALARMS = """
import json
from guatu.web.monitoring.models import Alarm
rows = Alarm.objects.exclude(slot=4).order_by("began_at")
print(json.dumps([[a.point.code, a.slot, a.key, a.cleared_at is not None] for a in rows]))
"""


def until_equal(ask: Callable[[], object], wanted: object, patience_s: float = 120) -> object:
    """Ask until the answer is what is wanted; give the last answer after a while."""
    last: list[object] = []

    def reached() -> bool:
        last[:] = [ask()]
        if last[0] != wanted:
            time.sleep(0.5)
        return last[0] == wanted

    with suppress(TimeoutError):
        wait_until(reached, patience_s=patience_s)
    return last[0]


def alarms_of(standing: Standing) -> list[tuple[str, int, str, bool]]:
    """Give each alarm of a limit: point, slot, key, whether it is over."""
    found = standing.ask(ALARMS)
    assert isinstance(found, list)
    return [tuple(row) for row in found]
