"""What must hold before anything is started, each failure a sentence that says what to do."""

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from guatu.ops.errors import CannotStart
from guatu.ops.words import say

ROOM_NEEDED = 64 * 1024 * 1024
"""Bytes that must be free: a house with less cannot even open its log. With more it starts, and
takes beats once there is the room that `telemetry.disk` keeps free."""


def check_folder(home: Path) -> None:
    """Make the data folder, try to write in it, and demand room for a start.

    Raises:
        CannotStart: where it cannot be made or written, or its disk is full.
    """
    check_writable(home)
    free = shutil.disk_usage(home).free
    if free < ROOM_NEEDED:
        raise CannotStart(_disk_full(home, free))


def check_writable(home: Path) -> None:
    """Make the data folder and try to write in it; a full disk passes where the folder stands.

    That is all a single process may demand: what died in a standing house must come back on a
    nearly full disk, or the shortage of room would end what still runs without it.

    Raises:
        CannotStart: where it cannot be made, be it for want of room, or this user may not write
            in it.
    """
    probe = home / f".write-test.{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"x" * 4096)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            if home.is_dir():
                return
            raise CannotStart(_disk_full(home, _free_above(home))) from problem
        raise CannotStart(
            say(
                f"数据目录 {home} 无法写入（{problem.strerror}）。"
                "请检查权限，或用 GUATU_HOME 指定另一个目录。",
                f"The data folder {home} cannot be written ({problem.strerror}). "
                "Check its permissions, or name another one in GUATU_HOME.",
            )
        ) from problem


def _free_above(home: Path) -> int:
    """Bytes free where a folder would be made."""
    return shutil.disk_usage(next(one for one in home.absolute().parents if one.is_dir())).free


def _disk_full(home: Path, free: int) -> str:
    mb, needed = free // 1024**2, ROOM_NEEDED // 1024**2
    return say(
        f"数据目录 {home} 所在磁盘只剩 {mb} MB，至少需要 {needed} MB。"
        "请清理磁盘，或用 GUATU_HOME 换一个磁盘。",
        f"The disk of {home} has {mb} MB left; at least {needed} MB are needed. "
        "Free some space, or name a folder on another disk in GUATU_HOME.",
    )


def check_ports(ports: Iterable[tuple[str, int, str]], host: str) -> None:
    """Try to bind every port.

    Args:
        ports: (environment variable that sets it, port, what listens there).
        host: the address to be listened on.

    Raises:
        CannotStart: naming each port that cannot be had and the variable that moves it.
    """
    problems: list[str] = []
    for name, port, what in ports:
        match _why_not_bound(host, port):
            case None:
                continue
            case errno.EADDRINUSE:
                problems.append(_taken(name, port, what))
            case errno.EACCES | errno.EPERM:
                problems.append(_not_allowed(name, port, what))
            case _:
                # Not the port's fault, so it is said once.
                raise CannotStart(
                    say(
                        f"{host} 不是本机地址。请把 GUATU_HOST 设为本机的一个地址。",
                        f"{host} is no address of this machine. Set GUATU_HOST to one that is.",
                    )
                )
    if problems:
        raise CannotStart("\n".join(problems))


def _taken(name: str, port: int, what: str) -> str:
    return say(
        f"端口 {port}（{what}）已被占用。请停止占用它的程序，或设置 {name}=其他端口 后重试。",
        f"Port {port} ({what}) is taken. Stop the program that holds it, "
        f"or set {name} to another port.",
    )


def _not_allowed(name: str, port: int, what: str) -> str:
    return say(
        f"当前用户无权使用端口 {port}（{what}）。请把 {name} 设为 1024 及以上的端口。",
        f"Port {port} ({what}) is not for this user. Set {name} to a port from 1024 upwards.",
    )


def _why_not_bound(host: str, port: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return problem.errno
    return None


def hold_folder(home: Path) -> IO[str]:
    """Lock the data folder for this run; the lock goes with the process.

    Returns:
        The open lock file, to be kept as long as the run lasts.

    Raises:
        CannotStart: where another run holds the folder.
    """
    handle = (home / "guatu.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        handle.close()
        raise CannotStart(
            say(
                f"挂图已在使用数据目录 {home}。请先停止它，或用 GUATU_HOME 指定另一个目录。",
                f"Guatu is already running on {home}. Stop it first, or name another folder "
                "in GUATU_HOME.",
            )
        ) from problem
    return handle
