"""Pages of API tokens: one's own, with the form to make one; another's stand on his access page."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guatu.web.people import proof, tokens
from guatu.web.people.models import Scope, User
from guatu.web.people.sign_in_forms import password_field
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import address_of

DAYS = (30, 90, 180, 366)


class TokenForm(forms.Form):
    """What a token is for, what it opens, for how long; and the password."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it opens"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Ends by itself after"),
        coerce=int,
        choices=[(days, gettext_lazy("%(n)s days") % {"n": days}) for days in DAYS],
        initial=90,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    password = password_field()


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def own_tokens(request: SignedInRequest) -> HttpResponse:
    """One's own tokens: make one, which is shown once, or end one."""
    now = timezone.now()
    if request.method == "POST" and "token" in request.POST:
        end_chosen(request, request.user)
        return redirect("people:tokens")
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and proof.has_proven(request, form):
        try:
            token, text = tokens.make_token(
                request.user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=now + timedelta(days=form.cleaned_data["days"]),
                by=request.user,
                at=now,
                address=address_of(request),
            )
        except ValidationError as error:
            form.add_error(*refused(error))
        else:
            return render(request, "people/token.html", {"token": token, "text": text})
    context = {"form": form, "tokens": tokens.listed(request.user, at=now)}
    return render(request, "people/tokens.html", context, status=422 if form.errors else 200)


def refused(error: ValidationError) -> tuple[str | None, str]:
    """The field that `tokens.make_token` refuses, and why in the reader's language."""
    code = str(error.error_list[0].code)
    if code == "too_many":
        said = _("You have %(most)s tokens already: end one that is not used any more.")
        return None, said % {"most": tokens.MOST}
    fields = {
        "name": ("name", _("Say what it is for, in at most 60 characters.")),
        "scopes": ("scopes", _("Choose what it opens.")),
        "expires": ("days", _("It must end within %(n)s days.") % {"n": tokens.LONGEST.days}),
    }
    return fields[code]


def end_chosen(request: SignedInRequest, user: User, *, why: str = "") -> None:
    """End the token of a user that was chosen on a page, and say so."""
    text = request.POST.get("token", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    token = get_object_or_404(user.api_tokens.filter(ended_at=None), pk=number)
    tokens.end_token(
        token.pk, by=request.user, at=timezone.now(), address=address_of(request), why=why
    )
    messages.success(request, _("The token has been ended."))
