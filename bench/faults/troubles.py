"""What befalls the house: kills and pauses, and rarer troubles that last for a while."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.relay import Relay
from guatu.telemetry.disk import reserve_of
from tests.faults.disk import leave
from tests.faults.house import Standing

PAUSE_S = 15.0
PROCESSES = ("log", "gateway", "engine", "live", "worker", "web", "keeper")
SLOW_SYNC_US = 300_000
TROUBLE_S = 10.0


@dataclass(slots=True)
class Troubles:
    """Strikes a house.

    Attributes:
        standing: the house.
        relay: the wire that its plants use.
        disk: its own small disk, and how large that is; None where none could be made.
        dice: seeded.
        done: how often each thing befell it.
    """

    standing: Standing
    relay: Relay
    disk: tuple[Path, int] | None
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    _waking: list[threading.Timer] = field(default_factory=list)

    def befall(self, blows: int, each: int) -> None:
        """Let all of it happen in a random order.

        Args:
            blows: kills and pauses in all.
            each: how often each of the other troubles comes.
        """
        acts = [self._blow] * blows + [act for act in self._others() for _ in range(each)]
        self.dice.shuffle(acts)
        for number, act in enumerate(acts, start=1):
            time.sleep(self.dice.uniform(0.5, 4.0))
            act()
            if number % 20 == 0:
                print(f"{number} of {len(acts)}: {dict(sorted(self.done.items()))}", flush=True)
        for timer in self._waking:
            timer.join()

    def _others(self) -> list[Callable[[], None]]:
        others = [self._log_down, self._network_cut]
        if shutil.which("strace"):
            others.append(self._slow_disk)
        else:
            print("no strace here: the disk is never slow", flush=True)
        return [*others, self._disk_full] if self.disk else others

    def _pid(self, name: str) -> int:
        return self.standing.supervisor.pids()[name]

    def _kill(self, name: str) -> None:
        with suppress(ProcessLookupError):  # ended, and not started again yet
            os.kill(self._pid(name), signal.SIGKILL)

    def _blow(self) -> None:
        name = self.dice.choice(PROCESSES)
        if self.dice.random() < 0.6:
            self._kill(name)
            self.done["killed"] += 1
            return
        pid = self._pid(name)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        timer = threading.Timer(PAUSE_S, _wake, [pid])
        timer.start()
        self._waking.append(timer)
        self.done["paused"] += 1

    def _log_down(self) -> None:
        until = time.monotonic() + TROUBLE_S
        while time.monotonic() < until:
            self._kill("log")
            time.sleep(0.05)
        self.done["log down"] += 1

    def _network_cut(self) -> None:
        self.relay.cut()
        time.sleep(TROUBLE_S / 2)
        self.relay.mend()
        self.done["network cut"] += 1

    def _slow_disk(self) -> None:
        """Let each sync of the log and the engine take its time."""
        delay = f"inject=fsync,fdatasync:delay_enter={SLOW_SYNC_US}"
        held = [
            subprocess.Popen(
                ["strace", "-qq", "-f", "-p", str(self._pid(name)), "-e", delay, "-o", "/dev/null"],
                stderr=subprocess.DEVNULL,
            )
            for name in ("log", "engine")
        ]
        time.sleep(TROUBLE_S)
        for one in held:
            one.terminate()
        for one in held:
            one.wait()
        self.done["slow disk"] += 1

    def _disk_full(self) -> None:
        assert self.disk is not None
        place, size = self.disk
        # Sometimes slowly, so that intake stops in time, and sometimes to the last byte at once.
        filler = leave(place, self.dice.choice((reserve_of(size) // 4, 0)))
        time.sleep(TROUBLE_S)
        filler.unlink()
        self.done["disk full"] += 1


def _wake(pid: int) -> None:
    with suppress(ProcessLookupError):  # it may have been killed while it was paused
        os.kill(pid, signal.SIGCONT)
