"""What is amiss with the house, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guatu.web.operations.standing import Standing, age

BAD, ATTENTION = "bad", "attention"
BACKUP_AGE = timedelta(hours=26)
"""A day and two hours: a nightly backup that took a little longer is no finding."""
BEHIND_S = 15.0
BACKLOG = 500
RECORDER_LAG = 200
OUTBOX_S = 60.0
DAYS_LEFT = 14
CERTIFICATE = timedelta(days=30)
YOUNG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should look at.

    Attributes:
        tone: `bad` or `attention`.
        what: what is amiss.
        do: what to do about it.
    """

    tone: str
    what: str
    do: str


def _read_its_lines() -> str:
    return _("It is started again by itself. If this stays, read its lines where guatu up runs.")


def findings(standing: Standing, days_left: float | None) -> list[Finding]:
    """Say what is amiss, the worst first.

    Args:
        standing: of the house.
        days_left: until the disk is full; None where it does not fill, or is not known.
    """
    if not standing.reached:
        return [
            Finding(
                BAD,
                _("The log does not answer: plants are refused and send again."),
                _read_its_lines(),
            )
        ]
    found = [
        *_of_processes(standing),
        *_of_disks(standing, days_left),
        *_of_flow(standing),
        *_of_telling(standing),
        *_of_keeping(standing),
    ]
    return sorted(found, key=lambda one: one.tone != BAD)


def _of_processes(standing: Standing) -> Iterator[Finding]:
    for row in standing.processes:
        if not row.alive:
            yield Finding(
                BAD,
                _("The process %(name)s does not answer.") % {"name": row.name},
                _read_its_lines(),
            )
        elif row.restarts and row.started_at and standing.at - row.started_at < YOUNG:
            yield Finding(
                ATTENTION,
                _("The process %(name)s was started again a short while ago.") % {"name": row.name},
                _("Nothing is lost by it. Read its lines to see why it ended."),
            )
    if standing.log_synced is False:
        yield Finding(
            BAD,
            _("The log does not sync each write: a power cut would lose acknowledged samples."),
            _("Start the house again so that it writes the log's configuration anew."),
        )


def _of_disks(standing: Standing, days_left: float | None) -> Iterator[Finding]:
    room = max((disk.room for disk in standing.disks), default=0)
    if room >= 2:
        yield Finding(
            BAD,
            _("The disk is nearly full: plants are asked to keep their data."),
            _("Free space or enlarge the disk. Intake goes on by itself, and plants send again."),
        )
    elif room == 1:
        yield Finding(
            ATTENTION,
            _("The disk is filling up: soon plants will be asked to keep their data."),
            _("Free space or enlarge the disk, or keep history for a shorter time."),
        )
    elif days_left is not None and days_left < DAYS_LEFT:
        days = max(int(days_left), 1)
        yield Finding(
            ATTENTION,
            ngettext(
                "At this pace the disk is full in %(days)s day.",
                "At this pace the disk is full in %(days)s days.",
                days,
            )
            % {"days": days},
            _("Free space or enlarge the disk, or keep history for a shorter time."),
        )


def _of_flow(standing: Standing) -> Iterator[Finding]:
    if (standing.behind_s or 0) > BEHIND_S:
        yield Finding(
            BAD,
            _("Judging is %(seconds)s s behind: alarms come late.")
            % {"seconds": round(standing.behind_s or 0)},
            _("It catches up by itself after a pause. If it grows, the machine is too small."),
        )
    elif (standing.backlog or 0) > BACKLOG:
        yield Finding(
            ATTENTION,
            _("%(count)s messages of the log wait for the engine.") % {"count": standing.backlog},
            _("It catches up by itself after a pause. If it grows, the machine is too small."),
        )
    if standing.recorder_lag > RECORDER_LAG:
        yield Finding(
            ATTENTION,
            _("%(count)s messages of events wait for the database: pages are late.")
            % {"count": standing.recorder_lag},
            _("Look whether the database is slow or its disk is full."),
        )
    if standing.outbox_waiting and standing.outbox_oldest_s > OUTBOX_S:
        yield Finding(
            ATTENTION,
            _("Changes of limits or plants have waited for %(seconds)s s to take effect.")
            % {"seconds": round(standing.outbox_oldest_s)},
            _("The worker's lines say why the log does not take them."),
        )


def _of_telling(standing: Standing) -> Iterator[Finding]:
    if standing.untold:
        yield Finding(
            BAD,
            _("%(count)s events could not be told to anybody.") % {"count": standing.untold},
            _("They are tried again; the worker's lines say what fails."),
        )
    if standing.notices_late:
        yield Finding(
            ATTENTION,
            _("%(count)s deliveries of notices are late.") % {"count": standing.notices_late},
            _("The mail server or a gateway is slow. Look at the page Deliveries."),
        )
    if standing.failing_hooks:
        yield Finding(
            ATTENTION,
            _("%(count)s hooks fail.") % {"count": standing.failing_hooks},
            _("Open it under Deliveries, Hooks: it says what was answered. Then send a trial."),
        )


def _of_keeping(standing: Standing) -> Iterator[Finding]:
    how = _("Run guatu backup with a folder on another disk, best every night.")
    old = age(standing)
    if standing.worker and old is None:
        yield Finding(ATTENTION, _("There is no backup yet."), how)
    elif old is not None and old > BACKUP_AGE:
        hours = round(old.total_seconds() / 3600)
        yield Finding(
            ATTENTION, _("The last backup is %(hours)s hours old.") % {"hours": hours}, how
        )
    elif standing.backup is not None and standing.backup.same_disk:
        yield Finding(ATTENTION, _("The last backup lies on the disk that it should save."), how)
    until = standing.certificate_until
    if until is not None and until - standing.at < CERTIFICATE:
        yield Finding(
            BAD if until < standing.at else ATTENTION,
            _("The gateway's certificate ends on %(day)s.") % {"day": f"{until:%Y-%m-%d}"},
            _("One of the house's own is renewed when the house starts; replace others."),
        )
    if standing.damaged:
        yield Finding(
            BAD,
            ngettext(
                "%(count)s file of history cannot be read and is left out of merging.",
                "%(count)s files of history cannot be read and are left out of merging.",
                standing.damaged,
            )
            % {"count": standing.damaged},
            _("Run guatu history verify to see and mend them."),
        )
    if standing.verified and standing.verified.open:
        yield Finding(
            BAD,
            _("The last check of history left %(count)s findings open.")
            % {"count": standing.verified.open},
            _("Run guatu history verify to see and mend them."),
        )
