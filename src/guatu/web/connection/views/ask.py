"""The application: asking, and mending what was sent back."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from guatu.web.connection import actions, life, queries
from guatu.web.connection.application import from_models, read_description
from guatu.web.connection.errors import DeedRefused
from guatu.web.connection.forms import AskForm
from guatu.web.connection.models import Connection
from guatu.web.people.permission import demand
from guatu.web.people.signed_in import SignedInRequest


@require_http_methods(["GET", "POST"])
def ask(request: SignedInRequest) -> HttpResponse:
    """The form; on POST a new application, or the form with all that is wrong."""
    demand(request.user, "connection.ask")
    if request.method == "GET":
        return _page(request, AskForm(initial={"name": request.user.organisation.name}))
    form = AskForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            connection = actions.ask(form.wish(), by=request.user, at=timezone.now())
        except DeedRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The application is with the bureau."))
            return redirect(connection)
    return _page(request, form, status=422)


@require_http_methods(["GET", "POST"])
def mend(request: SignedInRequest, connection_id: int) -> HttpResponse:
    """The application that was sent back; on POST it goes to the bureau again."""
    connection = get_object_or_404(queries.visible_to(request.user), pk=connection_id)
    demand(request.user, "connection.ask", connection)
    if connection.standing is not life.State.SENT_BACK:
        return redirect(connection)
    if request.method == "GET":
        return _page(request, AskForm.of(connection), connection=connection)
    form = AskForm(request.POST, request.FILES, mending=True)
    if form.is_valid():
        before = read_description(connection.application)
        try:
            actions.resubmit(
                connection.pk,
                form.wish(before),
                by=request.user,
                at=timezone.now(),
                note=form.cleaned_data["note"],
            )
        except DeedRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The application is with the bureau."))
            return redirect(connection)
    return _page(request, form, connection=connection, status=422)


def _page(
    request: SignedInRequest,
    form: AskForm,
    *,
    connection: Connection | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "connection": connection,
        "sent_back": connection.entries.filter(deed=life.Deed.SEND_BACK.value).last()
        if connection
        else None,
    }
    return render(request, "connection/ask.html", context, status=status)


@require_GET
def example(request: SignedInRequest) -> HttpResponse:
    """A plant description to begin from, as a file."""
    demand(request.user, "connection.see")
    language = "zh" if (get_language() or "zh").startswith("zh") else "en"
    application = from_models([("DWC1", "", "dwc")], language=language)
    plant = {"code": "YN-AL-001", "name": request.user.organisation.name}
    text = json.dumps({"plant": plant, **application.as_json()}, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="plant.json"'
    return answer
