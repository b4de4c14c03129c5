"""Quality of a sample: one small number a sample, good where nothing is said.

The number's band is what judging looks at, so a number that a later version adds already means
something today.
"""

from __future__ import annotations

GOOD = 0
LEAST_UNCERTAIN = 1
LEAST_BAD = 64
MOST = 127

NAMES: dict[int, tuple[str, str]] = {
    0: ("正常", "good"),
    1: ("可疑", "uncertain"),
    2: ("人工置数", "entered by hand"),
    3: ("插补值", "interpolated"),
    4: ("超检定周期", "calibration overdue"),
    64: ("坏值", "bad"),
    65: ("传感器故障", "sensor fault"),
    66: ("通信中断,保持旧值", "communication lost, last value held"),
    67: ("检修或校验中", "in maintenance or calibration"),
    68: ("超仪表量程", "outside the instrument's range"),
}
"""The numbers with a meaning of their own; any other one means what its band means."""


def band(quality: int) -> str:
    """Say what judging makes of a quality: ``good``, ``uncertain`` or ``bad``.

    Good and uncertain samples are stored and judged, bad ones stored only.
    """
    if quality == GOOD:
        return "good"
    return "uncertain" if quality < LEAST_BAD else "bad"
