"""The record of who did what, and the history of one record."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guatu.web.audit import queries
from guatu.web.audit.forms import AuditFilter
from guatu.web.audit.models import Change, Head
from guatu.web.audit.wording import Difference, differences, kind_word
from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import is_htmx
from guatu.web.shell.tables import Column, Table

_OWN_PAGES = {
    "people.user": "people:person",
    "monitoring.plant": "monitoring:plant",
    "connection.connection": "connection:detail",
    "warnings.warning": "warnings:detail",
}
OF_LATE = timedelta(days=30)
SHOWN = 3
"""Columns that a line shows at once; the rest opens."""
LATEST = 10
"""Records that a part of another page shows."""


@never_cache
@require_safe
def listed(request: SignedInRequest) -> HttpResponseBase:
    """The record of an auditor's scope, narrowed, as a page or a file."""
    demand(request.user, "audit.see")
    form = AuditFilter(_asked(request), regions=queries.regions_of(request.user))
    table = Table(
        request,
        name=_("Audit"),
        rows=form.narrow(queries.visible_to(request.user)),
        default_sort="-at",
        columns=columns(with_origin=True),
        empty=_("Nothing on record fits. Clear the filters."),
    )
    if (file := table.export()) is not None:
        return file
    head = Head.objects.filter(pk=1).first()
    context = {"table": table, "form": form, "head": head, "days": settings.AUDIT_DAYS}
    return render(request, "audit/audit.html", context)


def _asked(request: SignedInRequest) -> QueryDict:
    """What is asked for: of late, unless the reader chose a day or took it away."""
    asked = request.GET.copy()
    if "first" not in asked:
        asked["first"] = f"{timezone.localdate() - OF_LATE:%Y-%m-%d}"
    return asked


@never_cache
@require_safe
def history(request: SignedInRequest) -> HttpResponseBase:
    """What was done to one record: the latest as a part of its page, or all of it."""
    demand(request.user, "audit.see_history")
    kind, key = request.GET.get("kind", ""), request.GET.get("record", "")[:40]
    rows = queries.history_for(request.user, kind, key)
    if rows is None:
        raise Http404
    if only := [one for one in request.GET.getlist("only") if one]:
        rows = rows.filter(kind__in=only)
    if is_htmx(request) and request.GET.get("part"):
        latest = [(change, _but_reason(change)) for change in rows.order_by("-id")[:LATEST]]
        query = request.GET.copy()
        query.pop("part")
        return render(
            request, "audit/_history.html", {"latest": latest, "query": query.urlencode()}
        )
    seen = queries.page_of(request.user, kind, key)
    name = str(seen) if seen is not None else rows.order_by("-id")[0].record_name
    table = Table(
        request,
        name=_("Changes of %(name)s") % {"name": name},
        rows=rows,
        default_sort="-at",
        columns=columns(with_origin=may(request.user, "audit.see")),
        empty=_("Nothing was changed since this record is kept."),
    )
    if (file := table.export()) is not None:
        return file
    back = reverse(_OWN_PAGES[kind], args=[key]) if seen is not None and kind in _OWN_PAGES else ""
    return render(request, "audit/history.html", {"table": table, "name": name, "back": back})


def columns(*, with_origin: bool) -> list[Column[Change]]:
    """The columns of a record.

    Args:
        with_origin: whether the reader may know from where it was done.
    """
    shown: list[Column[Change]] = [
        Column(key="at", label=_("Time"), value=lambda c: c.at, sort="at"),
        Column(key="who", label=pgettext("audit", "Who"), value=_who, cell=_who_cell),
        Column(key="act", label=pgettext("audit", "Act"), value=lambda c: c.get_act_display()),
        Column(key="kind", label=_("Kind"), value=lambda c: kind_word(c.kind)),
        Column(
            key="record",
            label=pgettext("audit", "Record"),
            value=lambda c: c.record_name,
            cell=_record_cell,
        ),
        Column(
            key="changes",
            label=pgettext("audit", "From what to what"),
            value=lambda c: "\n".join(str(one) for one in differences(c)),
            cell=_changes_cell,
        ),
        Column(key="why", label=_("Reason"), value=lambda c: c.why),
    ]
    if with_origin:
        shown += [
            Column(
                key="address",
                label=pgettext("audit", "From where"),
                value=lambda c: c.address,
                phone=False,
            ),
            Column(
                key="door",
                label=pgettext("audit", "By which door"),
                value=lambda c: f"{c.door} {c.request}".strip(),
                cell=_door_cell,
                phone=False,
            ),
        ]
    return shown


def _but_reason(change: Change) -> list[Difference]:
    """What changed, without the reason, which is told by itself."""
    return [one for one in differences(change) if not change.why or one.after != change.why]


def _who(change: Change) -> str:
    parts = (change.actor_name, change.actor_account, change.actor_organisation)
    return " · ".join(part for part in parts if part)


def _who_cell(change: Change) -> SafeString:
    name = change.actor_name or change.actor_account
    if not name:
        return format_html('<span class="muted">{}</span>', _("nobody signed in"))
    small = change.actor_organisation or change.actor_account
    return format_html('{}<small class="muted below">{}</small>', name, small)


def _record_cell(change: Change) -> SafeString:
    if not change.page_kind:
        return format_html("{}", change.record_name)
    url = f"{reverse('audit:history')}?kind={change.page_kind}&record={change.page_record}"
    return format_html('<a href="{}">{}</a>', url, change.record_name or change.page_record)


def _changes_cell(change: Change) -> SafeString:
    found = _but_reason(change)
    shown = _lines(found[:SHOWN])
    if len(found) <= SHOWN:
        return shown
    more = _("%(count)s more") % {"count": len(found) - SHOWN}
    rest = _lines(found[SHOWN:])
    return format_html("{}<details><summary>{}</summary>{}</details>", shown, more, rest)


def _lines(found: list[Difference]) -> SafeString:
    lines = format_html_join("", "<li>{}</li>", ((_line(one),) for one in found))
    return format_html('<ul class="changes">{}</ul>', lines) if found else SafeString("")


def _line(one: Difference) -> SafeString:
    if one.is_secret:
        return format_html('<span class="muted">{}</span>', str(one))
    if not one.before:
        return format_html('<span class="muted">{}:</span> {}', one.label, one.after)
    return format_html(
        '<span class="muted">{}:</span> <del>{}</del> → <ins>{}</ins>',
        one.label,
        one.before,
        one.after or "–",
    )


def _door_cell(change: Change) -> SafeString:
    return format_html(
        '<code>{}</code><small class="muted below">{}</small>', change.door, change.request
    )
