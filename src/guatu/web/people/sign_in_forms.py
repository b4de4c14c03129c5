"""Forms of the second factor, of ended sessions, and of the record of sign-ins."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guatu.web.people.models import SignInEvent

_ONE_TIME = {
    "class": "form-control code-input",
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
}


def password_field() -> forms.CharField:
    """The password, asked for again."""
    return forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(
            attrs={"class": "form-control", "autocomplete": "current-password"}
        ),
    )


class CodeForm(forms.Form):
    """A code of the authenticator, or a recovery code."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=20,
        widget=forms.TextInput(attrs={**_ONE_TIME, "autofocus": True}),
    )


class EnrolForm(forms.Form):
    """The first code of a new authenticator, and the password."""

    code = forms.CharField(
        label=_("Six digits the authenticator shows"),
        max_length=12,
        widget=forms.TextInput(attrs={**_ONE_TIME, "inputmode": "numeric"}),
    )
    password = password_field()


class ProofForm(forms.Form):
    """The password alone."""

    password = password_field()


class ReasonForm(forms.Form):
    """Why something is done to another's account."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )


class SignInFilter(forms.Form):
    """Which sign-ins to show."""

    q = forms.CharField(
        label=_("Account"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(
        label=_("What"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *SignInEvent.Outcome.choices,
        ]
