"""`guatu history`: what there is, whether it is sound, merging it, taking it away as files."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from guatu.ops.errors import OperatorError
from guatu.ops.history_words import clock, finding_sentence, size
from guatu.ops.house import House
from guatu.ops.last_verify import LastVerify, note_verify
from guatu.ops.words import say
from guatu.telemetry import checkpoint
from guatu.telemetry.history.export import stock
from guatu.telemetry.history.keep import KeptElsewhere, keep
from guatu.telemetry.history.repair import repair
from guatu.telemetry.history.verify import verify
from guatu.telemetry.settings import history_folder


def act(options: argparse.Namespace, house: House) -> int:
    """Do one deed of `guatu history`.

    Returns:
        The exit status: 0 done and sound, 1 something is wrong and was told.

    Raises:
        OperatorError: if it cannot be done, with how to mend it.
    """
    deeds: dict[str, Callable[[argparse.Namespace, House], int]] = {
        "list": _list,
        "verify": _verify,
        "merge": _merge,
        "export": _export,
    }
    try:
        return deeds[options.deed](options, house)
    except KeptElsewhere as error:
        raise OperatorError(
            say(
                f"{error} 正由保管进程整理。请稍后再试，或先停止 guatu up。",
                f"{error} is being worked on by the keeper. Try again later, or stop guatu up.",
            )
        ) from error


def folder_of(house: House) -> Path:
    """Where an installation's history is."""
    return history_folder({**os.environ, "GUATU_HOME": str(house.home)})


def _list(_: argparse.Namespace, house: House) -> int:
    rows = stock(folder_of(house))
    if not rows:
        print(say("还没有历史数据。", "There is no history yet."))
        return 0
    kinds = {"raw": ("原始", "raw"), "minute": ("分钟", "minute"), "hour": ("小时", "hour")}
    heading = [("分区", "part"), ("种类", "kind"), ("日期", "period"), ("文件", "files")]
    heading += [("行数", "rows"), ("大小", "size"), ("最早", "earliest"), ("最晚", "latest")]
    lines = [[say(*words, separator="/") for words in heading]]
    lines += [
        [
            str(row.partition),
            say(*kinds[row.kind], separator="/"),
            row.period,
            str(row.files) + (f" (!{row.damaged})" if row.damaged else ""),
            f"{row.rows:,}",
            size(row.size),
            clock(row.from_ms),
            clock(row.to_ms),
        ]
        for row in rows
    ]
    _table(lines)
    samples = sum(row.rows for row in rows if row.kind == "raw")
    taken = sum(row.size for row in rows)
    each = taken / samples if samples else 0.0
    print(
        say(
            f"共 {samples:,} 个样本，{size(taken)}（含汇总每样本 {each:.2f} 字节）",
            f"{samples:,} samples, {size(taken)} ({each:.2f} bytes a sample with roll-ups)",
        )
    )
    damaged = sum(row.damaged for row in rows)
    if damaged:
        print(
            say(
                f"有 {damaged} 个文件读不出：请运行 guatu history verify",
                f"{damaged} files cannot be read: run guatu history verify",
            )
        )
    return 1 if damaged else 0


def _table(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print("  ".join(cell + " " * (width - _width(cell)) for cell, width in cells).rstrip())


def _width(text: str) -> int:
    """Places on a terminal: Chinese takes two."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)


def _verify(options: argparse.Namespace, house: House) -> int:
    history, at = folder_of(house), datetime.now(UTC).isoformat(timespec="seconds")
    report = verify(history, _progress(say("校验", "verifying", separator=" / ")))
    findings = report.findings
    if options.repair:
        findings = repair(history, findings, checkpoint.own)
    for finding in findings:
        print(finding_sentence(finding))
    for partition, account in sorted(report.accounts.items()):
        if account.stored is not None:
            print(
                say(
                    f"分区 {partition}：引擎已存 {account.stored:,} = 在盘 {account.found:,}"
                    f" + 合并时去重 {account.doubled:,} + 到期清除 {account.given_up:,}"
                    f" + 不明 {account.missing:,}",
                    f"partition {partition}: stored {account.stored:,} = on disk {account.found:,}"
                    f" + doubled {account.doubled:,} + given up {account.given_up:,}"
                    f" + missing {account.missing:,}",
                )
            )
    open_ = sum(not finding.mended for finding in findings)
    note_verify(house.home, LastVerify(at=at, files=report.files, open=open_))
    print(
        say(
            f"{report.files} 个文件，{report.rows:,} 行，{len(findings)} 个问题，{open_} 个未修复",
            f"{report.files} files, {report.rows:,} rows, {len(findings)} findings, {open_} open",
        )
    )
    if open_ and not options.repair:
        print(
            say(
                "加上 --repair 可修复能修复的问题；读不出的文件只会被移开，不会被删除。",
                "--repair mends what can be mended; damaged files are moved aside, not deleted.",
            )
        )
    return 1 if open_ else 0


def _merge(_: argparse.Namespace, house: House) -> int:
    began = time.process_time()
    kept = keep(folder_of(house), time.time_ns() // 1_000_000, at_once=True)
    each = (time.process_time() - began) * 1e9 / kept.samples if kept.samples else 0.0
    print(
        say(
            f"合并 {kept.merges} 次，{kept.samples:,} 个样本，去重 {kept.doubled:,} 个，"
            f"每百万样本 {each:.0f} 毫秒",
            f"{kept.merges} merges, {kept.samples:,} samples, {kept.doubled:,} doubled, "
            f"{each:.0f} ms a million",
        )
    )
    return 0


def _export(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.history_export import export  # noqa: PLC0415  sets up the web for names

    return export(options, house, _progress(say("导出", "exporting", separator=" / ")))


def _progress(word: str) -> Callable[[int, int], None]:
    """Make a line that tells how far it is, on a terminal only."""

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r{word} {done}/{total}", end=end, file=sys.stderr, flush=True)

    return tell
