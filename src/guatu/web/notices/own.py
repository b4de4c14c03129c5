"""The source of this app itself: a trial message that somebody sends to himself."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from guatu.web.notices.sources import Event, Said
from guatu.web.people.models import User

NAME: Final = "trial"


class Trials:
    """Trials are written by `actions.try_ways` and `actions.try_hook`, never noted as happened."""

    def events(self, numbers: Collection[int]) -> Sequence[Event]:  # noqa: ARG002 - the seam's
        """None: nobody notes a trial."""
        return []

    def said(self, numbers: Collection[int], *, to: User | None) -> Mapping[int, Said]:  # noqa: ARG002 - the seam's
        """The same words for each."""
        said = Said(
            what=_("Trial"),
            title=_("This is a trial message: nothing happened."),
            line=_("Whoever reads it is reached by this way."),
            url=reverse("notices:preferences"),
        )
        return dict.fromkeys(numbers, said)
