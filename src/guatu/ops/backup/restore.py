"""Putting a backup up in an empty folder."""

import asyncio
import hashlib
import os
import shutil
import time
from pathlib import Path

from guatu.ops.backup import database as databases
from guatu.ops.backup.copier import BLOCK
from guatu.ops.backup.history import stored_rows
from guatu.ops.backup.manifest import (
    MANIFEST,
    Kept,
    Manifest,
    RestoreFailed,
    complete_backups,
    read_manifest,
)
from guatu.ops.backup.progress import Progress
from guatu.ops.backup.reach_log import log_server
from guatu.ops.last_backup import LastBackup, note_backup
from guatu.ops.words import say
from guatu.telemetry import log
from guatu.telemetry.log_copy import CopyFailed, put_back
from guatu.telemetry.settings import StreamSettings, history_folder


def restore(home: Path, folder: Path) -> int:
    """Make an installation from a backup, and count everything again.

    Args:
        home: its data folder: empty, or not there yet.
        folder: a backup, or a folder of backups, of which the latest is taken.

    Returns:
        0.

    Raises:
        RestoreFailed: if the folder is in use or something in the backup is not what it was. What
            had been written by then is taken away.
    """
    began = time.monotonic()
    source = _chosen(folder.absolute())
    manifest = read_manifest(source)
    history = history_folder({**os.environ, "GUATU_HOME": str(home)})
    _check_empty(home, history)
    was_there = home.exists()
    try:
        _put_up(home, history, source, manifest)
    except BaseException:
        _clear(home, history, home_stays=was_there)
        raise
    print(
        say(
            f"✓ 已恢复到 {home}（备份时间 {manifest.taken_at}），用时 "
            f"{time.monotonic() - began:.1f} 秒\n  启动：guatu --home {home} up",
            f"✓ restored into {home} (as of {manifest.taken_at}) in "
            f"{time.monotonic() - began:.1f} s\n  start it: guatu --home {home} up",
        )
    )
    return 0


def _chosen(folder: Path) -> Path:
    if (folder / MANIFEST).exists():
        return folder
    found = complete_backups(folder)
    if not found:
        raise RestoreFailed(
            say(
                f"{folder} 中没有完整的备份。",
                f"There is no complete backup in {folder}.",
            )
        )
    return found[-1]


def _check_empty(home: Path, history: Path) -> None:
    for folder in (home, history):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RestoreFailed(
                say(
                    f"{folder} 不是空目录，恢复不会覆盖已有数据。请另选一个目录。",
                    f"{folder} is not empty, and restoring overwrites nothing. "
                    "Name another folder.",
                )
            )


def _clear(home: Path, history: Path, *, home_stays: bool) -> None:
    """Take away what a failed attempt left: the folders were empty before it."""
    for folder in (history, home):
        if folder.is_dir():
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    if home.exists() and not home_stays:
        home.rmdir()


def _put_up(home: Path, history: Path, source: Path, manifest: Manifest) -> None:
    progress = Progress()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_room(home, manifest)
    progress.begin(say("复制并核对文件……", "copying and checking files …", separator=" / "))
    _copy_files(home, history, source, manifest, progress)
    progress.begin(say("数据库……", "database …", separator=" / "))
    _put_database_back(home, source, manifest)
    progress.begin(say("消息日志……", "log …", separator=" / "))
    with log_server(home) as url:
        asyncio.run(_put_streams_back(url, home, source, manifest, progress))
    _same("历史样本", "samples in history", manifest.rows, stored_rows(history))
    progress.end()
    note_backup(
        home,
        LastBackup(
            at=manifest.taken_at,
            folder=str(source),
            size=manifest.size,
            copied=0,
            seconds=0.0,
            same_disk=source.stat().st_dev == home.stat().st_dev,
        ),
    )


