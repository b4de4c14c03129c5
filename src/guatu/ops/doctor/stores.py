"""What is kept: log, database, checkpoints, certificates, backups, history."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from guatu.ops.checkpoint_words import unreadable_words
from guatu.ops.doctor.told import Told, Tone, bad, good, remark
from guatu.ops.house import House
from guatu.ops.last_backup import last_backup
from guatu.ops.last_verify import last_verify
from guatu.telemetry import checkpoint
from guatu.telemetry.history.damage import count_damaged
from guatu.telemetry.history.layout import partition_folder, partitions, segments
from guatu.telemetry.log import stuck_problem, sync_problem
from guatu.telemetry.settings import LogSettings

BACKUP_AGE = timedelta(hours=26)
VERIFY_AGE = timedelta(days=8)
CERTIFICATE = timedelta(days=30)


def log(settings: LogSettings) -> Iterator[Told]:
    """Whether the log server syncs each write, and takes any."""
    if problem := sync_problem(settings):
        yield bad(
            (f"消息日志：{problem}", f"the log: {problem}"),
            ("请重启 guatu up", "Start guatu up again"),
        )
    elif problem := stuck_problem(settings):
        yield bad(
            (f"消息日志已停止写入：{problem}", f"the log has stopped writing: {problem}"),
            (
                "请清理磁盘；有空间后会自动重启它",
                "Free space; it is started again by itself once there is room",
            ),
        )
    else:
        yield good("消息日志逐条落盘", "the log syncs every write")


def database(house: House) -> Iterator[Told]:
    """Whether the database answers and has this version's tables."""
    if not (house.home / "secret_key").exists():
        yield good("数据库将在首次启动时建立", "the database will be made at the first start")
        return
    from guatu.ops.serve import set_up_web  # noqa: PLC0415  Django is slow to load

    set_up_web(house)
    from django.db import DatabaseError, connection  # noqa: PLC0415  after its set-up
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA quick_check(1)")
                said = cursor.fetchone()[0]
            if said != "ok":
                yield bad(
                    (f"数据库损坏：{said}", f"the database is damaged: {said}"),
                    ("请从备份恢复（guatu restore）", "Restore a backup (guatu restore)"),
                )
                return
    except DatabaseError as problem:
        yield bad(
            (f"数据库无法打开：{problem}", f"the database cannot be opened: {problem}"),
            ("请检查 GUATU_DATABASE_URL 和目录权限", "Look at GUATU_DATABASE_URL and rights"),
        )
        return
    if missing:
        yield remark(
            (f"有 {len(missing)} 项数据库升级待执行", f"{len(missing)} migrations are to be run"),
            ("请重启 guatu up，启动时自动执行", "Start guatu up again: it runs them first"),
        )
    else:
        yield good("数据库正常，表结构为最新", "the database is sound and up to date")


def checkpoints(history: Path) -> Iterator[Told]:
    """Whether the engine can go on from where it stood."""
    found = partitions(history)
    for partition in found:
        folder = partition_folder(history, partition)
        try:
            state = checkpoint.examine(folder)
        except checkpoint.CheckpointUnreadable as problem:
            yield Told(Tone.BAD, *unreadable_words(problem))
            continue
        if state is None and len(segments(folder)) > 2:
            yield bad(
                (
                    f"分区 {partition} 有历史数据但没有检查点",
                    f"partition {partition} has history and no checkpoint",
                ),
                (
                    "请勿启动，先从备份恢复（guatu restore），否则引擎会从头编号",
                    "Do not start it; restore a backup (guatu restore): the engine would "
                    "begin to number anew",
                ),
            )
        elif state is not None:
            yield good(
                f"分区 {partition} 的检查点可读：序号 {state.sequence:,}，{state.points:,} 个测点",
                f"checkpoint of partition {partition}: sequence {state.sequence:,}, "
                f"{state.points:,} points",
            )
    if not found:
        yield good("尚无历史数据", "there is no history yet")


def certificates(house: House) -> Iterator[Told]:
    """When the gateway's certificate ends."""
    if not house.tls:
        return
    path = Path(os.environ.get("GUATU_GATEWAY_CERT") or house.home / "tls" / "gateway.pem")
    try:
        until = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except FileNotFoundError:
        yield good("证书将在首次启动时生成", "the certificate will be made at the first start")
        return
    except ValueError:
        yield bad(
            (f"证书 {path} 无法读取", f"the certificate {path} cannot be read"),
            ("请更换 GUATU_GATEWAY_CERT", "Replace GUATU_GATEWAY_CERT"),
        )
        return
    left = until - datetime.now(UTC)
    what = (
        f"接入网关证书 {until:%Y-%m-%d} 到期",
        f"the gateway's certificate ends {until:%Y-%m-%d}",
    )
    how = (
        "自签证书重启后自动更新；其他证书请更换",
        "The house's own is renewed at a start; replace another one",
    )
    if left > CERTIFICATE:
        yield good(*what)
    else:
        yield bad(what, how) if left < timedelta() else remark(what, how)


def backups(house: House) -> Iterator[Told]:
    """How old the last backup is."""
    how = (
        "请运行 guatu backup，备份到另一块磁盘，最好每晚一次",
        "Run guatu backup with a folder on another disk, best every night",
    )
    last = last_backup(house.home)
    if last is None:
        yield remark(("尚无备份", "there is no backup yet"), how)
        return
    hours = (datetime.now(UTC) - datetime.fromisoformat(last.at)).total_seconds() / 3600
    if hours * 3600 > BACKUP_AGE.total_seconds():
        yield remark(
            (f"最近备份在 {hours:.0f} 小时前", f"the last backup is {hours:.0f} hours old"), how
        )
    elif last.same_disk:
        yield remark(
            ("最近备份与数据在同一块磁盘上", "the last backup lies on the disk it should save"), how
        )
    else:
        yield good(f"最近备份在 {hours:.0f} 小时前", f"the last backup is {hours:.0f} hours old")


def verified(house: House, history: Path) -> Iterator[Told]:
    """What the keeper met and the last check of history found, and how long ago that was."""
    how = ("请运行 guatu history verify，最好每周一次", "Run guatu history verify, best every week")
    last = last_verify(house.home)
    if damaged := count_damaged(history):
        yield bad(
            (
                f"历史库有 {damaged} 个文件读不出，整理时已跳过",
                f"{damaged} files of history cannot be read and are left out of merging",
            ),
            (
                "请运行 guatu history verify 查看，加 --repair 移开",
                "Run guatu history verify to see them, with --repair to set them aside",
            ),
        )
    if last is None:
        yield remark(("历史库尚未校验过", "history was never checked"), how)
        return
    at = datetime.fromisoformat(last.at)
    if last.open:
        yield bad(
            (
                f"历史校验（{at:%Y-%m-%d}）有 {last.open} 个问题未修复",
                f"the check of history of {at:%Y-%m-%d} left {last.open} findings open",
            ),
            ("请运行 guatu history verify 查看并修复", "Run guatu history verify to see and mend"),
        )
    elif datetime.now(UTC) - at > VERIFY_AGE:
        yield remark(
            (f"上次历史校验在 {at:%Y-%m-%d}", f"history was last checked on {at:%Y-%m-%d}"), how
        )
    else:
        yield good(
            f"历史校验正常（{at:%Y-%m-%d}，{last.files:,} 个文件）",
            f"history was found sound on {at:%Y-%m-%d} ({last.files:,} files)",
        )
