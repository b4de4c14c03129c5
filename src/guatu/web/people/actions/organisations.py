"""Organisations: founding, mending, moving and ending them."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guatu.core.nouns.text import plain
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User, current_grants
from guatu.web.people.posts import below
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
        region: where it works.
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


@transaction.atomic
def edit_organisation(
    organisation_id: int,
    *,
    name: str,
    kind: Organisation.Kind,
    region: Region,
    parent: Organisation | None,
    phone: str,
    by: User,
    at: datetime,  # noqa: ARG001 - the history that comes with audit is stamped with it
) -> Organisation:
    """Mend an organisation or move it below another; grants over its superiors reach it from then.

    Raises:
        Organisation.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not, for the place before or after.
        ValidationError: if a field does not hold, or it would stand below itself.
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation_id)
    permission.demand(by, "people.edit_organisation", organisation)
    permission.demand(by, "people.edit_organisation", region)
    if parent is not None and parent.pk != organisation.parent_id:
        permission.demand(by, "people.edit_organisation", parent)
    if parent is not None and parent.pk in below(organisation.pk):
        raise ValidationError(
            {"parent": _("%(name)s lies below this organisation.") % {"name": parent.name}}
        )
    organisation.name, organisation.kind, organisation.phone = plain(name), kind, phone
    organisation.region, organisation.parent = region, parent
    organisation.full_clean()
    organisation.save()
    return organisation


@transaction.atomic
def end_organisation(organisation_id: int, *, by: User, at: datetime) -> Organisation:
    """End an organisation: old records keep its name, nothing new is given to it.

    Raises:
        Organisation.DoesNotExist: if there is none.
        PermissionDenied: if `by` may not.
        ValidationError: if it is still used: people work there, grants hold, others stand below.
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation_id)
    permission.demand(by, "people.edit_organisation", organisation)
    people = organisation.users.filter(is_active=True).count()
    grants = organisation.grants.filter(current_grants(at)).count()
    children = organisation.children.filter(ended_at=None).count()
    if people or grants or children:
        raise ValidationError(
            _(
                "%(name)s is still used: %(people)s people work there, %(grants)s grants hold, "
                "%(children)s organisations stand below it. Move or end these first."
            )
            % {
                "name": organisation.name,
                "people": people,
                "grants": grants,
                "children": children,
            }
        )
    organisation.ended_at = at
    organisation.save(update_fields=["ended_at"])
    return organisation
