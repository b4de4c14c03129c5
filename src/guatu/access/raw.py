"""The raw form of a beat: the same meaning as its JSON, in bytes that need no reading of digits.

Little endian. ``GTB1``, u32 flags (1: backfill), u64 epoch, u64 beat, i64 sent (0: not said),
u32 points, u32 of these as doubles, u32 times, u32 marks, u32 bytes of codes, u32 zero; then
times i64; a row of f64 for each point
of form -1 (NaN is no sample); a row of i32 for each other point (-2**31 is no sample, else the
value is the number divided by ten to the form); marks i32 (point, time, quality); forms i8; the
point codes in UTF-8, a line feed between two. Nothing follows.

Plain Python, for an agent that installs nothing and for tests to hold others to.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guatu.access.beats import check_codes, check_marks, check_size, check_times
from guatu.access.fields import MAX_COUNT, bad_shape, refuse, whole
from guatu.access.messages import Beat

MEDIA_TYPE = "application/vnd.guatu.beat"
HEAD = struct.Struct("<4sIQQqIIIIII")
SENT, SENT_AT = struct.Struct("<q"), 24
"""Where a sender writes its clock, anew at each sending."""
MAGIC = b"GTB1"
BACKFILL = 1
ABSENT, LARGEST = -(2**31), 2**31 - 1
DOUBLES, MOST_DECIMALS = -1, 9


def raw_size(points: int, doubles: int, times: int, marks: int, codes: int) -> int:
    """Bytes of a beat with so many points, of which so many as doubles."""
    cells = (4 * (points - doubles) + 8 * doubles) * times
    return HEAD.size + 8 * times + cells + 12 * marks + points + codes


def to_raw(beat: Beat) -> bytes:
    """Lay down a beat; a row goes as whole numbers where that is exact.

    Raises:
        ValueError: if a code has a line feed, which the raw form cannot carry.
    """
    if any("\n" in code for code in beat.p):
        raise ValueError("a point code with a line feed cannot travel in raw form")
    forms = [_form(row) for row in beat.v]
    doubles = [row for row, form in zip(beat.v, forms, strict=True) if form == DOUBLES]
    scaled = [
        [ABSENT if value is None else _scaled(value, form) for value in row]
        for row, form in zip(beat.v, forms, strict=True)
        if form != DOUBLES
    ]
    codes = "\n".join(beat.p).encode()
    head = HEAD.pack(
        MAGIC,
        BACKFILL if beat.backfill else 0,
        beat.epoch,
        beat.beat,
        beat.sent,
        len(beat.p),
        len(doubles),
        len(beat.t),
        len(beat.q),
        len(codes),
        0,
    )
    parts = [head, _pack("q", beat.t)]
    parts += [_pack("d", [math.nan if value is None else value for value in r]) for r in doubles]
    parts += [_pack("i", row) for row in scaled]
    parts += [_pack("i", mark) for mark in beat.q]
    return b"".join((*parts, _pack("b", forms), codes))


def _pack(kind: str, numbers: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}{kind}", *numbers)


def _scaled(value: float, form: int) -> int:
    return round(value * 10.0**form)


def _form(row: Sequence[float | None]) -> int:
    """Give the least decimals with which every value of a row is exact, else DOUBLES."""
    form = 0
    for value in row:
        if value is None:
            continue
        if not math.isfinite(value):
            return DOUBLES
        exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
        form = max(form, -int(exponent))
    exact = form <= MOST_DECIMALS and all(
        value is None
        or (abs(_scaled(value, form)) <= LARGEST and _scaled(value, form) / 10.0**form == value)
        for value in row
    )
    return form if exact else DOUBLES


def is_raw(body: bytes) -> bool:
    """Tell whether a message begins as one of this form."""
    return body.startswith(MAGIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a raw beat says of itself, its length checked against it.

    Args:
        doubles: how many of the points have a row of doubles.
        forms_at: where the forms begin; the codes follow them to the end.
    """

    epoch: int
    beat: int
    sent: int
    backfill: bool
    points: int
    doubles: int
    times: int
    marks: int
    forms_at: int


