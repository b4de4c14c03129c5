"""The words of `guatu history`, and what it says."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from guatu.ops.words import hint, say
from guatu.telemetry.history.verify import Finding

HERE = ZoneInfo("Asia/Shanghai")
FORMATS = ("csv", "parquet", "xlsx")
RESOLUTIONS = ("raw", "minute", "hour")


def add_history_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu history` takes."""
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="list|verify|merge|export")
    deeds.add_parser("list", help=hint("有哪些数据", "what there is"))
    verify = deeds.add_parser(
        "verify",
        help=hint("逐个文件校验，默认不改动", "read every file, change nothing"),
    )
    verify.add_argument(
        "--repair", action="store_true", help=hint("修复查出的问题", "mend what is found")
    )
    deeds.add_parser("merge", help=hint("立即整理并汇总", "merge and roll up at once"))
    export = deeds.add_parser("export", help=hint("导出到文件", "write to a file"))
    add = export.add_argument
    add(
        "--points",
        required=True,
        metavar="PLANT.POINT,…",
        help=hint("测点，例如 YN-AN-001.DWC1.inlet_flow 或 YN-AN-001.*", "points; PLANT.* for all"),
    )
    since = hint("起止时间，北京时间", "from when to when, Beijing time")
    add("--from", dest="start", required=True, type=moment, metavar="2026-11-24T08:00", help=since)
    add("--to", dest="end", required=True, type=moment, metavar="2026-11-24T16:00", help=since)
    add("--format", choices=FORMATS, default=None, help=hint("默认按文件名", "by the file's name"))
    add(
        "--resolution",
        choices=RESOLUTIONS,
        default="raw",
        help=hint("原始、分钟或小时", "samples, minutes or hours"),
    )
    add("-o", "--output", type=Path, required=True, metavar="FILE", help=hint("文件", "the file"))


def moment(text: str) -> datetime:
    """Read a time; without a zone it is Beijing's."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            say(
                f"“{text}”不是时间：请写成 2026-11-24 或 2026-11-24T08:00",
                f"“{text}” is no time: write it as 2026-11-24 or 2026-11-24T08:00",
                separator=" / ",
            )
        ) from None
    return (read if read.tzinfo else read.replace(tzinfo=HERE)).astimezone(UTC)


def clock(at_ms: int) -> str:
    """Show a time, Beijing's."""
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, HERE):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return str(at_ms)


def size(bytes_: int) -> str:
    """Show a size on the disk."""
    value, unit = float(bytes_), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if unit != "B" else f"{bytes_} B"


def finding_sentence(finding: Finding) -> str:
    """Say what was found, what it means, and what was or can be done."""
    zh, en = _SENTENCES[finding.kind]
    facts = {"where": finding.where, **_shown(finding.facts)}
    done = _DONE[finding.mended]
    if finding.kind == "damaged" and not finding.facts.get("again"):
        zh, en = zh + _LOST[0], en + _LOST[1]
    return say(
        f"{zh.format_map(facts)}{done[0]}", f"{en.format_map(facts)}{done[1]}", separator=" / "
    )


def _shown(facts: Mapping[str, int | str]) -> dict[str, int | str]:
    times = {name: clock(int(v)) for name, v in facts.items() if name in {"from_ms", "to_ms"}}
    return {**facts, **times}


_LOST = (
    "；引擎的日志已不再保留这些数据，只能由企业补传 {from_ms} 至 {to_ms}",
    "; the engine's log holds them no more: only the plant can resend {from_ms} to {to_ms}",
)
_DONE = {
    "": ("", ""),
    "removed": ("（已清除）", " (removed)"),
    "quarantined": ("（已移入 quarantine 目录）", " (moved to the folder quarantine)"),
    "rewritten": ("（已重写）", " (written again)"),
    "renamed": ("（已更名）", " (renamed)"),
}
_SENTENCES = {
    "damaged": ("{where}：文件损坏，读不出（{why}）", "{where}: damaged, cannot be read ({why})"),
    "disorder": ("{where}：第 {row} 行次序不对", "{where}: row {row} is out of order"),
    "doubled": ("{where}：第 {row} 行重复", "{where}: row {row} is there twice"),
    "misnamed": (
        "{where}：文件名没有覆盖其中的时间（{from_ms} 至 {to_ms}）",
        "{where}: its name does not cover the times inside ({from_ms} to {to_ms})",
    ),
    "covered": ("{where}：已并入另一文件的残留", "{where}: left over, merged into another file"),
    "leftover": ("{where}：未写完的残留文件", "{where}: left over, half written"),
    "rolled": (
        "{where}：汇总只含 {told} 个样本，原始数据有 {found} 个",
        "{where}: tells of {told} samples where there are {found}",
    ),
    "missing": (
        "{where}：引擎已存的样本有 {samples} 个去向不明",
        "{where}: nothing tells what became of {samples} samples that the engine had stored",
    ),
    "checkpoint": (
        "{where}：检查点读不出，引擎无法启动；请从备份恢复（guatu restore）",
        "{where}: this checkpoint cannot be read and its engine cannot start; use guatu restore",
    ),
    "gap": (
        "{where}：日志序号 {first}–{last} 没有文件（{from_ms} 至 {to_ms} 之间）",
        "{where}: no file holds the log's {first}–{last} (between {from_ms} and {to_ms})",
    ),
}
