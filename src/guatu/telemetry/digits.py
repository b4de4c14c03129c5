"""Reading beats at speed: the JSON of `Beat.to_bytes`, straight into cells, exactly.

Whatever is unusual (another key order, escapes, a number of more than 15 or so digits, anything
wrong) is left to a full JSON reader: these functions then say -1 and nothing else. A number read
here equals Python's ``float()`` of its text to the last bit: up to 2**53 and ten to the 22 are
exact doubles, so one division or product is correctly rounded (Clinger 1990).

One file, longer than others: numba's cache looks only at the file of the function called.
"""
# ruff: noqa: ANN001, ANN201, C901, D103, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, call-overload"

import numpy as np
from numba import njit

from guatu.telemetry.cells import ABSENT, LARGEST, TENS

EXACT_TENS = np.array([10.0**e for e in range(23)])
MOST_EXACT = np.uint64(1 << 53)
QUOTE, COMMA, COLON, MINUS, DOT, ZERO, NINE = (ord(c) for c in '",:-.09')
OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT, SPACE = ord("["), ord("]"), ord("{"), ord("}"), 32
NEWLINE, RETURN, TAB = 10, 13, 9
UNUSUAL = -1
EPOCH = np.frombuffer(b'"epoch"', np.uint8)
BEAT = np.frombuffer(b'"beat"', np.uint8)
TIMES = np.frombuffer(b'"t"', np.uint8)
POINTS = np.frombuffer(b'"p"', np.uint8)
VALUES = np.frombuffer(b'"v"', np.uint8)
MARKS = np.frombuffer(b'"q"', np.uint8)
BACKFILL = np.frombuffer(b'"backfill"', np.uint8)
SENT = np.frombuffer(b'"sent"', np.uint8)
TRUE = np.frombuffer(b"true", np.uint8)
FALSE = np.frombuffer(b"false", np.uint8)
NULL = np.frombuffer(b"null", np.uint8)

WHOLE_TENS = 10 ** np.arange(10)
# As numpy's own numbers, so that the scan is done without signs.
MINUS_BYTE, DOT_BYTE, ZERO_BYTE, COMMA_BYTE, CLOSE_BYTE, SPACE_BYTE = np.frombuffer(
    b"-.0,] ", np.uint8
)
ZERO_DIGIT, NINE_DIGIT, TEN, LONGEST = np.array([48, 9, 10, 18], np.uint64)
NOT_TO_SCALE = -2
UNKNOWN = np.int8(-1)
"""Stands where decimals stand, for a point that the plant does not have."""
SCALED, OTHER, ACCEPTED, STRANGE, IMPOSSIBLE = range(5)
"""What ``tally`` of the rows holds: rows of each kind, samples taken, samples of unknown points,
and samples that cannot have been measured."""

# Nothing here owns memory, so reference counting is left out: it took most of the time.
compiled = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)


@compiled
def after_space(text, at):
    while at < len(text) and (
        text[at] == SPACE or text[at] == NEWLINE or text[at] == RETURN or text[at] == TAB
    ):
        at += 1
    return at


@compiled
def after_sign(text, at, sign):
    """Skip space, one sign, space; -1 if the sign is not there."""
    if at < 0:
        return UNUSUAL
    at = after_space(text, at)
    if at >= len(text) or text[at] != sign:
        return UNUSUAL
    return after_space(text, at + 1)


@compiled
def after_word(text, at, word):
    if at < 0 or at + len(word) > len(text):
        return UNUSUAL
    for i in range(len(word)):
        if text[at + i] != word[i]:
            return UNUSUAL
    return at + len(word)


@compiled
def whole(text, at):
    """Read a whole number of at most 16 digits; gives (value, place after it or -1)."""
    begin, value = at, np.int64(0)
    while at < len(text) and ZERO <= text[at] <= NINE:
        value = value * 10 + (text[at] - ZERO)
        at += 1
        if at - begin > 16:
            return np.int64(0), UNUSUAL
    if at == begin or (text[begin] == ZERO and at - begin > 1):
        return np.int64(0), UNUSUAL
    return value, at


