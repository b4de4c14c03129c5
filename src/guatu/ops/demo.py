"""The demo: a province with bureaus, people and plants, and the plants' own senders."""

import json
import logging
import os
import signal
import threading
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from guatu.ops.demo_accounts import ACCOUNTS, FIRST_PLANT, PASSWORD
from guatu.ops.errors import CannotStart
from guatu.ops.house import House
from guatu.ops.own_file import write_own
from guatu.ops.words import say
from guatu.simulator.plants import DEMO_PLANTS, DemoPlant
from guatu.simulator.units import DemoPoint, DemoUnit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guatu.web.monitoring.specs import PointSpec, UnitSpec
    from guatu.web.people.models import Organisation
    from guatu.web.regions.models import Region

logger = logging.getLogger("demo")

PROVINCE = "530000"


def furnish(house: House) -> None:
    """Fill a fresh installation with the demo province; an installation that has it is left alone.

    Args:
        house: where the plants' keys are kept, for their senders.

    Raises:
        CannotStart: where somebody else's plants or people live already.
    """
    from django.db import transaction  # noqa: PLC0415  after Django's set-up

    from guatu.web.connection.actions import adopt_plants  # noqa: PLC0415
    from guatu.web.monitoring.models import Plant  # noqa: PLC0415
    from guatu.web.people.models import User  # noqa: PLC0415

    if Plant.objects.filter(code=FIRST_PLANT).exists():
        return
    if Plant.objects.exists() or User.objects.exists():
        # The demo's accounts have a password that everybody knows.
        raise CannotStart(
            say(
                f"{house.home} 中已有真实数据。请用 GUATU_HOME 为演示另设一个目录。",
                f"{house.home} is in use. Give the demo a folder of its own in GUATU_HOME.",
            )
        )
    at = timezone.now()
    with transaction.atomic():
        places = _organisations(at)
        keys = {plant.code: _plant(plant, places, at) for plant in DEMO_PLANTS}
        adopt_plants(at=at, note="演示企业，随演示一同登记")
        _people(places, at)
        _contacts(places, at)
        write_own(house.home / "demo-keys.json", keys)
    logger.info("demo province: %d plants, %d accounts", len(keys), len(ACCOUNTS))


def _organisations(at: datetime) -> dict[str, int]:
    """Found the bureaus of every county with a plant and of all above it; give ids by name."""
    from guatu.web.people.actions import create_organisation  # noqa: PLC0415
    from guatu.web.people.models import Organisation  # noqa: PLC0415
    from guatu.web.regions.models import Region  # noqa: PLC0415

    kinds, regions = Organisation.Kind, Region.objects.in_bulk()
    bureaus = _bureaus(regions, at)
    ids = {f"bureau:{code}": bureau.pk for code, bureau in bureaus.items()}
    ids[f"office:{PROVINCE}"] = create_organisation(
        name="云南省人民政府督查室",
        kind=kinds.SUPERVISION_OFFICE,
        region=regions[PROVINCE],
        parent=None,
        by=None,
        at=at,
        phone=_duty_room(PROVINCE),
    ).pk
    ids["office:530181"] = create_organisation(
        name="安宁市工业和信息化局",
        kind=kinds.GOVERNMENT_OFFICE,
        region=regions["530181"],
        parent=None,
        by=None,
        at=at,
        phone=_duty_room("530182"),
    ).pk
    for plant in DEMO_PLANTS:
        ids[plant.code] = create_organisation(
            name=plant.name_zh,
            kind=kinds.PLANT,
            region=regions[plant.region],
            parent=bureaus[plant.region],
            by=None,
            at=at,
            phone=_duty_room(plant.code[-3:]),
        ).pk
    return ids


def _bureaus(regions: "Mapping[str, Region]", at: datetime) -> "dict[str, Organisation]":
    """Found the bureau of every county with a plant and of all above it; give them by region."""
    from guatu.web.people.actions import create_organisation  # noqa: PLC0415
    from guatu.web.people.models import Organisation  # noqa: PLC0415

    codes = {PROVINCE}
    for plant in DEMO_PLANTS:
        region: Region | None = regions[plant.region]
        while region is not None:
            codes.add(region.code)
            region = region.parent
    bureaus: dict[str, Organisation] = {}
    for code in sorted(codes):  # whoever is above comes first
        place = regions[code]
        word = "应急管理厅" if code == PROVINCE else "应急管理局"
        bureaus[code] = create_organisation(
            name=f"{place.name}{word}",
            kind=Organisation.Kind.BUREAU,
            region=place,
            parent=bureaus.get(place.parent_id or ""),
            by=None,
            at=at,
            phone=_duty_room(code),
        )
    return bureaus


def _duty_room(code: str) -> str:
    """A number that rings nowhere: no subscriber's begins with zero.

    Args:
        code: digits that tell the organisation apart.
    """
    return f"0871-{code:0>8}"


