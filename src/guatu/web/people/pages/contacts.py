"""The page of an organisation's 24-hour contacts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guatu.web.people import actions
from guatu.web.people.contact_forms import ContactRows
from guatu.web.people.contacts import rings
from guatu.web.people.models import Organisation, User
from guatu.web.people.permission import demand, may
from guatu.web.people.queries import visible_to
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.recorded import SEEN, tell


@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: SignedInRequest, organisation_id: int) -> HttpResponse:
    """The list for all who see the plant, the form for who may change it."""
    organisation = get_object_or_404(visible_to(request.user), pk=organisation_id)
    demand(request.user, "people.see_contacts", organisation)
    may_keep = may(request.user, "people.keep_contacts", organisation)
    people = list(organisation.users.filter(is_active=True).order_by("name"))
    rows = _rows(request, organisation, people) if may_keep else None
    if request.method == "POST":
        demand(request.user, "people.keep_contacts", organisation)
        if rows is not None and rows.is_valid() and _keep(request, organisation, rows):
            messages.success(request, _("The contacts are kept."))
            return redirect("people:contacts", organisation.pk)
    tell(SEEN, what=_("24-hour contacts"), record=organisation)
    context = {
        "organisation": organisation,
        "rings": rings(organisation.pk, timezone.now()),
        "rows": rows,
    }
    refused = request.method == "POST"
    return render(request, "people/contacts.html", context, status=422 if refused else 200)


def _rows(request: SignedInRequest, organisation: Organisation, people: list[User]) -> Any:  # noqa: ANN401 - Django's formset
    initial = [
        {
            "order": contact.order,
            "person": contact.person_id,
            "name": contact.name,
            "duty": contact.duty,
            "phone": contact.phone,
            "begins": contact.begins,
            "ends": contact.ends,
        }
        for contact in organisation.duty_contacts.order_by("order")
    ]
    data = request.POST if request.method == "POST" else None
    # What was shown is sent whole: each filled row counts as changed against nothing.
    return ContactRows(
        data, initial=None if data else initial, form_kwargs={"people": people}, prefix="contacts"
    )


def _keep(request: SignedInRequest, organisation: Organisation, rows: Any) -> bool:  # noqa: ANN401 - Django's formset
    try:
        actions.keep_contacts(organisation.pk, rows.specs(), by=request.user, at=timezone.now())
    except ValidationError as error:
        rows.non_form_errors().extend(error.messages)
        return False
    return True
