"""How the house stands this moment, from what its processes tell of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime

if TYPE_CHECKING:
    from guatu.telemetry.query import ProcessNow

EXPECTED = ("gateway", "engine", "live", "worker")
ORDER = ("log", "gateway", "engine", "live", "worker", "web", "keeper")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """A process. `alive` is False where it should be there and does not answer."""

    name: str
    alive: bool
    started_at: datetime | None = None
    restarts: int | None = None
    memory: int | None = None
    load: float | None = None
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRow:
    """A partition of the log and how far its engine is."""

    partition: int
    judged: int
    stored: int
    backlog: int | None
    behind_s: float
    plants: int
    points: int
    active_alarms: int
    events_waiting: int

    @property
    def unstored(self) -> int:
        """Messages judged whose samples are in memory only; the log holds them."""
        return self.judged - self.stored


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRow:
    """A disk and what may be written on it: 0 all, 1 low, 2 no beats, 3 nothing."""

    folder: str
    free: int
    total: int
    room: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """A stream of the log."""

    name: str
    messages: int
    size: int
    max_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRow:
    """The last backup."""

    at: datetime
    size: int
    same_disk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRow:
    """The last check of history, and how many of its findings are not mended."""

    at: datetime
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything the operations page shows of this moment.

    Attributes:
        reached: whether the log answers: nobody can tell anything without it.
        accepted, left_out: samples since the beginning; None while no engine answers.
        worker: whether the worker told anything yet: recorder, outbox, backup are its words.
        verified: the last check of history; None if there was none.
        damaged: files of history that the keeper cannot read.
    """

    at: datetime
    reached: bool
    processes: Sequence[ProcessRow] = ()
    partitions: Sequence[PartitionRow] = ()
    disks: Sequence[DiskRow] = ()
    streams: Sequence[StreamRow] = ()
    log_synced: bool | None = None
    accepted: int | None = None
    left_out: int | None = None
    pages: int | None = None
    worker: bool = False
    recorder_lag: int = 0
    outbox_waiting: int = 0
    outbox_oldest_s: float = 0.0
    untold: int = 0
    notices_late: int = 0
    failing_hooks: int = 0
    backup: BackupRow | None = None
    certificate_until: datetime | None = None
    verified: VerifyRow | None = None
    damaged: int = 0

    @property
    def backlog(self) -> int | None:
        """Messages that no engine has judged yet."""
        known = [row.backlog for row in self.partitions if row.backlog is not None]
        return sum(known) if known else None

    @property
    def behind_s(self) -> float | None:
        """Seconds since the latest tick that the slowest partition has judged."""
        return max((row.behind_s for row in self.partitions), default=None)

    @property
    def disk(self) -> DiskRow | None:
        """The fullest disk."""
        return min(self.disks, key=lambda disk: disk.free, default=None)

    @property
    def log_size(self) -> int:
        """Bytes of all streams."""
        return sum(stream.size for stream in self.streams)


def stand(at: datetime, asking: str = "") -> Standing:
    """Ask all processes how they are.

    Args:
        at: now.
        asking: the process that asks, if it has no ear for roll calls and tells of itself here.
    """
    # Imported late: engine code is loaded only by a page that asks something.
    from guatu.telemetry import query  # noqa: PLC0415

    try:
        told = query.processes(EXPECTED)
        return read([*told, query.myself(asking)] if asking else told, at)
    except query.EngineUnavailable:
        return Standing(
            at=at,
            reached=False,
            processes=[ProcessRow(name=name, alive=name == "web") for name in ORDER[:-1]],
        )


