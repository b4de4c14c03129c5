"""Taking a backup."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from guatu import __version__
from guatu.ops.backup import database as databases
from guatu.ops.backup.copier import Copier
from guatu.ops.backup.history import copy_history, stored_rows
from guatu.ops.backup.manifest import (
    BackupFailed,
    Kept,
    Manifest,
    RestoreFailed,
    complete_backups,
    read_manifest,
)
from guatu.ops.backup.progress import Progress
from guatu.ops.backup.reach_log import log_of
from guatu.ops.house import House
from guatu.ops.last_backup import RECORD, LastBackup, note_backup
from guatu.ops.serve import set_up_web
from guatu.ops.words import say
from guatu.telemetry import log
from guatu.telemetry.log_copy import CopyFailed, StreamCopy, copy_stream, stream_names
from guatu.telemetry.settings import StreamSettings, history_folder

TRIES = 5
REACH_S = 30.0
STAMP = "%Y%m%dT%H%M%SZ"
WRITING = ".writing-"
NOT_OURS_TO_KEEP = ("static", "log", "history", "guatu.lock", RECORD)
"""Made anew at each start, or copied in a way of its own."""


class _Unlucky(Exception):
    """Parts were copied that do not fit, because something changed between; says what."""


def backup(house: House, folder: Path, *, keep: int | None = None) -> int:
    """Copy a house, up or down, into a new backup below a folder.

    Args:
        house: the installation.
        folder: holds backups; what has not changed since the last one in it is linked.
        keep: how many backups to keep there; None keeps all.

    Returns:
        0.

    Raises:
        BackupFailed: if it could not be taken; older backups stay.
    """
    began, at = time.monotonic(), datetime.now(UTC)
    folder = folder.absolute()
    _check_place(house, folder)
    set_up_web(house)
    with _held(folder):
        for leftover in folder.glob(f"{WRITING}*"):
            shutil.rmtree(leftover)
        draft = folder / f"{WRITING}{at.strftime(STAMP)}"
        draft.mkdir(mode=0o700)
        try:
            manifest, copied = _take(house, folder, draft, at)
            os.sync()  # each file by itself would take hours for a large history
            made = draft.rename(folder / at.strftime(STAMP))
            os.sync()
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        record = LastBackup(
            at=manifest.taken_at,
            folder=str(made),
            size=manifest.size,
            copied=copied,
            seconds=round(time.monotonic() - began, 1),
            same_disk=folder.stat().st_dev == house.home.stat().st_dev,
        )
        note_backup(house.home, record)
        _tell(manifest, record)
        if keep is not None:
            _drop_old(folder, keep)
    return 0


def _check_place(house: House, folder: Path) -> None:
    inside = (house.home, history_folder({**os.environ, **house.environment()}))
    if any(folder.is_relative_to(one.absolute()) for one in inside):
        raise BackupFailed(
            say(
                f"备份目录 {folder} 位于数据目录之内。请选择另一个目录，最好在另一块磁盘上。",
                f"{folder} lies inside the data folder. Choose another place, best another disk.",
            )
        )
    if not (house.home / "secret_key").exists() and not (house.home / "log").exists():
        raise BackupFailed(
            say(
                f"{house.home} 不是挂图的数据目录。请用 --home 或 GUATU_HOME 指定。",
                f"{house.home} is no data folder of Guatu. Name it in --home or GUATU_HOME.",
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise BackupFailed(
            say(
                f"备份目录 {folder} 无法建立（{problem.strerror}）。",
                f"The folder {folder} cannot be made ({problem.strerror}).",
            )
        ) from problem


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise BackupFailed(
                say(
                    f"另一个备份正在写入 {folder}。请等它完成。",
                    f"Another backup is being written into {folder}. Wait until it is done.",
                )
            ) from problem
        yield


def _take(house: House, folder: Path, draft: Path, at: datetime) -> tuple[Manifest, int]:
    progress = Progress()
    copier = Copier(draft, _previous(folder), progress.bytes)
    progress.begin(say("历史库……", "history …", separator=" / "))
    history = history_folder({**os.environ, **house.environment()})
    copy_history(copier, history)  # the long work; what comes meanwhile is little
    why = ""
    with log_of(house) as streams:
        for _ in range(TRIES):
            try:
                manifest = asyncio.run(
                    _fitting(house, copier, draft, streams, progress=progress, at=at)
                )
            except _Unlucky as unlucky:
                why = str(unlucky)
                continue
            except (CopyFailed, OSError) as problem:
                raise BackupFailed(_not_copied(problem)) from problem
            _copy_home(copier, house.home)
            manifest.files |= copier.files
            manifest.write(draft)
            progress.end()
            return manifest, copier.copied
    raise BackupFailed(why)


def _previous(folder: Path) -> tuple[Path, Manifest] | None:
    """Give the latest backup there, if it can be read: what has not changed is linked from it."""
    before = complete_backups(folder)
    try:
        return (before[-1], read_manifest(before[-1])) if before else None
    except RestoreFailed:
        return None


def _not_copied(problem: Exception) -> str:
    return say(
        f"备份未完成（{problem}）。请检查备份磁盘的空间和消息日志服务后重试。",
        f"The backup is not complete ({problem}). Look at the space on its disk and at the "
        "log server, then try again.",
    )


async def _fitting(
    house: House,
    copier: Copier,
    draft: Path,
    streams: StreamSettings,
    *,
    progress: Progress,
    at: datetime,
) -> Manifest:
    """Copy database, checkpoints and log in the order that makes them fit.

    Raises:
        _Unlucky: if something changed between that would not fit.
    """
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    history = history_folder({**os.environ, **house.environment()})
    database = settings.DATABASES["default"]
    manifest = Manifest(
        taken_at=at.isoformat(timespec="seconds"),
        version=__version__,
        partitions=streams.partitions,
        database=databases.kind_of(database),
    )
    configured = await asyncio.to_thread(_configurations)
    progress.begin(say("数据库……", "database …", separator=" / "))
    manifest.counts = databases.copy_database(database, draft / "database", progress.bytes)
    manifest.files |= _database_file(draft, manifest.database)
    progress.begin(say("检查点……", "checkpoints …", separator=" / "))
    manifest.positions = copy_history(copier, history)
    manifest.rows = stored_rows(draft / "history")
    progress.begin(say("消息日志……", "log …", separator=" / "))
    async with AsyncExitStack() as stack:
        try:
            reached = stack.enter_async_context(log.connection(streams, "backup"))
            client = await asyncio.wait_for(reached, REACH_S)
        except TimeoutError:
            raise CopyFailed(f"no log at {streams.log_url}") from None
        (draft / "log").mkdir(exist_ok=True)
        names = await stream_names(client)
        # What follows from a partition's messages before the messages: never more than they give.
        names.sort(key=lambda name: (name.startswith(log.beats_stream(0)[:-1]), name))
        manifest.streams = [
            await copy_stream(client, name, draft / "log" / name, progress.bytes) for name in names
        ]
    _check_reach(manifest)
    if await asyncio.to_thread(_configurations) != configured:
        raise _Unlucky(
            say(
                "备份期间企业配置一直在变化，请稍后重试。",
                "Plants were configured all the while. Try again later.",
            )
        )
    return manifest


def _configurations() -> dict[int, int]:
    """The version of each plant's configuration."""
    from guatu.web.monitoring.models import Plant  # noqa: PLC0415  after Django's set-up

    return dict(Plant.objects.values_list("pk", "config_version"))


