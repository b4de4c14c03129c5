"""Segments: samples between two cuts, sorted by point and time, small and exact.

A scaled sample takes 1.3 to 1.9 bytes on disk, as the step from its point's sample before; the few
others lie in a file beside, as doubles with their quality. Either way the value read back equals
the value sent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from guatu.telemetry.cells import cells_of
from guatu.telemetry.history.sort import Block, Part, joined, sort_blocks
from guatu.telemetry.history.steps import steps_of

ROW_GROUP = 1 << 18


def _schema(tag: str, cell: str, kind: pa.DataType) -> pa.Schema:
    fields = (("point", pa.int32()), ("at_ms", pa.int64()), (tag, pa.int8()), (cell, kind))
    return pa.schema([pa.field(name, of, nullable=False) for name, of in fields])


SCALED = _schema("decimals", "step", pa.uint32())
OTHERS = _schema("quality", "value", pa.float64())
BEFORE_STEPS = ["point", "at_ms", "decimals", "scaled"]
"""Columns of scaled samples as they were written before there were steps; still read."""
# In an arrival segment points stand in short runs, and a plant's points share their times: repeats
# that lz4 finds at half the cost of delta encoding, and in less space. zstd's fast levels overlook
# them. A dictionary of the decimals would cost more than all the rest.
ENCODING = {"point": "PLAIN", "at_ms": "PLAIN"}
ARRIVAL = {
    "point": "lz4",
    "at_ms": "lz4",
    "decimals": "zstd",
    "quality": "zstd",
    "step": "lz4",
    "value": "zstd",
}
MERGED = dict.fromkeys(ARRIVAL, "zstd")
LEVELS = {"step": 2}


class PartWriter:
    """Writes a file piece by piece, in row groups of one size, and makes its contents durable.

    Args:
        path: where; not yet the name readers look for.
        schema: SCALED or OTHERS.
        merged: whether a point's samples stand in runs so long that differences say them best.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, merged: bool) -> None:
        codec = MERGED if merged else ARRIVAL
        codec = {name: codec[name] for name in schema.names}
        tag, cell = schema.names[2:]
        encoding = {**ENCODING, tag: "PLAIN", cell: "BYTE_STREAM_SPLIT"}
        if merged:
            encoding["at_ms"] = "DELTA_BINARY_PACKED"
        self._schema = schema
        self._waiting: list[Part] = []
        self._file = path.open("wb")
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression=codec,
            compression_level={
                name: LEVELS.get(name, 1) for name, kind in codec.items() if kind == "zstd"
            },
            use_dictionary=False,
            write_page_checksum=True,
            write_statistics=["point", "at_ms"],
            column_encoding=encoding,
        )

    def tell(self, facts: Mapping[str, str]) -> None:
        """Let the file say something of itself beside its rows."""
        self._writer.add_key_value_metadata(dict(facts))

    def add(self, part: Part) -> None:
        """Take samples that follow those before, in order."""
        waits = sum(len(one) for one in self._waiting)
        if waits + len(part) < ROW_GROUP:
            self._waiting += [part] if len(part) else []
            return
        # Only what fills up the row group that waits is copied.
        head = ROW_GROUP - waits if waits else 0
        if head:
            self._write(joined([*self._waiting, part.cut(0, head)]))
        end = head + (len(part) - head) // ROW_GROUP * ROW_GROUP
        if end > head:
            self._write(part.cut(head, end))
        self._waiting = [part.cut(end, len(part))] if end < len(part) else []

    def _write(self, part: Part) -> None:
        cell = part.cell
        if self._schema is SCALED:
            cell = steps_of(part.point, cell, ROW_GROUP)
        columns = [pa.array(column) for column in (part.point, part.at_ms, part.tag, cell)]
        table = pa.Table.from_arrays(columns, schema=self._schema)
        self._writer.write_table(table, row_group_size=ROW_GROUP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None and self._waiting:
                self._write(joined(self._waiting))
            # Also after a failure: the writer must not try again when nobody looks any more.
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())


def write_part(path: Path, part: Part, schema: pa.Schema) -> None:
    """Write a file of a segment and make its contents durable; same samples, same bytes.

    Args:
        path: where; not yet the name readers look for.
        part: what.
        schema: SCALED or OTHERS.
    """
    with PartWriter(path, schema, merged=False) as writer:
        writer.add(part)


def warm_up() -> None:
    """Compile, or load from the cache, what sorts samples; call it before the first cut."""
    times, values = np.array([2, 3]), np.array([[1.0, 2.0], [0.25, 0.5]])
    cells, _ = cells_of(times, values, np.zeros(2, np.int8))
    rows = np.arange(2, dtype=np.int32)
    # The second time round, so that each point has both kinds of samples, of the same times.
    blocks = [Block(1, 1, rows, cells), Block(2, 1, rows[::-1].copy(), cells)]
    part = sort_blocks([*blocks, *blocks], rows).scaled
    steps_of(part.point, part.cell, ROW_GROUP)
