"""Reading beats at speed: the JSON of `Beat.to_bytes`, straight into arrays, exactly.

Whatever is unusual (another key order, escapes, a number of more than 15 or so digits, anything
wrong) is left to a full JSON reader: these functions then say -1 and nothing else. A number read
here equals Python's ``float()`` of its text to the last bit: up to 2**53 and ten to the 22 are
exact doubles, so one division or product is correctly rounded (Clinger 1990).
"""
# ruff: noqa: ANN001, ANN201, C901, D103 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import numpy as np
from numba import njit

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
BACKFILL = np.frombuffer(b'"backfill"', np.uint8)
TRUE = np.frombuffer(b"true", np.uint8)
FALSE = np.frombuffer(b"false", np.uint8)
NULL = np.frombuffer(b"null", np.uint8)

compiled = njit(cache=True, nogil=True)


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
def read_rows(text, at, values):
    """Read a beat from the bracket that ends its point codes to its very end.

    Args:
        text: the body, uint8.
        at: the place of that bracket.
        values: takes the rows; float64, exactly (points, times); null is NaN.

    Returns:
        0, or 1 if the beat says it is backfill, or -1 if anything is unusual.
    """
    at = after_sign(text, after_sign(text, at, CLOSE), COMMA)
    at = after_sign(text, after_sign(text, after_word(text, at, VALUES), COLON), OPEN)
    points, times = values.shape
    size = len(text)
    for i in range(points):
        at = after_sign(text, at, OPEN)
        if at < 0:
            return UNUSUAL
        for j in range(times):
            values[i, j], at = number(text, at)
            if at < 0:
                return UNUSUAL
            if at < size and text[at] == COMMA and j + 1 < times:
                at = after_space(text, at + 1)
            elif j + 1 < times:
                at = after_sign(text, at, COMMA)
                if at < 0:
                    return UNUSUAL
        at = after_sign(text, at, CLOSE)
        if i + 1 < points:
            at = after_sign(text, at, COMMA)
    return read_tail(text, after_sign(text, at, CLOSE))


@compiled
def read_tail(text, at):
    if at < 0 or at >= len(text):
        return UNUSUAL
    backfill = 0
    if text[at] == COMMA:
        at = after_sign(text, at, COMMA)
        at = after_sign(text, after_word(text, at, BACKFILL), COLON)
        if after_word(text, at, TRUE) >= 0:
            backfill, at = 1, after_word(text, at, TRUE)
        else:
            at = after_word(text, at, FALSE)
    at = after_sign(text, at, CLOSE_OBJECT)
    return backfill if at == len(text) else UNUSUAL


@compiled
def sift(values, low, high, out_of_range):
    """Leave out what an instrument cannot have measured.

    Args:
        values: changed in place: impossible samples become NaN; float64 (points, times).
        low: least possible value a point, float64 (points,).
        high: greatest possible value a point, float64 (points,).
        out_of_range: takes how many were left out a point, int32 (points,).

    Returns:
        How many samples remain, absent ones not counted.
    """
    kept = 0
    for i in range(values.shape[0]):
        left_out, least, most = 0, low[i], high[i]
        for j in range(values.shape[1]):
            value = values[i, j]
            if least <= value <= most:
                kept += 1
            elif value == value:  # noqa: PLR0124 (NaN is the only value that is not itself)
                left_out += 1
                values[i, j] = np.nan
        out_of_range[i] = left_out
    return kept
