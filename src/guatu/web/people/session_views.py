"""Pages of open sessions, one's own and another's, and the record of all sign-ins."""

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from guatu.web.people import permission, queries, second_factor, sessions, token_views, tokens
from guatu.web.people.models import OpenSession, SignInEvent, User
from guatu.web.people.sign_in_forms import ReasonForm, SignInFilter
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.people.user_agents import said_of
from guatu.web.shell.recorded import SEEN, tell
from guatu.web.shell.requests import address_of
from guatu.web.shell.tables import Column, Table


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: SignedInRequest) -> HttpResponse:
    """Where I am signed in, each to be ended, or all others at once."""
    here = request.session.get(sessions.NUMBER)
    if request.method == "POST":
        if request.POST.get("all"):
            _end(request, request.user, but=here)
            messages.success(request, _("All other sessions have been ended."))
            return redirect("people:sessions")
        opened = _chosen(request, request.user)
        sessions.end_session(
            opened.pk, by=request.user, at=timezone.now(), address=address_of(request)
        )
        if opened.pk == here:
            logout(request)
            return redirect("people:signin")
        messages.success(request, _("The session has been ended."))
        return redirect("people:sessions")
    rows = _rows(request.user)
    return render(request, "people/sessions.html", {"rows": rows, "here": here})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def access(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another's sessions and second factor, for who may end and reset them."""
    permission.demand(request.user, "people.end_session")
    user = get_object_or_404(queries.users_visible_to(request.user), pk=pk)
    permission.demand(request.user, "people.end_session", user)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _act_on(request, user, form.cleaned_data["why"])
        return redirect("people:access", pk)
    tell(SEEN, what=_("Sessions and second factor"), record=user)
    factor_may = permission.may(request.user, "people.reset_second_factor", user)
    context = {
        "person": user,
        "form": form,
        "rows": _rows(user),
        "tokens": tokens.listed(user, at=timezone.now()),
        "has_factor": second_factor.is_on(user),
        "is_required": second_factor.is_required(user),
        "may_reset": factor_may,
    }
    return render(request, "people/access.html", context, status=422 if form.errors else 200)


def _act_on(request: SignedInRequest, user: User, why: str) -> None:
    by, now, address = request.user, timezone.now(), address_of(request)
    if "token" in request.POST:
        token_views.end_chosen(request, user, why=why)
    elif request.POST.get("reset"):
        second_factor.reset_second_factor(user, by=by, at=now, why=why, address=address)
        messages.success(request, _("The second factor has been reset."))
    elif request.POST.get("all"):
        _end(request, user, why=why)
        messages.success(request, _("All sessions have been ended."))
    else:
        opened = _chosen(request, user)
        sessions.end_session(opened.pk, by=by, at=now, address=address, why=why)
        messages.success(request, _("The session has been ended."))


def _end(request: SignedInRequest, user: User, *, but: int | None = None, why: str = "") -> None:
    sessions.end_sessions(
        user, by=request.user, at=timezone.now(), but=but, address=address_of(request), why=why
    )


def _chosen(request: HttpRequest, user: User) -> OpenSession:
    text = request.POST.get("session", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    return get_object_or_404(user.open_sessions.filter(ended_at=None), pk=number)


def _rows(user: User) -> list[tuple[OpenSession, str]]:
    return [(one, said_of(one.browser)) for one in sessions.of(user, at=timezone.now())]


@require_safe
def sign_ins(request: SignedInRequest) -> HttpResponseBase:
    """The record of sign-ins, for who may read it."""
    if not permission.may(request.user, "people.see_sign_ins"):
        raise PermissionDenied
    choice = SignInFilter(request.GET)
    table = Table(
        request,
        name=_("Sign-ins"),
        rows=_chosen_events(request, choice),
        default_sort="-at",
        columns=_columns(request.user),
    )
    if (file := table.export()) is not None:
        return file
    return render(request, "people/sign_ins.html", {"table": table, "choice": choice})


def _chosen_events(request: SignedInRequest, choice: SignInFilter) -> QuerySet[SignInEvent]:
    rows = queries.sign_ins_visible_to(request.user)
    if not choice.is_valid():
        return rows.none()
    if name := choice.cleaned_data["q"]:
        rows = rows.filter(username__icontains=name)
    if outcome := choice.cleaned_data["outcome"]:
        rows = rows.filter(outcome=outcome)
    return rows


def _columns(reader: User) -> list[Column[SignInEvent]]:
    may_open = permission.may(reader, "people.end_session")

    def account(event: SignInEvent) -> str:
        if event.user_id is None or not may_open:
            return format_html("{}", event.username)
        where = reverse("people:access", args=[event.user_id])
        return format_html('<a href="{}">{}</a>', where, event.username)

    return [
        Column(key="at", label=_("Time"), value=lambda e: e.at, sort="at"),
        Column(
            key="who", label=_("Account"), value=lambda e: e.username, cell=account, sort="username"
        ),
        Column(key="name", label=_("Name"), value=lambda e: str(e.user) if e.user else ""),
        Column(key="outcome", label=_("What"), value=lambda e: e.get_outcome_display()),
        Column(key="address", label=_("Address"), value=lambda e: e.address, sort="address"),
        Column(
            key="by",
            label=_("Done by"),
            value=lambda e: str(e.by) if e.by and e.by_id != e.user_id else "",
        ),
        Column(key="why", label=_("Reason"), value=lambda e: e.why),
    ]
