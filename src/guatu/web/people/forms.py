"""Forms of people: sign in, change one's own password."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from guatu.web.people.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class SignInForm(forms.Form):
    """Name and password; on success `user` is who they belong to."""

    username = forms.CharField(
        label=_("Account"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "username", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(
            attrs={"class": "form-control", "autocomplete": "current-password"}
        ),
    )

    def __init__(
        self,
        request: HttpRequest,
        data: QueryDict | None = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        """Check the pair. One sentence for both mistakes: it tells no one which names exist."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "username" in cleaned and "password" in cleaned:
            user = authenticate(
                self.request, username=cleaned["username"], password=cleaned["password"]
            )
            if not isinstance(user, User):
                raise ValidationError(
                    _("The account or the password is wrong. Check both and try again."),
                    code="refused",
                )
            self.user = user
        return cleaned


def _password(label: "_StrPromise", autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": autocomplete}),
    )


class PasswordForm(forms.Form):
    """The old password once, the new one twice."""

    old = _password(_("Current password"), "current-password")
    new = _password(_("New password"), "new-password")
    again = _password(_("New password again"), "new-password")

    def clean(self) -> dict[str, Any]:
        """The two new ones must be the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two new passwords are not the same."))
        return cleaned
