"""What processes have used, as the kernel tells it."""

import os
from collections.abc import Mapping
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """A process with all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


def cpu_s(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds of processes so far, by name, in user and kernel, with what they started."""
    return {name: sum(map(_cpu_s, _family(pid))) for name, pid in pids.items()}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_A_SECOND


def peak_mb(pids: Mapping[str, int]) -> dict[str, float]:
    """The most memory that processes ever held at a time, in megabytes, by name."""
    return {name: sum(map(_peak_mb, _family(pid))) for name, pid in pids.items()}


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/status tells no peak")


def available_bytes() -> int:
    """Memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise ValueError("/proc/meminfo tells no memory available")
