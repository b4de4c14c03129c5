"""The 24-hour contacts of an organisation: the whole list is written at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import DutyContact, Organisation, User

AT_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSpec:
    """A contact as it is asked for.

    Attributes:
        name: whom.
        duty: what the person does there.
        phone: where the person is rung.
        person: the account, where there is one.
        begins: from which time of the local day; None for the whole day.
        ends: until when; before `begins` it is the next morning.
    """

    name: str
    duty: str
    phone: str
    person: User | None = None
    begins: time | None = None
    ends: time | None = None


@transaction.atomic
def keep_contacts(
    organisation_id: int,
    specs: Sequence[ContactSpec],
    *,
    by: User | None,
    at: datetime,  # noqa: ARG001 - the history that comes with audit is stamped with it
) -> list[DutyContact]:
    """Write the list of an organisation's contacts, in the order in which they are rung.

    Args:
        organisation_id: whose.
        specs: at least one, at most `AT_MOST`.
        by: the plant's own officer or a duty officer above; None only for `guatu demo`.
        at: the moment.

    Raises:
        Organisation.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        ValidationError: if the list is empty or too long, or a contact does not hold.
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation_id)
    if by is not None:
        permission.demand(by, "people.keep_contacts", organisation)
    if not 1 <= len(specs) <= AT_MOST:
        raise ValidationError(
            _("Name at least one contact, and at most %(most)s.") % {"most": AT_MOST}
        )
    # Place by place, so that the record tells what changed from what to what.
    there = {contact.order: contact for contact in organisation.duty_contacts.all()}
    kept = []
    for order, spec in enumerate(specs, start=1):
        contact = there.pop(order, None) or DutyContact(organisation=organisation, order=order)
        contact.person, contact.name, contact.duty = spec.person, plain(spec.name), plain(spec.duty)
        contact.phone, contact.begins, contact.ends = plain(spec.phone), spec.begins, spec.ends
        contact.full_clean()
        contact.save()
        kept.append(contact)
    for contact in there.values():
        contact.delete()
    return kept
