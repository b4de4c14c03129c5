"""The door for questions: typed questions to the engines and to history, typed answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guatu.telemetry import log
from guatu.telemetry.ask import ask
from guatu.telemetry.door import EngineUnavailable, door
from guatu.telemetry.history.course import Course
from guatu.telemetry.history.export import Stretch
from guatu.telemetry.past import Export, export, history, stored_history, warm_up
from guatu.telemetry.roll_call import ProcessNow, myself, processes
from guatu.telemetry.ticket import RENEW_S as LIVE_RENEW_S
from guatu.telemetry.ticket import write_ticket

__all__ = [
    "LIVE_RENEW_S",
    "Counts",
    "Course",
    "EngineUnavailable",
    "Export",
    "LastValue",
    "PartitionStatus",
    "PlantQuality",
    "ProcessNow",
    "Pulse",
    "Quarantined",
    "Stretch",
    "all_qualities",
    "counts",
    "engine_status",
    "export",
    "gateway_refusals",
    "history",
    "last_values",
    "live_ticket",
    "myself",
    "plant_quality",
    "processes",
    "pulse",
    "quarantine",
    "stored_history",
    "warm_up",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue:
    """What a point said last.

    Args:
        value: None if it never said anything.
        at_ms: time of the sample.
        quality: ``good`` or ``uncertain``, ``bad`` where only bad samples came since,
            ``missing`` where none came for too long, ``none`` where none ever came.
        in_alarm: whether any alarm of the point is active.
    """

    point: int
    value: float | None
    at_ms: int | None
    quality: str
    in_alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Whether a plant lives.

    Args:
        plant: database id.
        received: samples that came since the beginning.
        sampled_ms: when the last of them came, gateway's clock; None where none did.
        states: what its units do, by the unit's database id.
    """

    plant: int
    received: int
    sampled_ms: int | None
    states: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of samples, since the partition's beginning (exact across restarts).

    Args:
        received: samples that came, those of doubled beats included.
        accepted: samples stored, or to be stored at the next cut.
        rejected: samples left out, by reason, here and at the gateway; received is the sum of
            accepted and these.
        last_ms: when the last beat came, gateway's clock; None where none did.
    """

    received: int
    accepted: int
    rejected: Mapping[str, int]
    last_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionStatus:
    """How far a partition's engine is.

    Args:
        sequence: last message judged.
        stored_sequence: last message whose samples are in a segment.
        tick_ms: the latest tick judged.
    """

    partition: int
    sequence: int
    stored_sequence: int
    tick_ms: int
    plants: int
    points: int
    active_alarms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantQuality:
    """How a plant's data came in, since its first beat (exact across restarts).

    Args:
        plant: database id.
        code: the plant's public code.
        received: samples that came; the sum of ``stored`` and all of ``rejected``.
        stored: samples stored, or to be stored at the next cut.
        rejected: samples left out, by reason.
        refused: messages refused as a whole, by the code of the problem; of a gateway that was
            killed, those of its last second may be absent.
        uncertain: samples stored and judged though their quality is uncertain.
        bad: samples stored and not judged, because their quality is bad.
        late: good samples that came a minute or more after their time, the plant's clock allowed
            for.
        backfilled: samples sent for history only, whatever their quality. What is stored and none
            of these four came good and in time.
        beats: new beats taken.
        doubled_beats: beats that came again.
        missing_beats: beats between the lowest and highest heard that have not come yet.
        given_up_beats: of those, how many are no longer waited for: the gaps were too many.
        gaps: the newest 20, as epoch, first and last missing beat.
        heard_ms: when the last beat or heartbeat came, gateway's clock; None for never.
        sampled_ms: the same of the last beat with a sample.
        heartbeat_ms: the same of the last heartbeat or empty beat.
        clock_offset_ms: the plant's clock minus the gateway's, smoothed; None if never said.
        clock_ms: when it was last measured.
        clock_steps: how often the plant's clock jumped by more than five seconds.
    """

    plant: int
    code: str
    received: int
    stored: int
    rejected: Mapping[str, int]
    refused: Mapping[str, int]
    uncertain: int
    bad: int
    late: int
    backfilled: int
    beats: int
    doubled_beats: int
    missing_beats: int
    given_up_beats: int
    gaps: Sequence[tuple[int, int, int]]
    heard_ms: int | None
    sampled_ms: int | None
    heartbeat_ms: int | None
    clock_offset_ms: int | None
    clock_ms: int | None
    clock_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Samples of one point left out for one reason, kept as an example.

    Args:
        reason: see `messages.SAMPLE_REASONS`.
        where: the point's code as sent.
        count: how many examples went into it; how many samples there were is counted apart.
        value: of the latest, as sent.
        at_ms: its time, as sent.
        first_ms: when the first example came, gateway's clock.
        last_ms: when the latest came.
    """

    reason: str
    where: str
    count: int
    value: str
    at_ms: int
    first_ms: int
    last_ms: int


