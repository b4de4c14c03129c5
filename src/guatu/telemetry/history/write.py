"""Segments: samples between two cuts, sorted by point and time, small and exact.

A scaled sample takes 1.4 to 1.9 bytes on disk; the few others lie in a file beside, as doubles
with their quality. Either way the value read back equals the value sent.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from guatu.telemetry.cells import cells_of
from guatu.telemetry.history.sort import Block, Part, sort_blocks

ROW_GROUP = 1 << 18


def _schema(tag: str, cell: str, kind: pa.DataType) -> pa.Schema:
    fields = (("point", pa.int32()), ("at_ms", pa.int64()), (tag, pa.int8()), (cell, kind))
    return pa.schema([pa.field(name, of, nullable=False) for name, of in fields])


SCALED = _schema("decimals", "scaled", pa.int32())
OTHERS = _schema("quality", "value", pa.float64())
# Points stand in runs, and a plant's points share their times: repeats that lz4 finds at half the
# cost of delta encoding, and in less space. zstd's fast levels overlook them.
COMPRESSION = {"point": "lz4", "at_ms": "lz4"}
ENCODING = {"point": "PLAIN", "at_ms": "PLAIN"}


def write_part(path: Path, part: Part, schema: pa.Schema) -> None:
    """Write a file of a segment and make its contents durable; same samples, same bytes.

    Args:
        path: where; not yet the name readers look for.
        part: what.
        schema: SCALED or OTHERS.
    """
    tag, cell = schema.names[2:]
    columns = [pa.array(column) for column in (part.point, part.at_ms, part.tag, part.cell)]
    with path.open("wb") as file:
        with pq.ParquetWriter(
            file,
            schema,
            compression={**COMPRESSION, tag: "zstd", cell: "zstd"},
            compression_level={tag: 1, cell: 1},
            use_dictionary=[tag],
            write_statistics=["point", "at_ms"],
            column_encoding={**ENCODING, cell: "BYTE_STREAM_SPLIT"},
        ) as writer:
            table = pa.Table.from_arrays(columns, schema=schema)
            writer.write_table(table, row_group_size=ROW_GROUP)
        file.flush()
        os.fsync(file.fileno())


def warm_up() -> None:
    """Compile, or load from the cache, what sorts samples; call it before the first cut."""
    times, values = np.array([2, 3]), np.array([[1.0, 2.0], [0.25, 0.5]])
    cells, _ = cells_of(times, values, np.zeros(2, np.int8))
    block = Block(1, 1, np.arange(2, dtype=np.int32), cells)
    sort_blocks([block, block], np.zeros(2, np.int32))
