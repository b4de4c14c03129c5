"""The operations page and its part that refreshes itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guatu.web.operations import queries
from guatu.web.operations.drawing import Course, course
from guatu.web.operations.findings import findings
from guatu.web.operations.standing import Standing, stand
from guatu.web.people.permission import demand
from guatu.web.people.signed_in import SignedInRequest

RATE_KEY = "operations.rate"
MOST_S = 120.0
GIGABYTE = 1e9
ROOMS: dict[int, tuple[str, str | Promise]] = {
    0: ("good", _("enough room")),
    1: ("attention", _("filling up")),
    2: ("bad", _("no more data taken")),
    3: ("bad", _("full")),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart: its title, unit, line, and the hours in the table behind it."""

    name: str
    title: str | Promise
    unit: str | Promise
    line: Course
    hours: list[tuple[datetime, float | None]]


@require_safe
@never_cache
def standing(request: SignedInRequest) -> HttpResponse:
    """How the house is: processes, lag, disks, backups, and what is amiss."""
    demand(request.user, "operations.see")
    at = timezone.now()
    context = {**_context(at), "charts": _charts(at)}
    return render(request, "operations/standing.html", context)


@require_safe
@never_cache
def parts(request: SignedInRequest) -> HttpResponse:
    """The same without the frame, asked every few seconds."""
    demand(request.user, "operations.see")
    return render(request, "operations/_parts.html", _context(timezone.now()))


@require_safe
@never_cache
def day(request: SignedInRequest) -> HttpResponse:
    """The courses of the last day, asked every minute: their tables stay open meanwhile."""
    demand(request.user, "operations.see")
    return render(request, "operations/_day.html", {"charts": _charts(timezone.now())})


def _context(at: datetime) -> dict[str, Any]:
    house = stand(at, "web")
    days_left = queries.disk_days_left(at)
    rates = _rates(house)
    disk = house.disk
    return {
        "house": house,
        "findings": findings(house, days_left),
        "days_left": days_left,
        "rate": rates[0] if rates else None,
        "left_out_rate": rates[1] if rates else None,
        "disks": [(one, *ROOMS[one.room], _used(one.free, one.total)) for one in house.disks],
        "free_gb": disk.free / GIGABYTE if disk else None,
    }


def _used(free: int, total: int) -> float:
    return 100 * (1 - free / total) if total else 100.0


def _rates(house: Standing) -> tuple[float, float] | None:
    """Samples a second taken and left out since the page was asked for last; None at first."""
    if house.accepted is None or house.left_out is None:
        return None
    now = (house.at.timestamp(), house.accepted, house.left_out)
    before: tuple[float, int, int] | None = cache.get(RATE_KEY)
    passed = now[0] - before[0] if before else 0.0
    if before is None or not 1.0 <= passed <= MOST_S or now[1] < before[1]:
        if before is None or passed > MOST_S or now[1] < before[1]:
            cache.set(RATE_KEY, now, MOST_S)
        return None
    cache.set(RATE_KEY, now, MOST_S)
    return (now[1] - before[1]) / passed, max(now[2] - before[2], 0) / passed


def _charts(at: datetime) -> list[Drawn]:
    steps = queries.courses(at)
    since = at - queries.DAY
    drawn: list[tuple[str, str | Promise, str | Promise, list[tuple[datetime, float | None]]]] = [
        ("rate", _("Samples taken"), _("a second"), [(s.at, s.rate) for s in steps]),
        ("backlog", _("Waiting for the engine"), _("messages"), [(s.at, s.backlog) for s in steps]),
        (
            "disk",
            _("Free disk"),
            "GB",
            [(s.at, None if s.disk_free is None else s.disk_free / GIGABYTE) for s in steps],
        ),
    ]
    return [
        Drawn(name, title, unit, course(points, since, at), _hours(points))
        for name, title, unit, points in drawn
    ]


def _hours(points: list[tuple[datetime, float | None]]) -> list[tuple[datetime, float | None]]:
    """The last figure of each hour, the latest first."""
    found = {at.replace(minute=0, second=0, microsecond=0): (at, value) for at, value in points}
    return sorted(found.values(), reverse=True, key=lambda one: one[0])