def _partition(plant_code: str) -> int:
    return log.partition_of(plant_code, door().settings.streams.partitions)


def last_values(plant_code: str, point_ids: Sequence[int]) -> list[LastValue]:
    """Give the last value of each of a plant's points that the engine knows.

    Raises:
        EngineUnavailable: if it does not answer.
    """
    question = {"ask": "last", "points": list(point_ids)}
    rows = ask(_partition(plant_code), question)["values"]
    return [
        LastValue(point=point, value=value, at_ms=at_ms, quality=quality, in_alarm=in_alarm)
        for point, value, at_ms, quality, in_alarm in rows
    ]


def counts(plant_code: str | None = None) -> Counts:
    """Give what came of the samples of a plant, or of all plants.

    Raises:
        EngineUnavailable: if an engine does not answer.
    """
    streams = door().settings.streams
    asked = range(streams.partitions) if plant_code is None else [_partition(plant_code)]
    rejected: dict[str, int] = {}
    received = accepted = last_ms = 0
    for partition in asked:
        answer = ask(partition, {"ask": "counts", "plant_code": plant_code})
        found = answer["counts"]
        received += found.pop("received")
        accepted += found.pop("stored")
        last_ms = max(last_ms, answer["last_ms"])
        for reason, samples in found.items():
            rejected[reason] = rejected.get(reason, 0) + samples
    rejected = {reason: samples for reason, samples in rejected.items() if samples}
    return Counts(received=received, accepted=accepted, rejected=rejected, last_ms=last_ms or None)


def pulse(plants: Sequence[int]) -> list[Pulse]:
    """Say of some plants whether they live and what their units do, in a question a partition.

    Args:
        plants: database ids; those that no engine knows are left out.

    Raises:
        EngineUnavailable: if an engine does not answer.
    """
    question = {"ask": "pulse", "plants": list(plants)}
    return [
        Pulse(plant=plant, received=received, sampled_ms=sampled_ms, states=dict(states))
        for partition in range(door().settings.streams.partitions)
        for plant, received, sampled_ms, states in ask(partition, question)["plants"]
    ]


def plant_quality(plant_code: str) -> PlantQuality | None:
    """Say how a plant's data came in; None if its engine knows no such plant.

    Raises:
        EngineUnavailable: if the engine does not answer.
    """
    question = {"ask": "qualities", "plant_code": plant_code}
    rows = ask(_partition(plant_code), question)["plants"]
    return _quality(rows[0]) if rows else None


def all_qualities() -> list[PlantQuality]:
    """Say how the data of every plant came in.

    Raises:
        EngineUnavailable: if an engine does not answer.
    """
    partitions = range(door().settings.streams.partitions)
    return [_quality(row) for p in partitions for row in ask(p, {"ask": "qualities"})["plants"]]


def _quality(row: dict[str, Any]) -> PlantQuality:
    gaps = [tuple(gap) for gap in row.pop("gaps")]
    return PlantQuality(**row, gaps=gaps)


def gateway_refusals() -> Mapping[str, int]:
    """Give messages that came with no plant's key, by the code of the problem.

    Raises:
        EngineUnavailable: if an engine does not answer.
    """
    # Nobody has no partition; the gateways tell of nobody in the first one.
    refused: dict[str, int] = ask(0, {"ask": "qualities", "plant_code": ""})["nobody"]
    return refused


def quarantine(plant_code: str) -> list[Quarantined]:
    """Give examples of a plant's samples that were left out, the newest first.

    Raises:
        EngineUnavailable: if the engine does not answer.
    """
    question = {"ask": "quarantine", "plant_code": plant_code}
    rows = ask(_partition(plant_code), question)["examples"]
    return [Quarantined(**dict(zip(Quarantined.__slots__, row, strict=True))) for row in rows]


def engine_status() -> list[PartitionStatus]:
    """Say how far each partition is.

    Raises:
        EngineUnavailable: if an engine does not answer.
    """
    return [
        PartitionStatus(**ask(partition, {"ask": "status"}))
        for partition in range(door().settings.streams.partitions)
    ]


def live_ticket(
    user_id: int, regions: Sequence[str], plant_ids: Sequence[int], secret: str, now: datetime
) -> str:
    """Write the ticket with which a browser opens the live process's stream.

    Args:
        user_id: for whom.
        regions: codes the user may hear, each with everything below it.
        plant_ids: plants the user may watch besides.
        secret: GUATU_LIVE_SECRET, shared with the live process.
        now: the ticket is good for three minutes from here; `LIVE_RENEW_S` after it the page
            fetches the next.
    """
    return write_ticket(user_id, regions, plant_ids, secret, now)
