"""From a beat in raw form to a beat for the log; means the same as its JSON (see `access.raw`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guatu.access.beats import ANCIENT_MS, check_marks, check_times
from guatu.access.fields import whole
from guatu.access.messages import Beat, PlantConfig, Point
from guatu.access.raw import DOUBLES, HEAD, MOST_DECIMALS, Head, read_head, to_raw
from guatu.telemetry.cells import ABSENT, TENS, Cells
from guatu.telemetry.digits import count_rows, sift_rows
from guatu.telemetry.intake import (
    Said,
    Taken,
    are_usual,
    are_usual_marks,
    assemble,
    frame_beat,
    rejected_of,
    taken,
)
from guatu.telemetry.plant_door import Layout, PlantDoor


def take_raw(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read one beat in raw form.

    Args:
        plant: who sent it.
        body: the request's body.
        now_ms: the gateway's clock.

    Raises:
        RefusedError: if the beat cannot be taken as a whole.
    """
    head = read_head(body)
    forms = np.frombuffer(body, np.int8, head.points, head.forms_at)
    layout = plant.layout_of_raw(body[head.forms_at + head.points :], head.points)
    said = _said(body, head, now_ms)
    # With no doubles among them, forms equal to the decimals also say that every point is known.
    is_plain = not head.doubles and np.array_equal(forms, layout.decimals)
    if is_plain and are_usual(said.times, now_ms):
        return _scaled_rows(plant, body, head, layout, said)
    if len(forms) and not DOUBLES <= forms.min() <= forms.max() <= MOST_DECIMALS:
        for i, form in enumerate(forms.tolist()):
            whole(form, f"$.v[{i}]", low=DOUBLES, high=MOST_DECIMALS)
    values = _values(body, head, forms)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return assemble(plant, layout, said, values, np.nonzero(infinite)[0].tolist())


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


def _scaled_rows(plant: PlantDoor, body: bytes, head: Head, layout: Layout, said: Said) -> Taken:
    """Take rows as they lie in the body: every point known, scaled by its own decimals."""
    shape = (head.points, head.times)
    at = HEAD.size + 8 * head.times
    scaled = np.frombuffer(body, np.int32, head.points * head.times, at).reshape(shape)
    decimals, _, _, low, high = layout.bounds
    out_of_range = np.empty(head.points, np.int32)
    accepted = count_rows(scaled, low, high, out_of_range)
    if out_of_range.any():
        scaled = scaled.copy()
        sift_rows(scaled, low, high)
    cells = Cells(decimals, said.times, scaled, np.empty((0, head.times), np.float64))
    beat = frame_beat(plant, said, cells, layout.ids, np.arange(head.points))
    return taken(beat, accepted, rejected_of(layout, 0, out_of_range))


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
    for row in ((1.5,), (2.5,)):
        beat = Beat(beat=1, t=(ANCIENT_MS,), p=("a",), v=(row,))
        take_raw(PlantDoor(config, 0), to_raw(beat), ANCIENT_MS)
