"""Tickets: what a browser may hear from the live process, signed, for a short while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

VALID_S = 180
"""Who signs out or loses a region is heard of at the next ticket, so it is soon."""
RENEW_S = 140
"""When a page fetches the next one, so that its stream never ends in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What its holder may hear.

    Args:
        user: database id.
        regions: codes; each with everything below it.
        plants: ids of plants allowed one by one.
        until: seconds since the epoch; then the stream ends and the page fetches a new ticket.
    """

    user: int
    regions: tuple[str, ...]
    plants: frozenset[int]
    until: int

    def covers_region(self, code: str) -> bool:
        """Whether a region lies in the ticket's."""
        return any(code.startswith(_prefix(region)) for region in self.regions)

    def covers_plant(self, plant: int, region: str) -> bool:
        """Whether a plant may be watched."""
        return plant in self.plants or (bool(region) and self.covers_region(region))


def _prefix(region: str) -> str:
    # GB/T 2260: two digits each for province, prefecture, county; 00 stands for all of them.
    while region.endswith("00"):
        region = region[:-2]
    return region


def _signature(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def write_ticket(
    user: int, regions: Sequence[str], plants: Sequence[int], secret: str, now: datetime
) -> str:
    """Write a ticket.

    Args:
        user: database id.
        regions: codes the user hears, each with everything below it.
        plants: ids the user hears besides.
        secret: shared with the live process.
        now: its time runs from here.
    """
    until = int(now.timestamp()) + VALID_S
    content = orjson.dumps([user, list(regions), list(plants), until])
    return base64.urlsafe_b64encode(_signature(secret, content) + content).decode()


def read_ticket(text: str, secret: str, now_s: float) -> Ticket | None:
    """Read a ticket; None if it is forged, damaged or too old."""
    try:
        whole = base64.urlsafe_b64decode(text.encode("ascii"))
    except (ValueError, binascii.Error):
        return None
    signature, content = whole[:32], whole[32:]
    if not hmac.compare_digest(signature, _signature(secret, content)):
        return None
    user, regions, plants, until = orjson.loads(content)
    if until <= now_s:
        return None
    return Ticket(user=user, regions=tuple(regions), plants=frozenset(plants), until=until)
