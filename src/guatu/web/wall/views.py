"""The wall: one page, its parts for htmx, its counters."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell import nav
from guatu.web.shell.requests import is_big_screen
from guatu.web.wall import presentation, tables
from guatu.web.wall.board import ON_A_DESK, ON_A_WALL, gather, gather_figures


def _view_of(request: SignedInRequest) -> str:
    return request.GET.get("view", "")


@require_safe
@never_cache
def wall(request: SignedInRequest) -> HttpResponseBase:
    """The whole wall, or one of its tables as a file (`?plants-export=xlsx`).

    Everybody comes here first; who sees nothing of the business is led to where his work is.
    """
    if not may(request.user, "wall.see"):
        first = nav.shown_to(request)
        return redirect(first[0].url if first else "people:account")
    rows = ON_A_WALL if is_big_screen(request) else ON_A_DESK
    board = gather(request.user, timezone.now(), view=_view_of(request), rows=rows)
    listed = tables.tables(request, board)
    if (file := tables.exported(listed)) is not None:
        return file
    return render(request, "wall/wall.html", presentation.of_board(request, board, listed))


@require_safe
@never_cache
def parts(request: SignedInRequest) -> HttpResponse:
    """All parts that change, each to be swapped in where it stands."""
    demand(request.user, "wall.see")
    rows = ON_A_WALL if is_big_screen(request) else ON_A_DESK
    board = gather(request.user, timezone.now(), view=_view_of(request), rows=rows)
    context = presentation.of_board(request, board, tables.tables(request, board))
    return render(request, "wall/_parts.html", {**context, "swap": True})


@require_safe
@never_cache
def counters(request: SignedInRequest) -> HttpResponse:
    """The counters alone: asked every ten seconds, so that a lost stream does not freeze them."""
    demand(request.user, "wall.see")
    figures, _plants, _engine = gather_figures(request.user, timezone.now())
    return render(request, "wall/_counters.html", presentation.of_figures(request, figures))
