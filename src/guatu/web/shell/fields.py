"""Fields of forms that several apps ask with."""

from typing import Any

from django import forms

from guatu.core.nouns.text import plain


class PlainField(forms.CharField):
    """Words as they may be kept: what nobody can see is nothing, so required ones are asked for."""

    def to_python(self, value: Any) -> str:  # noqa: ANN401 - Django's signature
        """Take out of the words what hides in them."""
        return plain(str(super().to_python(value) or ""))
