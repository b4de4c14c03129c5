"""From a beat in raw form to a beat for the log; means the same as its JSON (see `access.raw`)."""
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from guatu.access.beats import ANCIENT_MS, FAR_AHEAD_MS, MAX_SAMPLES, check_marks, check_times
from guatu.access.fields import MAX_COUNT, whole
from guatu.access.messages import Beat, PlantConfig, Point
from guatu.access.raw import (
    BACKFILL,
    DOUBLES,
    HEAD,
    MAGIC,
    MOST_DECIMALS,
    Head,
    read_head,
    to_raw,
)
from guatu.telemetry.cells import ABSENT, TENS, Cells
from guatu.telemetry.frame import FrameBeat
from guatu.telemetry.intake import Said, Taken, are_usual_marks, assemble
from guatu.telemetry.plant_door import PlantDoor

ABSENT_CELL = np.int32(ABSENT)


def take_raw(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read one beat in raw form.

    Args:
        plant: who sent it.
        body: the request's body.
        now_ms: the gateway's clock.

    Raises:
        RefusedError: if the beat cannot be taken as a whole.
    """
    return _take_plain(plant, body, now_ms) or _take_any(plant, body, now_ms)


def _take_plain(plant: PlantDoor, body: bytes, now_ms: int) -> Taken | None:
    """Read a beat whose every point is known, scaled by its own decimals, good and possible.

    None if anything about it is otherwise. One call for one beat: it is as short as can be.
    """
    layout = plant.plain_layout(body)
    if layout is None or layout.narrow is None or len(body) < HEAD.size + len(layout.tail):
        return None
    (
        magic, flags, epoch, number, sent, points, doubles, times, marks, codes, zero
    ) = HEAD.unpack_from(body)  # fmt: skip
    if (
        magic != MAGIC or marks or doubles or zero
        or flags > BACKFILL or not times
        or epoch > MAX_COUNT or number > MAX_COUNT or not 0 <= sent <= MAX_COUNT
        or points != len(layout.codes) or points + codes != len(layout.tail)
        or points * times > MAX_SAMPLES
        or len(body) != HEAD.size + (8 + 4 * points) * times + len(layout.tail)
    ):  # fmt: skip
        return None
    moments = np.frombuffer(body, np.int64, times, HEAD.size)
    scaled = np.frombuffer(body, np.int32, points * times, HEAD.size + 8 * times)
    scaled.shape = (points, times)
    accepted = count_plain(moments, scaled, *layout.narrow, now_ms)
    if accepted < 0:
        return None
    cells = Cells(layout.bounds[0], moments, scaled, np.empty((0, times), np.float64))
    beat = FrameBeat(
        plant.config.plant, epoch, number, now_ms, flags == BACKFILL, layout.ids, cells
    )
    beat.sent_ms = sent
    return Taken(beat, accepted)


def _take_any(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read any beat in raw form.

    Raises:
        RefusedError: if the beat cannot be taken as a whole.
    """
    head = read_head(body)
    forms = np.frombuffer(body, np.int8, head.points, head.forms_at)
    layout = plant.layout_of_raw(body[head.forms_at + head.points :], head.points)
    said = _said(body, head, now_ms)
    if len(forms) and not DOUBLES <= forms.min() <= forms.max() <= MOST_DECIMALS:
        for i, form in enumerate(forms.tolist()):
            whole(form, f"$.v[{i}]", low=DOUBLES, high=MOST_DECIMALS)
    values = _values(body, head, forms)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return assemble(plant, layout, said, values, np.nonzero(infinite)[0].tolist())


@njit(cache=True, nogil=True, error_model="numpy")
def count_plain(times, scaled, low, high, now_ms):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Count the samples of a beat; -1 if a time or a value is none that can be."""
    if times[0] < ANCIENT_MS or times[-1] > now_ms + FAR_AHEAD_MS:
        return -1
    for j in range(1, len(times)):
        if times[j] <= times[j - 1]:
            return -1
    inside, absent = 0, 0
    for i in range(scaled.shape[0]):
        least, most = low[i], high[i]
        for j in range(scaled.shape[1]):
            cell = scaled[i, j]
            inside += (cell >= least) & (cell <= most)
            absent += cell == ABSENT_CELL
    return inside if inside + absent == scaled.size else -1


def _said(body: bytes, head: Head, now_ms: int) -> Said:
    times = np.frombuffer(body, np.int64, head.times, HEAD.size)
    if len(times) and not (times[0] >= 0 and times[-1] <= 2**62 and np.all(np.diff(times) > 0)):
        check_times(times.tolist())
    marks_at = head.forms_at - 12 * head.marks
    marks = np.frombuffer(body, np.int32, 3 * head.marks, marks_at).reshape(-1, 3)
    if not are_usual_marks(marks.astype(np.int64), (head.points, head.times)):
        check_marks(marks.tolist(), head.points, head.times)
    return Said(
        now_ms, head.epoch, head.beat, times, head.sent, head.backfill, marks.astype(np.int64)
    )


def _values(body: bytes, head: Head, forms: NDArray[np.int8]) -> NDArray[np.float64]:
    """Give every row as doubles; NaN is no sample."""
    values = np.empty((head.points, head.times), np.float64)
    double = forms == DOUBLES
    at = HEAD.size + 8 * head.times
    doubles = np.frombuffer(body, np.float64, head.doubles * head.times, at)
    values[double] = doubles.reshape(head.doubles, head.times)
    at += 8 * doubles.size
    shape = (head.points - head.doubles, head.times)
    scaled = np.frombuffer(body, np.int32, shape[0] * shape[1], at).reshape(shape)
    rows = scaled / TENS[forms[~double]][:, None]
    rows[scaled == ABSENT] = np.nan
    values[~double] = rows
    return values


def warm_up() -> None:
    """Compile, or load from the cache, what reads raw beats."""
    point = Point(id=1, code="a", decimals=1, physical_high=2.0)
    config = PlantConfig(plant=1, code="a", version=1, region="", points=(point,))
    plant = PlantDoor(config, 0)
    beat = Beat(beat=1, t=(ANCIENT_MS,), p=("a",), v=((1.5,),))
    for _ in range(2):  # the plain way is taken once a layout is known
        take_raw(plant, to_raw(beat), ANCIENT_MS)