def read_head(body: bytes) -> Head:
    """Read the head of a raw beat.

    Raises:
        RefusedError: if a number in it cannot be, or the body's length differs from it.
    """
    if len(body) < HEAD.size or not is_raw(body):
        refuse("raw_head", "$", magic=MAGIC.decode(), size=HEAD.size)
    _, flags, epoch, number, sent, points, doubles, times, marks, codes, zero = HEAD.unpack_from(
        body
    )
    whole(flags, "$.backfill", high=BACKFILL)
    whole(number, "$.beat", high=MAX_COUNT)
    whole(epoch, "$.epoch", high=MAX_COUNT)
    whole(sent, "$.sent", high=MAX_COUNT)
    check_size(points, times)
    whole(doubles, "$.v", high=points)
    whole(zero, "$", high=0)
    expected = raw_size(points, doubles, times, marks, codes)
    if len(body) != expected:
        refuse("raw_length", "$", expected=expected, size=len(body))
    forms_at = len(body) - codes - points
    if body.count(b"\xff", forms_at, forms_at + points) != doubles:
        bad_shape(
            "$.v", f" {doubles} 个双精度测点(形式 −1)", f"{doubles} points of doubles (form −1)"
        )
    if bool(times) != bool(points):
        bad_shape("$.t", "与 p 同为空或同不为空的数组", "an array, empty only together with p")
    return Head(
        epoch=epoch,
        beat=number,
        sent=sent,
        backfill=bool(flags & BACKFILL),
        points=points,
        doubles=doubles,
        times=times,
        marks=marks,
        forms_at=forms_at,
    )


def raw_length(content: bytes, at: int) -> int | None:
    """Tell how long the raw beat is that begins at a place; None if none does."""
    if len(content) - at < HEAD.size or content[at : at + 4] != MAGIC:
        return None
    _, _, _, _, _, points, doubles, times, marks, codes, _ = HEAD.unpack_from(content, at)
    size = raw_size(points, doubles, times, marks, codes) if doubles <= points else 0
    return size if 0 < size <= len(content) - at else None


def read_raw(body: bytes) -> Beat:
    """Read a beat; an infinite double is left as it is for others to find.

    Raises:
        RefusedError: with the first problem, named by its place in the JSON form.
    """
    head = read_head(body)
    codes = read_codes(body[head.forms_at + head.points :], head.points)
    moments = struct.unpack_from(f"<{head.times}q", body, HEAD.size)
    check_times(moments)
    triples = struct.unpack_from(f"<{3 * head.marks}i", body, head.forms_at - 12 * head.marks)
    marked = tuple(zip(triples[::3], triples[1::3], triples[2::3], strict=True))
    check_marks(marked, head.points, head.times)
    forms = struct.unpack_from(f"<{head.points}b", body, head.forms_at)
    for i, form in enumerate(forms):
        whole(form, f"$.v[{i}]", low=DOUBLES, high=MOST_DECIMALS)
    return Beat(
        beat=head.beat,
        epoch=head.epoch,
        t=moments,
        p=tuple(codes),
        v=_values(body, forms, head.times),
        q=marked,
        backfill=head.backfill,
        sent=head.sent,
    )


def read_codes(text: bytes, points: int) -> list[str]:
    """Take point codes apart.

    Raises:
        RefusedError: if they are no texts, not so many, or one stands twice.
    """
    try:
        codes = text.decode().split("\n") if text or points else []
    except UnicodeDecodeError:
        bad_shape("$.p", " UTF-8 文本", "UTF-8 text")
    if len(codes) != points:
        bad_shape("$.p", f" {points} 个测点编码", f"{points} point codes")
    check_codes(codes)
    return codes


def _values(body: bytes, forms: Sequence[int], times: int) -> tuple[tuple[float | None, ...], ...]:
    double_at = HEAD.size + 8 * times
    whole_at = double_at + 8 * times * forms.count(DOUBLES)
    rows: list[tuple[float | None, ...]] = []
    for form in forms:
        if form == DOUBLES:
            doubles = struct.unpack_from(f"<{times}d", body, double_at)
            double_at += 8 * times
            rows.append(tuple(None if math.isnan(value) else value for value in doubles))
        else:
            numbers = struct.unpack_from(f"<{times}i", body, whole_at)
            whole_at += 4 * times
            ten = 10.0**form
            rows.append(tuple(None if n == ABSENT else n / ten for n in numbers))
    return tuple(rows)
