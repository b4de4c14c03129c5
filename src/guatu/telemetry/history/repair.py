"""Mending what `verify` found, without ever taking away the only copy of a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow.parquet as pq

from guatu.access.quality import LEAST_BAD
from guatu.telemetry.history.keep import beside, own
from guatu.telemetry.history.layout import SegmentName, sync_folder
from guatu.telemetry.history.merge import DOUBLED
from guatu.telemetry.history.sort import Part, joined
from guatu.telemetry.history.sources import columns_of
from guatu.telemetry.history.verify import ENGINES, QUARANTINE, Finding
from guatu.telemetry.history.write import OTHERS, SCALED, PartWriter

MOST_ROWS = 100_000_000
"""A file in disorder is sorted in memory up to this; a larger one is set aside."""


Owning = Callable[[Path, int], IO[bytes] | None]


def repair(history: Path, findings: list[Finding], own_engine: Owning) -> list[Finding]:
    """Mend what can be mended.

    Args:
        history: its folder.
        findings: what `verify` found.
        own_engine: takes a partition as its engine would; None while an engine has it.

    Returns:
        The same findings, each with what was done.

    Raises:
        KeptElsewhere: if a keeper works on a partition.
    """
    return [_mended(history, finding, own_engine) for finding in findings]


def _mended(history: Path, finding: Finding, own_engine: Owning) -> Finding:
    path = history / finding.where
    deeds: dict[str, Callable[[Path, Finding], str]] = {
        "covered": _remove,
        "leftover": partial(_remove_leftover, own_engine),
        "rolled": _remove,
        "damaged": _set_aside,
        "disorder": _sort,
        "doubled": _sort,
        "misnamed": _rename,
    }
    deed = deeds.get(finding.kind)
    if deed is None or not path.exists():
        return finding
    with own(history, _partition(finding)):
        return replace(finding, mended=deed(path, finding))


def _partition(finding: Finding) -> int:
    return int(finding.where.split("/", 1)[0].partition("=")[2])


def _history(path: Path, finding: Finding) -> Path:
    return Path(str(path).removesuffix(finding.where))


def _is_rolled(path: Path) -> bool:
    return any(part.startswith("rollup=") for part in path.parts)


def _remove(path: Path, _: Finding) -> str:
    path.unlink()
    return "removed"


def _remove_leftover(own_engine: Owning, path: Path, finding: Finding) -> str:
    """Remove what was left half written, unless the engine that writes it is alive."""
    if path.suffix != ENGINES:
        return _remove(path, finding)
    lock = own_engine(_history(path, finding), _partition(finding))
    if lock is None:
        return ""
    with lock:
        return _remove(path, finding)


def _set_aside(path: Path, finding: Finding) -> str:
    """Move a file where no reader looks; roll-ups and what the engine writes again just go."""
    if _is_rolled(path) or finding.facts.get("again"):
        return _remove(path, finding)
    history = _history(path, finding)
    target = history / QUARANTINE / finding.where
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    sync_folder(target.parent)
    sync_folder(path.parent)
    return "quarantined"


def _sort(path: Path, finding: Finding) -> str:
    """Write a file again in order, each point and time once: a usable one, as it stood first."""
    if _is_rolled(path):
        return _remove(path, finding)
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MOST_ROWS:
            return _set_aside(path, finding)
        facts = file.metadata.metadata or {}
        groups = (file.read_row_group(i, use_threads=False) for i in range(file.num_row_groups))
        part = joined([Part(*columns_of(group).values()) for group in groups])
    order = np.lexsort((part.tag >= LEAST_BAD, part.at_ms, part.point))
    part = part.only(order)
    kept = np.ones(len(part), np.bool_)
    kept[1:] = (part.point[1:] != part.point[:-1]) | (part.at_ms[1:] != part.at_ms[:-1])
    name = SegmentName.read(path.name)
    schema = OTHERS if name is not None and name.other else SCALED
    before = int(facts.get(DOUBLED.encode(), b"0"))
    with PartWriter(beside(path), schema, merged=True) as out:
        out.add(part.only(kept))
        out.tell({DOUBLED: str(before + int((~kept).sum()))})
    beside(path).replace(path)
    sync_folder(path.parent)
    return "rewritten"


def _rename(path: Path, finding: Finding) -> str:
    """Give a file the span that it has, so that nobody looks past it."""
    name = SegmentName.read(path.name)
    if name is None:
        return ""
    low = min(name.from_ms, int(finding.facts["from_ms"]))
    high = max(name.to_ms, int(finding.facts["to_ms"]))
    path.rename(path.with_name(str(replace(name, from_ms=low, to_ms=high))))
    sync_folder(path.parent)
    return "renamed"
