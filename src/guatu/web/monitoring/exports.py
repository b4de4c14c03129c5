"""History as a file: CSV, Parquet or Excel, written as it is read, whatever its size."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD, NAMES
from guatu.web.monitoring import doors
from guatu.web.monitoring.models import Point
from guatu.web.shell import spreadsheet

if TYPE_CHECKING:
    from guatu.telemetry.query import Stretch

FORMATS = ("csv", "parquet", "xlsx")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Tell = Callable[[int, int], None]


class TooLongForExcelError(Exception):
    """More rows than a sheet of Excel holds.

    Args:
        rows: about how many there would be.
    """

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows

    def __str__(self) -> str:
        return _(
            "This would be about %(rows)s rows, and a sheet of Excel holds %(most)s. Choose minutes"
            " or hours, fewer points or less time, or export CSV."
        ) % {"rows": f"{self.rows:,}", "most": f"{spreadsheet.MAX_ROWS:,}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported.

    Attributes:
        points: with their unit and plant, in the order wanted.
        start: earliest moment.
        end: latest moment, itself included.
        resolution: ``raw``, ``minute`` or ``hour``.
    """

    points: Sequence[Point]
    start: datetime
    end: datetime
    resolution: str

    @property
    def is_raw(self) -> bool:
        """Whether samples are wanted as they are."""
        return self.resolution == "raw"


def headings(wanted: Wanted) -> list[str]:
    """The names of the columns, in the reader's language."""
    about = [_("Plant"), _("Point code"), _("Point"), _("Unit of measure"), _("Time")]
    if wanted.is_raw:
        return [*about, _("Value"), _("Quality")]
    return [*about, _("Mean"), _("Least"), _("Greatest"), _("Last value"), _("Samples")]


def counted(wanted: Wanted) -> int:
    """How many rows it will be, for Excel: told by roll-ups, without reading every sample."""
    hours = doors.export(_ids(wanted), wanted.start, wanted.end, "hour").stretches
    if wanted.is_raw:
        return sum(int(stretch.count.sum()) for stretch in hours)
    each = 60 if wanted.resolution == "minute" else 1
    return sum(int(np.minimum(stretch.count, each).sum()) for stretch in hours)


def write_csv(wanted: Wanted, tell: Tell | None = None) -> Iterator[bytes]:
    """Give the file piece by piece; Excel too knows its letters by the mark at its begin."""
    yield "\ufeff".encode() + _line(headings(wanted))
    for point, stretch in _stretches(wanted, tell):
        about = _line(_about(point)).rstrip(b"\r\n").decode()
        figures = [map(repr, column.tolist()) for column in _figures(wanted, stretch)]
        rows = zip(times_of(stretch.at_ms), *figures, strict=True)
        yield "".join(f"{about},{','.join(row)}\r\n" for row in rows).encode()


def write_parquet(wanted: Wanted, file: IO[bytes], tell: Tell | None = None) -> None:
    """Write the file; its columns have the same names in every language."""
    figures = ["value", "quality"] if wanted.is_raw else ["mean", "low", "high", "last", "count"]
    kinds = {"quality": pa.int8(), "count": pa.int64()}
    fields = [(name, pa.string()) for name in ("plant", "point", "name", "unit")]
    fields += [("time", pa.timestamp("ms", tz="UTC"))]
    fields += [(name, kinds.get(name, pa.float64())) for name in figures]
    schema = pa.schema(fields)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for point, stretch in _stretches(wanted, tell):
            about = [
                pa.repeat(pa.scalar(text, pa.string()), len(stretch)) for text in _about(point)
            ]
            times = pa.array(stretch.at_ms).cast(pa.timestamp("ms", tz="UTC"))
            columns = [*about, times, *map(pa.array, _figures(wanted, stretch))]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def write_xlsx(wanted: Wanted, tell: Tell | None = None) -> IO[bytes]:
    """Write the file; gone when closed.

    Raises:
        TooLongForExcelError: if a sheet would not hold it.
    """
    rows = counted(wanted)
    if rows > spreadsheet.MAX_ROWS:
        raise TooLongForExcelError(rows)
    lines = chain.from_iterable(_lines(wanted, *one) for one in _stretches(wanted, tell))
    return spreadsheet.write(name=_("History data"), headings=headings(wanted), lines=lines)


def as_file(wanted: Wanted, kind: str) -> IO[bytes]:
    """Write a Parquet or Excel file; gone when closed.

    Raises:
        TooLongForExcelError: if a sheet would not hold it.
    """
    if kind == "xlsx":
        return write_xlsx(wanted)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    write_parquet(wanted, file)
    file.seek(0)
    return file


def _lines(wanted: Wanted, point: Point, stretch: Stretch) -> Iterator[list[object]]:
    about = _about(point)
    columns = [column.tolist() for column in _figures(wanted, stretch)]
    if wanted.is_raw:
        columns[1] = [_quality(number) for number in columns[1]]
    for at_ms, *figures in zip(stretch.at_ms.tolist(), *columns, strict=True):
        yield [*about, _moment(at_ms), *figures]


def _stretches(wanted: Wanted, tell: Tell | None) -> Iterator[tuple[Point, Stretch]]:
    points = {point.pk: point for point in wanted.points}
    done: set[int] = set()
    found = doors.export(_ids(wanted), wanted.start, wanted.end, wanted.resolution).stretches
    for stretch in found:
        yield points[stretch.point], stretch
        done.add(stretch.point)
        if tell is not None:
            tell(len(done), len(points))
    if tell is not None:
        tell(len(points), len(points))


def _figures(wanted: Wanted, stretch: Stretch) -> list[NDArray[Any]]:
    if wanted.is_raw:
        return [stretch.value, stretch.quality]
    return [stretch.value, stretch.low, stretch.high, stretch.last, stretch.count]


def _about(point: Point) -> list[str]:
    return [point.unit.plant.code, point.code, point.name, point.measure]


def _ids(wanted: Wanted) -> list[int]:
    return [point.pk for point in wanted.points]


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    # What a spreadsheet would take for a formula is marked as text.
    csv.writer(out).writerow([f"'{one}" if one.startswith(FORMULA) else one for one in cells])
    return out.getvalue().encode()


def _quality(number: int) -> str:
    """A quality in words."""
    is_english = str(get_language()).startswith("en")
    if number in NAMES:
        return NAMES[number][1 if is_english else 0]
    return _("bad value") if number >= LEAST_BAD else _("uncertain")


def _moment(at_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def times_of(at_ms: NDArray[np.int64]) -> list[str]:
    """Times as text, local with their offset, to the millisecond."""
    zone = timezone.get_current_timezone()
    offset = _moment(int(at_ms[0])).astimezone(zone).utcoffset() or timedelta()
    text = np.datetime_as_string((at_ms + round(offset.total_seconds() * 1000)).astype("M8[ms]"))
    minutes = round(offset.total_seconds() / 60)
    mark = f"{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return [f"{one}{mark}" for one in text.tolist()]
