"""The door for commands: each is a message in its plant's partition, effective in its order."""

from __future__ import annotations

from datetime import datetime

import orjson
from nats.aio.client import Client

from guatu.access.messages import Acknowledge, Command, Configure, ForgetQuarantine, PlantConfig
from guatu.telemetry import log
from guatu.telemetry.disk import Room, glance
from guatu.telemetry.door import DoorClosed, door
from guatu.telemetry.log import LogUnavailable, Placed

__all__ = [
    "LogUnavailable",
    "Placed",
    "acknowledge",
    "configure",
    "forget_quarantine",
    "place",
]


def configure(config: PlantConfig) -> Placed:
    """Give a plant a new configuration: to its engine first, then to the gateways.

    Doing it twice changes nothing: a version that is not newer is passed over.

    Raises:
        LogUnavailable: not stored, or not known to be: do it again.
    """
    return place(Configure(config=config), config.code)


def acknowledge(alarm_key: str, plant_code: str, by: str, at: datetime) -> Placed:
    """Mark an alarm as seen by a person.

    Args:
        alarm_key: as events name it.
        plant_code: decides the partition.
        by: the person's name, as the alarm list shows it.
        at: when it was seen.

    Raises:
        LogUnavailable: not stored, or not known to be: do it again.
    """
    seen_ms = round(at.timestamp() * 1000)
    return place(Acknowledge(alarm=alarm_key, by=by, at_ms=seen_ms), plant_code)


def forget_quarantine(plant_code: str, plant: int, by: str) -> Placed:
    """Throw away the examples kept of a plant's left-out samples, once somebody has looked.

    Args:
        plant_code: decides the partition.
        plant: database id.
        by: the person's name.

    Raises:
        LogUnavailable: not stored, or not known to be: do it again.
    """
    return place(ForgetQuarantine(plant=plant, by=by), plant_code)


def place(command: Command, plant_code: str) -> Placed:
    """Put a command into its plant's partition; see the functions above."""
    if glance(door().settings.disk) is Room.FULL:
        raise LogUnavailable("the disk is full")
    payload = b"C" + orjson.dumps(command.as_json())
    partitions = door().settings.streams.partitions
    partition = log.partition_of(plant_code, partitions)

    async def put(client: Client) -> int:
        js = client.jetstream()
        timeout_s = door().settings.timeout_s
        subject = log.beats_subject(partition)
        sequence = await log.publish(js, subject, payload, timeout_s=timeout_s)
        if isinstance(command, Configure):
            # After the engine: what the gateway lets in, the engine must already know.
            subject = log.plants_subject(command.config.plant)
            config = orjson.dumps(command.config.as_json())
            await log.publish(js, subject, config, timeout_s=timeout_s)
        return sequence

    try:
        return Placed(partition, door().run(put))
    except DoorClosed as error:
        raise LogUnavailable(str(error)) from error
