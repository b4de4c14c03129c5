"""The machine: Python, what is installed, folders, disk, ports, clock."""

import ctypes
import fcntl
import importlib.metadata
import re
import socket
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from guatu.ops.doctor.told import Told, bad, good, remark
from guatu.ops.errors import CannotStart
from guatu.ops.house import HOST, House
from guatu.ops.preflight import check_writable
from guatu.telemetry.disk import Room, look_at
from guatu.telemetry.log import server_program
from guatu.telemetry.settings import DiskSettings

SECRETS = ("secret_key", "audit_key", "live.secret", "demo-keys.json", "tls/gateway.key")
TIME_ERROR = 5
OLDEST_SAMPLE = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = {
    Room.LOW: ("空间偏紧", "filling up"),
    Room.CLOSED: ("空间不足，已停止接收数据", "nearly full: no beats are taken"),
    Room.FULL: ("已满", "full"),
}


def is_up(home: Path) -> bool:
    """Whether a house runs on a folder."""
    path = home / "guatu.lock"
    if not path.exists():
        return False
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def python() -> Iterator[Told]:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield good(f"Python {version}", f"Python {version}")
    else:
        yield bad(
            (f"Python {version} 不受支持", f"Python {version} is not supported"),
            ("请使用 Python 3.11 至 3.13", "Use Python 3.11 to 3.13"),
        )


def dependencies() -> Iterator[Told]:
    """What the extra `server` asks for, and the log server's program."""
    try:
        asked = importlib.metadata.requires("guatu") or []
    except importlib.metadata.PackageNotFoundError:
        asked = []
    missing = []
    wanted = [one for one in asked if re.search(r"extra\s*==\s*['\"]server['\"]", one)]
    for requirement in wanted:
        name = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    try:
        server_program()
    except FileNotFoundError:
        missing.append("nats-server")
    if missing:
        names = ", ".join(missing)
        yield bad(
            (f"缺少依赖：{names}", f"Not installed: {names}"),
            ("请安装 guatu[server]（make setup）", "Install guatu[server] (make setup)"),
        )
    else:
        yield good(f"依赖齐全（{len(wanted)} 项）", f"all {len(wanted)} dependencies are there")


def folders(house: House) -> Iterator[Told]:
    """The data folder's rights, and those of the secrets in it."""
    try:
        check_writable(house.home)
    except CannotStart as problem:
        yield Told(bad(("", ""), ("", "")).tone, str(problem))
        return
    yield good(f"数据目录 {house.home} 可写", f"the data folder {house.home} can be written")
    for name in SECRETS:
        path = house.home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield bad(
                (f"{path} 可被其他用户读取", f"{path} can be read by other users"),
                (f"请执行 chmod 600 {path}", f"Run chmod 600 {path}"),
            )


def disks(settings: DiskSettings) -> Iterator[Told]:
    """The room on the disks of log and history."""
    seen = set()
    for disk in look_at(settings):
        if disk.folder in seen:
            continue
        seen.add(disk.folder)
        free = f"{disk.free / 1e9:,.1f} GB / {disk.total / 1e9:,.1f} GB"
        if disk.room is Room.PLENTY:
            yield good(f"磁盘 {disk.folder}：可用 {free}", f"disk of {disk.folder}: {free} free")
            continue
        zh, en = WORDS[disk.room]
        how = (
            "请清理或扩容磁盘；空间恢复后自动继续接收",
            "Free space or enlarge it; intake goes on by itself",
        )
        what = (f"磁盘 {disk.folder} {zh}（{free}）", f"the disk of {disk.folder} is {en} ({free})")
        yield remark(what, how) if disk.room is Room.LOW else bad(what, how)


def ports(house: House, *, up: bool) -> Iterator[Told]:
    """Whether the house's ports answer while it is up, and are free while it is down."""
    wrong = [
        (name, port, what)
        for name, port, what in house.ports
        if _listens(HOST if "LOG" in name else house.host, port) is not up
    ]
    if not wrong:
        yield (
            good("各端口均有应答", "all ports answer")
            if up
            else good("各端口空闲", "all ports are free")
        )
    for name, port, what in wrong:
        if up:
            yield bad(
                (f"端口 {port}（{what}）无应答", f"port {port} ({what}) does not answer"),
                ("请查看 guatu up 窗口中该进程的日志", "Read that process's lines of guatu up"),
            )
        else:
            yield bad(
                (f"端口 {port}（{what}）已被占用", f"port {port} ({what}) is taken"),
                (f"请停止占用它的程序，或设置 {name}", f"Stop who holds it, or set {name}"),
            )


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


class _Timex(ctypes.Structure):
    """Enough of the kernel's struct timex to ask and change nothing: all zero."""

    _fields_ = [("raw", ctypes.c_byte * 256)]


def clock() -> Iterator[Told]:
    """Whether the clock is kept by a time server: ticks and stamps come from it."""
    now = datetime.now(UTC)
    if now < OLDEST_SAMPLE:
        yield bad(
            (f"系统时间 {now:%Y-%m-%d} 不正确", f"the clock says {now:%Y-%m-%d}"),
            ("请校准系统时间", "Set the clock"),
        )
        return
    if ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex())) == TIME_ERROR:
        yield remark(
            ("系统时间未与时间服务器同步", "the clock is not kept by a time server"),
            (
                "请启用 NTP（systemd-timesyncd 或 chrony）",
                "Enable NTP (systemd-timesyncd or chrony)",
            ),
        )
    else:
        yield good("系统时间已同步", "the clock is kept by a time server")
