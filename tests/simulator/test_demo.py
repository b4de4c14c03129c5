"""The demo's plants: known, quiet where they should be, and never losing count."""

import threading
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from guatu.simulator.plants import DEMO_PLANTS, DemoPlant
from guatu.simulator.quiet import QuietPoint
from guatu.simulator.run import DemoConfig, FeedCounts, run_demo_plants
from guatu.simulator.signals import Incident
from guatu.simulator.sources import CastingSource, QuietSource, sources_of
from guatu.simulator.units import DemoPoint, DemoUnit
from tests.simulator.gateway import FakeGateway, HttpGateway
from tests.waiting import wait_until

DIVISIONS = Path(__file__).parents[2] / "src/guatu/web/regions/data/divisions.csv"
UNITS = [(plant, unit) for plant in DEMO_PLANTS for unit in plant.units if unit.points]
POINTS = [(unit, point) for _, unit in UNITS for point in unit.points]
IDS = [f"{plant.code}-{unit.code}" for plant, unit in UNITS]


def test_plants_and_their_points_are_named_once() -> None:
    codes = [plant.code for plant in DEMO_PLANTS]
    assert len(set(codes)) == len(codes) >= 5
    for plant in DEMO_PLANTS:
        points = [f"{unit.code}.{p.key}" for unit in plant.units for p in unit.points]
        assert len(set(points)) == len(points)
        assert len({unit.code for unit in plant.units}) == len(plant.units)


@pytest.mark.parametrize("plant", DEMO_PLANTS, ids=lambda plant: plant.code)
def test_a_plant_stands_in_a_county_that_exists(plant: DemoPlant) -> None:
    assert f"\n{plant.region}," in DIVISIONS.read_text("utf-8")


@pytest.mark.parametrize(
    ("unit", "point"), POINTS, ids=[f"{unit.name_en}-{point.key}" for unit, point in POINTS]
)
def test_a_quiet_point_cannot_leave_its_limits_or_its_sensor(
    unit: DemoUnit, point: DemoPoint
) -> None:
    low, high = point.signal.reach
    assert point.physical_low <= low
    assert high <= point.physical_high
    for slot, limit in point.limits.items():
        if slot.startswith("L"):
            assert low > limit.value + limit.deadband, slot
        else:
            assert high < limit.value - limit.deadband, slot
    assert list(point.limits) == sorted(point.limits, key=["LL", "L", "H", "HH"].index)
    values = [limit.value for limit in point.limits.values()]
    assert values == sorted(values)


@pytest.mark.parametrize(("plant", "unit"), UNITS, ids=IDS)
def test_quiet_points_stay_within_their_reach_and_move(plant: DemoPlant, unit: DemoUnit) -> None:
    source = QuietSource(unit, (), Random(5))  # noqa: S311 - noise is no secret
    seen: dict[str, list[float]] = {}
    for _ in range(600):
        source.step(5.0)
        for code, value in source.read():
            assert value is not None
            seen.setdefault(code, []).append(value)
    for point in unit.points:
        low, high = point.signal.reach
        digit = 10.0**-point.decimals
        told = seen[f"{unit.code}.{point.key}"]
        assert low - digit <= min(told) <= max(told) <= high + digit
        assert len(set(told)) > 1 or point.kind == "state"


def test_the_incidents_are_of_points_that_exist() -> None:
    for plant in DEMO_PLANTS:
        quiet = {f"{unit.code}.{p.key}" for unit in plant.units for p in unit.points}
        casting = {f"{unit.code}.trough_level" for unit in plant.units if unit.kind == "dwc"}
        assert {incident.point for incident in plant.incidents} <= quiet | casting


def test_the_climbing_panel_stays_between_its_two_stages() -> None:
    plant = next(one for one in DEMO_PLANTS if one.code == "YN-ST-004")
    [incident] = plant.incidents
    [furnace] = [unit for unit in plant.units if unit.code == "EAF1"]
    [panel] = [point for point in furnace.points if point.key == "panel_temperature"]
    for seed in range(5):
        live = QuietPoint("EAF1.panel_temperature", panel, panel.signal, Random(seed))  # noqa: S311 - noise
        for second in range(1000):
            live.step(1.0)
            value = live.read(float(second), plant.incidents)
            assert value is not None
            assert value < panel.limits["HH"].value
            if incident.start_s + incident.climb_s <= second <= incident.end_s:
                assert value > panel.limits["H"].value


def test_a_silent_incident_takes_one_point_away_and_gives_it_back() -> None:
    plant = next(one for one in DEMO_PLANTS if one.code == "YN-AL-002")
    [source] = sources_of(plant, DemoConfig(), accident=False)
    [incident] = plant.incidents
    for second in range(1, int(incident.end_s) + 2):
        source.step(1.0)
        told = dict(source.read())
        silent = [code for code, value in told.items() if value is None]
        expected = incident.start_s <= second < incident.end_s
        assert silent == ([incident.point] if expected else [])
        assert told["DWC1.unit_state"] == 3, "it happens while casting"


