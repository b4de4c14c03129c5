"""Pages of people: sign in, sign out, one's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from guatu.web.people import (
    actions,
    brake,
    half_in,
    known,
    proof,
    second_factor,
    session_limits,
    sessions,
)
from guatu.web.people.forms import PasswordForm, SignInForm
from guatu.web.people.models import SignInEvent, User
from guatu.web.people.records import name_as_kept, record_sign_in
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.people.tokens import listed
from guatu.web.people.turns import COME_AGAIN_S, BusyError, turns
from guatu.web.shell.requests import address_of
from guatu.web.shell.tables import Column, Table


def next_of(request: HttpRequest) -> str:
    """Where to go after signing in: an own address or the front page, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """The sign-in page."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_of(request))
    if request.method == "POST":
        return _try_signing_in(request)
    return _signin_page(request, SignInForm(request))


def _signin_page(
    request: HttpRequest,
    form: SignInForm,
    *,
    status: int = 200,
    wait_minutes: int | None = None,
    is_busy: bool = False,
) -> HttpResponse:
    context = {
        "form": form,
        "next": next_of(request),
        "wait_minutes": wait_minutes,
        "is_busy": is_busy,
    }
    return render(request, "people/signin.html", context, status=status)


def _try_signing_in(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    # Blanks around it are cut as the form cuts them, else each would begin a count of its own.
    username = name_as_kept(request.POST.get("username", ""))
    browser = known.browser_of(request, username)
    until = brake.wait_until(username, address_of(request), at=now, browser=browser)
    if until is not None:
        return _braked(request, seconds=max(1, int((until - now).total_seconds())))
    form = SignInForm(request, data=request.POST)
    try:
        with turns.turn():
            form.is_valid()
    except BusyError:
        form = SignInForm(request, initial={"username": username[:150]})
        response = _signin_page(request, form, status=503, is_busy=True)
        response["Retry-After"] = str(COME_AGAIN_S)
        return response
    if form.is_valid() and isinstance(form.user, User):
        return _let_in(request, form.user)
    if form.has_error("__all__", "refused"):
        _record(username, SignInEvent.Outcome.REFUSED, None, request, browser=browser)
    return _signin_page(request, form, status=422)


def _braked(request: HttpRequest, *, seconds: int) -> HttpResponse:
    form = SignInForm(request)
    response = _signin_page(request, form, status=429, wait_minutes=-(-seconds // 60))
    response["Retry-After"] = str(seconds)
    return response


def _let_in(request: HttpRequest, user: User) -> HttpResponse:
    """Let somebody in whose password is right, or ask for the second factor first."""
    if not second_factor.is_on(user):
        return signed_in(request, user)
    where = urlencode({"next": next_of(request)})
    half_in.begin(request, user, at=timezone.now())
    return HttpResponseRedirect(f"{reverse('people:code')}?{where}")


def signed_in(request: HttpRequest, user: User) -> HttpResponse:
    """Let somebody in who has shown all that is asked of him; the session gets a new key."""
    login(request, user)
    _record(user.username, SignInEvent.Outcome.SIGNED_IN, user, request)
    response = HttpResponseRedirect(next_of(request))
    known.remember(request, response, user)
    return response


def _record(
    username: str,
    outcome: SignInEvent.Outcome,
    by: User | None,
    request: HttpRequest,
    *,
    browser: str = "",
) -> None:
    record_sign_in(
        username=username,
        outcome=outcome,
        by=by,
        at=timezone.now(),
        address=address_of(request),
        browser=browser,
    )


@require_POST
def signout(request: SignedInRequest) -> HttpResponse:
    """Sign out and show the sign-in page."""
    _record(request.user.username, SignInEvent.Outcome.SIGNED_OUT, request.user, request)
    sessions.leave(request.session, at=timezone.now())
    logout(request)
    messages.success(request, _("You have signed out."))
    return redirect("people:signin")


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: SignedInRequest) -> HttpResponseBase:
    """Who am I here, my latest sign-ins, and my password."""
    table = _sign_in_table(request)
    if (file := table.export()) is not None:
        return file
    form = PasswordForm(request.POST if request.method == "POST" else None)
    status = 200
    try:
        if (
            form.is_valid()
            and proof.may_try(request, form, "old")
            and _change_password(request, form)
        ):
            messages.success(request, _("Your password has been changed."))
            session_limits.done(request, session_limits.PASSWORD_DUE)
            response = redirect("people:account")
            known.remember(request, response, request.user)
            return response
        status = 422 if form.errors else 200
    except BusyError:
        form.add_error("old", _("Many passwords are being checked. Try again in a few seconds."))
        status = 503
    context: dict[str, Any] = {
        "form": form,
        "table": table,
        "has_factor": second_factor.is_on(request.user),
        "open_sessions": sessions.of(request.user, at=timezone.now()).count(),
        "tokens": len(listed(request.user, at=timezone.now())),
    }
    if session_limits.due_of(request):
        context |= {"live": None, "is_due": True}
    page = render(request, "people/account.html", context, status=status)
    if status == 503:
        page["Retry-After"] = str(COME_AGAIN_S)
    return page


def _sign_in_table(request: SignedInRequest) -> Table[SignInEvent]:
    return Table(
        request,
        name=_("Sign-ins"),
        rows=request.user.sign_in_events.all(),
        default_sort="-at",
        page_size=10,
        columns=[
            Column(key="at", label=_("Time"), value=lambda e: e.at, sort="at"),
            Column(key="outcome", label=_("What"), value=lambda e: e.get_outcome_display()),
            Column(key="address", label=_("Address"), value=lambda e: e.address),
        ],
    )


def _change_password(request: SignedInRequest, form: PasswordForm) -> bool:
    """Do it, or put what was wrong on the form."""
    try:
        with turns.turn():
            user = actions.change_own_password(
                old=form.cleaned_data["old"],
                new=form.cleaned_data["new"],
                by=request.user,
                at=timezone.now(),
                address=address_of(request),
                session=request.session.get(sessions.NUMBER),
            )
    except ValidationError as error:
        for field, problems in error.error_dict.items():
            for problem in problems:
                if problem.code == "wrong_password":
                    proof.refuse(request, form, field)
                else:
                    form.add_error(field, problem)
        return False
    update_session_auth_hash(request, user)
    sessions.rekey(request.session)
    request.user = user
    return True
