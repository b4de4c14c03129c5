"""Reading beats that others wrote, in their JSON form."""

from __future__ import annotations

from guatu.access.fields import array, bad_shape, flag, mapping, refuse, whole
from guatu.access.messages import Beat
from guatu.access.quality import MOST

MAX_SAMPLES = 200_000
FAR_AHEAD_MS = 600_000
ANCIENT_MS = 946_684_800_000
"""2000-01-01, UTC: a sample older than this comes from a clock that was never set."""


def check_beat(data: object) -> None:
    """Refuse a decoded beat whose frame is wrong; single samples are not looked at here.

    Args:
        data: what a JSON decoder gave for the whole body.

    Raises:
        RefusedError: with the first problem and its place.
    """
    beat = mapping(data, "$")
    for name in ("beat", "t", "p", "v"):
        if name not in beat:
            refuse("missing_field", f"$.{name}")
    whole(beat["beat"], "$.beat")
    whole(beat.get("epoch", 0), "$.epoch")
    whole(beat.get("sent", 0), "$.sent")
    flag(beat.get("backfill", False), "$.backfill")
    check_times(beat["t"])
    check_codes(beat["p"])
    if bool(beat["t"]) != bool(beat["p"]):
        bad_shape("$.t", "与 p 同为空或同不为空的数组", "an array, empty only together with p")
    _check_rows(beat["v"], len(beat["p"]), len(beat["t"]))
    check_marks(beat.get("q", []), len(beat["p"]), len(beat["t"]))


def check_times(times: object) -> None:
    """Refuse times that are no whole milliseconds or do not rise."""
    last = -1
    for i, time in enumerate(array(times, "$.t")):
        if isinstance(time, bool) or not isinstance(time, int) or time <= last or time > 2**62:
            refuse("bad_time", f"$.t[{i}]")
        last = time


def check_codes(codes: object) -> None:
    """Refuse point codes that are no texts or stand twice."""
    seen: set[str] = set()
    for i, code in enumerate(array(codes, "$.p")):
        if not isinstance(code, str):
            bad_shape(f"$.p[{i}]", "测点编码文本", "a point code")
        if code in seen:
            refuse("doubled_point", f"$.p[{i}]")
        seen.add(code)


def check_size(points: int, times: int) -> None:
    """Refuse a beat of too many samples."""
    if points * times > MAX_SAMPLES:
        refuse("too_many_samples", "$.v", limit=MAX_SAMPLES, count=points * times)


def _check_rows(rows: object, points: int, times: int) -> None:
    if not isinstance(rows, list) or len(rows) != points:
        bad_shape(
            "$.v", f" {points} 行的数组,每个测点一行", f"an array of {points} rows, one a point"
        )
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != times:
            bad_shape(
                f"$.v[{i}]", f" {times} 个值的数组(每个时间一个)", f"an array of {times} values"
            )
    check_size(points, times)


def check_marks(marks: object, points: int, times: int) -> None:
    """Refuse quality marks that point nowhere or twice to the same sample."""
    seen: set[tuple[int, int]] = set()
    for i, mark in enumerate(array(marks, "$.q")):
        where = f"$.q[{i}]"
        if not isinstance(mark, list | tuple) or len(mark) != 3:
            bad_shape(where, "[测点下标, 时间下标, 质量码]", "[point index, time index, quality]")
        row = whole(mark[0], f"{where}[0]", high=points - 1)
        time = whole(mark[1], f"{where}[1]", high=times - 1)
        whole(mark[2], f"{where}[2]", high=MOST)
        if (row, time) in seen:
            refuse("doubled_mark", where)
        seen.add((row, time))


def read_beat(data: object) -> Beat:
    """Read a decoded beat whole; a value that is no number is left as it is for others to find.

    Raises:
        RefusedError: as `check_beat`.
    """
    check_beat(data)
    beat = mapping(data, "$")
    return Beat(
        beat=beat["beat"],
        epoch=beat.get("epoch", 0),
        t=tuple(beat["t"]),
        p=tuple(beat["p"]),
        v=tuple(tuple(row) for row in beat["v"]),
        q=tuple(tuple(mark) for mark in beat.get("q", ())),
        backfill=beat.get("backfill", False),
        sent=beat.get("sent", 0),
    )
