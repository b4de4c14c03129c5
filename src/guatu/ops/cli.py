"""The command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from guatu import __version__
from guatu.ops.errors import OperatorError
from guatu.ops.house import House, house_from
from guatu.ops.words import say

PROCESSES = (
    "gateway",
    "engine",
    "live",
    "worker",
    "web",
    "prepare",
    "prepare-demo",
    "demo-plants",
)


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: what stands after the program's name.

    Returns:
        The exit status: 0 done, 1 not done and why was said, 2 the call's words are off.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(_act(options))
    except OperatorError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _act(options: argparse.Namespace) -> int:
    if options.home is not None:
        os.environ["GUATU_HOME"] = str(options.home)
    house = house_from(os.environ)
    if options.command == "serve":
        from guatu.ops.serve import serve  # noqa: PLC0415  each process loads only its own parts

        return serve(options.process, house)
    if options.command == "replay":
        return _replay(options, house)
    from guatu.ops.assemble import up  # noqa: PLC0415  keeps --help quick

    return up(house, demo=options.command == "demo")


def _replay(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.replay import ReplayOrder, replay  # noqa: PLC0415  keeps --help quick

    order = ReplayOrder(
        paths=tuple(options.paths),
        plant=options.plant,
        separator=options.separator,
        time_column=options.time_column,
        labels=tuple(options.labels.split(",")) if options.labels else None,
        period_s=options.period,
        transpose=options.transpose,
        speed=options.speed,
        keep_time=options.keep_time,
        limits_from=options.limits_from,
        rows_per_beat=options.rows,
        region=options.region,
    )
    return replay(order, house)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="guatu",
        description=say(
            "挂图：把承诺和限值挂在墙上，差距变成预警，预警有人负责、有期限。",
            "Guatu: promises and limits on the wall; gaps become warnings with owners and days.",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=say(
            "环境变量：GUATU_HOME 数据目录；GUATU_WEB_PORT、GUATU_GATEWAY_PORT、GUATU_LIVE_PORT、"
            "GUATU_LOG_PORT 端口；GUATU_LANG=zh|en 提示语言。",
            "Environment: GUATU_HOME data folder; GUATU_WEB_PORT, GUATU_GATEWAY_PORT, "
            "GUATU_LIVE_PORT, GUATU_LOG_PORT ports; GUATU_LANG=zh|en language of messages.",
        ),
    )
    parser.add_argument("--version", action="version", version=f"guatu {__version__}")
    parser.add_argument(
        "--home",
        type=Path,
        default=None,
        help=_h("数据目录（默认 .guatu）", "data folder (.guatu)"),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|demo|replay")
    commands.add_parser("up", help=_h("在前台启动全部进程", "start everything in the foreground"))
    commands.add_parser(
        "demo",
        help=_h(
            "启动全部进程，并带一个演示省份和模拟企业",
            "start everything with a demo province and simulated plants",
        ),
    )
    sends = _h(
        "像企业一样发送历史记录（CSV、.dat），并逐站核对数量",
        "send recordings (CSV, .dat) as a plant would, and check the counts at each station",
    )
    _add_replay(commands.add_parser("replay", help=sends, description=sends))
    serve = commands.add_parser("serve", help=_h("单独运行一个进程", "run a single process"))
    serve.add_argument("process", choices=PROCESSES)
    return parser


def _add_replay(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="DIR|FILE", help=_h("文件或目录", "files, folders"))
    add("--plant", help=_h("企业编码（默认按目录名）", "plant code (default: the folder's name)"))
    add("--region", default="530181", help=_h("登记到的行政区划代码", "region code of the plant"))
    add("--separator", help=_h("CSV 分隔符（默认自动识别）", "CSV separator (default: found)"))
    add(
        "--time-column",
        metavar="COLUMN",
        help=_h("时间列（默认自动识别）", "time column (default: found)"),
    )
    add("--labels", metavar="A,B", help=_h("不发送的标签列", "label columns to leave out"))
    add(
        "--period",
        type=float,
        metavar="S",
        help=_h(".dat 矩阵的采样周期（秒）", "seconds between the rows of a .dat matrix"),
    )
    add(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        help=_h(".dat 矩阵按列为时刻", "columns of the .dat matrix are moments"),
    )
    add(
        "--speed",
        type=_speed,
        default=60.0,
        metavar="N|max",
        help=_h("倍速，默认 60；max 为尽快", "times real time, default 60; max: at once"),
    )
    add(
        "--keep-time",
        action="store_true",
        help=_h("保留原时间，只入历史、不研判", "keep the original times: into history only"),
    )
    add(
        "--limits-from",
        type=Path,
        metavar="FILE",
        help=_h("从一份正常记录学习两级限值", "learn two-stage limits from a normal recording"),
    )
    add("--rows", type=_rows, default=60, help=_h("每包行数，默认 60", "rows a beat, default 60"))


def _speed(text: str) -> float:
    if text == "max":
        return float("inf")
    value = float(text)
    if not value >= 1:
        raise argparse.ArgumentTypeError(
            say(
                "倍速须不小于 1：更慢会让样本时间跑到现在之后",
                "a speed under 1 would give samples of the future",
                separator=" / ",
            )
        )
    return value


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            say("每包至少一行", "a beat has at least one row", separator=" / ")
        )
    return int(text)


def _h(zh: str, en: str) -> str:
    return say(zh, en, separator=" / ").replace("%", "%%")
