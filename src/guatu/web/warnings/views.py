"""The warning desk, a warning's page, and every verb."""

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guatu.core.nouns.warning import Verb
from guatu.web.notices import actions as notices
from guatu.web.people import permission
from guatu.web.people.contacts import rings
from guatu.web.people.models import User
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import is_htmx
from guatu.web.shell.tables import Table
from guatu.web.warnings import actions, ladder, queries, rows, terms
from guatu.web.warnings.errors import CHANGED_MEANWHILE, RefusedError
from guatu.web.warnings.facts import facts_of
from guatu.web.warnings.forms import VerbForm, filters_of
from guatu.web.warnings.models import (
    NOTICES,
    Warning,  # noqa: A004 - the house's noun
    WarningLevel,
    WarningRung,
    WarningState,
)
from guatu.web.warnings.sources import source_of
from guatu.web.warnings.timeline import lines_of, way_of
from guatu.web.warnings.wording import VERB_KEYS, VERB_WORDS, refused

PAGE_SIZE = 50
AT_MOST_TOGETHER = 200


@require_GET
def desk(request: SignedInRequest) -> HttpResponseBase:
    """The warnings that this user sees, narrowed, sorted, paged; or as a file."""
    at = timezone.now()
    filters = filters_of(request.GET)
    found = queries.desk(request.user, filters, at=at)
    if "export" in request.GET:
        file = _table(request, found, rows.EXPORTED).export()
        if file is not None:
            return file
    table = _table(request, found, rows.SHOWN)
    shown = rows.rows_of(request.user, list(table.page.object_list), at)
    context = {
        "table": table,
        "rows": shown,
        "may_tick": any(row.may_acknowledge for row in shown),
        "summary": queries.open_summary(request.user, at=at),
        "filters": filters,
        "narrowed": any(request.GET.get(k) for k in ("level", "state", "overdue", "region", "q")),
        "levels": list(reversed(WarningLevel.choices)),
        "states": WarningState.choices,
        "chosen_state": request.GET.get("state", ""),
        "regions": queries.regions_on_desk(request.user),
        "keys": [(VERB_KEYS[verb], label) for verb, label in VERB_WORDS.items()],
    }
    return render(request, "warnings/desk.html", context)


def _table(request: HttpRequest, found: Any, columns: Any) -> Table[Warning]:  # noqa: ANN401 - Table's own
    return Table(
        request, columns=columns, rows=found, name=_("Safety warnings"), page_size=PAGE_SIZE
    )


def _seen(request: SignedInRequest, warning_id: int) -> Warning:
    """A warning that this user sees; any other is not there."""
    try:
        return queries.visible_to(request.user).get(pk=warning_id)
    except (Warning.DoesNotExist, OverflowError) as error:
        raise Http404 from error


@require_GET
def detail(request: SignedInRequest, warning_id: int) -> HttpResponse:
    """A warning with its facts, deadlines and history."""
    warning = _seen(request, warning_id)
    context = _detail_context(request, warning)
    # Whoever sees the warning has read what he was told of it.
    notices.mark_read(
        request.user, at=context["printed_at"], source=NOTICES, events=context["entry_ids"]
    )
    return render(request, "warnings/detail.html", context)


def _detail_context(request: SignedInRequest, warning: Warning) -> dict[str, Any]:
    at = timezone.now()
    entries = list(queries.history(warning))
    return {
        "warning": warning,
        "entry_ids": [entry.pk for entry in entries],
        "row": rows.row_of(request.user, warning, at),
        "facts": facts_of(warning),
        "lines": list(reversed(lines_of(warning, entries))),
        "way": way_of(warning, entries),
        "contacts": ladder.contacts(warning),
        "rings": rings(warning.origin_id, at),
        "source_url": _source_url(request.user, warning),
        "printed_at": at,
    }


def _source_url(user: User, warning: Warning) -> str:
    """The page of the source, "" where this user may not open it."""
    source = source_of(warning.source_kind)
    may_open = source is None or source.may_open(user, warning.source_key)
    return warning.source_url if may_open else ""


@require_GET
def deadlines(request: SignedInRequest) -> HttpResponse:
    """How long each level has, and when it climbs, in every version of the table."""
    context = {
        "versions": terms.versions(timezone.now()),
        "rungs": [WarningRung(rung).label for rung in terms.STEPS],
    }
    return render(request, "warnings/deadlines.html", context)


