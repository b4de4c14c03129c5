"""The list of connections."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from guatu.web.connection import queries
from guatu.web.connection.models import Connection, ConnectionState
from guatu.web.people.permission import may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state

TONES = {
    ConnectionState.REQUESTED: "attention",
    ConnectionState.SENT_BACK: "attention",
    ConnectionState.APPROVED: "idle",
    ConnectionState.CONNECTED: "good",
    ConnectionState.SUSPENDED: "bad",
    ConnectionState.ENDED: "idle",
}


def tone(connection: Connection) -> str:
    """How a connection stands, as the shell's state marks know it."""
    return TONES[ConnectionState(connection.state)]


def _name(connection: Connection) -> SafeString:
    return format_html('<a href="{}">{}</a>', connection.get_absolute_url(), connection.name)


_COLUMNS: list[Column[Connection]] = [
    Column(
        key="state",
        label=gettext_lazy("State"),
        value=lambda c: c.get_state_display(),
        cell=lambda c: state(tone(c), c.get_state_display()),
        sort="state",
    ),
    Column(
        key="name", label=gettext_lazy("Plant"), value=lambda c: c.name, cell=_name, sort="name"
    ),
    Column(key="code", label=gettext_lazy("Code"), value=lambda c: c.code, sort="code"),
    Column(
        key="region",
        label=gettext_lazy("Region"),
        value=lambda c: c.region.name,
        sort="region__sort",
    ),
    Column(
        key="organisation",
        label=gettext_lazy("Organisation"),
        value=lambda c: c.organisation.name,
        phone=False,
    ),
    Column(
        key="requested",
        label=gettext_lazy("Requested"),
        value=lambda c: c.requested_at,
        sort="requested_at",
    ),
    Column(
        key="decided",
        label=gettext_lazy("Decided"),
        value=lambda c: c.decided_at,
        sort="decided_at",
        phone=False,
    ),
    Column(
        key="connected",
        label=gettext_lazy("First data"),
        value=lambda c: c.connected_at,
        sort="connected_at",
    ),
]


@require_GET
def connections(request: SignedInRequest) -> HttpResponseBase:
    """The connections the reader may see, filtered, as a page or a file."""
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "state")}
    rows = queries.filtered(
        queries.visible_to(request.user), text=chosen["q"], state=chosen["state"]
    )
    table = Table(
        request,
        columns=_COLUMNS,
        rows=rows,
        name=_("Connections"),
        row_css=lambda c: "row-yellow" if c.state == ConnectionState.REQUESTED else "",
        empty=_("No connection fits."),
    )
    if (file := table.export()) is not None:
        return file
    tally = queries.tally(request.user)
    context = {
        "table": table,
        "chosen": chosen,
        "tally": [(ConnectionState(code), count) for code, count in tally.items()],
        "may_ask": may(request.user, "connection.ask"),
    }
    return render(request, "connection/list.html", context)
