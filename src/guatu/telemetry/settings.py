"""What each process is told by its environment: one frozen value a process, read once."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

GIGABYTE = 1 << 30


class SettingsError(ValueError):
    """A variable of the environment cannot be used; says which and why."""


def whole_number(env: Mapping[str, str], name: str, default: int, low: int = 0) -> int:
    """Read a variable; raises SettingsError where it is no whole number or too small."""
    text = env.get(name, "")
    try:
        value = int(text) if text else default
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {text!r}") from None
    if value < low:
        raise SettingsError(f"{name} must be at least {low}, not {value}")
    return value


def home_folder(env: Mapping[str, str]) -> Path:
    """The installation's folder."""
    return Path(env.get("GUATU_HOME") or ".guatu").absolute()


def _log_url(env: Mapping[str, str]) -> str:
    return (
        env.get("GUATU_LOG_URL") or f"nats://127.0.0.1:{whole_number(env, 'GUATU_LOG_PORT', 4222)}"
    )


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).absolute() if env.get(name) else None


def _partition_list(env: Mapping[str, str], count: int) -> tuple[int, ...]:
    text = env.get("GUATU_ENGINE_PARTITIONS", "")
    if not text:
        return tuple(range(count))
    try:
        chosen = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise SettingsError(f"GUATU_ENGINE_PARTITIONS must look like 0,1, not {text!r}") from None
    if not chosen or chosen[0] < 0 or chosen[-1] >= count:
        raise SettingsError(f"GUATU_ENGINE_PARTITIONS must lie in 0..{count - 1}, not {text!r}")
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The embedded log server.

    Args:
        home: the installation's folder; the log lies in ``home/log``.
        port: where clients connect, on 127.0.0.1.
        monitor_port: where /varz answers, on 127.0.0.1.
    """

    home: Path
    port: int = 4222
    monitor_port: int = 8222

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        return cls(
            home=home_folder(env),
            port=whole_number(env, "GUATU_LOG_PORT", 4222, 1),
            monitor_port=whole_number(env, "GUATU_LOG_MONITOR_PORT", 8222, 1),
        )

    @property
    def folder(self) -> Path:
        """Where the log keeps its store and its configuration."""
        return self.home / "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How the streams of the log are laid out; the same for every process.

    Args:
        log_url: where the log answers; several addresses separated by commas for a cluster.
        partitions: number of partitions plants are spread over; never changed later.
        replicas: copies of each stream, 1 alone, 3 in a cluster.
        max_bytes: the log's share of the disk; the free disk bounds it further.
        disk: a folder on the log's disk, to look at what is free.
    """

    log_url: str = "nats://127.0.0.1:4222"
    partitions: int = 2
    replicas: int = 1
    max_bytes: int = 20 * GIGABYTE
    disk: Path = Path()

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        return cls(
            log_url=_log_url(env),
            partitions=whole_number(env, "GUATU_PARTITIONS", 2, 1),
            replicas=whole_number(env, "GUATU_LOG_REPLICAS", 1, 1),
            max_bytes=whole_number(env, "GUATU_LOG_MAX_BYTES", 20 * GIGABYTE, 1 << 20),
            disk=home_folder(env),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSettings:
    """Which disks matter and how much of them stays free.

    Args:
        folders: of the log and of history.
        reserve: bytes below which plants are asked to wait; 0 for a tenth of the disk, at most
            2 GiB.
    """

    folders: tuple[Path, ...] = ()
    reserve: int = 0

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the environment; raises SettingsError."""
        return cls(
            folders=(home_folder(env), history_folder(env)),
            reserve=whole_number(env, "GUATU_DISK_RESERVE_MB", 0) * (1 << 20),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """The process that takes beats from plants.

    Args:
        certificate: TLS certificate chain; plain HTTP when this or the key is None.
        private_key: its key.
        backlog_messages: unevaluated log messages of a partition above which plants get 429.
        max_body: bytes of a request's body, unpacked.
        body_s: how long a body may take to arrive.
        plant_samples_s: samples a second that one plant may send; ten seconds' worth at once.
        plant_requests_s: requests a second, likewise.
    """

    streams: StreamSettings
    disk: DiskSettings = DiskSettings()
    host: str = "127.0.0.1"
    port: int = 8443
    certificate: Path | None = None
    private_key: Path | None = None
    backlog_messages: int = 5000
    max_body: int = 4 << 20
    body_s: float = 20.0
    plant_samples_s: int = 300_000
    plant_requests_s: int = 200
    coalesce_ms: int = 3
    coalesce_bytes: int = 200_000

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        return cls(
            streams=StreamSettings.from_env(env),
            disk=DiskSettings.from_env(env),
            host=env.get("GUATU_GATEWAY_HOST") or "127.0.0.1",
            port=whole_number(env, "GUATU_GATEWAY_PORT", 8443),
            certificate=_path(env, "GUATU_GATEWAY_CERT"),
            private_key=_path(env, "GUATU_GATEWAY_TLS_KEY"),
            backlog_messages=whole_number(env, "GUATU_BACKLOG_MESSAGES", 5000, 1),
            plant_samples_s=whole_number(env, "GUATU_PLANT_SAMPLES_S", 300_000, 1),
            plant_requests_s=whole_number(env, "GUATU_PLANT_REQUESTS_S", 200, 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """The process that judges and stores.

    Args:
        history: folder of segments and checkpoints.
        mine: partitions this process owns.
        cut_ms: each partition has a moment of its own in every span of this length; a segment is
            cut at the first tick after it, if the last cut is at least half as long ago,
        cut_samples: or as soon as a tick finds this many samples in memory.
        keep_log_ms: how long the log keeps what is already stored.
    """

    streams: StreamSettings
    history: Path
    disk: DiskSettings = DiskSettings()
    mine: tuple[int, ...] = (0, 1)
    cut_ms: int = 30_000
    cut_samples: int = 12_000_000
    keep_log_ms: int = 60_000

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        streams = StreamSettings.from_env(env)
        return cls(
            streams=streams,
            history=history_folder(env),
            disk=DiskSettings.from_env(env),
            mine=_partition_list(env, streams.partitions),
            cut_ms=whole_number(env, "GUATU_CUT_MS", 30_000, 1),
            cut_samples=whole_number(env, "GUATU_CUT_SAMPLES", 12_000_000, 1),
            keep_log_ms=whole_number(env, "GUATU_LOG_KEEP_MS", 60_000),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperSettings:
    """The process that keeps history small, quick and no longer than wanted.

    Args:
        history: folder of all partitions.
        every_ms: how often it looks for work.
        raw_days: how long samples are kept.
        core_days: how long those of core and state points are, where that is longer.
        minute_days: how long what minutes come to is kept.
        hour_days: how long what hours come to is kept.
    """

    history: Path
    every_ms: int = 30_000
    raw_days: int = 400
    core_days: int = 400
    minute_days: int = 1_100
    hour_days: int = 3_700

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        raw_days = whole_number(env, "GUATU_KEEP_RAW_DAYS", 400, 1)
        return cls(
            history=history_folder(env),
            every_ms=whole_number(env, "GUATU_KEEPER_MS", 30_000, 100),
            raw_days=raw_days,
            core_days=max(whole_number(env, "GUATU_KEEP_CORE_DAYS", raw_days, 1), raw_days),
            minute_days=whole_number(env, "GUATU_KEEP_MINUTE_DAYS", 1_100, 1),
            hour_days=whole_number(env, "GUATU_KEEP_HOUR_DAYS", 3_700, 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """The process that pushes to browsers.

    Args:
        secret: signs the tickets; the same in the web process.
        origins: web origins that may read the stream; ``*`` for any. From the environment those
            of GUATU_LIVE_ORIGINS, else those under which the web itself answers.
    """

    streams: StreamSettings
    secret: str
    host: str = "127.0.0.1"
    port: int = 8001
    origins: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError when the secret is missing."""
        secret = env.get("GUATU_LIVE_SECRET", "")
        if len(secret) < 16:
            raise SettingsError("GUATU_LIVE_SECRET must be set to at least 16 characters")
        return cls(
            streams=StreamSettings.from_env(env),
            secret=secret,
            host=env.get("GUATU_LIVE_HOST") or "127.0.0.1",
            port=whole_number(env, "GUATU_LIVE_PORT", 8001),
            origins=_names(env.get("GUATU_LIVE_ORIGINS", "")) or _web_origins(env),
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _web_origins(env: Mapping[str, str]) -> tuple[str, ...]:
    """The origins of the web's pages, from what the web itself is set by.

    Those it trusts (GUATU_ORIGINS), and each of its names (GUATU_HOSTS): with its own port, and
    without one as behind a proxy. A name for any subdomain (".example.com") stands here for none
    of them: such an installation sets GUATU_LIVE_ORIGINS.
    """
    own = ("localhost", "127.0.0.1", "[::1]", socket.gethostname().lower())
    hosts = _names(env.get("GUATU_HOSTS", "")) or own
    if "*" in hosts:
        return ("*",)
    port = whole_number(env, "GUATU_WEB_PORT", 8000)
    reached = (
        f"{scheme}://{host}{ending}"
        for host in hosts
        if not host.startswith(".")
        for scheme in ("http", "https")
        for ending in ("", f":{port}")
    )
    return tuple(dict.fromkeys((*_names(env.get("GUATU_ORIGINS", "")), *reached)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """What the web's two doors need.

    Args:
        timeout_s: how long a question or command may take before it counts as unavailable.
    """

    streams: StreamSettings
    history: Path
    disk: DiskSettings = DiskSettings()
    timeout_s: float = 3.0

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; raises SettingsError."""
        return cls(
            streams=StreamSettings.from_env(env),
            history=history_folder(env),
            disk=DiskSettings.from_env(env),
        )


def history_folder(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of segments and checkpoints."""
    return _path(env, "GUATU_HISTORY") or home_folder(env) / "history"