def _plant(plant: DemoPlant, places: dict[str, int], at: datetime) -> str:
    """Register one plant and give its key."""
    from guatu.web.monitoring.actions import register_plant  # noqa: PLC0415
    from guatu.web.monitoring.specs import UnitSpec, unit_from_model  # noqa: PLC0415
    from guatu.web.people.models import Organisation  # noqa: PLC0415

    organisation = Organisation.objects.select_related("region").get(pk=places[plant.code])
    units: list[UnitSpec] = [
        _unit(unit)
        if unit.points
        else unit_from_model(unit.kind, code=unit.code, name=unit.name_zh)
        for unit in plant.units
    ]
    return register_plant(
        code=plant.code,
        name=plant.name_zh,
        organisation=organisation,
        region=organisation.region,
        units=units,
        by=None,
        at=at,
        contact="24小时值班室 0871-0000-0000（演示）",
    ).key


def _unit(unit: DemoUnit) -> "UnitSpec":
    from guatu.web.monitoring.specs import UnitSpec  # noqa: PLC0415

    return UnitSpec(
        code=unit.code,
        name=unit.name_zh,
        kind=unit.kind,
        points=tuple(_point(unit.code, point) for point in unit.points),
    )


def _point(unit_code: str, point: DemoPoint) -> "PointSpec":
    from guatu.web.monitoring.models import PointKind, Slot  # noqa: PLC0415
    from guatu.web.monitoring.specs import LimitSpec, PointSpec  # noqa: PLC0415

    limits = {
        Slot[slot]: LimitSpec(
            value=_exact(limit.value),
            deadband=_exact(limit.deadband),
            on_delay_s=_exact(limit.on_delay_s),
            off_delay_s=_exact(limit.off_delay_s),
        )
        for slot, limit in point.limits.items()
    }
    if point.missing_after_s is not None:
        limits[Slot.MISSING] = LimitSpec(value=_exact(point.missing_after_s))
    return PointSpec(
        code=f"{unit_code}.{point.key}",
        name=point.name_zh,
        quantity=point.quantity,
        measure=point.measure,
        kind=PointKind(point.kind),
        role=point.key,
        decimals=point.decimals,
        physical_low=_exact(point.physical_low),
        physical_high=_exact(point.physical_high),
        core=point.core,
        limits=limits,
    )


def _exact(number: float) -> Decimal:
    return Decimal(str(number))


def _people(places: dict[str, int], at: datetime) -> None:
    from guatu.web.people.actions import create_user, grant_role  # noqa: PLC0415
    from guatu.web.people.models import (  # noqa: PLC0415
        OF_AN_ORGANISATION,
        SITES,
        Organisation,
        Role,
    )

    for account in ACCOUNTS:
        organisation = Organisation.objects.get(pk=places[account.organisation])
        user = create_user(
            username=account.username,
            password=PASSWORD,
            name=account.name,
            organisation=organisation,
            by=None,
            at=at,
            phone=account.phone,
        )
        role = Role(account.role)
        at_home = organisation.kind in SITES or role in OF_AN_ORGANISATION
        scope = organisation if at_home else organisation.region
        grant_role(user, role, scope, why="演示账号", by=None, at=at)


def _contacts(places: dict[str, int], at: datetime) -> None:
    """Name the first plant's 24-hour contacts: its officer by day, the duty room at night."""
    from guatu.web.people.actions import ContactSpec, keep_contacts  # noqa: PLC0415
    from guatu.web.people.models import User  # noqa: PLC0415

    officer = User.objects.get(username="anquan")
    specs = [
        ContactSpec(
            name=officer.name,
            duty="安全员",
            phone=officer.phone,
            person=officer,
            begins=time(8),
            ends=time(20),
        ),
        ContactSpec(
            name="值班室", duty="夜班值班长", phone=_duty_room("1"), begins=time(20), ends=time(8)
        ),
        ContactSpec(name="钱建明", duty="厂长", phone="138-0000-0009"),
    ]
    keep_contacts(places[FIRST_PLANT], specs, by=None, at=at)


def run_plants(house: House) -> None:
    """Send for the demo's plants until SIGTERM.

    GUATU_DEMO_ACCIDENT_S sets after how many seconds the first casting line loses its water.

    Args:
        house: its gateway, and the keys that `furnish` kept.
    """
    # Only the senders need an HTTP client and numpy; furnishing waits for neither.
    from guatu.simulator.run import DemoConfig, run_demo_plants  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keys = json.loads((house.home / "demo-keys.json").read_text())
    authority = os.environ.get("GUATU_GATEWAY_CA")
    config = DemoConfig()
    if after := os.environ.get("GUATU_DEMO_ACCIDENT_S"):
        config = replace(config, accident_at_s=float(after))
    run_demo_plants(config, house.gateway_url, keys, Path(authority) if authority else None, stop)