def read(told: Sequence[ProcessNow], at: datetime) -> Standing:
    """Make one picture of what the processes told.

    Args:
        told: by each that answered.
        at: now.
    """
    of = {one.process: one.facts for one in told}
    gateway, worker = of.get("gateway", {}), of.get("worker", {})
    engines = [part for one in told for part in one.facts.get("partitions", ())]
    log = worker.get("log") or {}
    samples = [part["samples"] for part in engines]
    return Standing(
        at=at,
        reached=True,
        processes=_processes(told, worker, at),
        partitions=[_partition(part, gateway, at) for part in engines],
        disks=_disks(gateway),
        streams=[
            StreamRow(
                name=stream["name"],
                messages=stream["messages"],
                size=stream["bytes"],
                max_size=stream["max_bytes"],
            )
            for stream in log.get("streams", ())
        ],
        log_synced=log.get("synced"),
        accepted=sum(one["stored"] for one in samples) if samples else None,
        left_out=sum(
            count
            for one in samples
            for outcome, count in one.items()
            if outcome not in {"received", "stored"}
        )
        if samples
        else None,
        pages=of.get("live", {}).get("streams"),
        worker="outbox" in worker,
        recorder_lag=worker.get("recorder", {}).get("lag", 0),
        outbox_waiting=worker.get("outbox", {}).get("waiting", 0),
        outbox_oldest_s=worker.get("outbox", {}).get("oldest_s", 0.0),
        untold=worker.get("notices", {}).get("untold", 0),
        notices_late=worker.get("notices", {}).get("late", 0),
        failing_hooks=worker.get("notices", {}).get("failing_hooks", 0),
        backup=_backup(worker.get("backup")),
        certificate_until=_moment(worker.get("certificate_until")),
        verified=_verified(worker.get("verified")),
        damaged=worker.get("damaged", 0),
    )


def _processes(
    told: Sequence[ProcessNow], worker: Mapping[str, Any], at: datetime
) -> list[ProcessRow]:
    supervised = worker.get("supervised", {})
    answered = {one.process: one for one in told}
    rows = []
    for name in dict.fromkeys((*ORDER, *supervised)):
        kept, now = supervised.get(name, {}), answered.get(name)
        restarts = kept["starts"] - 1 if kept else None
        if now is not None:
            lived_s = max((at - now.started_at).total_seconds(), 1.0)
            rows.append(
                ProcessRow(
                    name=name,
                    alive=True,
                    started_at=now.started_at,
                    restarts=restarts,
                    memory=now.memory,
                    load=now.cpu_s / lived_s,
                    version=now.version,
                )
            )
        elif name in {"log", "web"}:
            rows.append(_without_words(name, worker, kept, restarts))
        elif name in EXPECTED or kept:
            # The demo's senders and others that have no words of their own are only noted.
            alive = name not in EXPECTED and bool(kept.get("alive"))
            started = _moment(kept.get("started")) if alive else None
            rows.append(ProcessRow(name=name, alive=alive, restarts=restarts, started_at=started))
    return rows


def _without_words(
    name: str, worker: Mapping[str, Any], kept: Mapping[str, Any], restarts: int | None
) -> ProcessRow:
    """The log server and the web itself: that this page is written tells that both are there."""
    log = (worker.get("log") or {}) if name == "log" else {}
    return ProcessRow(
        name=name,
        alive=True,
        started_at=_moment(log.get("started") or kept.get("started")),
        restarts=restarts,
        memory=log.get("memory"),
        version=log.get("version", ""),
    )


def _partition(part: Mapping[str, Any], gateway: Mapping[str, Any], at: datetime) -> PartitionRow:
    number, backlog = part["partition"], gateway.get("backlog", ())
    tick = part["tick_ms"] / 1000
    return PartitionRow(
        partition=number,
        judged=part["sequence"],
        stored=part["stored_sequence"],
        backlog=max(backlog[number], 0) if number < len(backlog) else None,
        behind_s=max(at.timestamp() - tick, 0.0) if tick else 0.0,
        plants=part["plants"],
        points=part["points"],
        active_alarms=part["active_alarms"],
        events_waiting=part["events_waiting"],
    )


def _disks(gateway: Mapping[str, Any]) -> list[DiskRow]:
    """Each disk once: log and history mostly share one."""
    rows: dict[tuple[int, int], DiskRow] = {}
    for folder, free, total, room in gateway.get("disks", ()):
        row = DiskRow(folder=folder, free=free, total=total, room=room)
        rows.setdefault((total, free), row)
    return list(rows.values())


def _backup(told: Mapping[str, Any] | None) -> BackupRow | None:
    at = _moment(told["at"]) if told else None
    if told is None or at is None:
        return None
    return BackupRow(at=at, size=told["size"], same_disk=told["same_disk"])


def _verified(told: Mapping[str, Any] | None) -> VerifyRow | None:
    at = _moment(told["at"]) if told else None
    return VerifyRow(at=at, open=told["open"]) if told and at else None


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def age(standing: Standing) -> timedelta | None:
    """How long ago the last backup was begun."""
    return standing.at - standing.backup.at if standing.backup else None
