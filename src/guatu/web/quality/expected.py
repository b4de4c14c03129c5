"""How many samples should have come: by the sampling periods, declared stops left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
Stopped = tuple[int | None, datetime, datetime]
"""A declared stop: the unit, or None for the whole plant; from when, until when."""


def expected(
    rates: Mapping[int, float], since: datetime, until: datetime, stops: Iterable[Stopped] = ()
) -> float:
    """Count the samples that a plant should have sent in a span.

    Args:
        rates: samples a second by unit.
        since: from when.
        until: until when.
        stops: declared ones, which may overlap.
    """
    known = list(stops)
    total = 0.0
    for unit, rate in rates.items():
        spans = [(begins, ends) for of, begins, ends in known if of in (None, unit)]
        total += rate * ((until - since) - covered(spans, since, until)).total_seconds()
    return total


def covered(spans: Sequence[Span], since: datetime, until: datetime) -> timedelta:
    """How much of a span others cover, what they share counted once."""
    total, reached = timedelta(0), since
    for begins, ends in sorted(spans):
        begins, ends = max(begins, reached), min(ends, until)  # noqa: PLW2901 - cut to the span
        if ends > begins:
            total += ends - begins
            reached = ends
    return total
