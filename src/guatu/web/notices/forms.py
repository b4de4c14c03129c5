"""Forms of notices: what a person wants to be told, and what a hook is."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.notices.models import FromLevel, Hook
from guatu.web.people.directory_forms import OrganisationField
from guatu.web.people.models import User
from guatu.web.shell.fields import PlainField

_TEXT = {"class": "form-control"}
_SELECT = {"class": "form-select"}


def _clock() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={**_TEXT, "type": "time"})


class PreferenceForm(forms.Form):
    """By which way a person is told what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={**_TEXT, "autocomplete": "email"}),
    )
    email_from = forms.TypedChoiceField(
        label=_("Tell me by e-mail"),
        coerce=int,
        choices=FromLevel.choices,
        widget=forms.Select(attrs=_SELECT),
    )
    gateway_from = forms.TypedChoiceField(
        label=_("Tell me by text message"),
        coerce=int,
        choices=FromLevel.choices,
        widget=forms.Select(attrs=_SELECT),
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=_clock())
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False, widget=_clock())
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=settings.LANGUAGES,
        widget=forms.Select(attrs=_SELECT),
    )

    def clean(self) -> dict[str, Any]:
        """Demand both ends of the quiet hours, or none."""
        cleaned: dict[str, Any] = super().clean() or {}
        ends = ("quiet_from", "quiet_until")
        given = [name for name in ends if cleaned.get(name) is not None]
        if len(given) == 1 and not self.errors:
            missing = ends[1] if given == ["quiet_from"] else ends[0]
            self.add_error(missing, _("Give both times, or leave both empty."))
        return cleaned


class HookForm(forms.Form):
    """What a hook is."""

    name = PlainField(label=_("What it is for"), max_length=60, widget=forms.TextInput(attrs=_TEXT))
    audience = forms.ChoiceField(
        label=_("Called"), choices=Hook.Audience.choices, widget=forms.Select(attrs=_SELECT)
    )
    url = forms.CharField(
        label=pgettext_lazy("hook", "Address"),
        max_length=500,
        widget=forms.TextInput(attrs={**_TEXT, "inputmode": "url", "autocomplete": "off"}),
        help_text=_("As the robot or gateway gave it to you."),
    )
    from_level = forms.TypedChoiceField(
        label=_("From level"),
        coerce=int,
        choices=FromLevel.choices[:-1],
        initial=FromLevel.EVERYTHING,
        widget=forms.Select(attrs=_SELECT),
    )
    template = forms.CharField(
        label=_("Template"),
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={**_TEXT, "rows": 8, "spellcheck": "false"}),
        help_text=_("Leave it empty for a program: it gets the standard body."),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        user: User,
        hook: Hook | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Ask for whose it is and what it is about once; both stay as they are."""
        super().__init__(data, initial=initial)
        if hook is None:
            self.fields["organisation"] = OrganisationField(
                user,
                label=_("It hears what this organisation sees"),
                help_text=_("An office or bureau: all of its region. A plant: itself alone."),
            )
            self.order_fields(["name", "organisation", "audience", "url", "from_level"])
        else:
            del self.fields["audience"]

    def refuse(self, error: ValidationError, say: Any) -> None:  # noqa: ANN401 - a function
        """Put what an action refused on its field, in words."""
        for field, problems in error.error_dict.items():
            for problem in problems:
                self.add_error(field, say(problem))


class EndForm(forms.Form):
    """Why a hook ends."""

    why = PlainField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs=_TEXT))
