"""All checks in their order."""

import os
from collections.abc import Iterator

from guatu.ops.doctor import machine, stores
from guatu.ops.doctor.audit import audit
from guatu.ops.doctor.sign_in import sign_in
from guatu.ops.doctor.told import Told, Tone
from guatu.ops.house import House
from guatu.ops.words import say
from guatu.telemetry.settings import DiskSettings, LogSettings, history_folder


def examine(house: House) -> int:
    """Look at everything, print what was found, and say how it is altogether.

    Args:
        house: the installation, up or down; nothing in it is changed.

    Returns:
        0 where the house can work, 1 where something keeps it from that.
    """
    found = []
    for told in _all(house):
        found.append(told)
        print(told, flush=True)
    bad = sum(one.tone is Tone.BAD for one in found)
    remarks = sum(one.tone is Tone.REMARK for one in found)
    print(
        say(
            f"{len(found)} 项检查：{bad} 项故障，{remarks} 项提醒",
            f"{len(found)} checks: {bad} bad, {remarks} to be looked at",
            separator=" / ",
        )
    )
    return 1 if bad else 0


def _all(house: House) -> Iterator[Told]:
    environ = {"GUATU_HOME": str(house.home), **os.environ}
    history, up = history_folder(environ), machine.is_up(house.home)
    yield from machine.python()
    yield from machine.dependencies()
    yield from machine.folders(house)
    yield from machine.disks(DiskSettings.from_env(environ))
    yield from machine.ports(house, up=up)
    if up:
        yield from stores.log(LogSettings(home=house.home, monitor_port=house.monitor_port))
    yield from machine.clock()
    yield from stores.database(house)
    yield from sign_in(house)
    yield from audit(house)
    yield from stores.checkpoints(history)
    yield from stores.certificates(house)
    yield from stores.backups(house)
    yield from stores.verified(house, history)
