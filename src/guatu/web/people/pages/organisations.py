"""The tree of organisations: looking through it, founding, mending, moving and ending."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guatu.web.people import actions, directory
from guatu.web.people.directory_forms import OrganisationForm, refuse
from guatu.web.people.models import Organisation
from guatu.web.people.permission import demand, may
from guatu.web.people.queries import visible_to
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table


def _name(organisation: Organisation) -> SafeString:
    url = f"{reverse('people:organisations')}?under={organisation.pk}"
    return format_html('<a href="{}">{}</a>', url, organisation.name)


def _people(organisation: Organisation) -> SafeString:
    url = f"{reverse('people:people')}?under={organisation.pk}"
    return format_html('<a href="{}">{}</a>', url, getattr(organisation, "people_count", 0))


_COLUMNS: list[Column[Organisation]] = [
    Column(
        key="name",
        label=pgettext_lazy("organisation", "Name"),
        value=lambda o: o.name,
        cell=_name,
        sort="name",
    ),
    Column(
        key="kind", label=gettext_lazy("Kind"), value=lambda o: o.get_kind_display(), sort="kind"
    ),
    Column(
        key="region",
        label=gettext_lazy("Region"),
        value=lambda o: o.region.name,
        sort="region__sort",
    ),
    Column(
        key="superior",
        label=gettext_lazy("Superior"),
        value=lambda o: o.parent.name if o.parent else "",
        phone=False,
    ),
    Column(key="phone", label=gettext_lazy("Duty room"), value=lambda o: o.phone),
    Column(
        key="below",
        label=gettext_lazy("Directly below"),
        value=lambda o: getattr(o, "children_count", 0),
        sort="children_count",
    ),
    Column(
        key="people",
        label=gettext_lazy("People"),
        value=lambda o: getattr(o, "people_count", 0),
        cell=_people,
        sort="people_count",
        align="end",
    ),
]


@require_safe
def organisations(request: SignedInRequest) -> HttpResponseBase:
    """What stands below an organisation, or at the top; a search looks through all."""
    demand(request.user, "people.see")
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "kind", "under", "ended")}
    under = _of(request, chosen["under"]) if chosen["under"] else None
    ended = chosen["ended"] == "1"
    rows = _rows(request, under, everywhere=bool(chosen["q"] or chosen["kind"] or ended))
    table = Table(
        request,
        columns=_COLUMNS,
        rows=directory.narrowed(rows, text=chosen["q"], kind=chosen["kind"], ended=ended),
        name=_("Organisations"),
        row_css=lambda o: "muted" if o.ended_at else "",
        empty=_empty(under, is_searched=bool(chosen["q"] or chosen["kind"])),
    )
    if (file := table.export()) is not None:
        return file
    context = {
        "table": table,
        "chosen": chosen,
        "kinds": Organisation.Kind.choices,
        "under": under,
        "line": directory.line_above(under, request.user) if under else [],
        "may_add": may(request.user, "people.create_organisation"),
        "may_edit": under is not None
        and under.ended_at is None
        and may(request.user, "people.edit_organisation", under),
    }
    return render(request, "people/organisations.html", context)


def _rows(
    request: SignedInRequest, under: Organisation | None, *, everywhere: bool
) -> QuerySet[Organisation]:
    if under is not None:
        return directory.organisation_rows(request.user).filter(parent=under)
    return directory.organisation_rows(request.user) if everywhere else directory.tops(request.user)


def _empty(under: Organisation | None, *, is_searched: bool) -> str:
    if is_searched:
        return _("No organisation fits. Clear the search to see the tree.")
    if under is not None:
        return _(
            "Nothing stands below it yet. Add an organisation, or move one here by editing it."
        )
    return _("There is no organisation yet. Begin with the bureau of your region.")


def _of(request: SignedInRequest, key: str | int) -> Organisation:
    """One that the user sees; any other is not there."""
    number = int(key) if str(key).isdecimal() and len(str(key)) < 18 else 0
    return get_object_or_404(visible_to(request.user), pk=number)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest) -> HttpResponse:
    """Found an organisation."""
    demand(request.user, "people.create_organisation")
    under = _of(request, request.GET["under"]) if request.GET.get("under") else None
    initial = {"parent": under.name, "region": under.region_id} if under else None
    form = OrganisationForm(
        request.POST if request.method == "POST" else None, user=request.user, initial=initial
    )
    if form.is_valid():
        try:
            made = actions.create_organisation(**_given(form), by=request.user, at=timezone.now())
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(name)s has been added.") % {"name": made.name})
            return _back(made)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, organisation_id: int) -> HttpResponse:
    """Mend an organisation or move it below another."""
    organisation = _of(request, organisation_id)
    demand(request.user, "people.edit_organisation", organisation)
    initial = {
        "name": organisation.name,
        "kind": organisation.kind,
        "region": organisation.region_id,
        "parent": organisation.parent.name if organisation.parent else "",
        "phone": organisation.phone,
    }
    form = OrganisationForm(
        request.POST if request.method == "POST" else None, user=request.user, initial=initial
    )
    if form.is_valid():
        try:
            actions.edit_organisation(
                organisation.pk, **_given(form), by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("The change is kept."))
            return _back(organisation)
    return _form(request, form, organisation)


@require_POST
def end(request: SignedInRequest, organisation_id: int) -> HttpResponse:
    """End an organisation that is used no more."""
    organisation = _of(request, organisation_id)
    try:
        actions.end_organisation(organisation.pk, by=request.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back(organisation)
    messages.success(request, _("%(name)s has ended.") % {"name": organisation.name})
    return redirect("people:organisations")


def _given(form: OrganisationForm) -> dict[str, Any]:
    return {**form.cleaned_data, "kind": Organisation.Kind(form.cleaned_data["kind"])}


def _back(organisation: Organisation) -> HttpResponse:
    return redirect(f"{reverse('people:organisations')}?under={organisation.pk}")


def _form(
    request: SignedInRequest, form: OrganisationForm, organisation: Organisation | None
) -> HttpResponse:
    context = {
        "form": form,
        "organisation": organisation,
        "names": directory.names_to_choose(request.user),
        "title": _("Edit %(name)s") % {"name": organisation.name}
        if organisation
        else _("Add an organisation"),
        "back": reverse("people:organisations")
        + (f"?under={organisation.pk}" if organisation else ""),
        "submit": _("Keep") if organisation else _("Add"),
    }
    return render(request, "people/form.html", context, status=422 if form.errors else 200)
