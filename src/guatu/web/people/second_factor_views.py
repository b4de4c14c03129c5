"""Pages of the second factor: the code at sign-in, and one's own authenticator."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guatu.web.people import half_in, proof, second_factor, session_limits, sessions
from guatu.web.people.sign_in_forms import CodeForm, EnrolForm, ProofForm
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.people.views import next_of, signed_in
from guatu.web.shell.requests import address_of

_SECRET = "guatu_enrol_secret"  # noqa: S105 - the name of a place in the session


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_code(request: HttpRequest) -> HttpResponse:
    """The second page of signing in, for who has shown the password."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_of(request))
    user = half_in.user_of(request, at=timezone.now())
    if user is None:
        where = urlencode({"next": next_of(request)})
        return HttpResponseRedirect(f"{reverse('people:signin')}?{where}")
    now, form = timezone.now(), CodeForm(request.POST if request.method == "POST" else None)
    until, status = second_factor.wait_until(user, at=now), 200
    if until is None and form.is_valid():
        code = form.cleaned_data["code"]
        if second_factor.use_code(user, code, at=now, address=address_of(request)):
            return signed_in(request, user)
        form.add_error("code", _("This code is wrong or was used. Wait for the next one."))
        until = second_factor.wait_until(user, at=now)
    if until is not None:
        status = 429
    elif form.errors:
        status = 422
    minutes = None if until is None else max(1, -(-int((until - now).total_seconds()) // 60))
    context = {"form": form, "next": next_of(request), "wait_minutes": minutes}
    response = render(request, "people/code.html", context, status=status)
    if until is not None:
        response["Retry-After"] = str(max(1, int((until - now).total_seconds())))
    return response


@never_cache
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def own_second_factor(request: SignedInRequest) -> HttpResponse:
    """One's own second factor: add it, make new recovery codes, give it up."""
    if not second_factor.is_on(request.user):
        return _enrol(request)
    deed = request.POST.get("do", "") if request.method == "POST" else ""
    forms_of = {
        name: ProofForm(request.POST if deed == name else None, prefix=name)
        for name in ("renew", "remove")
    }
    form = forms_of.get(deed)
    if form is not None and form.is_valid() and proof.has_proven(request, form):
        if deed == "renew":
            codes = second_factor.renew_recovery_codes(
                by=request.user, at=timezone.now(), address=address_of(request)
            )
            return _codes(request, codes)
        if _remove(request, form):
            return redirect("people:second-factor")
    context = {
        **forms_of,
        "factor": request.user.second_factor,
        "codes_left": second_factor.codes_left(request.user),
        "is_required": second_factor.is_required(request.user),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "people/second_factor.html", context, status=status)


def _remove(request: SignedInRequest, form: forms.Form) -> bool:
    try:
        second_factor.remove_second_factor(
            by=request.user, at=timezone.now(), address=address_of(request)
        )
    except ValidationError:
        form.add_error("password", _("Your role must have a second factor."))
        return False
    messages.success(request, _("The second factor has been removed."))
    return True


def _enrol(request: SignedInRequest) -> HttpResponse:
    # Kept in the session, not in the form: the page of another cannot bring its own.
    secret: str = request.session.get(_SECRET) or second_factor.new_secret()
    request.session[_SECRET] = secret
    form = EnrolForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and proof.has_proven(request, form):
        try:
            codes = second_factor.add_second_factor(
                secret=secret,
                code=form.cleaned_data["code"],
                by=request.user,
                at=timezone.now(),
                address=address_of(request),
            )
        except ValidationError:
            form.add_error(
                "code", _("This is not the code. Look at the clock of the telephone as well.")
            )
        else:
            del request.session[_SECRET]
            session_limits.done(request, session_limits.FACTOR_DUE)
            request.session.cycle_key()
            sessions.rekey(request.session)
            return _codes(request, codes)
    context: dict[str, Any] = {
        "form": form,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "qr": _qr(second_factor.address_for(request.user, secret)),
        "is_required": second_factor.is_required(request.user),
    }
    if session_limits.due_of(request):
        context |= {"live": None, "is_due": True}
    return render(request, "people/enrol.html", context, status=422 if form.errors else 200)


def _qr(address: str) -> str:
    """The address as a picture to be scanned: ours from beginning to end, so safe as it is."""
    code = segno.make(address, error="m")
    picture = code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
    return mark_safe(picture)  # noqa: S308 - segno draws it from our own address


def _codes(request: SignedInRequest, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "now": timezone.localtime()}
    return render(request, "people/recovery_codes.html", context)
