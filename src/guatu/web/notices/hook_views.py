"""Hooks and the log of deliveries, for those who administer them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guatu.web.notices import actions, bodies, queries
from guatu.web.notices.forms import EndForm, HookForm
from guatu.web.notices.models import Delivery, Hook
from guatu.web.notices.views import delivery_columns
from guatu.web.notices.wording import refused
from guatu.web.people import permission
from guatu.web.people.directory import organisation_rows
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags import guatu as tags

_OFFERED = 500


@require_safe
def hooks(request: SignedInRequest) -> HttpResponseBase:
    """The hooks that I look after, how each does, and the way to make one."""
    permission.demand(request.user, "notices.keep_hook")
    table = Table(
        request,
        name=_("Hooks"),
        rows=queries.hooks_of(request.user),
        default_sort="-made",
        columns=_hook_columns(),
        row_css=lambda one: "muted" if one.ended_at else "",
        empty=_(
            "No hook yet. Make one for a group robot, a text-message gateway or a program of yours."
        ),
    )
    if (file := table.export()) is not None:
        return file
    return render(request, "notices/hooks.html", {"table": table})


def _hook_columns() -> list[Column[Hook]]:
    return [
        Column(key="name", label=pgettext("hook", "Name"), value=str, cell=_hook_link, sort="name"),
        Column(key="whose", label=_("Organisation"), value=lambda h: h.organisation.name),
        Column(key="told", label=_("Called"), value=lambda h: h.get_audience_display()),
        Column(key="url", label=pgettext("hook", "Address"), value=_host, phone=False),
        Column(key="from", label=_("From level"), value=lambda h: h.get_from_level_display()),
        Column(key="state", label=_("State"), value=_state_word, cell=_state),
        Column(key="made", label=_("Made at"), value=lambda h: h.made_at, sort="made_at"),
    ]


def _host(hook: Hook) -> str:
    # The rest of a robot's address is its key.
    return hook.url.partition("//")[2].partition("/")[0]


def _hook_link(hook: Hook) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("notices:hook", args=[hook.pk]), hook.name)


def _state_word(hook: Hook) -> str:
    if hook.ended_at:
        return pgettext("hook", "Ended")
    return pgettext("hook", "Failing") if hook.failing_since else pgettext("hook", "In order")


def _state(hook: Hook) -> SafeString:
    tone = "idle" if hook.ended_at else "bad" if hook.failing_since else "good"
    return tags.state(tone, _state_word(hook))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest) -> HttpResponse:
    """Make a hook; its secret is shown once."""
    permission.demand(request.user, "notices.keep_hook")
    preset = request.GET.get("preset", "")
    initial: dict[str, Any] = {"template": bodies.PRESETS.get(preset, "")}
    if preset == "sms":
        initial["audience"] = Hook.Audience.PEOPLE
    data = request.POST if request.method == "POST" else None
    form = HookForm(data, user=request.user, initial=initial)
    if form.is_valid():
        try:
            made, secret = actions.make_hook(
                **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            form.refuse(error, refused)
        else:
            return render(request, "notices/secret.html", {"hook": made, "secret": secret})
    names = organisation_rows(request.user).filter(ended_at=None).order_by("name")
    return _form_page(request, form, names=names.values_list("name", flat=True)[:_OFFERED])


def _form_page(request: SignedInRequest, form: HookForm, **more: Any) -> HttpResponse:  # noqa: ANN401 - context
    context = {
        "form": form,
        "facts": [(f"${{{name}}}", meaning) for name, meaning in bodies.FACTS.items()],
        **more,
    }
    status = 422 if form.errors else 200
    return render(request, "notices/hook_form.html", context, status=status)


def _open_hooks(request: SignedInRequest) -> QuerySet[Hook]:
    return queries.hooks_of(request.user).filter(ended_at=None)


@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: SignedInRequest, hook_id: int) -> HttpResponseBase:
    """A hook: change it, try it, end it, and how its calls went."""
    kept = get_object_or_404(queries.hooks_of(request.user), pk=hook_id)
    table = Table(
        request,
        name=_("Calls"),
        rows=Delivery.objects.filter(hook=kept).select_related("hook"),
        columns=delivery_columns(),
        page_size=20,
        empty=_("It was not called so far. Send a trial."),
    )
    if (file := table.export()) is not None:
        return file
    given = {
        "name": kept.name,
        "url": kept.url,
        "template": kept.template,
        "from_level": kept.from_level,
    }
    data = request.POST if request.method == "POST" and kept.ended_at is None else None
    form = HookForm(data, user=request.user, hook=kept, initial=given)
    if form.is_valid():
        try:
            actions.change_hook(kept.pk, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error, refused)
        else:
            messages.success(request, _("The hook has been changed."))
            return redirect("notices:hook", kept.pk)
    waits = Delivery.objects.filter(hook=kept, state=Delivery.State.WAITING).exists()
    more = {"hook": kept, "table": table, "end": EndForm(), "state": _state(kept), "waits": waits}
    return _form_page(request, form, **more)


@require_POST
def trial(request: SignedInRequest, hook_id: int) -> HttpResponse:
    """Send a trial through a hook."""
    kept = get_object_or_404(_open_hooks(request), pk=hook_id)
    actions.try_hook(kept.pk, by=request.user, at=timezone.now())
    messages.success(request, _("A trial is on its way; how it went stands under Calls."))
    return redirect("notices:hook", kept.pk)


@require_POST
def end(request: SignedInRequest, hook_id: int) -> HttpResponse:
    """End a hook."""
    kept = get_object_or_404(_open_hooks(request), pk=hook_id)
    try:
        why = request.POST.get("why", "")
        actions.end_hook(kept.pk, why=why, by=request.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, refused(error.error_list[0]))
        return redirect("notices:hook", kept.pk)
    messages.success(request, _("The hook has been ended."))
    return redirect("notices:hooks")


@require_safe
def deliveries(request: SignedInRequest) -> HttpResponseBase:
    """Who was sent something by which way, and how it went; never what it said."""
    permission.demand(request.user, "notices.see_deliveries")
    chosen = request.GET.get("state", "")
    rows = queries.deliveries_of(request.user)
    if chosen in Delivery.State.values:
        rows = rows.filter(state=chosen)
    may_try = permission.may(request.user, "notices.keep_hook")
    columns = [_to_column(), *delivery_columns()]
    if may_try and "export" not in request.GET:
        columns.append(_again_column(request))
    table = Table(
        request,
        name=_("Deliveries"),
        rows=rows,
        columns=columns,
        empty=_("Nothing was sent outside these pages so far."),
    )
    if (file := table.export()) is not None:
        return file
    context = {
        "table": table,
        "states": Delivery.State.choices,
        "chosen": chosen,
        "may_keep_hooks": may_try,
    }
    return render(request, "notices/deliveries.html", context)


def _to_column() -> Column[Delivery]:
    def to(delivery: Delivery) -> str:
        if delivery.message is None:
            return pgettext("delivery", "a program or group")
        user = delivery.message.user
        return f"{user.get_full_name()} · {user.organisation.name}"

    return Column(key="to", label=pgettext("delivery", "To"), value=to)


def _again_column(request: SignedInRequest) -> Column[Delivery]:
    def cell(delivery: Delivery) -> SafeString:
        if delivery.state != Delivery.State.FAILED:
            return SafeString("")
        return format_html(
            '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" '
            'value="{}"><button class="btn btn-small btn-quiet">{}</button></form>',
            reverse("notices:again", args=[delivery.pk]),
            get_token(request),
            _("Try again"),
        )

    return Column(key="again", label=pgettext("delivery", "Do"), value=lambda _d: "", cell=cell)


@require_POST
def again(request: SignedInRequest, delivery_id: int) -> HttpResponse:
    """Send once more what was given up."""
    rows = queries.deliveries_of(request.user).filter(state=Delivery.State.FAILED)
    row = get_object_or_404(rows, pk=delivery_id)
    try:
        actions.try_again(row.pk, by=request.user, at=timezone.now())
    except Delivery.DoesNotExist:
        messages.error(request, _("Its hook has ended: it cannot be sent any more."))
    else:
        messages.success(request, _("It is tried again."))
    return redirect("notices:deliveries")
