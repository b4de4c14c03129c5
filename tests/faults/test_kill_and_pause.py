"""Every process killed and paused under load: nothing lost, nothing doubled, each alarm once.

`make faults` runs it longer (GUATU_FAULT_ROUNDS); the seed is printed and can be set.
"""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.account import STORED, alarms_of, until_equal
from tests.faults.house import Standing, a_house
from tests.faults.load import Fighter, Watched

PAUSE_S = 15.0
PROCESSES = ("log", "gateway", "engine", "live", "worker", "web")
TOP_PRESSURE = Watched("BF2.top_pressure", 205, 300, 4)
OTHER_TOP_PRESSURE = Watched("BF1.top_pressure", 205, 300, 4)
HEARTH = Watched("BF2.hearth_temperature", 285, 700, 5)


def strike(standing: Standing, dice: random.Random, rounds: int) -> list[str]:
    """Kill and pause every process at random moments, pauses overlapping; give what was done."""
    blows = [(name, what) for name in PROCESSES for what in ("kill", "pause")] * rounds
    dice.shuffle(blows)
    done, waking = [], []
    for name, what in blows:
        time.sleep(dice.uniform(1.0, 5.0))
        pid = standing.supervisor.pids()[name]
        if what == "kill":
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGSTOP)
            timer = threading.Timer(PAUSE_S, _wake, [pid])
            timer.start()
            waking.append(timer)
        done.append(f"{what} {name}")
    for timer in waking:
        timer.join()
    return done


def _wake(pid: int) -> None:
    with suppress(ProcessLookupError):  # it may have been killed while it was paused
        os.kill(pid, signal.SIGCONT)


@pytest.mark.faults
@pytest.mark.engine
@pytest.mark.xdist_group("faults")
def test_the_account_holds_when_every_process_is_killed_and_paused(tmp_path: Path) -> None:
    seed = int(os.environ.get("GUATU_FAULT_SEED", random.SystemRandom().randrange(1 << 30)))
    print(f"seed {seed}")
    dice = random.Random(seed)
    until = threading.Event()
    with a_house(tmp_path / "home") as standing, ThreadPoolExecutor(4) as threads:
        fighters = [
            Fighter(
                url=standing.house.gateway_url,
                key=standing.keys[plant],
                authority=standing.house.home / "tls" / "ca.pem",
                points=points,
                seed=seed + number,
            )
            for number, (plant, points) in enumerate(
                [("YN-ST-003", (TOP_PRESSURE, HEARTH)), ("YN-ST-005", (OTHER_TOP_PRESSURE,))]
            )
        ]
        runs = [threads.submit(fighter.run, until) for fighter in fighters]
        blows = strike(standing, dice, int(os.environ.get("GUATU_FAULT_ROUNDS", "1")))
        until.set()
        for run in runs:
            run.result()

        accepted = sum(fighter.counts.accepted for fighter in fighters)
        sent = sum(fighter.counts.sent for fighter in fighters)
        rejected = sum(sum(fighter.counts.rejected.values()) for fighter in fighters)
        print(f"{len(blows)} blows, {sent} sent, {accepted} accepted: {', '.join(blows)}")
        assert sent == accepted + rejected
        assert until_equal(lambda: standing.ask(STORED), [accepted, accepted]) == [
            accepted,
            accepted,
        ]

        # High and high-high of each point, once for each time it went beyond.
        due = sum(2 * len(fighter.points) * fighter.excursions for fighter in fighters)
        seen = until_equal(lambda: len(alarms_of(standing)), due)
        alarms = alarms_of(standing)
        assert seen == due, alarms
        assert len({key for _, _, key, _ in alarms}) == due
