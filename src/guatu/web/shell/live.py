"""The browser's way to the live process: its address and the ticket that says what may be heard.

The shell knows neither regions nor plants; apps above say what a user's scope is::

    live.regions_from(queries.region_codes_of)      # people
    live.plants_from(queries.plant_ids_of)          # monitoring
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

Regions = Callable[[Any], Sequence[str]]
Plants = Callable[[Any], Sequence[int]]

_regions: list[Regions] = []
_plants: list[Plants] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Where to listen and with which ticket.

    Attributes:
        url: of the stream.
        ticket: what it may carry, for a short while.
        renew_s: after how many seconds to fetch the next.
    """

    url: str
    ticket: str
    renew_s: int


def regions_from(scope: Regions) -> None:
    """Say which regions' changes a user hears (codes; each with all below it)."""
    _regions[:] = [scope]


def plants_from(scope: Plants) -> None:
    """Say which plants' values a user hears beyond those of the regions (ids)."""
    _plants[:] = [scope]


def origin(request: HttpRequest) -> str:
    """The live process's origin as this request's browser reaches it: same host, its own port."""
    if settings.LIVE_ORIGIN:
        return str(settings.LIVE_ORIGIN)
    host, _port = split_domain_port(request.get_host())
    return f"{request.scheme}://{host}:{settings.LIVE_PORT}"


def pass_for(request: HttpRequest, *, at: datetime) -> Pass | None:
    """A pass for the request's user; None where nobody is signed in or no live process is set."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not settings.LIVE_SECRET:
        return None
    # Imported late: pages and tests that need no live data load no engine code.
    from guatu.telemetry.query import LIVE_RENEW_S, live_ticket  # noqa: PLC0415

    regions = [code for scope in _regions for code in scope(user)]
    plants = [plant for scope in _plants for plant in scope(user)]
    ticket = live_ticket(user.pk, regions, plants, settings.LIVE_SECRET, at)
    return Pass(url=f"{origin(request)}/live", ticket=ticket, renew_s=LIVE_RENEW_S)
