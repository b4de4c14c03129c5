"""The explorer of history: its page, its courses, the points to choose from, its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse
from django.http.response import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from guatu.web.monitoring import explore, exports, queries
from guatu.web.monitoring.exports import TooLongForExcelError, Wanted
from guatu.web.monitoring.models import Point
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.recorded import EXPORTED, tell

MOST_FOUND = 60


@require_GET
@never_cache
def history(request: SignedInRequest) -> HttpResponse:
    """The explorer (`?points=1&points=2&span=8h`), or only the points found (`?part=found`)."""
    at = timezone.now()
    asked = _asked(request)
    chosen = _chosen(request, asked)
    plant, is_part = _plant(request), request.GET.get("part") == "found"
    if not asked and plant is not None and not is_part:
        begin = queries.visible_to(request.user).filter(pk=plant).first()
        chosen = queries.first_points(begin, most=3) if begin is not None else []
    text = request.GET.get("q", "").strip().replace("\x00", "")[:80]
    context: dict[str, Any] = {
        "found": queries.found_points(
            request.user, text=text, plant=plant, but=[p.pk for p in chosen], most=MOST_FOUND
        ),
        "most_found": MOST_FOUND,
        "text": text,
        "plant": plant,
        "full": len(chosen) >= explore.MOST_POINTS,
    }
    if is_part:
        return render(request, "monitoring/_explore_found.html", context)
    span, is_asked = explore.span_from(request.GET, at=at)
    if not is_asked:
        messages.warning(
            request,
            _("This is no span of time: from must be before to, at most 40 years. 8 h are shown."),
        )
    context |= {
        "chosen": chosen,
        "hidden": len(asked) - len(chosen) if asked else 0,
        "most": explore.MOST_POINTS,
        "plants": queries.plants_to_explore(request.user),
        "span": span,
        "presets": [(code, word) for code, (_length, word) in explore.PRESETS.items()],
        "resolutions": explore.RESOLUTIONS.items(),
        "rows": explore.summary(chosen, span) if chosen else [],
        "points_json": [explore.described(point) for point in chosen],
        "words": _words(),
    }
    return render(request, "monitoring/explore.html", context)


@require_GET
@never_cache
def history_course(request: SignedInRequest) -> HttpResponse:
    """Courses as JSON (`?points=1&points=2&from=…&to=…&places=900`), of points one may see."""
    span, is_asked = explore.span_from(request.GET, at=timezone.now())
    if not is_asked:
        return JsonResponse({"problem": _("This is no span of time.")}, status=422)
    points = _chosen(request, _asked(request))
    places = explore.places_from(request.GET.get("places", ""))
    answer = explore.course_json(points, span, places)
    if request.GET.get("about"):
        answer["about"] = [explore.described(point) for point in points]
    return JsonResponse(answer)


@require_GET
@never_cache
def history_file(request: SignedInRequest) -> HttpResponseBase:
    """History as a file (`?format=csv&resolution=raw` and points and span as the page)."""
    span, is_asked = explore.span_from(request.GET, at=timezone.now())
    points = _chosen(request, _asked(request))
    kind, resolution = request.GET.get("format", "csv"), request.GET.get("resolution", "raw")
    if kind not in exports.FORMATS or resolution not in explore.RESOLUTIONS or not is_asked:
        return _back(request, _("This file cannot be made: choose points, a span and a form."))
    if not points:
        return _back(request, _("Choose a point first."))
    wanted = Wanted(points=points, start=span.start, end=span.end, resolution=resolution)
    name = f"guatu-{timezone.localtime(span.start):%Y%m%d-%H%M}-{resolution}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    tell(EXPORTED, what=name)
    if kind == "csv":
        pieces = _in_language(exports.write_csv(wanted), translation.get_language())
        return StreamingHttpResponse(pieces, content_type=exports.TYPES[kind], headers=headers)
    try:
        file = exports.as_file(wanted, kind)
    except TooLongForExcelError as problem:
        return _back(request, str(problem))
    return FileResponse(file, content_type=exports.TYPES[kind], headers=headers)


def _in_language(pieces: Iterator[bytes], language: str | None) -> Iterator[bytes]:
    """Make pieces in the reader's language, though the request is over by then."""
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _back(request: SignedInRequest, problem: str) -> HttpResponse:
    messages.error(request, problem)
    query = request.GET.copy()
    for name in ("format", "resolution"):
        query.pop(name, None)
    return redirect(f"{reverse('monitoring:history')}?{query.urlencode()}")


def _asked(request: SignedInRequest) -> list[int]:
    """Ids of points as asked for, each once, in their order."""
    texts = [text for given in request.GET.getlist("points") for text in given.split(",")]
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 19]
    return list(dict.fromkeys(numbers))


def _chosen(request: SignedInRequest, asked: list[int]) -> list[Point]:
    """The points asked for that the reader may see."""
    if not asked:
        return []
    found = queries.explorable(request.user).in_bulk(asked)
    return [found[pk] for pk in asked if pk in found][: explore.MOST_POINTS]


def _plant(request: SignedInRequest) -> int | None:
    text = request.GET.get("plant", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _words() -> dict[str, str]:
    """Sentences of the page's script."""
    return {
        "loading": _("Reading history …"),
        "unreachable": _("History cannot be read now. It is tried again when you move or choose."),
        "nothing": _("No samples in this time."),
        "nothing_then": _("No samples in the stretch compared with."),
        "no_points": _("Choose points at the side: their course appears here."),
        "not_newest": _("The engine does not answer: the newest samples are missing."),
        "samples": _("Samples as they came"),
        "stretches": _("Mean, least and greatest of %(width)s"),
        "more_alarms": _("Only the newest %(most)s alarms are marked."),
        "no_span": _("From must be before to."),
        "full": _("At most %(most)s points at a time."),
        "remove": _("Take %(name)s out"),
        "before": pgettext("compared", "then"),
        "time": _("Time"),
        "seconds": _("%(n)s s"),
        "minutes": _("%(n)s min"),
        "hours": _("%(n)s h"),
        "days": _("%(n)s d"),
    }
