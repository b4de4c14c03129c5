"""A quiet and a noisy day: what the pages tell of them is what the plant's gateway did.

A plant of the simulator sends for a whole day through the gateway's reading and the engine's
judging, under a driven clock; the worker looks as it does. The simulator keeps a ledger of what
its gateway did to the data. The two accounts know nothing of each other and must agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from guatu.ops import demo
from guatu.ops.quality_keeper import Keeper
from guatu.simulator.beats import encode, one_moment, said_sent
from guatu.simulator.sources import QuietSource
from guatu.simulator.units import gas_holder, patient, reheating_furnace
from guatu.simulator.wire import Wire
from guatu.simulator.wire_faults import (
    ClockStep,
    LooseContact,
    PoorClock,
    Spells,
    WireFaults,
)
from guatu.telemetry import answers, query
from guatu.telemetry.settings import StreamSettings
from guatu.web.monitoring.actions import register_plant
from guatu.web.monitoring.models import Plant
from guatu.web.monitoring.queries import plant_config
from guatu.web.quality import queries
from guatu.web.quality.standing import findings
from tests.cast import Cast
from tests.telemetry.driven import Driven

BEGIN = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # midnight where the plants are
HOUR_S, DAY_S = 3600, 86_400
EVERY_S = 20
"""A sample of each point so often."""
TICK_S = 5
LOOK_S = 600
UNITS = (
    patient(reheating_furnace("RHF1", "加热炉", "Furnace"), 300),
    patient(gas_holder("GH1", "煤气柜", "Gas holder"), 300),
)
POINTS = sum(len(unit.points) for unit in UNITS)
WHOLE = POINTS * DAY_S // EVERY_S

NOISY = WireFaults(
    # It loses 26 s a day; at three in the afternoon somebody sets it by his watch.
    clock=PoorClock(
        offset_ms=-4_000, drift_ppm=-300, steps=(ClockStep(at_s=15 * HOUR_S, by_ms=31_300),)
    ),
    late_share=0.02,
    twice_share=0.03,
    loose=(
        LooseContact(
            point="RHF1.skid_flow",
            when=Spells(first_s=1000, lasts_s=60, every_s=4000),
            open_value=-200.0,
        ),
    ),
    marked={"GH1.seal_oil": 4},
    misnamed={"RHF1.rolling_speed": "RHF1.roling_speed"},
    # From half past eight until ten past eleven the link is away, and the device keeps two hours.
    outages=(Spells(first_s=8.5 * HOUR_S, lasts_s=2.67 * HOUR_S),),
    resend_s=600.0,
    keeps=360,
)


class Deferred:
    """The worker's database, without its thread: the test's own transaction must be seen."""

    def __init__(self) -> None:
        self._due: list[Callable[[], object]] = []

    async def do(self, work: Callable[..., object], **facts: object) -> None:
        self._due.append(partial(work, **facts))

    def catch_up(self) -> None:
        """Do what the worker wanted, in its order."""
        due, self._due = self._due, []
        for work in due:
            work()


@dataclass
class House:
    """Gateway, engine and worker under one driven clock."""

    plant: Plant
    driven: Driven
    wire: Wire
    sources: list[QuietSource]
    database: Deferred
    offsets: list[tuple[int, int]] = field(default_factory=list)

    def play(self, *, nobody_looks: tuple[int, int] = (0, 0)) -> None:
        """Let a day pass.

        Args:
            nobody_looks: the worker is away between these seconds of the day.
        """
        self.look(0)
        for second in range(TICK_S, DAY_S + 1, TICK_S):
            at_ms = _ms(second)
            if second % EVERY_S == TICK_S:
                self._measure(at_ms)
            self._send(at_ms)
            self.driven.tick(at_ms)
            if second % LOOK_S == 0 and not nobody_looks[0] < second < nobody_looks[1]:
                self.look(second)

    def _measure(self, at_ms: int) -> None:
        readings = []
        for source in self.sources:
            source.step(float(EVERY_S))
            readings += source.read()
        self.wire.put(one_moment(at_ms, readings))

    def _send(self, at_ms: int) -> None:
        self.driven.now_ms = at_ms
        while (parcel := self.wire.take(at_ms)) is not None:
            body = encode(parcel.batch, epoch=1, beat=parcel.beat)
            self.driven.send(self.plant.code, said_sent(body, self.wire.clock_ms(at_ms)))

    def look(self, second: int) -> None:
        """The worker's look."""
        with time_machine.travel(BEGIN + timedelta(seconds=second), tick=False):
            asyncio.run(Keeper(self.database).look())  # type: ignore[arg-type]
            self.database.catch_up()
        told = self.quality()
        if told.clock_offset_ms is not None and (told.clock_ms or 0) > _ms(second - EVERY_S):
            true = self.wire.clock_ms(_ms(second)) - _ms(second)
            self.offsets.append((told.clock_offset_ms, true))

    def quality(self) -> query.PlantQuality:
        """What the engine says at last."""
        (found,) = query.all_qualities()
        return found

    def day(self) -> queries.PlantDay:
        """What the page is made of."""
        return queries.plant_day(self.plant, timezone.localdate(BEGIN))


