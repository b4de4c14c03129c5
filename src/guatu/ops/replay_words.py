"""The words of `guatu replay`, each refused with a sentence where it makes no sense."""

import argparse
import math
from pathlib import Path
from typing import NoReturn

from guatu.ops.words import hint, say

MOST_ROWS = 50_000
"""As many samples as a replayed beat carries at most; more rows can never fit into one."""
TABS = frozenset({"tab", "\\t"})


def add_replay_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu replay` takes."""
    _add_whose(parser)
    _add_reading(parser)
    _add_sending(parser)


def _add_whose(parser: argparse.ArgumentParser) -> None:
    """What is sent, and as which plant."""
    add = parser.add_argument
    add(
        "paths", nargs="+", type=Path, metavar="DIR|FILE", help=hint("文件或目录", "files, folders")
    )
    add("--plant", help=hint("企业编码（默认按目录名）", "plant code (default: the folder's name)"))
    add("--region", default="530181", help=hint("登记到的行政区划代码", "region code of the plant"))
    add(
        "--limits-from",
        type=Path,
        metavar="FILE",
        help=hint("从一份正常记录学习两级限值", "learn two-stage limits from a normal recording"),
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """How the files are to be read."""
    add = parser.add_argument
    add(
        "--separator",
        type=separator,
        help=hint("CSV 分隔符（默认自动识别）", "CSV separator (default: found)"),
    )
    add(
        "--time-column",
        metavar="COLUMN",
        help=hint("时间列（默认自动识别）", "time column (default: found)"),
    )
    add("--labels", metavar="A,B", help=hint("不发送的标签列", "label columns to leave out"))
    add(
        "--period",
        type=period,
        metavar="S",
        help=hint(".dat 矩阵的采样周期（秒）", "seconds between the rows of a .dat matrix"),
    )
    add(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        help=hint(".dat 矩阵按列为时刻", "columns of the .dat matrix are moments"),
    )


def _add_sending(parser: argparse.ArgumentParser) -> None:
    """How what was read is sent."""
    add = parser.add_argument
    add(
        "--speed",
        type=speed,
        default=60.0,
        metavar="N|max",
        help=hint("倍速，默认 60；max 为尽快", "times real time, default 60; max: at once"),
    )
    add(
        "--keep-time",
        action="store_true",
        help=hint("保留原时间，只入历史、不研判", "keep the original times: into history only"),
    )
    add(
        "--rows",
        type=rows,
        default=60,
        help=hint("每包行数，默认 60", "rows a beat, default 60"),
    )


def speed(text: str) -> float:
    """Read a speed: a number from 1, or `max`."""
    if text == "max":
        return math.inf
    value = _number(text)
    if not value >= 1:
        _refuse(
            "倍速须是不小于 1 的数或 max：更慢会让样本时间跑到现在之后",
            "the speed is a number from 1, or max; a slower one would give samples of the future",
        )
    return value


def period(text: str) -> float:
    """Read a sampling period in seconds."""
    value = _number(text)
    if not 0.001 <= value <= 86_400:
        _refuse(
            f"采样周期 {text} 不成立：请给出 0.001 到 86400 之间的秒数，例如 180",
            f"{text} is no sampling period: give seconds from 0.001 to 86400, such as 180",
        )
    return value


def rows(text: str) -> int:
    """Read the number of rows in a beat."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ROWS:
        _refuse(
            f"每包行数 {text} 不成立：请给出 1 到 {MOST_ROWS} 之间的整数",
            f"{text} rows do not make a beat: give a whole number from 1 to {MOST_ROWS}",
        )
    return int(text)


def separator(text: str) -> str:
    """Read a CSV separator: one character, or the word tab."""
    if text.lower() in TABS:
        return "\t"
    if len(text) != 1 or text in '"\r\n':
        _refuse(
            f"分隔符“{text}”不成立：请给出一个字符，例如 ; 或 tab",
            f"“{text}” is no separator: give one character such as ; or the word tab",
        )
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _refuse(zh: str, en: str) -> NoReturn:
    raise argparse.ArgumentTypeError(say(zh, en, separator=" / "))
