"""The demo's plants at work: all in one process, one reading of every point each second.

A plant goes on measuring while its gateway is away: what could not be sent waits, in order,
up to a bound, and is caught up in larger beats. What falls over the bound is counted.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from guatu.simulator.beats import BeatNumbers, one_moment
from guatu.simulator.client import Manner, PlantClient
from guatu.simulator.feed import FeedCounts, Feeder, Orderly, now_ms
from guatu.simulator.plants import DemoPlant
from guatu.simulator.sources import CastingSource, DemoConfig, Source, sources_of
from guatu.simulator.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["DemoConfig", "FeedCounts", "run_demo_plants"]

logger = logging.getLogger("demo-plants")

LONGEST_GAP_S = 5.0
"""A process that was paused goes on from now; it does not make up what nobody measured."""


def run_demo_plants(
    config: DemoConfig,
    gateway_url: str,
    keys: Mapping[str, str],
    ca_file: Path | None,
    stop_event: threading.Event,
) -> dict[str, FeedCounts]:
    """Run the demo's plants until told to stop.

    Args:
        config: how it runs.
        gateway_url: where to send, such as ``https://127.0.0.1:8443``.
        keys: plant code to plant key; a plant without one is left out and named in the log.
        ca_file: PEM file of the authority that signed the gateway's certificate.
        stop_event: set it to stop; this function returns within seconds.

    Returns:
        What each plant made and what became of it, by plant code.
    """
    fleet = _fleet(config, gateway_url, keys, ca_file, stop_event)
    logger.info("%d plants send to %s", len(fleet), gateway_url)
    for _, _, feeder in fleet:
        feeder.start()
    try:
        _measure(fleet, config, stop_event)
    finally:
        stop_event.set()
        for _, _, feeder in fleet:
            feeder.close(within_s=12.0)
    for plant, _, feeder in fleet:
        _report(plant, feeder)
    return {plant.code: feeder.counts for plant, _, feeder in fleet}


def _fleet(
    config: DemoConfig,
    url: str,
    keys: Mapping[str, str],
    ca_file: Path | None,
    stop_event: threading.Event,
) -> list[tuple[DemoPlant, list[Source], Feeder]]:
    fleet: list[tuple[DemoPlant, list[Source], Feeder]] = []
    accident = True
    for plant in config.plants:
        if plant.code not in keys:
            logger.warning("%s has no key and stays silent", plant.code)
            continue
        sources = sources_of(plant, config, accident=accident)
        accident = accident and not any(isinstance(one, CastingSource) for one in sources)
        line = _Line(url, keys[plant.code], ca_file, BeatNumbers.start())
        fleet.append((plant, sources, _feeder(plant, config, line, stop_event)))
    return fleet


class _Line(NamedTuple):
    """How a plant reaches the platform."""

    url: str
    key: str
    ca_file: Path | None
    numbers: BeatNumbers


def _feeder(
    plant: DemoPlant, config: DemoConfig, line: _Line, stop_event: threading.Event
) -> Feeder:
    if plant.wire is None:
        client = _client(plant, line, now_ms, stop_event)
        return Feeder(plant.code, client, Orderly(config.buffer_moments))
    seed = config.seed ^ crc32(plant.code.encode())
    wire = Wire(plant.wire, line.numbers.take, seed=seed)
    client = _client(plant, line, lambda: wire.clock_ms(now_ms()), stop_event)
    return Feeder(plant.code, client, wire)


def _client(
    plant: DemoPlant, line: _Line, clock: Callable[[], int], stop_event: threading.Event
) -> PlantClient:
    def trouble(pause_s: float, reason: str) -> None:
        # The first refusals of a gateway that is just starting are no news.
        level = logging.INFO if pause_s >= 1.0 else logging.DEBUG
        logger.log(level, "%s: gateway: %s, again in %.1f s", plant.code, reason, pause_s)

    return PlantClient(
        line.url,
        line.key,
        ca_file=line.ca_file,
        numbers=line.numbers,
        wait=stop_event.wait,
        on_trouble=trouble,
        # A key on its way to the gateway is answered 401; the plant keeps its readings.
        also_retry=frozenset({401}),
        manner=Manner(clock=clock),
    )


def _measure(
    fleet: list[tuple[DemoPlant, list[Source], Feeder]],
    config: DemoConfig,
    stop_event: threading.Event,
) -> None:
    """Read everything once a period until stopped."""
    last, last_ms, reported = time.monotonic(), 0, time.monotonic()
    while not stop_event.is_set():
        now = time.monotonic()
        step_s = min(max(now - last, config.period_s), LONGEST_GAP_S)
        at_ms = now_ms()
        # A wall clock set back measures nothing until it has passed where it was.
        for plant, sources, feeder in fleet if at_ms > last_ms else ():
            readings = [reading for one in sources for reading in _advance(plant, one, step_s)]
            feeder.put(one_moment(at_ms, readings))
        last, last_ms = now, max(last_ms, at_ms)
        if now - reported >= config.report_every_s:
            reported = now
            for plant, _, feeder in fleet:
                if feeder.is_troubled():
                    _report(plant, feeder)
        stop_event.wait(max(0.0, config.period_s - (time.monotonic() - now)))


def _advance(plant: DemoPlant, source: Source, step_s: float) -> list[tuple[str, float | None]]:
    source.step(step_s)
    for text in source.news():
        logger.info("%s %s", plant.code, text)
    return source.read()


def _report(plant: DemoPlant, feeder: Feeder) -> None:
    counts = feeder.counts
    logger.info(
        "%s: measured %d, stored %d, rejected %d, waiting %d moments, dropped %d",
        plant.code,
        counts.made,
        counts.accepted,
        counts.rejected,
        feeder.backlog(),
        counts.dropped,
    )