@compiled
def exponent(text, at):
    """Read what follows an e; gives (value, place after it or -1)."""
    negative = False
    if at < len(text) and (text[at] == MINUS or text[at] == ord("+")):
        negative = text[at] == MINUS
        at += 1
    begin, value = at, 0
    while at < len(text) and ZERO <= text[at] <= NINE and at - begin < 5:
        value = value * 10 + (text[at] - ZERO)
        at += 1
    if at == begin:
        return 0, UNUSUAL
    return (-value if negative else value), at


@compiled
def number(text, at):
    """Read a JSON number or null; gives (value, place after it or -1). Null is NaN."""
    size = len(text)
    if at < size and text[at] == ord("n"):
        return np.nan, after_word(text, at, NULL)
    negative = at < size and text[at] == MINUS
    if negative:
        at += 1
    begin, digits, scale = at, np.uint64(0), 0
    while at < size and ZERO <= text[at] <= NINE:
        digits = digits * np.uint64(10) + np.uint64(text[at] - ZERO)
        at += 1
    if at == begin or (text[begin] == ZERO and at - begin > 1) or at - begin > 18:
        return 0.0, UNUSUAL
    if at < size and text[at] == DOT:
        at += 1
        point = at
        while at < size and ZERO <= text[at] <= NINE:
            digits = digits * np.uint64(10) + np.uint64(text[at] - ZERO)
            at += 1
        scale = point - at
        if scale == 0 or at - begin > 19:
            return 0.0, UNUSUAL
    if at < size and (text[at] == ord("e") or text[at] == ord("E")):
        more, at = exponent(text, at + 1)
        if at < 0:
            return 0.0, UNUSUAL
        scale += more
    if digits > MOST_EXACT or scale < -22 or scale > 22:
        return 0.0, UNUSUAL
    value = np.float64(digits)
    value = value / EXACT_TENS[-scale] if scale < 0 else value * EXACT_TENS[scale]
    return (-value if negative else value), at


@compiled
def read_head(text, numbers, times):
    """Read a beat up to its point codes.

    Args:
        text: the body, uint8.
        numbers: takes epoch, beat and how many times there are; int64, shape (3,).
        times: takes the times; int64, as many as there is room for.

    Returns:
        The place of the first point code's quote, or -1 if anything is unusual.
    """
    at = after_sign(text, 0, OPEN_OBJECT)
    for which in range(2):
        at = after_sign(text, after_word(text, at, EPOCH if which == 0 else BEAT), COLON)
        if at < 0:
            return UNUSUAL
        numbers[which], at = whole(text, at)
        at = after_sign(text, at, COMMA)
    at = after_sign(text, after_sign(text, after_word(text, at, TIMES), COLON), OPEN)
    count, last = 0, np.int64(-1)
    while at >= 0 and count < len(times):
        time, at = whole(text, at)
        if at < 0 or time <= last:
            return UNUSUAL
        times[count], last = time, time
        count += 1
        at = after_space(text, at)
        if at < len(text) and text[at] == CLOSE:
            numbers[2] = count
            at = after_sign(text, at + 1, COMMA)
            at = after_sign(text, after_sign(text, after_word(text, at, POINTS), COLON), OPEN)
            if at < 0 or at >= len(text) or text[at] != QUOTE:
                return UNUSUAL
            return at
        at = after_sign(text, at, COMMA)
    return UNUSUAL


@compiled
def any_number_scaled(text, at, ten):
    """Read a number of any form; gives (scaled value, place or -1), ABSENT for null.

    What is no multiple of the last decimal says so by a value greater than LARGEST.
    """
    value, at = number(text, at)
    if at < 0 or np.isnan(value):
        return np.int64(ABSENT), at
    whole = np.rint(value * ten)
    if abs(whole) <= LARGEST and whole / ten == value:
        return np.int64(whole), at
    return np.int64(LARGEST + 1), at


@compiled
def after_value(text, at, is_last):
    """Go from behind a value to the next one, or stay behind a row's last; -1 if neither."""
    if is_last:
        return at
    if text[at] == COMMA:
        following = text[at + 1]
        return at + 1 if following > SPACE else after_space(text, at + 1)
    return after_sign(text, at, COMMA)