def test_only_the_first_casting_line_has_the_accident_and_within_three_minutes() -> None:
    config = DemoConfig()
    with_accident = sources_of(DEMO_PLANTS[0], config, accident=True)
    without = sources_of(DEMO_PLANTS[1], config, accident=False)
    first, second = with_accident[0], without[0]
    assert isinstance(first, CastingSource)
    assert isinstance(second, CastingSource)
    said: list[str] = []
    for _ in range(180):
        first.step(1.0)
        second.step(1.0)
        said += first.news()
    assert first.line.interlock.tripped
    assert not second.line.interlock.tripped
    assert said[0].startswith("DWC1: steady")
    assert any("FAULT water loss" in text for text in said)
    assert any("INTERLOCK" in text for text in said)
    assert Counter(said).most_common(1)[0][1] == 1, "each piece of news once"


def test_the_same_seed_gives_the_same_plants() -> None:
    def told(seed: int) -> list[tuple[str, float | None]]:
        sources = [
            one
            for plant in DEMO_PLANTS
            for one in sources_of(plant, DemoConfig(seed=seed), accident=True)
        ]
        for source in sources:
            source.step(1.0)
        return [reading for source in sources for reading in source.read()]

    assert told(3) == told(3)
    assert told(3) != told(4)


def test_an_incident_climbs_and_comes_back() -> None:
    incident = Incident(point="x", start_s=100, end_s=200, towards=5, climb_s=50)
    shares = [incident.share(at) for at in (99, 125, 150, 200, 225, 250)]
    assert shares == [0, 0.5, 1, 1, 0.5, 0]


class Demo:
    """The demo running in a thread, quick, against an HTTP gateway."""

    def __init__(self, gateway: FakeGateway, *, buffer_moments: int = 1000) -> None:
        self.http = HttpGateway(gateway)
        self.config = DemoConfig(
            period_s=0.01, buffer_moments=buffer_moments, plants=DEMO_PLANTS[:3]
        )
        self.stop = threading.Event()
        self.counts: dict[str, FeedCounts] = {}
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        keys = {plant.code: f"key-{plant.code}" for plant in self.config.plants[:2]}
        self.counts = run_demo_plants(self.config, self.http.url, keys, None, self.stop)

    def finish(self) -> dict[str, FeedCounts]:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive(), "it stops when told"
        self.http.stop()
        return self.counts


def demo_gateway() -> FakeGateway:
    return FakeGateway(keys=frozenset(f"key-{plant.code}" for plant in DEMO_PLANTS))


def test_the_demo_sends_every_point_of_every_plant_with_a_key_and_stops_when_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway = demo_gateway()
    demo = Demo(gateway)
    demo.http.start()
    demo.thread.start()
    wait_until(lambda: gateway.samples > 200)
    counts = demo.finish()
    assert set(counts) == {"YN-AL-001", "YN-AL-002"}
    assert "YN-ST-003 has no key" in caplog.text
    assert sum(one.accepted for one in counts.values()) == gateway.samples
    for one in counts.values():
        assert one.made == one.accepted + one.rejected + one.unknown + one.dropped + one.waiting


def test_while_the_gateway_is_away_readings_wait_and_are_caught_up_in_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway = demo_gateway()
    demo = Demo(gateway)
    demo.http.start()
    demo.http.stop()
    caplog.set_level("DEBUG", logger="demo-plants")
    demo.thread.start()
    wait_until(lambda: caplog.text.count("again in") >= 4)
    demo.http.start()
    wait_until(lambda: any(len(beat["t"]) > 1 for beat in gateway.stored.values()))
    counts = demo.finish()
    assert all(one.dropped == 0 for one in counts.values())
    by_series: dict[int, list[int]] = {}
    for (epoch, _), beat in sorted(gateway.stored.items()):
        by_series.setdefault(epoch, []).extend(beat["t"])
    for times in by_series.values():
        assert times == sorted(times)


def test_what_falls_over_the_buffers_bound_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    gateway = demo_gateway()
    demo = Demo(gateway, buffer_moments=5)
    demo.http.start()
    demo.http.stop()
    caplog.set_level("DEBUG", logger="demo-plants")
    demo.thread.start()
    wait_until(lambda: caplog.text.count("again in") >= 8)
    counts = demo.finish()
    for one in counts.values():
        assert one.dropped > 0
        assert one.accepted == 0
        assert one.made == one.unknown + one.dropped + one.waiting