def _check_reach(manifest: Manifest) -> None:
    """See whether the log copied begins no later than where the checkpoints end."""
    copied = {copy.name: copy for copy in manifest.streams}
    for partition, (identity, sequence) in manifest.positions.items():
        copy = copied.get(log.beats_stream(int(partition)))
        if copy is None or _identity(copy) != identity:
            continue  # a log made anew: the engine meets it as it would have here
        if copy.state["first_seq"] > sequence + 1:
            raise _Unlucky(
                say(
                    f"分区 {partition} 的消息日志在备份期间被清理，请稍后重试，"
                    "或调大 GUATU_LOG_KEEP_MS。",
                    f"The log of partition {partition} was trimmed meanwhile. Try again, "
                    "or raise GUATU_LOG_KEEP_MS.",
                )
            )


def _identity(copy: StreamCopy) -> str:
    return str((copy.config.get("metadata") or {}).get(log.IDENTITY, ""))


def _database_file(draft: Path, kind: str) -> dict[str, Kept]:
    path = databases.file_in(draft / "database", kind)
    return {f"database/{path.name}": _kept(path)}


def _kept(path: Path) -> Kept:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts = path.stat()
    return Kept(facts.st_size, digest, facts.st_mtime_ns, 0o600)


def _copy_home(copier: Copier, home: Path) -> None:
    """Copy keys, certificates, set-aside events and whatever else lies in the data folder."""
    for top in sorted(home.iterdir()):
        skipped = top.name in NOT_OURS_TO_KEEP or top.name.startswith((".", "guatu.sqlite3"))
        if skipped:
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                try:
                    copier.keep(path, (Path("home") / path.relative_to(home)).as_posix())
                except FileNotFoundError:
                    continue  # gone since it was listed


def _tell(manifest: Manifest, made: LastBackup) -> None:
    streams = sum(int(copy.state["messages"]) for copy in manifest.streams)
    rows = sum(manifest.counts.values())
    mb, new = made.size / 1e6, made.copied / 1e6
    print(
        say(
            f"✓ 备份完成：{made.folder}\n"
            f"  历史样本 {manifest.rows:,}，数据库 {rows:,} 行，日志消息 {streams:,} 条\n"
            f"  共 {mb:,.1f} MB，其中历史和密钥新复制 {new:,.1f} MB，用时 {made.seconds:.1f} 秒",
            f"✓ backup complete: {made.folder}\n"
            f"  {manifest.rows:,} samples in history, {rows:,} rows in the database, "
            f"{streams:,} messages in the log\n"
            f"  {mb:,.1f} MB, {new:,.1f} MB of history and keys new, {made.seconds:.1f} s",
        )
    )
    if made.same_disk:
        print(
            say(
                "  注意：备份与数据在同一块磁盘上，磁盘损坏时会一起丢失。",
                "  Mind: the backup lies on the disk of the data and would be lost with it.",
            )
        )


def _drop_old(folder: Path, keep: int) -> None:
    for old in complete_backups(folder)[: -max(keep, 1)]:
        shutil.rmtree(old)
        print(say(f"  已删除旧备份 {old.name}", f"  old backup removed: {old.name}"))
