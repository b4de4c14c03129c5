"""The form of an organisation's 24-hour contacts: a row a contact."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.people.actions import ContactSpec
from guatu.web.people.models import User
from guatu.web.shell.fields import PlainField

_TEXT = {"class": "form-control"}
_CLOCK = {**_TEXT, "type": "time"}


class ContactForm(forms.Form):
    """One contact."""

    order = forms.IntegerField(
        label=_("Order"),
        min_value=1,
        max_value=99,
        required=False,
        widget=forms.NumberInput(attrs={**_TEXT, "inputmode": "numeric"}),
    )
    person = forms.TypedChoiceField(
        label=_("Account, if any"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    name = PlainField(
        label=pgettext_lazy("person", "Name"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs=_TEXT),
    )
    duty = PlainField(label=_("Duty"), max_length=60, widget=forms.TextInput(attrs=_TEXT))
    phone = PlainField(
        label=_("Telephone"), max_length=40, required=False, widget=forms.TextInput(attrs=_TEXT)
    )
    begins = forms.TimeField(
        label=_("From (clock)"),
        required=False,
        widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
    )
    ends = forms.TimeField(
        label=_("Until (clock)"),
        required=False,
        widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
    )

    def __init__(self, *args: Any, people: list[User], **given: Any) -> None:  # noqa: ANN401 - Django's signature
        """Offer the people of the organisation."""
        super().__init__(*args, **given)
        self._people = {person.pk: person for person in people}
        field = self.fields["person"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [("", "–"), *((p.pk, p.get_full_name()) for p in people)]

    def clean(self) -> dict[str, Any]:
        """A name and a telephone, written or the person's; hours both or none."""
        cleaned: dict[str, Any] = super().clean() or {}
        person = self._people.get(cleaned.get("person") or 0)
        cleaned["name"] = cleaned.get("name") or (person.get_full_name() if person else "")
        cleaned["phone"] = cleaned.get("phone") or (person.phone if person else "")
        for name, text in (
            ("name", _("Write a name, or choose an account.")),
            ("phone", _("Write the telephone that is answered.")),
        ):
            if not cleaned[name] and name not in self.errors:
                self.add_error(name, text)
        if (cleaned.get("begins") is None) != (cleaned.get("ends") is None):
            self.add_error("ends", _("Give both hours, or neither for the whole day."))
        return cleaned

    def spec(self) -> ContactSpec:
        """What is asked for."""
        given = self.cleaned_data
        return ContactSpec(
            name=given["name"],
            duty=given["duty"],
            phone=given["phone"],
            person=self._people.get(given["person"] or 0),
            begins=given["begins"],
            ends=given["ends"],
        )


class _Rows(forms.BaseFormSet):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The rows; those that were filled are kept in their order."""

    def clean(self) -> None:
        """At least one.

        Raises:
            ValidationError: if every row is empty.
        """
        if not any(self.errors) and not self.specs():
            raise ValidationError(_("Name at least one contact: somebody who answers at any hour."))

    def specs(self) -> list[ContactSpec]:
        """The filled rows, by their order."""
        filled = [
            form
            for form in self.forms
            if form.has_changed() and form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        filled.sort(key=lambda form: form.cleaned_data["order"] or 99)
        return [form.spec() for form in filled]


ContactRows = forms.formset_factory(
    ContactForm, formset=_Rows, extra=2, max_num=12, absolute_max=24, can_delete=True
)
