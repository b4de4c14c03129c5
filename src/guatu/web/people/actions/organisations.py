"""Organisations: founding them."""

from datetime import datetime

from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.regions.models import Region


@transaction.atomic
def create_organisation(
    *,
    name: str,
    kind: Organisation.Kind,
    region: Region,
    parent: Organisation | None,
    by: User | None,
    at: datetime,  # noqa: ARG001 - the history that comes with audit is stamped with it
    phone: str = "",
) -> Organisation:
    """Found an organisation.

    Args:
        name: unique.
        kind: what it is.
        region: where it works; its people see this region and all below it.
        parent: its superior, if any.
        by: an administrator who sees the region; None only for the installation itself
            (`guatu demo`, the first administrator), never for a request.
        at: the moment.
        phone: of its duty room.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: if a field does not hold.
    """
    organisation = Organisation(
        name=plain(name), kind=kind, region=region, parent=parent, phone=phone
    )
    if by is not None:
        permission.demand(by, "people.create_organisation", organisation)
    organisation.full_clean()
    organisation.save()
    return organisation
