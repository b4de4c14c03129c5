"""`guatu conform`: a vendor checks his gateway against the access specification."""

import csv
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from guatu.access.conform.judge import Conformance
from guatu.access.conform.recordings import MOST_BYTES, Recorded, messages_in, recorded
from guatu.access.conform.report import as_json, in_words
from guatu.access.points import PointTable, description_of, read_description, read_sheet
from guatu.ops.errors import OperatorError
from guatu.ops.stand_in import StandIn
from guatu.ops.words import language, say

FETCH_S = 30
LOOK_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformOrder:
    """What is asked for.

    Attributes:
        sources: files, folders and addresses of recorded messages.
        points: file of the point table.
        listen: host and port to take messages at.
        seconds: how long to listen; None until interrupted.
        as_json: report for a program.
        registration: only print the point table in the form for registering.
    """

    sources: Sequence[str] = ()
    points: Path | None = None
    listen: tuple[str, int] | None = None
    seconds: float | None = None
    as_json: bool = False
    registration: bool = False


def conform(order: ConformOrder) -> int:
    """Check what was recorded or arrives, and print a report.

    Returns:
        0 where everything conforms, 1 where something must be mended.

    Raises:
        OperatorError: if something named cannot be read, or nothing was named.
    """
    if order.registration:
        return _print_registration(order.points)
    if not order.sources and order.listen is None and order.points is None:
        raise OperatorError(
            say(
                "请给出要检查的报文文件、点表（--points）或监听地址（--listen）。",
                "Name recorded messages, a point table (--points) or an address (--listen).",
            )
        )
    checked = Conformance(None if order.points is None else _table(order.points))
    for source in order.sources:
        for message in _messages(source):
            checked.take(message.source, message.body, _now_ms())
    if order.listen is not None:
        _listen(checked, order.listen, order.seconds)
    if order.sources or order.listen is not None:
        checked.conclude()
    if order.as_json:
        print(json.dumps(as_json(checked), ensure_ascii=False, indent=2))
    else:
        print(in_words(checked, language()))
    return 1 if checked.errors else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _messages(source: str) -> Iterator[Recorded]:
    if source.startswith(("http://", "https://")):
        yield from messages_in(_fetched(source), source)
        return
    try:
        yield from recorded(Path(source))
    except (OSError, ValueError) as problem:
        raise _unreadable(source, problem) from problem


def _fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=FETCH_S) as answer:  # noqa: S310 # http(s) only
            content: bytes = answer.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        raise _unreadable(url, problem) from problem
    if len(content) > MOST_BYTES:
        raise _unreadable(url, f"> {MOST_BYTES >> 20} MB")
    return content


def _unreadable(source: object, problem: object) -> OperatorError:
    return OperatorError(
        say(f"无法读取 {source}：{problem}", f"{source} cannot be read: {problem}")
    )


def _table(path: Path) -> PointTable:
    if path.suffix.lower() == ".json":
        try:
            return read_description(json.loads(path.read_text("utf-8-sig")))
        except (OSError, ValueError, RecursionError) as problem:
            raise _unreadable(path, problem) from problem
    return read_sheet(_rows(path))


def _rows(path: Path) -> list[Sequence[object]]:
    """Read the rows of a CSV file, or of the first sheet of a workbook."""
    try:
        if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
            return _workbook(path)
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")  # what Excel writes in China
        return list(csv.reader(text.splitlines()))
    except (OSError, ValueError, csv.Error) as problem:
        raise _unreadable(path, problem) from problem


def _workbook(path: Path) -> list[Sequence[object]]:
    import python_calamine  # noqa: PLC0415  only who brings a workbook needs it

    try:
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except python_calamine.CalamineError as problem:
        raise _unreadable(path, problem) from problem
    return [list(map(_plain, row)) for row in sheet.to_python()]


def _plain(cell: object) -> object:
    """A workbook keeps 3 as 3.0."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _print_registration(points: Path | None) -> int:
    if points is None:
        raise OperatorError(say("请用 --points 给出点表。", "Name the point table with --points."))
    table = _table(points)
    if points.suffix.lower() == ".json":
        text = points.read_text("utf-8-sig")
    else:
        text = description_of(_rows(points))
    for problem in table.problems:
        message = problem.message()
        print(say(message["zh"], message["en"]), file=sys.stderr)
    print(text)
    return 1 if table.problems else 0


def _listen(checked: Conformance, place: tuple[str, int], seconds: float | None) -> None:
    try:
        server = StandIn(checked, place)
    except OSError as problem:
        raise OperatorError(
            say(
                f"无法在 {place[0]}:{place[1]} 监听：{problem}",
                f"Cannot listen at {place[0]}:{place[1]}: {problem}",
            )
        ) from problem
    print(
        say(
            f"正在 http://{place[0]}:{server.port} 充当网关，Ctrl-C 结束并给出报告。",
            f"Standing in for the gateway at http://{place[0]}:{server.port}; "
            "Ctrl-C ends and reports.",
        ),
        file=sys.stderr,
        flush=True,
    )
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    until = None if seconds is None else time.monotonic() + seconds
    with suppress(KeyboardInterrupt):
        while until is None or time.monotonic() < until:
            time.sleep(LOOK_S)
    server.shutdown()
    serving.join()
    server.server_close()