def _ms(second: int) -> int:
    return round(BEGIN.timestamp() * 1000) + 1000 * second


Open = Callable[[WireFaults], House]


@pytest.fixture
def house(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`house(faults)`: a house with one plant whose gateway has these faults."""

    def open_with(faults: WireFaults) -> House:
        specs = [demo._unit(unit) for unit in UNITS]
        slow = [
            replace(
                spec,
                points=tuple(replace(p, sampling_s=Decimal(EVERY_S)) for p in spec.points),
            )
            for spec in specs
        ]
        plant = register_plant(
            code="P",
            name="示范型钢",
            organisation=cast.plant,
            region=cast.county,
            units=slow,
            by=None,
            at=BEGIN - timedelta(days=1),
        ).plant
        driven = Driven(_ms(0))
        driven.configure(plant_config(plant))
        sources = [QuietSource(unit, (), Random(at)) for at, unit in enumerate(UNITS)]  # noqa: S311 - noise
        wire = Wire(faults, count(1).__next__, seed=20261124)

        def ask(_partition: int, question: dict[str, Any]) -> dict[str, Any]:
            told = answers.answer(driven.state, orjson.loads(orjson.dumps(question)))
            back: dict[str, Any] = orjson.loads(orjson.dumps(told))
            return back

        monkeypatch.setattr(query, "ask", ask)
        settings = SimpleNamespace(streams=StreamSettings(partitions=1))
        monkeypatch.setattr(query, "door", lambda: SimpleNamespace(settings=settings))
        return House(plant, driven, wire, sources, Deferred())

    return open_with


@pytest.mark.no_cover
def test_a_quiet_day_is_a_whole_one(house: Open) -> None:
    played = house(WireFaults())
    played.play()
    day, whole = played.day(), played.day().whole
    assert (whole.received, whole.stored, whole.usable, whole.beats) == (
        WHOLE, WHOLE, WHOLE, DAY_S // EVERY_S,
    )  # fmt: skip
    assert whole.expected == pytest.approx(WHOLE, abs=1e-6)
    assert (whole.usable_share, whole.arrived_share) == (100.0, 100.0)
    hours = {hour: (row.received, round(row.expected, 6)) for hour, row in day.hours.items()}
    an_hour = POINTS * HOUR_S // EVERY_S
    assert hours == {BEGIN + timedelta(hours=h): (an_hour, an_hour) for h in range(24)}
    nothing = "rejected doubled uncertain bad late backfilled refused clock_steps missing"
    assert {name: getattr(whole, name) for name in nothing.split()} == dict.fromkeys(
        nothing.split(), 0
    )
    assert (day.dark, day.gaps_in_looking) == ([], [])
    assert findings(whole, day.counts, offset_ms=0, where={}) == []
    assert played.driven.said("raised") == []


@pytest.mark.no_cover
def test_a_noisy_day_is_told_as_it_was(house: Open, cast: Cast, client: Client) -> None:
    played = house(NOISY)
    played.play(nobody_looks=(18 * HOUR_S, 20 * HOUR_S))
    day, whole, did = played.day(), played.day().whole, played.wire.ledger
    assert did.measured == WHOLE
    assert min(did.lost, did.again, did.late, did.spoilt.total(), did.lost_beats) > 0
    # What came, each sample once.
    assert whole.expected == pytest.approx(WHOLE, abs=1e-6)
    assert whole.received == did.sent + did.again
    assert whole.stored == whole.arrived == did.storable
    assert (whole.beats, whole.doubled_beats) == (did.beats, did.again_beats)
    assert day.counts.rejected == {**did.spoilt, "doubled_beat": did.again}
    assert (whole.rejected, whole.doubled) == (did.spoilt.total() + did.again, did.again)
    assert (whole.uncertain, whole.bad) == (did.marked[4], did.marked[65])
    assert (whole.late, whole.backfilled) == (did.late, 0)
    assert whole.usable == did.storable - did.late - did.marked.total()
    # What never came.
    assert whole.missing == did.lost_beats
    assert sum(last - first + 1 for _, first, last in played.quality().gaps) == did.lost_beats
    assert [timezone.localtime(hour).hour for hour in day.dark] == [9, 10]
    # The clock: as it really was, the smoothing of an hour's drift allowed for.
    assert whole.clock_steps == 1
    truly = [true for _, true in played.offsets]
    assert max(abs(told - true) for told, true in played.offsets) < 200
    assert whole.clock_least_ms == pytest.approx(min(truly), abs=200)
    assert whole.clock_most_ms == pytest.approx(max(truly), abs=200)
    # The hours in which nobody looked are in one row, and it says so.
    (unlooked,) = day.gaps_in_looking
    assert unlooked.until - unlooked.since == timedelta(hours=2)

    # The page says it in words, with the very points and hours.
    client.force_login(cast.duty_officer)
    with time_machine.travel(BEGIN + timedelta(seconds=DAY_S - 1), tick=False):
        page = client.get(f"/quality/{played.plant.pk}/").content.decode()
    for said in ("RHF1.roling_speed", "09:00", "10:00", "RHF1.rolling_speed"):
        assert f"<code>{said}</code>" in page
    assert f"{did.storable:,} / {WHOLE:,}" in page