@compiled
def read_scaled_row(text, at, decimals, row):
    """Read a row's values as scaled ones; gives the place behind, -1 unusual, -2 not to scale.

    Written out in one loop over unsigned numbers, which is five times faster than the same in
    small functions: a plain number with a comma behind it is read here, anything else by them.
    The text must not end in a digit, a sign or a point: the scan has no other bound.
    """
    ten, times = TENS[decimals], len(row)
    one, place = np.uint64(1), np.uint64(at)
    for j in range(times):
        begin = place
        negative = text[place] == MINUS_BYTE
        if negative:
            place += one
        first, digits = place, np.uint64(0)
        digit = np.uint64(text[place]) - ZERO_DIGIT
        while digit <= NINE_DIGIT:
            digits = digits * TEN + digit
            place += one
            digit = np.uint64(text[place]) - ZERO_DIGIT
        whole, missing = place - first, decimals
        if text[place] == DOT_BYTE:
            place += one
            point = place
            digit = np.uint64(text[place]) - ZERO_DIGIT
            while digit <= NINE_DIGIT:
                digits = digits * TEN + digit
                place += one
                digit = np.uint64(text[place]) - ZERO_DIGIT
            fraction = np.int64(place - point)
            # A point with no digit behind it is not for this loop.
            missing = decimals - fraction if fraction else np.int64(-1)
        is_plain = (
            (whole - one < NINE_DIGIT)
            & (missing >= 0)
            & ((text[first] != ZERO_BYTE) | (whole == one))
            & (place - begin < LONGEST)
        )
        last = j + 1 == times
        if is_plain and (text[place] == (CLOSE_BYTE if last else COMMA_BYTE)):
            scaled = np.int64(digits) * WHOLE_TENS[missing]
            if scaled > LARGEST:
                return np.int64(NOT_TO_SCALE)
            row[j] = -scaled if negative else scaled
            if not last:
                place += one
                if text[place] <= SPACE_BYTE:
                    place = np.uint64(after_space(text, np.int64(place)))
            continue
        value, end = any_number_scaled(text, np.int64(begin), ten)
        if end >= 0:
            if value > LARGEST:
                return np.int64(NOT_TO_SCALE)
            row[j] = value
            end = after_value(text, end, last)
        if end < 0:
            return np.int64(UNUSUAL)
        place = np.uint64(end)
    return np.int64(place)


@compiled
def read_row(text, at, row):
    """Read a row's values as they are; gives the place behind, -1 if anything is unusual."""
    times = len(row)
    for j in range(times):
        row[j], at = number(text, at)
        if at >= 0:
            at = after_value(text, at, j + 1 == times)
        if at < 0:
            return at
    return at


@compiled
def count_scaled(row, low, high):
    """Count a row's samples that can have been measured, and those that cannot."""
    inside, absent = 0, 0
    for j in range(len(row)):
        inside += (row[j] >= low) & (row[j] <= high)
        absent += row[j] == ABSENT
    return inside, len(row) - inside - absent


@compiled
def sift_scaled(row, low, high):
    """Leave out what cannot have been measured; gives (samples kept, samples left out)."""
    kept, left_out = count_scaled(row, low, high)
    if left_out:
        for j in range(len(row)):
            if not low <= row[j] <= high:
                row[j] = ABSENT
    return kept, left_out


@compiled
def sift_rows(rows, low, high):
    """Leave out of each row what cannot have been measured."""
    for i in range(len(rows)):
        sift_scaled(rows[i], low[i], high[i])


@compiled
def sift(row, low, high):
    """As `sift_scaled`, for values that are not scaled."""
    kept, left_out = 0, 0
    for j in range(len(row)):
        if low <= row[j] <= high:
            kept += 1
        elif not np.isnan(row[j]):
            left_out += 1
            row[j] = np.nan
    return kept, left_out