def _check_room(home: Path, manifest: Manifest) -> None:
    needed = manifest.size + sum(int(copy.state["bytes"]) for copy in manifest.streams)
    free = shutil.disk_usage(home).free
    if free < needed:
        raise RestoreFailed(
            say(
                f"{home} 所在磁盘只剩 {free / 1e6:,.0f} MB，恢复需要 {needed / 1e6:,.0f} MB。",
                f"The disk of {home} has {free / 1e6:,.0f} MB left; the backup needs "
                f"{needed / 1e6:,.0f} MB.",
            )
        )


def _copy_files(
    home: Path, history: Path, source: Path, manifest: Manifest, progress: Progress
) -> None:
    done = 0
    for name, kept in manifest.files.items():
        top, _, rest = name.partition("/")
        places = {"history": history, "home": home}
        # The database is only checked here: where it lies, the new home's settings say.
        _copy_checked(source / name, places[top] / rest if top in places else None, kept)
        done += kept.size
        progress.bytes(done, manifest.size)
    for copy in manifest.streams:
        checked = Kept(copy.size, copy.sha256, 0, 0)
        _copy_checked(source / "log" / copy.name, None, checked)


def _copy_checked(source: Path, target: Path | None, kept: Kept) -> None:
    """Copy a file, or only read it where there is no target, and compare its checksum."""
    digest = hashlib.sha256()
    try:
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            source.open("rb") as file,
            Path(target or os.devnull).open("wb") as copy,
        ):
            while block := file.read(BLOCK):
                digest.update(block)
                copy.write(block)
    except FileNotFoundError:
        raise RestoreFailed(
            say(
                f"备份缺少文件 {source}。请换一份备份。",
                f"{source} is missing. Use another backup.",
            )
        ) from None
    if digest.hexdigest() != kept.sha256:
        raise RestoreFailed(
            say(
                f"{source} 的校验和不符，备份已损坏。请换一份备份。",
                f"{source} is not what was written: its checksum differs. Use another backup.",
            )
        )
    if target is not None:
        target.chmod(kept.mode)
        os.utime(target, ns=(kept.mtime_ns, kept.mtime_ns))


def _put_database_back(home: Path, source: Path, manifest: Manifest) -> None:
    os.environ["GUATU_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guatu.web.settings")
    from django.conf import settings  # noqa: PLC0415  they look for the keys copied just now

    copy = databases.file_in(source / "database", manifest.database)
    counts = databases.put_database_back(settings.DATABASES["default"], copy, manifest.database)
    tables = manifest.counts.keys() | counts.keys()
    changed = sorted(t for t in tables if manifest.counts.get(t) != counts.get(t))
    for table in changed:
        _same(f"表 {table} ", f"table {table}", manifest.counts.get(table), counts.get(table))


async def _put_streams_back(
    url: str, home: Path, source: Path, manifest: Manifest, progress: Progress
) -> None:
    streams = StreamSettings(log_url=url, partitions=manifest.partitions, disk=home)
    async with log.connection(streams, "restore") as client:
        for copy in manifest.streams:
            try:
                state = await put_back(
                    client,
                    copy,
                    source / "log" / copy.name,
                    max_bytes=log.bytes_for_beats(streams),
                    told=progress.bytes,
                )
            except CopyFailed as problem:
                raise RestoreFailed(
                    say(f"消息日志无法恢复：{problem}", f"The log cannot be restored: {problem}")
                ) from problem
            # A copy begins with its state and may have got a few messages more.
            whole = state["first_seq"] == copy.state["first_seq"]
            if not whole or state["last_seq"] < copy.state["last_seq"]:
                _same(f"日志 {copy.name}", f"log {copy.name}", copy.state, state)


def _same(zh: str, en: str, before: object, after: object) -> None:
    """Compare counts.

    Raises:
        RestoreFailed: if they differ.
    """
    if before != after:
        raise RestoreFailed(
            say(
                f"{zh}的数量与备份时不同：{before} → {after}。请换一份备份。",
                f"{en} is not as it was: {before} before, {after} now. Use another backup.",
            )
        )
