"""Who answers for a warning: its owner, the bureaus above it, and the people there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import Rung
from guatu.web.people.models import SITES, Grant, Organisation, Role, User, current_grants
from guatu.web.people.posts import holds, sight_of
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import ANSWERING, RUNG_OF_PLACE

_AUTHORITIES = (Organisation.Kind.BUREAU, Organisation.Kind.COMMAND_POST)


def _places_above(region: str) -> dict[str, Rung]:
    """The rung of the place and of each division above it, by code."""
    place = RegionCode(region)
    return {code.value: RUNG_OF_PLACE[code.level] for code in (place, *place.ancestors)}


def owners_to_be(user: User, warning: Warning) -> QuerySet[Organisation]:
    """The organisations that this user may hand this warning over to, the present owner left out.

    The competent bureaus at the place and above it, and the plant where it arose; a duty officer
    also to the bureaus and command posts of the own region. Never another plant: a warning is
    about one plant's danger, and no other can end it.
    """
    open_to = Q(region__in=list(_places_above(warning.region_id)), kind=Organisation.Kind.BUREAU)
    open_to |= Q(pk=warning.origin_id)
    if holds(user, Role.DUTY_OFFICER):
        inside = sight_of(user, Role.DUTY_OFFICER).within(organisation="pk")
        open_to |= inside & Q(kind__in=_AUTHORITIES)
    return Organisation.objects.filter(open_to, ended_at=None).exclude(pk=warning.organisation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """The bureau that a warning has climbed to.

    Attributes:
        name: the bureau's; "" where the place has none.
        phone: of its duty room.
        on_duty: how many duty officers it has.
    """

    name: str = ""
    phone: str = ""
    on_duty: int = 0


def answering(warnings: Iterable[Warning]) -> Mapping[int, Answering]:
    """Which bureau answers for each warning that has climbed, by the warning's id; one query."""
    place_of: dict[int, str] = {}
    for warning in warnings:
        if warning.rung:
            rungs = {rung: code for code, rung in _places_above(warning.region_id).items()}
            place_of[warning.pk] = rungs.get(Rung(warning.rung), "")
    if not place_of:
        return {}
    bureaus = Organisation.objects.filter(
        region__in=set(place_of.values()), kind=Organisation.Kind.BUREAU
    )
    # Of several bureaus in one place the one with people answers.
    on_duty = Q(users__is_active=True, users__grants__role=Role.DUTY_OFFICER)
    on_duty &= current_grants(timezone.now(), through="users__grants__")
    counted = bureaus.annotate(on_duty=Count("users", filter=on_duty, distinct=True))
    counted = counted.order_by("on_duty", "-pk")
    at_place = {
        place: Answering(name=name, phone=phone, on_duty=on_duty)
        for place, name, phone, on_duty in counted.values_list(
            "region_id", "name", "phone", "on_duty"
        )
    }
    return {pk: at_place.get(place, Answering()) for pk, place in place_of.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to turn to about a warning: a person, or an organisation that has nobody."""

    user: int | None
    name: str
    role: str
    organisation: str
    phone: str
    organisation_phone: str
    rung: Rung


def contacts(warning: Warning) -> list[Contact]:
    """The owner's officers and the duty officers above, from the place up to the province."""
    rungs = _places_above(warning.region_id)
    held = list(_answering(warning, list(rungs)))
    # One line for a person, however many roles: the first is the one nearest to the warning.
    held.sort(key=lambda grant: _rung_of(grant, warning, rungs))
    people = {grant.user_id: grant for grant in reversed(held)}
    told = [_contact(grant, warning, rungs) for grant in people.values()]
    staffed = {grant.user.organisation_id for grant in held}
    staffed |= {grant.organisation_id for grant in held if grant.organisation_id is not None}
    empty = Q(pk=warning.organisation_id) | Q(region__in=list(rungs), kind=Organisation.Kind.BUREAU)
    unstaffed = Organisation.objects.filter(empty).exclude(pk__in=staffed)
    told += [
        _nobody(
            organisation,
            Rung.PLANT
            if organisation.pk == warning.organisation_id
            else rungs[organisation.region_id],
        )
        for organisation in unstaffed
    ]
    return sorted(told, key=lambda contact: (contact.rung, contact.organisation, contact.name))


def _nobody(organisation: Organisation, rung: Rung) -> Contact:
    return Contact(
        user=None,
        name="",
        role="",
        organisation=organisation.name,
        phone="",
        organisation_phone=organisation.phone,
        rung=rung,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody who stands to a warning: at its owner, or on duty or supervising above it."""

    user: int
    role: Role
    rung: Rung


def standing(warning: Warning) -> list[Standing]:
    """Everybody whom a warning may concern; one query."""
    rungs = _places_above(warning.region_id)
    grants = _answering(warning, list(rungs), above=(Role.DUTY_OFFICER, Role.SUPERVISOR))
    return [
        Standing(grant.user_id, Role(grant.role), _rung_of(grant, warning, rungs))
        for grant in grants
    ]


def _answering(
    warning: Warning, places: list[str], above: tuple[Role, ...] = (Role.DUTY_OFFICER,)
) -> QuerySet[Grant]:
    """The grants by which people answer for a warning: the owner's, and duty above it."""
    owner = warning.organisation_id
    at_owner = Q(organisation=owner) | Q(region__isnull=False, user__organisation=owner)
    placed = Q(region__in=places) | Q(organisation__region__in=places) & ~Q(
        organisation__kind__in=SITES
    )
    rows = Grant.objects.get_queryset().current(timezone.now()).filter(user__is_active=True)
    return rows.filter(
        at_owner & Q(role__in=ANSWERING) | placed & Q(role__in=above)
    ).select_related("user__organisation", "organisation__region", "region")


def _rung_of(grant: Grant, warning: Warning, rungs: Mapping[str, Rung]) -> Rung:
    """Where on the ladder a grant stands: with the owner, or at a place above."""
    owner = warning.organisation_id
    if owner in {grant.organisation_id, grant.user.organisation_id}:
        return Rung.PLANT
    place = grant.region_id or (grant.organisation.region_id if grant.organisation else "")
    return rungs[place]


def _contact(grant: Grant, warning: Warning, rungs: Mapping[str, Rung]) -> Contact:
    person = grant.user
    return Contact(
        user=person.pk,
        name=person.get_full_name(),
        role=grant.get_role_display(),
        organisation=person.organisation.name,
        phone=person.phone,
        organisation_phone=person.organisation.phone,
        rung=_rung_of(grant, warning, rungs),
    )


def addressees(user: User, warning: Warning) -> QuerySet[User]:
    """Whom this user may urge: the owner's officers, and those on duty where it has climbed to."""
    reached = [
        code for code, rung in _places_above(warning.region_id).items() if rung <= warning.rung
    ]
    people = _answering(warning, reached).order_by().values("user")
    return (
        User.objects.filter(pk__in=people)
        .exclude(pk=user.pk)
        .select_related("organisation")
        .prefetch_related("grants")
        .order_by("organisation__name", "name")
    )
