"""Who answers for a warning: its owner, the bureaus above it, and the people there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from guatu.core.nouns.place import RegionCode
from guatu.core.nouns.warning import Rung
from guatu.web.people.models import Organisation, User
from guatu.web.people.queries import visible_to as organisations_visible_to
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import RUNG_OF_PLACE

_AUTHORITIES = (Organisation.Kind.BUREAU, Organisation.Kind.COMMAND_POST)
_ON_DUTY = Q(users__is_active=True, users__role=User.Role.DUTY_OFFICER)


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
    if user.role == User.Role.DUTY_OFFICER:
        below = organisations_visible_to(user).filter(kind__in=_AUTHORITIES)
        open_to |= Q(pk__in=below.order_by().values("pk"))
    return Organisation.objects.filter(open_to).exclude(pk=warning.organisation_id)


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
    counted = bureaus.annotate(on_duty=Count("users", filter=_ON_DUTY)).order_by("on_duty", "-pk")
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
    people = list(_people(warning, list(rungs)))
    told = [_contact(person, warning, rungs) for person in people]
    staffed = {person.organisation_id for person in people}
    empty = Q(pk=warning.organisation_id) | Q(region__in=list(rungs), kind=Organisation.Kind.BUREAU)
    unstaffed = Organisation.objects.filter(empty).exclude(pk__in=staffed)
    told += [
        _nobody(organisation, _rung_of(organisation, warning, rungs)) for organisation in unstaffed
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


def _people(warning: Warning, places: list[str]) -> QuerySet[User]:
    above = Q(role=User.Role.DUTY_OFFICER, organisation__region__in=places)
    above &= ~Q(organisation__kind=Organisation.Kind.PLANT)
    return (
        User.objects.filter(Q(organisation=warning.organisation_id) | above, is_active=True)
        .exclude(role=User.Role.ADMINISTRATOR)
        .select_related("organisation")
    )


def _rung_of(organisation: Organisation, warning: Warning, rungs: Mapping[str, Rung]) -> Rung:
    owns = organisation.pk == warning.organisation_id
    return Rung.PLANT if owns else rungs[organisation.region_id]


def _contact(person: User, warning: Warning, rungs: Mapping[str, Rung]) -> Contact:
    return Contact(
        user=person.pk,
        name=person.get_full_name(),
        role=person.get_role_display(),
        organisation=person.organisation.name,
        phone=person.phone,
        organisation_phone=person.organisation.phone,
        rung=_rung_of(person.organisation, warning, rungs),
    )


def addressees(user: User, warning: Warning) -> QuerySet[User]:
    """Whom this user may urge: the owner's officers, and those on duty where it has climbed to."""
    reached = [
        code for code, rung in _places_above(warning.region_id).items() if rung <= warning.rung
    ]
    return _people(warning, reached).exclude(pk=user.pk).order_by("organisation__name", "name")
