"""Questions about the 24-hour contacts of an organisation."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from guatu.web.people.models import DutyContact


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A contact as a page shows it.

    Attributes:
        contact: the contact.
        now: whether it is to be rung at this moment.
        away: whether its person's account is closed, so that the entry must be mended.
    """

    contact: DutyContact
    now: bool
    away: bool


def rings(organisation_id: int, at: datetime) -> list[Ring]:
    """An organisation's contacts in the order in which they are rung, in one query."""
    clock = timezone.localtime(at).time()
    rows = DutyContact.objects.filter(organisation=organisation_id).select_related("person")
    return [
        Ring(
            contact=contact,
            now=contact.answers(clock),
            away=contact.person is not None and not contact.person.is_active,
        )
        for contact in rows.order_by("order")
    ]
