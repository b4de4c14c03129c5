"""The password asked for again, before something that a stolen session must not do."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from guatu.web.people import brake, sessions, turns
from guatu.web.people.models import SignInEvent
from guatu.web.people.records import record_sign_in
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import address_of


def may_try(request: SignedInRequest, form: forms.Form, field: str) -> bool:
    """Tell whether this session may try a password now, or put on the form that it must wait."""
    username, now = request.user.username, timezone.now()
    until = brake.wait_until(username, address_of(request), at=now, browser=_place(request))
    if until is not None:
        form.add_error(field, _("Too many wrong passwords here. Wait a quarter of an hour."))
    return until is None


def refuse(request: SignedInRequest, form: forms.Form, field: str) -> None:
    """Write down that the password was wrong, and say so."""
    record_sign_in(
        username=request.user.username,
        outcome=SignInEvent.Outcome.REFUSED,
        by=None,
        at=timezone.now(),
        address=address_of(request),
        browser=_place(request),
    )
    form.add_error(field, _("The current password is wrong."))


def has_proven(request: SignedInRequest, form: forms.Form, field: str = "password") -> bool:
    """Check the password on a valid form, or put on it what is wrong."""
    if not may_try(request, form, field):
        return False
    try:
        with turns.turns.turn():
            right = request.user.check_password(form.cleaned_data[field])
    except turns.BusyError:
        form.add_error(field, _("Many passwords are being checked. Try again in a few seconds."))
        return False
    if not right:
        refuse(request, form, field)
    return right


def _place(request: SignedInRequest) -> str:
    """A session guesses within a bound of its own: no stranger fills it, and it fills no other."""
    return f"session-{request.session.get(sessions.NUMBER)}"
