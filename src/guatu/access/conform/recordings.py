"""Recorded messages: how they lie in files, one or many to a file, in either form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guatu.access.raw import MAGIC, is_raw, raw_length

MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message.

    Args:
        source: where it stands, such as ``monday.jsonl:12``.
        body: its bytes, as they were or would be sent.
    """

    source: str
    body: bytes


def recorded(path: Path) -> Iterator[Recorded]:
    """Give the messages of a file, or of all files of a folder in the order of their names.

    Raises:
        OSError: if it cannot be read.
        ValueError: if a file is larger than `MOST_BYTES`.
    """
    if path.is_dir():
        for inside in sorted(path.iterdir()):
            if inside.is_file() and not inside.name.startswith("."):
                yield from recorded(inside)
        return
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path.name} > {MOST_BYTES >> 20} MB")
    yield from messages_in(path.read_bytes(), path.name)


def messages_in(content: bytes, name: str) -> Iterator[Recorded]:
    """Take the content of a file apart: raw beats one behind the other, one JSON, or one a line."""
    if is_raw(content):
        yield from _raw_beats(content, name)
        return
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        lines = content.splitlines()
        if len(lines) < 2 or not _is_json(next(line for line in lines if line.strip())):
            yield Recorded(name, content)
            return
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield Recorded(f"{name}:{number}", line)
        return
    if isinstance(whole, list) and all(isinstance(one, dict) for one in whole):
        for number, one in enumerate(whole, start=1):
            yield Recorded(f"{name}[{number}]", json.dumps(one, ensure_ascii=False).encode())
    else:
        yield Recorded(name, content)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _raw_beats(content: bytes, name: str) -> Iterator[Recorded]:
    at, number = 0, 1
    while at < len(content):
        size = raw_length(content, at)
        behind = content[at + size : at + size + len(MAGIC)] if size is not None else b""
        if size is None or behind not in (b"", MAGIC):
            # Broken: it ends where the next one seems to begin.
            following = content.find(MAGIC, at + 1)
            size = (following if following >= 0 else len(content)) - at
        yield Recorded(f"{name}#{number}", content[at : at + size])
        at, number = at + size, number + 1
