"""Forms of the pages of people and organisations."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.people.directory import regions_for
from guatu.web.people.models import Organisation, Role, User
from guatu.web.people.queries import visible_to
from guatu.web.regions.models import Region
from guatu.web.shell.fields import PlainField

_TEXT = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_NO_CHOICE = {"invalid_choice": _("Choose one from the list.")}


class OrganisationField(PlainField):
    """An organisation by its name, which is unique; the page offers the names to choose from."""

    def __init__(self, user: User, **given: Any) -> None:  # noqa: ANN401 - Django's signature
        """Take only what the user sees."""
        attributes = {**_TEXT, "list": "organisation-names", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attributes), max_length=120, **given)
        self._user = user

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """Find it.

        Raises:
            ValidationError: if the user sees none of this name.
        """
        if isinstance(value, Organisation):
            return value
        name = super().clean(value)
        if not name:
            return None
        found = visible_to(self._user).filter(name=name, ended_at=None).first()
        if found is None:
            raise ValidationError(
                _("You see no organisation of this name. Write its whole name, or choose it.")
            )
        return found


class RegionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A division, with its code, for names repeat."""

    def label_from_instance(self, obj: Region) -> str:
        """Name and code."""
        return f"{obj.name} {obj.code}"


class OrganisationForm(forms.Form):
    """What an organisation is."""

    name = PlainField(
        label=pgettext_lazy("organisation", "Name"),
        max_length=120,
        widget=forms.TextInput(attrs=_TEXT),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=Organisation.Kind.choices, widget=forms.Select(attrs=_SELECT)
    )
    phone = PlainField(
        label=_("Telephone of the duty room"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=_TEXT),
    )

    def __init__(
        self, data: QueryDict | None = None, *, user: User, initial: dict[str, Any] | None = None
    ) -> None:
        """Offer the regions and superiors that the user is administrator of."""
        super().__init__(data, initial=initial)
        self.fields["region"] = RegionField(
            label=_("Region"),
            queryset=regions_for(user, Role.ADMINISTRATOR),
            widget=forms.Select(attrs=_SELECT),
            error_messages=_NO_CHOICE,
        )
        self.fields["parent"] = OrganisationField(user, label=_("Superior"), required=False)


class PersonForm(forms.Form):
    """Who someone is and where he works."""

    username = forms.CharField(
        label=_("Account"),
        max_length=150,
        widget=forms.TextInput(attrs={**_TEXT, "autocomplete": "off"}),
        help_text=_("Letters, digits and @ . + - _; it never changes."),
    )
    name = PlainField(
        label=pgettext_lazy("person", "Name"), max_length=60, widget=forms.TextInput(attrs=_TEXT)
    )
    phone = PlainField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=_TEXT),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        user: User,
        initial: dict[str, Any] | None = None,
        existing: bool = False,
    ) -> None:
        """Leave out the account where it exists already."""
        super().__init__(data, initial=initial)
        self.fields["organisation"] = OrganisationField(user, label=_("Works at"))
        if existing:
            del self.fields["username"]


class GrantForm(forms.Form):
    """A role, where it holds, until when, and why."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[("", _("Choose a role")), *Role.choices],
        widget=forms.Select(attrs=_SELECT),
    )
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={**_TEXT, "type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty for no end."),
    )
    why = PlainField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs=_TEXT))

    field_order = ("role", "organisation", "region", "until", "why")

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        """Offer what the user may grant over."""
        super().__init__(data)
        self.fields["organisation"] = OrganisationField(
            user,
            label=_("Over an organisation and all below it"),
            required=False,
        )
        self.fields["region"] = RegionField(
            label=_("Or over a region"),
            queryset=regions_for(user, Role.SECURITY_ADMINISTRATOR),
            required=False,
            empty_label=_("No region"),
            widget=forms.Select(attrs=_SELECT),
            error_messages=_NO_CHOICE,
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """One scope: an organisation or a region."""
        cleaned: dict[str, Any] = super().clean() or {}
        named = [f for f in ("organisation", "region") if f in self.errors]
        if not named and bool(cleaned.get("organisation")) == bool(cleaned.get("region")):
            self.add_error("organisation", _("Choose either an organisation or a region."))
        return cleaned

    @property
    def scope(self) -> Organisation | Region:
        """Where it holds."""
        chosen: Organisation | Region = (
            self.cleaned_data["organisation"] or self.cleaned_data["region"]
        )
        return chosen

    @property
    def end(self) -> datetime | None:
        """The moment after the last day."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class EndForm(forms.Form):
    """Why a grant or an account ends, and who takes over."""

    why = PlainField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs=_TEXT))

    def __init__(self, data: QueryDict | None = None, *, heirs: list[User]) -> None:
        """Offer those who may take over; none to choose from where nothing is open."""
        super().__init__(data)
        self.fields["heir"] = forms.TypedChoiceField(
            label=_("Who takes over the open warnings"),
            required=False,
            choices=[
                ("", _("Choose a person")),
                *(
                    (p.pk, f"{p.organisation.name} {p.get_full_name()}（{p.roles_said()}）")
                    for p in heirs
                ),
            ],
            coerce=int,
            empty_value=None,
            widget=forms.Select(attrs=_SELECT),
            error_messages=_NO_CHOICE,
        )


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Put what an action refused where the form asks for it, or over it."""
    places = {"scope": "organisation"}
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, problems in error.error_dict.items():
        field = places.get(name, name)
        form.add_error(field if field in form.fields else None, problems)
