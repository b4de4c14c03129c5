"""Forms of the desk: what it is narrowed to, and what a verb asks for."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import VERBS, Level, Need, State, Verb, Verdict, needs_note
from guatu.web.people.models import Organisation, User
from guatu.web.shell.fields import PlainField
from guatu.web.warnings.ladder import addressees, owners_to_be
from guatu.web.warnings.models import Warning, WarningVerdict  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import Filters
from guatu.web.warnings.wording import NOTE_HINTS, NOTE_LABELS

MAX_NOTE = 2000
ALL_STATES = "all"


def filters_of(query: QueryDict) -> Filters:
    """Read the desk's filters from an address; what makes no sense there narrows nothing."""
    state = query.get("state", "")
    return Filters(
        levels=frozenset(Level(int(n)) for n in query.getlist("level") if n in {*"1234"}),
        states=frozenset(State)
        if state == ALL_STATES
        else frozenset(s for s in State if s.value == state),
        overdue=query.get("overdue") == "1",
        mine=query.get("mine") == "1",
        region=_region(query.get("region", "")),
        text=query.get("q", "").strip().replace("\x00", "")[:80],
    )


def _region(code: str) -> str:
    try:
        return RegionCode(code).value
    except ValueError:
        return ""


class _People(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """People with where they are."""

    def label_from_instance(self, obj: User) -> str:
        """Organisation and name: a name alone does not say whom."""
        return f"{obj.organisation.name} {obj.get_full_name()}（{obj.roles_said()}）"


class VerbForm(forms.Form):
    """What a verb asks for: a note, a verdict, a new owner."""

    note = PlainField(
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
        max_length=MAX_NOTE,
        required=False,
    )
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        choices=WarningVerdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose a verdict.")},
    )
    to = forms.ModelChoiceField(
        label=_("New owner"),
        queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": _("Please choose the new owner."),
            "invalid_choice": _("It cannot be handed over to that organisation."),
        },
    )

    addressee = _People(
        label=_("To whom"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Everybody who answers for the owner"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "invalid_choice": _("That person does not answer for this warning. Choose another."),
        },
    )

    def __init__(
        self, data: QueryDict | None = None, *, verb: Verb, warning: Warning, user: User
    ) -> None:
        """Keep the fields that this verb asks for.

        Args:
            data: what was sent, or None for an empty form.
            verb: what is to be done.
            warning: with what.
            user: by whom: it decides who may become the new owner.
        """
        super().__init__(data, auto_id="verb_%s")
        self.verb, self.warning = verb, warning
        needs = VERBS[verb].needs
        note = self.fields["note"]
        note.label, note.help_text = str(NOTE_LABELS[verb]), str(NOTE_HINTS.get(verb, ""))
        # With a verdict still to be given, `clean` knows better.
        note.required = verb is not Verb.VERIFY and needs_note(verb, warning.life)
        note.error_messages["required"] = _("Please fill this in: it is kept in the history.")
        note.error_messages["max_length"] = _(
            "At most %(limit_value)d characters; this has %(show_value)d."
        )
        if Need.VERDICT not in needs:
            del self.fields["verdict"]
        if Need.ORGANISATION in needs:
            to = self.fields["to"]
            if isinstance(to, forms.ModelChoiceField):
                to.queryset = owners_to_be(user, warning)
        else:
            del self.fields["to"]
        if verb is Verb.URGE:
            whom = self.fields["addressee"]
            if isinstance(whom, forms.ModelChoiceField):
                whom.queryset = addressees(user, warning)
        else:
            del self.fields["addressee"]
        self.order_fields(["verdict", "to", "addressee", "note"])

    def clean(self) -> dict[str, Any]:
        """A danger denied needs a reason."""
        cleaned: dict[str, Any] = super().clean() or {}
        denied = cleaned.get("verdict") in {Verdict.FALSE.value, Verdict.TEST.value}
        if self.verb is Verb.VERIFY and denied and not cleaned.get("note"):
            self.add_error("note", _("A false alarm or a test needs a reason."))
        return cleaned

    @property
    def seen(self) -> str:
        """How the warning stood when the form was made, as `Warning.standing` says it."""
        return str(self.data.get("seen", ""))

    @property
    def is_stale(self) -> bool:
        """Whether the warning stands otherwise by now than whoever filled the form could see."""
        return (
            self.is_bound and self.verb is not Verb.ADD_NOTE and self.seen != self.warning.standing
        )

    def given(self) -> dict[str, Any]:
        """What was given, as the verb's action takes it."""
        given = {name: self.cleaned_data[name] for name in self.fields}
        if self.verb is not Verb.ADD_NOTE:
            given["seen"] = self.seen
        if "verdict" in given:
            given["verdict"] = Verdict(given["verdict"])
        return given
