"""One connection: what was asked for, where it stands, its keys, its history, its deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from guatu.web.connection import actions, life, queries
from guatu.web.connection.application import read_description
from guatu.web.connection.errors import DeedRefused
from guatu.web.connection.forms import KeyForm, NoteForm
from guatu.web.connection.models import Connection
from guatu.web.connection.views.listed import tone
from guatu.web.connection.wording import placed
from guatu.web.monitoring.actions import publish_outbox
from guatu.web.monitoring.models import Plant, PlantKey
from guatu.web.monitoring.queries import limits_of
from guatu.web.people.contacts import rings
from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest

Act = Callable[..., Connection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A deed that a page offers.

    Attributes:
        verb: who may.
        act: what does it.
        label: on the button.
        done: what is said afterwards.
        help: what it means, beside the reason.
        tone: of the button.
    """

    verb: str
    act: Act
    label: str | Promise
    done: str | Promise
    help: str | Promise
    tone: str = "quiet"


OFFERS: Mapping[life.Deed, Offer] = {
    life.Deed.APPROVE: Offer(
        verb="connection.decide",
        act=actions.approve,
        label=gettext_lazy("Approve"),
        done=gettext_lazy("Approved. The plant can take its key now."),
        help=gettext_lazy("The plant is registered with these units and points."),
        tone="primary",
    ),
    life.Deed.SEND_BACK: Offer(
        verb="connection.decide",
        act=actions.send_back,
        label=gettext_lazy("Send back"),
        done=gettext_lazy("Sent back to the plant."),
        help=gettext_lazy("Say what must be mended."),
    ),
    life.Deed.WITHDRAW: Offer(
        verb="connection.ask",
        act=actions.withdraw,
        label=gettext_lazy("Withdraw"),
        done=gettext_lazy("The application is withdrawn."),
        help=gettext_lazy("The application ends; another one can be made at any time."),
    ),
    life.Deed.SUSPEND: Offer(
        verb="connection.shut",
        act=actions.suspend,
        label=gettext_lazy("Suspend"),
        done=gettext_lazy("Suspended: the gateway refuses the plant's data."),
        help=gettext_lazy("The gateway refuses all data; silence raises no alarm meanwhile."),
    ),
    life.Deed.RESUME: Offer(
        verb="connection.shut",
        act=actions.resume,
        label=gettext_lazy("Resume"),
        done=gettext_lazy("Resumed: the plant's keys hold again."),
        help=gettext_lazy("The keys that were not revoked hold again."),
        tone="primary",
    ),
    life.Deed.END: Offer(
        verb="connection.shut",
        act=actions.end,
        label=gettext_lazy("End for good"),
        done=gettext_lazy("The connection has ended; the history stays."),
        help=gettext_lazy("All keys are revoked, open alarms clear, the history stays."),
        tone="danger",
    ),
}


def seen(request: SignedInRequest, connection_id: int) -> Connection:
    """The connection, if the reader may see it.

    Raises:
        Http404: if not; whether it exists is not told.
    """
    return get_object_or_404(queries.visible_to(request.user), pk=connection_id)


@require_GET
def detail(request: SignedInRequest, connection_id: int) -> HttpResponse:
    """The page of one connection."""
    return page(request, seen(request, connection_id))


def page(
    request: SignedInRequest,
    connection: Connection,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401
) -> HttpResponse:
    """The page, with what a refused deed left behind in `more`."""
    at = timezone.now()
    offers = [
        (deed, offer)
        for deed, offer in OFFERS.items()
        if life.may_follow(connection.standing, deed) and may(request.user, offer.verb, connection)
    ]
    context = {
        "connection": connection,
        "tone": tone(connection),
        "units": _units(connection),
        "entries": connection.entries.order_by("-at", "-id"),
        "offers": offers,
        "may_mend": connection.standing is life.State.SENT_BACK
        and may(request.user, "connection.ask", connection),
        "keys": [(key, *_key_words(key, at)) for key in _keys(connection.plant)],
        "may_manage_keys": life.may_follow(connection.standing, life.Deed.ISSUE_KEY)
        and may(request.user, "connection.manage_keys", connection),
        "has_key": connection.plant is not None
        and connection.plant.keys.filter(revoked_at=None).exists(),
        "rings": rings(connection.organisation_id, at),
        "key_form": KeyForm(),
        "note_form": NoteForm(),
        **more,
    }
    return render(request, "connection/detail.html", context, status=status)


def _keys(plant: Plant | None) -> list[PlantKey]:
    return list(queries.keys_of(plant)) if plant else []


def _key_words(key: PlantKey, at: datetime) -> tuple[str, str]:
    """Tone and word of a key."""
    if key.revoked_at is not None:
        return "idle", _("Revoked")
    if key.valid_until is not None:
        return "attention", _("Being replaced") if key.valid_until > at else _("Ending")
    return "good", _("Holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShown:
    """A unit as the page lists it."""

    code: str
    name: str
    kind: str
    points: list[tuple[Any, Any]]


def _units(connection: Connection) -> list[UnitShown]:
    """The units: of the plant where there is one, else as asked for."""
    if connection.plant is not None:
        return [
            UnitShown(
                code=unit.unit.code,
                name=unit.unit.name,
                kind=unit.unit.kind,
                points=[
                    (row.point, {slot.name: v.value for slot, v in row.versions.items()})
                    for row in unit.points
                ],
            )
            for unit in limits_of(connection.plant)
        ]
    return [
        UnitShown(
            code=unit.code,
            name=unit.name,
            kind=unit.kind,
            points=[
                (point, {slot.name: limit.value for slot, limit in point.limits.items()})
                for point in unit.points
            ],
        )
        for unit in read_description(connection.application).units
    ]


@require_POST
def act(request: SignedInRequest, connection_id: int, deed: str) -> HttpResponse:
    """Do a deed, and show the page with what came of it."""
    connection = seen(request, connection_id)
    if deed not in {d.value for d in OFFERS}:
        raise Http404
    wanted = life.Deed(deed)
    offer = OFFERS[wanted]
    demand(request.user, offer.verb, connection)
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        offer.act(connection.pk, by=request.user, at=timezone.now(), note=note)
    except DeedRefused as refused:
        connection.refresh_from_db()
        context = {"refused": [placed(p) for p in refused.problems], "refused_deed": wanted}
        return page(request, connection, status=422, note_form=form, **context)
    connection.refresh_from_db()
    say_done(request, connection, str(offer.done))
    return redirect(reverse("connection:detail", args=[connection.pk]))


def say_done(request: SignedInRequest, connection: Connection, done: str) -> None:
    """Bring a change to gateway and engine at once, and say how far it came."""
    if connection.plant_id is None:
        messages.success(request, done)
        return
    delivery = publish_outbox(at=timezone.now(), plants=[connection.plant_id])
    if delivery.error:
        messages.warning(
            request,
            _("%(done)s It has not reached the gateway yet; it is tried again by itself.")
            % {"done": done},
        )
    else:
        messages.success(request, done)
