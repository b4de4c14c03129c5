"""The command line."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from guatu import __version__
from guatu.ops.audit_words import add_audit_words
from guatu.ops.conform_words import add_conform_words
from guatu.ops.errors import OperatorError
from guatu.ops.history_words import add_history_words
from guatu.ops.house import House, house_from
from guatu.ops.replay_words import add_replay_words
from guatu.ops.token_words import add_token_words
from guatu.ops.user_words import add_user_words
from guatu.ops.words import hint, say

PROCESSES = (
    "gateway",
    "engine",
    "live",
    "worker",
    "web",
    "keeper",
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
    # What the record says of who acts where nobody is signed in.
    deed = getattr(options, "deed", "")
    os.environ["GUATU_DOING"] = (
        f"guatu {options.command} {deed or getattr(options, 'process', '')}".strip()
    )
    return _ACTS[options.command](options, house)


def _serve(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.serve import serve  # noqa: PLC0415  each process loads only its own parts

    return serve(options.process, house)


def _up(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.assemble import up  # noqa: PLC0415  keeps --help quick

    return up(house, demo=options.command == "demo")


def _backup(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.backup import backup  # noqa: PLC0415  keeps --help quick

    return backup(house, options.folder, keep=options.keep)


def _restore(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.backup import restore  # noqa: PLC0415  keeps --help quick

    return restore(house.home, options.folder)


def _doctor(_: argparse.Namespace, house: House) -> int:
    from guatu.ops.doctor import examine  # noqa: PLC0415  keeps --help quick

    return examine(house)


def _history(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.history import act  # noqa: PLC0415  keeps --help quick

    return act(options, house)


def _user(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.users import act  # noqa: PLC0415  keeps --help quick

    return act(options, house)


def _token(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.tokens import act  # noqa: PLC0415  keeps --help quick

    return act(options, house)


def _audit(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.audit import act  # noqa: PLC0415  keeps --help quick

    return act(options, house)


def _replay(options: argparse.Namespace, house: House) -> int:
    from guatu.ops.replay import ReplayOrder, replay  # noqa: PLC0415  keeps --help quick
    from guatu.ops.replay_files import Reading  # noqa: PLC0415  the same

    order = ReplayOrder(
        paths=tuple(options.paths),
        plant=options.plant,
        reading=Reading(
            separator=options.separator,
            time_column=options.time_column,
            labels=_names(options.labels),
            period_s=options.period,
            transpose=options.transpose,
        ),
        speed=options.speed,
        keep_time=options.keep_time,
        limits_from=options.limits_from,
        rows_per_beat=options.rows,
        region=options.region,
    )
    return replay(order, house)


def _conform(options: argparse.Namespace, _: House) -> int:
    from guatu.ops.conform import ConformOrder, conform  # noqa: PLC0415  keeps --help quick

    return conform(
        ConformOrder(
            sources=tuple(options.sources),
            points=options.points,
            listen=options.listen,
            seconds=options.seconds,
            as_json=options.json,
            registration=options.registration,
        )
    )


_ACTS: dict[str, Callable[[argparse.Namespace, House], int]] = {
    "up": _up,
    "demo": _up,
    "serve": _serve,
    "replay": _replay,
    "backup": _backup,
    "restore": _restore,
    "doctor": _doctor,
    "conform": _conform,
    "history": _history,
    "user": _user,
    "token": _token,
    "audit": _audit,
}


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
        help=hint("数据目录（默认 .guatu）", "data folder (.guatu)"),
    )
    commands = parser.add_subparsers(
        dest="command",
        required=True,
        metavar="up|demo|replay|history|user|token|audit|backup|restore|doctor|conform",
    )
    commands.add_parser("up", help=hint("在前台启动全部进程", "start everything in the foreground"))
    commands.add_parser(
        "demo",
        help=hint(
            "启动全部进程，并带一个演示省份和模拟企业",
            "start everything with a demo province and simulated plants",
        ),
    )
    sends = hint(
        "像企业一样发送历史记录（CSV、.dat），并逐站核对数量",
        "send recordings (CSV, .dat) as a plant would, and check the counts at each station",
    )
    add_replay_words(commands.add_parser("replay", help=sends, description=sends))
    _add_keeping(commands)
    holds = hint(
        "查看、校验、整理、导出历史数据",
        "look at history, verify it, merge it, take it away as files",
    )
    add_history_words(commands.add_parser("history", help=holds, description=holds))
    keeps = hint("账号与授权", "accounts and grants")
    add_user_words(commands.add_parser("user", help=keeps, description=keeps))
    opens = hint("接口令牌", "tokens of the API")
    add_token_words(commands.add_parser("token", help=opens, description=opens))
    records = hint("审计记录", "the audit")
    add_audit_words(commands.add_parser("audit", help=records, description=records))
    checks = hint(
        "厂商自查：对照接入规范检查报文和点表",
        "a vendor's own check of messages and point table against the access specification",
    )
    add_conform_words(commands.add_parser("conform", help=checks, description=checks))
    serve = commands.add_parser("serve", help=hint("单独运行一个进程", "run a single process"))
    serve.add_argument("process", choices=PROCESSES)
    return parser


def _add_keeping(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = hint(
        "备份数据库、消息日志、历史库和密钥，运行中也可以",
        "copy database, log, history and keys, also while everything runs",
    )
    backup = commands.add_parser("backup", help=words, description=words)
    backup.add_argument(
        "folder",
        type=Path,
        help=hint("存放备份的目录", "where backups are kept, one below it each"),
    )
    backup.add_argument(
        "--keep",
        type=int,
        default=None,
        help=hint("只保留最近几份（默认全部保留）", "keep only so many of the latest (all)"),
    )
    commands.add_parser(
        "doctor",
        help=hint("检查安装是否正常，并说明如何处理", "look at the installation, say what to do"),
    )
    words = hint(
        "把备份恢复到一个空的数据目录（--home）", "put a backup up in an empty data folder (--home)"
    )
    restore = commands.add_parser("restore", help=words, description=words)
    restore.add_argument(
        "folder",
        type=Path,
        help=hint(
            "一份备份，或存放备份的目录（取最新）", "a backup, or a folder of them: the latest"
        ),
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    """Cut names at commas; None where none was given."""
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    return names or None
