"""Fields of forms that several apps ask with."""

import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guatu.core.nouns.text import plain


class PlainField(forms.CharField):
    """Words as they may be kept: what nobody can see is nothing, so required ones are asked for."""

    def to_python(self, value: Any) -> str:  # noqa: ANN401 - Django's signature
        """Take out of the words what hides in them."""
        return plain(str(super().to_python(value) or ""))


class FigureField(forms.DecimalField):
    """A figure as people type it: full-width digits and signs, and blanks among them, count too."""

    default_error_messages = {
        "invalid": _("This is no number: write it as 12.5."),
        "max_digits": _("This number is too long."),
        "max_decimal_places": _("At most %(max)s digits after the point."),
        "max_whole_digits": _("This number is too large."),
    }

    def to_python(  # type: ignore[override]  # the stubs give a DecimalField whole numbers
        self,
        value: Any,  # noqa: ANN401 - Django's signature
    ) -> Decimal | None:
        """Read the figure, each character taken for the plain one it stands for."""
        if isinstance(value, str):
            value = "".join(unicodedata.normalize("NFKC", value).split()).replace("\u2212", "-")
        return super().to_python(value)
