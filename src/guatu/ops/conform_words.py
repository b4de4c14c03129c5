"""The words of `guatu conform`."""

import argparse
from pathlib import Path

from guatu.ops.words import hint

LONGEST_S = 7 * 86_400


def add_conform_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu conform` takes."""
    add = parser.add_argument
    add(
        "sources",
        nargs="*",
        metavar="FILE|DIR|URL",
        help=hint(
            "记录下来的报文：文件、目录或网址", "recorded messages: files, folders, addresses"
        ),
    )
    add(
        "--points",
        type=Path,
        metavar="FILE",
        help=hint("点表（JSON、CSV 或 xlsx）", "point table (JSON, CSV or xlsx)"),
    )
    add(
        "--listen",
        type=_place,
        metavar="HOST:PORT",
        help=hint("充当网关，接收设备直接发来的报文", "stand in for the gateway and take messages"),
    )
    add(
        "--for",
        dest="seconds",
        type=_seconds,
        default=None,
        metavar="S",
        help=hint("监听的秒数（默认到 Ctrl-C）", "seconds to listen (default: until Ctrl-C)"),
    )
    add("--json", action="store_true", help=hint("输出 JSON 报告", "report as JSON"))
    add(
        "--registration",
        action="store_true",
        help=hint(
            "把点表转换成登记用的 JSON 并输出", "print the point table as JSON for registering"
        ),
    )


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise argparse.ArgumentTypeError(
            hint(f"应为 主机:端口，而不是 {text}", f"must be HOST:PORT, not {text}")
        )
    return host or "127.0.0.1", int(port)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(
            hint(f"应为大于 0 的秒数，而不是 {text}", f"must be seconds above 0, not {text}")
        )
    return seconds
