"""What the worker tells of itself and of what only it can look at: database, log, backups."""

import asyncio
import json
import logging
import urllib.error
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import Metric

from guatu.ops.database import Database
from guatu.ops.last_backup import last_backup
from guatu.ops.last_verify import last_verify
from guatu.ops.recorder import Recorder
from guatu.ops.supervise import PROCESSES_NOTE
from guatu.telemetry import vitals
from guatu.telemetry.history.damage import count_damaged
from guatu.telemetry.log import direct_opener
from guatu.telemetry.settings import LogSettings, history_folder
from guatu.web.monitoring.models import Outbox
from guatu.web.notices.queries import untold
from guatu.web.operations import actions as operations
from guatu.web.warnings.models import Warning as OpenWarning

logger = logging.getLogger("worker")

LOOK_EVERY_S, PULSE_EVERY_S = 5.0, 60.0


_NOTICES = {
    "untold": "Events that could not be told.",
    "late": "Deliveries that are more than five minutes late.",
    "failing_hooks": "Hooks whose last call failed.",
}


class WorkerVitals:
    """Looks every few seconds, and answers with what it saw last.

    Args:
        environ: where the data folder and the log are.
        recorder: whose lag is told.
        database: where to count.
    """

    def __init__(self, environ: Mapping[str, str], recorder: Recorder, database: Database) -> None:
        self._environ = environ
        self._home = Path(environ.get("GUATU_HOME", ".guatu"))
        self._recorder = recorder
        self._database = database
        self._seen: dict[str, Any] = {}

    async def look(self) -> None:
        """Look once."""
        counted = await self._database.do(_count, at=timezone.now())
        self._seen = counted | await asyncio.to_thread(self._look_around)

    async def note_pulse(self) -> None:
        """Keep a row of how the house does: for the day's courses and for what fills the disk."""
        # Asked on a thread of its own: what waits for an engine must not hold the recorder up.
        facts = await asyncio.to_thread(operations.gather_pulse)
        await self._database.do(operations.note_pulse, facts=facts, at=timezone.now())

    def facts(self) -> vitals.Facts:
        """What was seen last."""
        return {"recorder": {"lag": self._recorder.lag}, **self._seen}

    def metrics(self) -> Iterator[Metric]:
        """What was seen last, for Prometheus."""
        facts = self.facts()
        yield vitals.number(
            "guatu_recorder_lag_messages",
            "Messages of events that are not in the database yet.",
            facts["recorder"]["lag"],
        )
        if "outbox" not in facts:
            return
        yield vitals.number(
            "guatu_outbox_waiting", "Commands not in the log yet.", facts["outbox"]["waiting"]
        )
        yield vitals.number(
            "guatu_outbox_oldest_seconds", "Age of the first of them.", facts["outbox"]["oldest_s"]
        )
        for name, help_text in _NOTICES.items():
            yield vitals.number(f"guatu_notices_{name}", help_text, facts["notices"][name])
        yield vitals.gauge(
            "guatu_warnings_open", "Open warnings by level.", "level", facts["warnings"]
        )
        yield vitals.number(
            "guatu_history_damaged_files",
            "Files of history that the keeper cannot read.",
            facts["damaged"],
        )
        if (backup := facts.get("backup")) is not None:
            at = datetime.fromisoformat(backup["at"]).timestamp()
            yield vitals.number("guatu_backup_timestamp_seconds", "Of the last backup.", at)

    def _look_around(self) -> dict[str, Any]:
        backup, verified = last_backup(self._home), last_verify(self._home)
        return {
            "log": _log(LogSettings.from_env(self._environ)),
            "backup": None
            if backup is None
            else {"at": backup.at, "size": backup.size, "same_disk": backup.same_disk},
            "verified": None if verified is None else {"at": verified.at, "open": verified.open},
            "damaged": count_damaged(history_folder(self._environ)),
            "supervised": _supervised(self._home),
            "certificate_until": _certificate_until(self._home, self._environ),
        }


def _count(*, at: datetime) -> dict[str, Any]:
    waiting = Outbox.objects.filter(placed_at=None).aggregate(
        n=Count("pk"), first=Min("created_at")
    )
    first = waiting["first"]
    levels = OpenWarning.objects.filter(closed_at=None).order_by().values("level")
    return {
        "outbox": {
            "waiting": waiting["n"],
            "oldest_s": (at - first).total_seconds() if first else 0.0,
        },
        "notices": untold(at),
        "warnings": {str(row["level"]): row["n"] for row in levels.annotate(n=Count("pk"))},
    }


def _log(settings: LogSettings) -> dict[str, Any] | None:
    """What the log server's monitoring says; None while it does not answer."""
    base = f"http://127.0.0.1:{settings.monitor_port}"
    try:
        with direct_opener().open(f"{base}/varz", timeout=2) as reply:
            varz = json.load(reply)
        with direct_opener().open(f"{base}/jsz?streams=true&config=true", timeout=2) as reply:
            jsz = json.load(reply)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    streams = [
        {
            "name": stream["name"],
            "messages": stream["state"]["messages"],
            "bytes": stream["state"]["bytes"],
            "max_bytes": stream["config"].get("max_bytes", -1),
            "first": stream["state"]["first_seq"],
            "last": stream["state"]["last_seq"],
        }
        for account in jsz.get("account_details") or []
        for stream in account.get("stream_detail") or []
    ]
    return {
        "started": varz["start"],
        "version": varz["version"],
        "memory": varz["mem"],
        "synced": varz.get("jetstream", {}).get("config", {}).get("sync_always") is True,
        "streams": sorted(streams, key=lambda stream: str(stream["name"])),
    }


def _supervised(home: Path) -> dict[str, Any]:
    """What the supervisor noted of its processes; nothing where they run without one."""
    try:
        found: dict[str, Any] = json.loads((home / PROCESSES_NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _certificate_until(home: Path, environ: Mapping[str, str]) -> str | None:
    """When the gateway's certificate ends; None where there is none to be read."""
    path = Path(environ.get("GUATU_GATEWAY_CERT") or home / "tls" / "gateway.pem")
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    return certificate.not_valid_after_utc.astimezone(UTC).isoformat()
