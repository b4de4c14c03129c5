"""Granting a role to a person, and ending a grant."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from guatu.web.people import actions, directory
from guatu.web.people.directory_forms import EndForm, GrantForm, refuse
from guatu.web.people.leaving import heirs, open_duties
from guatu.web.people.models import Grant, Role, User
from guatu.web.people.permission import demand
from guatu.web.people.queries import users_visible_to
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column


def _scope(grant: Grant) -> str:
    return str(grant.organisation or grant.region)


GRANT_COLUMNS: list[Column[Grant]] = [
    Column(key="role", label=gettext_lazy("Role"), value=lambda g: g.get_role_display()),
    Column(key="scope", label=gettext_lazy("Where"), value=_scope),
    Column(key="since", label=gettext_lazy("From"), value=lambda g: g.since),
    Column(key="until", label=gettext_lazy("Until"), value=lambda g: g.until),
    Column(key="why", label=gettext_lazy("Reason"), value=lambda g: g.why, phone=False),
    Column(
        key="by",
        label=gettext_lazy("Granted by"),
        value=lambda g: g.by.get_full_name() if g.by else "",
        phone=False,
    ),
    Column(key="ended_why", label=gettext_lazy("Reason for ending"), value=lambda g: g.ended_why),
    Column(
        key="ended_by",
        label=gettext_lazy("Ended by"),
        value=lambda g: g.ended_by.get_full_name() if g.ended_by else "",
        phone=False,
    ),
]


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Grant a role."""
    shown = get_object_or_404(users_visible_to(request.user), pk=user_id)
    demand(request.user, "people.grant", shown)
    form = GrantForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            made = actions.grant_role(
                shown,
                Role(form.cleaned_data["role"]),
                form.scope,
                why=form.cleaned_data["why"],
                until=form.end,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Granted: %(grant)s") % {"grant": made})
            return redirect("people:person", shown.pk)
    title = _("Grant a role to %(name)s") % {"name": shown.get_full_name()}
    return _form(request, form, shown, title=title, submit=_("Grant"))


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: SignedInRequest, grant_id: int) -> HttpResponse:
    """End a grant, with whoever takes over."""
    people = users_visible_to(request.user).order_by().values("pk")
    ending = get_object_or_404(Grant.objects.filter(user__in=people), pk=grant_id)
    shown = ending.user
    demand(request.user, "people.grant", shown)
    able = able_heirs(request, shown)
    form = EndForm(request.POST if request.method == "POST" else None, heirs=able)
    if form.is_valid():
        heir = next((p for p in able if p.pk == form.cleaned_data["heir"]), None)
        try:
            actions.end_grant(
                ending.pk,
                why=form.cleaned_data["why"],
                heir=heir,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Ended: %(grant)s") % {"grant": ending})
            return redirect("people:person", shown.pk)
    title = _("End for %(name)s: %(grant)s") % {"name": shown.get_full_name(), "grant": ending}
    return _form(request, form, shown, title=title, submit=_("End the grant"))


def able_heirs(request: SignedInRequest, shown: User) -> list[User]:
    """Who may take over what a person has to see to the end; nobody is needed for nothing."""
    if not open_duties(shown):
        return []
    rows = directory.people_rows(request.user, timezone.now()).filter(grants__isnull=False)
    return heirs(shown, list(rows.distinct()))


def _form(
    request: SignedInRequest, form: GrantForm | EndForm, shown: User, *, title: str, submit: str
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "back": reverse("people:person", args=[shown.pk]),
        "submit": submit,
        "names": directory.names_to_choose(request.user) if isinstance(form, GrantForm) else [],
    }
    return render(request, "people/form.html", context, status=422 if form.errors else 200)
