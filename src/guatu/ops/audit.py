"""`guatu audit`: verifies the record's chain, gives up what is older than it must be kept."""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guatu.ops.errors import OperatorError
from guatu.ops.house import House
from guatu.ops.serve import open_house
from guatu.ops.words import say

if TYPE_CHECKING:
    from guatu.web.audit.checking import Finding, Verified

ANCHORS: Final = "audit-anchors"
"""Seals kept beside the database: who cuts the chain's end off there, does not know of them."""
SHOWN: Final = 20


def act(options: argparse.Namespace, house: House) -> int:
    """Do what `guatu audit` was asked for.

    Args:
        options: the words of the call.
        house: the installation.

    Returns:
        0 where it is done and the record is whole, 1 where it was tampered with.

    Raises:
        OperatorError: if there is no installation, or what was asked for does not hold.
    """
    open_house(house)
    return _DEEDS[options.deed](options, house)


def _verify(options: argparse.Namespace, house: House) -> int:
    path = house.home / ANCHORS
    found = look(house.home, last=options.last)
    for finding in found.findings[:SHOWN]:
        print(f"■ {sentence(finding)}")
    if found.findings:
        count = len(found.findings)
        print(
            say(
                f"审计记录有 {count} 处不符。请保留现场，勿重启，并与备份核对。",
                f"The record is broken in {count} places. Change nothing, and hold it against a "
                "backup.",
            )
        )
        return 1
    if found.number:
        _keep(path, found)
    print(
        say(
            f"审计记录完整：校验 {found.read} 条，链尾 {found.number} 号 {found.seal[:16]}",
            f"The record is whole: {found.read} records read, the last is number {found.number}, "
            f"{found.seal[:16]}",
        )
    )
    return 0


def _prune(options: argparse.Namespace, _: House) -> int:
    from django.core.exceptions import ValidationError  # noqa: PLC0415  after Django's set-up

    from guatu.web.audit.retention import prune  # noqa: PLC0415  the same

    try:
        done = prune(why=options.why, at=datetime.now(UTC))
    except ValidationError as error:
        raise OperatorError(" ".join(error.messages)) from error
    if done is None:
        print(say("没有超过保存期的审计记录", "No record is old enough"))
    else:
        count = done.last - done.first + 1
        print(
            say(
                f"已清除 {done.before:%Y-%m-%d} 之前的 {count} 条审计记录，本次操作已留痕",
                f"{count} records from before {done.before:%Y-%m-%d} were given up; this is on "
                "record",
            )
        )
    return 0


def look(home: Path, *, last: int | None = None) -> "Verified":
    """Read the chain of an installation whose Django is set up, against the seals kept beside it.

    Args:
        home: the data folder.
        last: so many of the latest only; None for all.
    """
    from guatu.web.audit.checking import verify  # noqa: PLC0415  after Django's set-up

    return verify(at=datetime.now(UTC), last=last, anchors=_kept(home / ANCHORS))


def _kept(path: Path) -> Mapping[int, str]:
    if not path.exists():
        return {}
    return dict(_lines(path.read_text(encoding="utf-8")))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for line in text.splitlines():
        number, seal, *_ = line.split()
        yield int(number), seal


def _keep(path: Path, found: "Verified") -> None:
    if found.number in _kept(path):
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        file.write(f"{found.number} {found.seal} {datetime.now(UTC).isoformat()}\n")


def sentence(finding: "Finding") -> str:
    """A finding in the operator's language."""
    chinese, english = _SENTENCES[finding.code]
    facts = {"number": finding.number, "change": finding.change, "what": finding.what}
    return say(chinese.format(**facts), english.format(**facts))


_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "gap": ("链上 {number} 号之前缺号", "numbers are missing before number {number}"),
    "missing": ("{number} 号记录（{change}）已被删除", "record {change}, number {number}, is gone"),
    "altered": (
        "{number} 号记录已被改动：{what}",
        "the record of number {number} was altered: {what}",
    ),
    "unsealed": (
        "记录 {change} 不在链上，系绕过程序写入：{what}",
        "record {change} is not in the chain, it was slipped in: {what}",
    ),
    "entry_altered": ("办理记录已被改动：{what}", "an entry of a history was altered: {what}"),
    "entry_missing": ("办理记录已被删除：{what}", "an entry of a history is gone: {what}"),
    "end": ("链尾与登记不符（{number} 号）", "the chain does not end as noted (at {number})"),
    "anchor": (
        "{number} 号封签与库外留存的不一致",
        "the seal of number {number} is not the one kept outside",
    ),
    "pruning": (
        "清除记录 {what} 没有留痕",
        "records {what} were given up and nobody recorded it",
    ),
    "waiting": (
        "记录 {change} 超过 5 分钟未封签：{what}",
        "record {change} has waited for its seal over 5 minutes: {what}",
    ),
    "unguarded": (
        "数据库缺少保护触发器 {what}，请运行 guatu up 重建",
        "the database lacks the trigger {what}: guatu up sets it again",
    ),
}
_DEEDS: Final[Mapping[str, Callable[[argparse.Namespace, House], int]]] = {
    "verify": _verify,
    "prune": _prune,
}
