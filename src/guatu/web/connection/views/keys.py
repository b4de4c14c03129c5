"""Keys of a connection: taking one, which is shown once, and revoking one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from guatu.web.connection import actions
from guatu.web.connection.errors import DeedRefused
from guatu.web.connection.forms import KeyForm, NoteForm
from guatu.web.connection.views.detail import page, say_done, seen
from guatu.web.connection.wording import placed
from guatu.web.monitoring.models import PlantKey
from guatu.web.people.permission import demand
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.recorded import SEEN, tell


@require_POST
@never_cache
def issue_key(request: SignedInRequest, connection_id: int) -> HttpResponse:
    """Make a key and show it in this answer alone: it is kept nowhere, not even in the session."""
    connection = seen(request, connection_id)
    demand(request.user, "connection.manage_keys", connection)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return page(request, connection, status=422, key_form=form)
    try:
        issued = actions.issue_key(
            connection.pk,
            overlap=form.span(),
            by=request.user,
            at=timezone.now(),
            note=form.cleaned_data["note"],
        )
    except DeedRefused as refused:
        return page(request, connection, status=422, refused=[placed(p) for p in refused.problems])
    connection.refresh_from_db()
    say_done(request, connection, _("A new key was made."))
    tell(SEEN, what=_("Key"), record=issued.key)
    return page(request, connection, issued=issued)


@require_POST
def revoke_key(request: SignedInRequest, connection_id: int, key_id: int) -> HttpResponse:
    """Take a key's power away; the gateway refuses it within seconds."""
    connection = seen(request, connection_id)
    demand(request.user, "connection.manage_keys", connection)
    key = get_object_or_404(PlantKey, pk=key_id, plant=connection.plant_id)
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        actions.revoke_key(connection.pk, key.pk, by=request.user, at=timezone.now(), note=note)
    except DeedRefused as refused:
        context = {"refused": [placed(p) for p in refused.problems], "refused_key": key.pk}
        return page(request, connection, status=422, **context)
    say_done(request, connection, _("The key is revoked."))
    return redirect(connection)