@compiled
def read_rows(text, at, bounds, scaled, values, rows, out_of_range, tally):
    """Read a beat from the bracket that ends its point codes to behind its values.

    Args:
        text: the body, uint8; its last byte must be the closing brace.
        at: the place of that bracket.
        bounds: of each point: decimals (UNKNOWN for one that the plant does not have), the
            least and greatest possible value, and both scaled.
        scaled: takes the rows to scale, from its beginning; int32 (points, times).
        values: takes the other rows likewise; float64 (points, times).
        rows: takes which row each is: those scaled from the beginning, the others from the end
            on backwards; int32 (points,).
        out_of_range: takes how many samples of each point were impossible; int32 (points,).
        tally: is added to.

    Returns:
        The place behind the values, or -1 if anything is unusual.
    """
    decimals, low, high, low_scaled, high_scaled = bounds
    at = after_sign(text, after_sign(text, at, CLOSE), COMMA)
    at = after_sign(text, after_sign(text, after_word(text, at, VALUES), COLON), OPEN)
    points = len(decimals)
    for i in range(points):
        at = after_sign(text, at, OPEN)
        if at < 0:
            return UNUSUAL
        begin, kind, kept, left_out = at, OTHER, 0, 0
        if decimals[i] != UNKNOWN:
            row = scaled[tally[SCALED]]
            at = read_scaled_row(text, begin, decimals[i], row)
            if at >= 0:
                kind = SCALED
                kept, left_out = sift_scaled(row, low_scaled[i], high_scaled[i])
                rows[tally[SCALED]] = i
        if kind == OTHER and at != UNUSUAL:
            other = values[tally[OTHER]]
            at = read_row(text, begin, other)
            kept, left_out = sift(other, low[i], high[i])
            rows[points - 1 - tally[OTHER]] = i
        if at < 0:
            return UNUSUAL
        if decimals[i] == UNKNOWN:
            tally[STRANGE] += kept + left_out
        else:
            tally[kind] += 1
            tally[ACCEPTED] += kept
            tally[IMPOSSIBLE] += left_out
            out_of_range[i] = left_out
        at = after_sign(text, at, CLOSE)
        if i + 1 < points:
            at = after_sign(text, at, COMMA)
    return after_sign(text, at, CLOSE)


@compiled
def read_marks(text, at, marks):
    """Read quality marks; gives (how many, place behind their list or -1)."""
    at = after_sign(text, at, OPEN)
    for n in range(len(marks)):
        for k in range(3):
            at = after_sign(text, at, OPEN if k == 0 else COMMA)
            if at < 0:
                return n, UNUSUAL
            marks[n, k], at = whole(text, at)
        at = after_sign(text, at, CLOSE)
        if at < 0 or at >= len(text):
            return n, UNUSUAL
        if text[at] == CLOSE:
            return n + 1, after_space(text, at + 1)
        at = after_sign(text, at, COMMA)
    return 0, UNUSUAL


@compiled
def follows(text, at, word):
    """Read a comma, a name and a colon, if they are there; gives the place behind or -1."""
    return after_sign(text, after_word(text, after_sign(text, at, COMMA), word), COLON)


@compiled
def read_tail(text, at, marks, said):
    """Read what may stand behind the values, to the very end.

    Args:
        text: the body, uint8.
        at: the place behind the values.
        marks: takes the quality marks; int64, shape (as many as there may be, 3).
        said: takes how many marks there are, whether it is backfill, and when it was sent;
            int64, shape (3,).

    Returns:
        0, or -1 if anything is unusual.
    """
    said[:] = 0
    behind = follows(text, at, MARKS)
    if behind >= 0:
        said[0], at = read_marks(text, behind, marks)
    behind = follows(text, at, BACKFILL)
    if behind >= 0:
        said[1] = after_word(text, behind, TRUE) >= 0
        at = after_space(text, after_word(text, behind, TRUE if said[1] else FALSE))
    behind = follows(text, at, SENT)
    if behind >= 0:
        said[2], at = whole(text, behind)
        at = after_space(text, at)
    return 0 if after_sign(text, at, CLOSE_OBJECT) == len(text) else UNUSUAL
