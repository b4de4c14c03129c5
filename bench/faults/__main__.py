"""`make bench-faults`: two hundred kills and pauses, every other trouble, and the account after.

Ends with one line of JSON. Samples are counted by what is different: a beat that came twice counts
once. What is stored is counted by a fresh process that reads history back.
"""

import argparse
import json
import os
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.faults.relay import Relay
from bench.faults.troubled import Troubled
from bench.faults.troubles import Troubles
from tests.faults.account import STORED, alarms_of, until_equal
from tests.faults.disk import own_disk
from tests.faults.house import PARTS, Standing, a_house
from tests.faults.load import Fighter, Watched

DISK = 3 << 30
PATIENCE_S = 300.0
FIGHTERS = (
    (
        "YN-ST-003",
        (
            Watched("BF2.top_pressure", 205, 300, 4),
            Watched("BF2.hearth_temperature", 285, 700, 5),
        ),
    ),
    ("YN-ST-005", (Watched("BF1.top_pressure", 205, 300, 4),)),
)
TROUBLED = (("YN-ST-004", "RHF1.skid_flow", 360.0), ("YN-NF-006", "EF1.panel_temperature", 41.0))


def main() -> None:
    """Strike, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blows", type=int, default=200, help="kills and pauses in all")
    parser.add_argument("--each", type=int, default=5, help="times of each other trouble")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    os.environ["GUATU_CUT_MS"] = "5000"  # many segments, so that many blows meet one half written
    with _a_disk() as disk, a_house(_home(disk), (*PARTS, "keeper")) as standing:
        port = standing.house.gateway_port
        with Relay(port) as relay:
            troubles = Troubles(standing, relay, disk, random.Random(options.seed))
            plants = _Plants(standing, relay, options.seed)
            plants.fight(lambda: troubles.befall(options.blows, options.each))
        print(json.dumps(dict(troubles.done)), flush=True)
        plants.tell()
        account = plants.account()
    account["kills"] = troubles.done["killed"] + troubles.done["paused"]
    order = ("kills", "sent", "stored", "rejected", "doubled", "alarms_expected", "alarms_seen")
    print(json.dumps({name: account[name] for name in order}))


@contextmanager
def _a_disk() -> Iterator[tuple[Path, int] | None]:
    with tempfile.TemporaryDirectory(prefix="bench-faults-") as folder:
        place = Path(folder) / "disk"
        place.mkdir()
        with own_disk(place, DISK) as problem:
            if problem:
                print(f"no disk of its own, so it is never full: {problem}", flush=True)
                yield None
            else:
                yield place, DISK


def _home(disk: tuple[Path, int] | None) -> Path:
    return (disk[0] if disk else Path(tempfile.mkdtemp(prefix="bench-faults-"))) / "home"


class _Plants:
    """All plants that send meanwhile."""

    def __init__(self, standing: Standing, relay: Relay, seed: int) -> None:
        self._standing = standing
        url = f"https://127.0.0.1:{relay.port}"
        authority = standing.house.home / "tls" / "ca.pem"
        self._fighters = [
            Fighter(
                url=url,
                key=standing.keys[plant],
                authority=authority,
                points=points,
                seed=seed + number,
            )
            for number, (plant, points) in enumerate(FIGHTERS)
        ]
        self._troubled = [
            Troubled(
                url=url,
                key=standing.keys[plant],
                authority=authority,
                point=point,
                normal=normal,
                seed=seed + 10 + number,
                steps_clock=number == 1,
            )
            for number, (plant, point, normal) in enumerate(TROUBLED)
        ]

    def fight(self, befall: Callable[[], None]) -> None:
        """Send all through what befalls the house, and until everything is acknowledged."""
        until = threading.Event()
        with ThreadPoolExecutor(8) as threads:
            sending = [one.run for one in self._fighters] + [one.run for one in self._troubled]
            runs: list[Future[None]] = [threads.submit(run, until) for run in sending]
            try:
                befall()
            finally:
                until.set()
            for run in runs:
                run.result()

    def tell(self) -> None:
        """Print what they did beside sending."""
        for one in self._troubled:
            print(
                f"{one.point}: {one.samples} samples, {one.repeated} beats sent again, "
                f"{one.steps} clock steps",
                flush=True,
            )

    def account(self) -> dict[str, int]:
        """Hold what was sent against what is there."""
        counts = [fighter.counts for fighter in self._fighters]
        sent = sum(one.sent for one in counts) + sum(one.samples for one in self._troubled)
        rejected = sum(sum(one.rejected.values()) for one in counts)
        wanted = [sent - rejected, sent - rejected]
        found = until_equal(lambda: self._standing.ask(STORED), wanted, PATIENCE_S)
        assert isinstance(found, list)
        due = sum(2 * len(fighter.points) * fighter.excursions for fighter in self._fighters)
        until_equal(lambda: len(alarms_of(self._standing)), due, PATIENCE_S)
        keys = [key for _, _, key, _ in alarms_of(self._standing)]
        return {
            "sent": sent,
            "stored": found[1],
            "rejected": rejected,
            "doubled": found[0] - found[1],
            "alarms_expected": due,
            "alarms_seen": len(set(keys)),
        }


if __name__ == "__main__":
    main()
