"""People: the list, a person's page, creating, mending, closing and opening accounts."""

import secrets

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guatu.web.people import actions, directory
from guatu.web.people.directory_forms import EndForm, PersonForm, refuse
from guatu.web.people.leaving import open_duties
from guatu.web.people.models import Role, User
from guatu.web.people.pages.grants import GRANT_COLUMNS, able_heirs
from guatu.web.people.permission import demand, may
from guatu.web.people.queries import users_visible_to, visible_to
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.recorded import SEEN, tell
from guatu.web.shell.tables import Column, Table


def _name(person: User) -> SafeString:
    url = reverse("people:person", args=[person.pk])
    return format_html('<a href="{}">{}</a>', url, person.get_full_name())


_COLUMNS: list[Column[User]] = [
    Column(
        key="name",
        label=pgettext_lazy("person", "Name"),
        value=lambda u: u.get_full_name(),
        cell=_name,
        sort="name",
    ),
    Column(
        key="account", label=gettext_lazy("Account"), value=lambda u: u.username, sort="username"
    ),
    Column(
        key="organisation",
        label=gettext_lazy("Works at"),
        value=lambda u: u.organisation.name,
        sort="organisation__name",
    ),
    Column(key="roles", label=gettext_lazy("Roles"), value=lambda u: u.roles_said()),
    Column(key="phone", label=gettext_lazy("Telephone"), value=lambda u: u.phone),
    Column(
        key="seen",
        label=gettext_lazy("Last sign-in"),
        value=lambda u: u.last_login,
        sort="last_login",
        phone=False,
    ),
]


@require_safe
def people(request: SignedInRequest) -> HttpResponseBase:
    """The people the reader sees, searched and filtered, as a page or a file."""
    demand(request.user, "people.see")
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "role", "under", "left")}
    under = None
    if chosen["under"].isdecimal() and len(chosen["under"]) < 18:
        under = visible_to(request.user).filter(pk=int(chosen["under"])).first()
    rows = directory.people_rows(
        request.user,
        timezone.now(),
        text=chosen["q"],
        organisation=under,
        role=chosen["role"],
        left=chosen["left"] == "1",
    )
    table = Table(
        request,
        columns=_COLUMNS,
        rows=rows,
        name=_("People"),
        default_sort="name",
        empty=_("Nobody fits. Clear the filters, or add a person."),
    )
    if (file := table.export()) is not None:
        return file
    tell(SEEN, what=_("People"))
    context = {
        "table": table,
        "chosen": chosen,
        "roles": Role.choices,
        "under": under,
        "may_add": may(request.user, "people.create_user"),
    }
    return render(request, "people/people.html", context)


def person_of(request: SignedInRequest, user_id: int) -> User:
    """A person that the reader sees; any other is not there."""
    return get_object_or_404(users_visible_to(request.user), pk=user_id)


@require_safe
def person(request: SignedInRequest, user_id: int) -> HttpResponseBase:
    """One person: what is granted, what was, how he signed in."""
    demand(request.user, "people.see")
    shown = person_of(request, user_id)
    now = timezone.now()
    grants = list(shown.grants.select_related("by", "ended_by"))
    held = [grant for grant in grants if grant.until is None or grant.until > now]
    may_grant = may(request.user, "people.grant", shown) and shown != request.user
    context = {
        "shown": shown,
        "held": held,
        "past": Table(
            request,
            columns=GRANT_COLUMNS,
            rows=[grant for grant in grants if grant not in held],
            name=_("Earlier grants"),
            page_size=20,
            prefix="past",
        ),
        "sign_ins": _sign_ins(request, shown),
        "duties": len(open_duties(shown)),
        "may_grant": may_grant and shown.is_active,
        "may_end": may_grant,
        "may_edit": may(request.user, "people.edit_user", shown),
        "may_close": may(request.user, "people.close_account", shown) and shown != request.user,
    }
    for table in (context["past"], context["sign_ins"]):
        if isinstance(table, Table) and (file := table.export()) is not None:
            return file
    tell(SEEN, what=_("Telephone"), record=shown)
    return render(request, "people/person.html", context)


def _sign_ins(request: SignedInRequest, shown: User) -> Table[object]:
    return Table(
        request,
        name=_("Sign-ins"),
        rows=shown.sign_in_events.all(),
        default_sort="-at",
        page_size=10,
        prefix="signins",
        columns=[
            Column(key="at", label=_("Time"), value=lambda e: e.at, sort="at"),
            Column(key="outcome", label=_("What"), value=lambda e: e.get_outcome_display()),
            Column(key="address", label=_("Address"), value=lambda e: e.address),
        ],
        empty=_("Never signed in yet."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest) -> HttpResponse:
    """Create an account; its first password is made here and shown once."""
    demand(request.user, "people.create_user")
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        initial={"organisation": request.GET.get("at", "")},
    )
    if form.is_valid():
        password = new_password()
        try:
            made = actions.create_user(
                **form.cleaned_data, password=password, by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            return _password(request, made, password)
    return _form(request, form, _("Add a person"), reverse("people:people"), _("Add"))


def new_password() -> str:
    """A password that nobody chose, to be changed by who gets it."""
    return secrets.token_urlsafe(12)


def _password(request: SignedInRequest, made: User, password: str) -> HttpResponse:
    tell(SEEN, what=_("New password"), record=made)
    context = {"shown": made, "password": password}
    return render(request, "people/new_password.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Mend name, place of work and telephone."""
    shown = person_of(request, user_id)
    demand(request.user, "people.edit_user", shown)
    initial = {"name": shown.name, "phone": shown.phone, "organisation": shown.organisation.name}
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        initial=initial,
        existing=True,
    )
    if form.is_valid():
        try:
            actions.edit_user(shown.pk, **form.cleaned_data, by=request.user, at=timezone.now())
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("The change is kept."))
            return redirect("people:person", shown.pk)
    title = _("Edit %(name)s") % {"name": shown.get_full_name()}
    return _form(request, form, title, reverse("people:person", args=[shown.pk]), _("Keep"))


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Close the account of someone who leaves, with whoever takes over."""
    shown = person_of(request, user_id)
    demand(request.user, "people.close_account", shown)
    able = able_heirs(request, shown)
    form = EndForm(request.POST if request.method == "POST" else None, heirs=able)
    if form.is_valid():
        heir = next((p for p in able if p.pk == form.cleaned_data["heir"]), None)
        try:
            actions.close_account(
                shown.pk,
                why=form.cleaned_data["why"],
                heir=heir,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, _("The account is closed."))
            return redirect("people:person", shown.pk)
    title = _("Close the account of %(name)s") % {"name": shown.get_full_name()}
    return _form(
        request, form, title, reverse("people:person", args=[shown.pk]), _("Close the account")
    )


@require_POST
def reopen(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Open a closed account again."""
    shown = person_of(request, user_id)
    try:
        actions.reopen_account(shown.pk, by=request.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The account is open. It may nothing until a role is granted."))
    return redirect("people:person", shown.pk)


@never_cache
@require_POST
def password(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Give a new password, shown once."""
    shown = person_of(request, user_id)
    fresh = new_password()
    try:
        actions.reset_password(shown.pk, password=fresh, by=request.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("people:person", shown.pk)
    return _password(request, shown, fresh)


def _form(
    request: SignedInRequest, form: PersonForm | EndForm, title: str, back: str, submit: str
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "back": back,
        "submit": submit,
        "names": directory.names_to_choose(request.user) if isinstance(form, PersonForm) else [],
    }
    return render(request, "people/form.html", context, status=422 if form.errors else 200)
