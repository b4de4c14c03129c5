"""What was given up, written down before it is: so that samples can be accounted for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from guatu.telemetry.history.layout import partition_folder

LEDGER = "given-up.jsonl"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A file that was given up, or thinned out.

    Args:
        name: the file's.
        samples: how many samples went, those that its making had left out as doubled too.
        why: ``age``, ``thinned`` or ``damaged``.
        at_ms: when.
    """

    name: str
    samples: int
    why: str
    at_ms: int


def note(history: Path, partition: int, gone: GivenUp) -> None:
    """Write down, durably, that a file is about to go; noted again it counts once."""
    path = partition_folder(history, partition) / LEDGER
    line = {"name": gone.name, "samples": gone.samples, "why": gone.why, "at_ms": gone.at_ms}
    with path.open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def given_up(history: Path, partition: int) -> list[GivenUp]:
    """Read what was given up; a line that a crash cut short is none."""
    path = partition_folder(history, partition) / LEDGER
    found: dict[tuple[str, str], GivenUp] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            gone = GivenUp(**orjson.loads(line))
        except (orjson.JSONDecodeError, TypeError):
            continue
        found[gone.name, gone.why] = gone
    return list(found.values())