@require_http_methods(["GET", "POST"])
def act(request: SignedInRequest, warning_id: int, verb: str) -> HttpResponse:
    """Ask for what a verb needs, or do it; answers with the part of the page it stood on."""
    if verb not in set(VERB_WORDS):
        raise Http404
    wanted = Verb(verb)
    warning = _seen(request, warning_id)
    if not permission.may(request.user, f"warnings.{wanted}", warning):
        raise PermissionDenied(wanted)
    if request.method == "GET":
        form = VerbForm(verb=wanted, warning=warning, user=request.user)
        return _ask(request, form)
    form = VerbForm(request.POST, verb=wanted, warning=warning, user=request.user)
    if not form.is_valid():
        if form.is_stale:
            form.add_error(None, refused(RefusedError(CHANGED_MEANWHILE)))
        return _ask(request, form)
    try:
        _do(request, form, at=timezone.now())
    except RefusedError as error:
        if wanted in rows.DIRECT and is_htmx(request):
            return _answer(request, warning_id, said=refused(error), level="error")
        form.add_error(None, refused(error))
        form.warning = _seen(request, warning_id)  # asked again about what it is by now
        return _ask(request, form)
    said = _("“%(verb)s” done: %(number)s %(title)s") % {
        "verb": VERB_WORDS[wanted],
        "number": warning.number,
        "title": warning.headline,
    }
    return _answer(request, warning_id, said=said, level="success")


def _do(request: SignedInRequest, form: VerbForm, *, at: datetime) -> None:
    action = getattr(actions, form.verb.value)
    action(form.warning.pk, by=request.user, at=at, **form.given())


def _place(request: HttpRequest) -> str:
    """Where the verb stood: on a row of the desk, or on the warning's page."""
    asked = request.POST.get("place") or request.GET.get("place")
    return "row" if asked == "row" else "detail"


def _next(request: HttpRequest, warning_id: int) -> str:
    """Where to go when done: an own address, or the warning's page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else f"/warnings/{warning_id}/"


def _ask(request: SignedInRequest, form: VerbForm) -> HttpResponse:
    """Show a verb's form: in the dialog for htmx, else on a page of its own."""
    context = {
        "form": form,
        "warning": form.warning,
        "verb": form.verb,
        "label": rows.label_of(form.verb, form.warning),
        "facts": facts_of(form.warning) if form.verb is Verb.CLOSE else None,
        "place": _place(request),
        "next": _next(request, form.warning.pk),
    }
    template = "warnings/_verb_form.html" if is_htmx(request) else "warnings/verb.html"
    response = render(request, template, context, status=422 if form.errors else 200)
    if is_htmx(request) and form.errors:
        response["HX-Retarget"] = "#verb-form"
        response["HX-Reswap"] = "innerHTML"
    return response


def _answer(request: SignedInRequest, warning_id: int, *, said: str, level: str) -> HttpResponse:
    """Show how things stand after a verb, where it stood."""
    if not is_htmx(request):
        messages.add_message(request, messages.constants.DEFAULT_LEVELS[level.upper()], said)
        return redirect(_next(request, warning_id))
    warning = queries.visible_to(request.user).filter(pk=warning_id).first()
    if warning is None:  # handed over to somebody outside one's sight
        response = HttpResponse()
        response["HX-Redirect"] = "/warnings/"
        messages.success(request, said)
        return response
    if _place(request) == "row":
        row = rows.row_of(request.user, warning, timezone.now())
        response = render(request, "warnings/_row.html", {"row": row})
    else:
        response = render(request, "warnings/_detail.html", _detail_context(request, warning))
    response["HX-Trigger"] = json.dumps(
        {
            "guatu:messages": {"messages": [{"level": level, "text": said}]},
            "warnings:done": {"warning": warning_id},
        }
    )
    return response


@require_POST
def acknowledge_many(request: SignedInRequest) -> HttpResponse:
    """Acknowledge those that were ticked; one that is refused holds up no other."""
    at = timezone.now()
    ticked = request.POST.getlist("warning")
    # Longer numbers are no warning's, and the longest are none to Python either.
    asked = {int(pk) for pk in ticked if pk.isascii() and pk.isdigit() and len(pk) < 19}
    seen = queries.visible_to(request.user).filter(pk__in=sorted(asked)[:AT_MOST_TOGETHER])
    done, not_done = 0, 0
    for warning in seen:
        try:
            actions.acknowledge(warning.pk, by=request.user, at=at)
            done += 1
        except (RefusedError, PermissionDenied):
            not_done += 1
    _say_how_many(request, done, not_done)
    target = _next(request, 0)
    return redirect("warnings:desk" if target == "/warnings/0/" else target)


def _say_how_many(request: HttpRequest, done: int, not_done: int) -> None:
    if done:
        said = ngettext("%(n)s warning acknowledged.", "%(n)s warnings acknowledged.", done)
        messages.success(request, said % {"n": done})
    if not_done:
        said = ngettext(
            "%(n)s could not be acknowledged: it is not yours, or no longer waiting.",
            "%(n)s could not be acknowledged: they are not yours, or no longer waiting.",
            not_done,
        )
        messages.warning(request, said % {"n": not_done})
    if not done and not not_done:
        messages.info(request, _("Tick the warnings to acknowledge first."))
