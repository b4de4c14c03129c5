"""What I was told, and by which way I want to be told."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guatu.web.notices import actions, queries
from guatu.web.notices.collecting import gateway_for
from guatu.web.notices.forms import PreferenceForm
from guatu.web.notices.models import Delivery
from guatu.web.notices.queries import Told
from guatu.web.notices.wording import TONES, way_word
from guatu.web.people.own_contact import change_own_email
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import is_htmx
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags import guatu as tags
from guatu.web.shell.words import level_word

ON_BELL = 8
PAGE_SIZE = 50
MOST_EXPORTED = 10_000


@require_GET
def listed(request: SignedInRequest) -> HttpResponseBase:
    """What I was told, all of it or what I have not read; or as a file."""
    only_unread = request.GET.get("unread") == "1"
    rows = queries.messages_of(request.user)
    if only_unread:
        rows = rows.filter(read_at=None)
    page = queries.TellingPage(request.user, rows)
    empty = (
        _("You have read everything.")
        if only_unread
        else _("Nothing yet. What concerns you will stand here, the latest first.")
    )
    table: Table[Told] = Table(
        request,
        name=_("Notices"),
        rows=page if "export" not in request.GET else page[:MOST_EXPORTED],
        columns=_columns(),
        page_size=PAGE_SIZE,
        row_css=lambda told: "" if told.message.read_at else "is-unread",
        empty=empty,
    )
    if (file := table.export()) is not None:
        return file
    context = {
        "table": table,
        "only_unread": only_unread,
        "unread": queries.unread_word(request.user),
    }
    return render(request, "notices/list.html", context)


def _columns() -> list[Column[Told]]:
    return [
        Column(key="at", label=_("Time"), value=lambda t: t.message.at),
        Column(key="level", label=_("Level"), value=_level, cell=_level_cell),
        Column(key="what", label=pgettext("notice", "What"), value=lambda t: t.words.what),
        Column(
            key="about", label=pgettext("notice", "About"), value=lambda t: t.about, cell=_about
        ),
        Column(key="line", label=pgettext("notice", "More"), value=lambda t: t.words.line),
        Column(key="read", label=_("Read at"), value=lambda t: t.message.read_at, phone=False),
    ]


def _level(told: Told) -> str:
    return level_word(told.words.level) if told.words.level else ""


def _level_cell(told: Told) -> str:
    return tags.level_badge(told.words.level) if told.words.level else SafeString("–")


def _about(told: Told) -> SafeString:
    if told.said is None:
        return format_html('<span class="muted">{}</span>', told.about)
    url = reverse("notices:open", args=[told.message.pk])
    return format_html('<a href="{}">{}</a>', url, told.about)


@never_cache
@require_GET
def bell(request: SignedInRequest) -> HttpResponse:
    """The latest of what I was told, under the bell."""
    return _latest(request)


def _latest(request: SignedInRequest) -> HttpResponse:
    rows = list(queries.messages_of(request.user)[:ON_BELL])
    context = {
        "told": queries.told(request.user, rows),
        "unread": queries.unread_word(request.user),
    }
    return render(request, "notices/_latest.html", context)


@never_cache
@require_GET
def count(request: SignedInRequest) -> HttpResponse:
    """How many I have not read: the bell's figure."""
    return render(request, "notices/_count.html", {"unread": queries.unread_word(request.user)})


@require_GET
def opened(request: SignedInRequest, message_id: int) -> HttpResponse:
    """Go to what a message is about; it counts as read."""
    message = get_object_or_404(queries.messages_of(request.user), pk=message_id)
    said = queries.told(request.user, [message])[0].said
    actions.mark_read(
        request.user, at=timezone.now(), source=message.source, events=[message.event]
    )
    if said is None:
        messages.info(request, _("What this was about is no longer yours to see."))
    return redirect(said.url if said is not None and said.url else "notices:list")


@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    """Count everything as read."""
    actions.mark_read(request.user, at=timezone.now())
    if is_htmx(request):
        response = _latest(request)
        response["HX-Trigger"] = "notices:read"
        return response
    return redirect("notices:list")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """By which way I want to be told what, with a trial and how the last ones went."""
    user = request.user
    if request.method == "POST" and "try" in request.POST:
        return _try(request)
    kept = queries.preference_of(user)
    given = {
        "email": user.email,
        "email_from": kept.email_from,
        "gateway_from": kept.gateway_from,
        "quiet_from": kept.quiet_from,
        "quiet_until": kept.quiet_until,
        "language": kept.language,
    }
    form = PreferenceForm(request.POST if request.method == "POST" else None, initial=given)
    if form.is_valid():
        wanted = dict(form.cleaned_data)
        try:
            change_own_email(wanted.pop("email"), by=user)
            actions.keep_preference(by=user, **wanted)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your settings have been saved."))
            return redirect("notices:preferences")
    table = _own_deliveries(request)
    context = {
        "form": form,
        "has_mail": bool(settings.EMAIL_HOST),
        "gateway": gateway_for(user),
        "table": table,
        "is_waiting": _is_waiting(request),
    }
    status = 422 if form.errors else 200
    return render(request, "notices/preferences.html", context, status=status)


def _try(request: SignedInRequest) -> HttpResponse:
    made = actions.try_ways(by=request.user, at=timezone.now())
    ways = "、".join(way_word(one) for one in made)
    if ways:
        said = _("A trial is on its way by the bell and by: %(ways)s.") % {"ways": ways}
        messages.success(request, said)
    else:
        messages.info(request, _("A trial was sent to the bell; no other way to you is set up."))
    return redirect("notices:preferences")


def _is_waiting(request: SignedInRequest) -> bool:
    rows = Delivery.objects.filter(message__user=request.user, state=Delivery.State.WAITING)
    return rows.exists()


def _own_deliveries(request: SignedInRequest) -> Table[Delivery]:
    rows = Delivery.objects.filter(message__user=request.user).select_related("hook")
    return Table(
        request,
        name=_("Sent to me"),
        rows=rows,
        columns=delivery_columns(),
        page_size=10,
        empty=_("Nothing was sent to you outside these pages so far."),
    )


def delivery_columns() -> list[Column[Delivery]]:
    """How a delivery went."""
    return [
        Column(key="at", label=_("Time"), value=lambda d: d.at),
        Column(key="way", label=pgettext("delivery", "Way"), value=way_word),
        Column(
            key="state",
            label=_("State"),
            value=lambda d: d.get_state_display(),
            cell=lambda d: tags.state(TONES[Delivery.State(d.state)], d.get_state_display()),
        ),
        Column(key="tries", label=_("Tries"), value=lambda d: d.tries, phone=False),
        Column(
            key="due",
            label=pgettext("delivery", "Next try or end"),
            value=lambda d: d.ended_at or d.due_at,
        ),
        Column(key="error", label=pgettext("delivery", "Trouble"), value=lambda d: d.error),
    ]
