"""Receiving one request: what its head says, its body within bounds, and what refuses it."""

from __future__ import annotations

import contextlib
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from guatu.access.fields import refuse
from guatu.access.packing import unpacked
from guatu.access.problems import Problem, RefusedError
from guatu.access.raw import MEDIA_TYPE
from guatu.telemetry.request import Answer, Request
from guatu.telemetry.served import Header

JSON = "application/json"
SMALL_BODY = 64 << 10
HALF_SECOND_MS = 500

STATUS = {
    "unknown_key": 401,
    "not_found": 404,
    "wrong_method": 405,
    "too_slow": 408,
    "too_large": 413,
    "unknown_media": 415,
    "too_fast": 429,
    "slow_down": 429,
    "log_unavailable": 503,
    "disk_nearly_full": 503,
}
"""HTTP status of a problem; 400 for all others."""


class Head(NamedTuple):
    """What matters of a request's head.

    Args:
        key: the bearer token; empty where there is none.
        media: the content type, lower case, without parameters; empty where there is none.
        encoding: the content encoding; empty where there is none.
        length: bytes announced; 0 where none are.
        date_ms: the sender's clock by the Date header, to half a second; 0 where it is absent.
    """

    key: bytes
    media: str
    encoding: str
    length: int
    date_ms: int

    @property
    def is_raw(self) -> bool:
        """Whether the body is said to be a raw beat."""
        return self.media == MEDIA_TYPE


def read_head(request: Request) -> Head:
    """Read a request's head."""
    found = request.headers
    scheme, _, key = found.get(b"authorization", b"").partition(b" ")
    length = found.get(b"content-length", b"0")
    return Head(
        key=key.strip() if scheme.lower() == b"bearer" else b"",
        media=_plain(found.get(b"content-type", b"")),
        encoding=_plain(found.get(b"content-encoding", b"")),
        length=int(length) if length.isdigit() else 0,
        date_ms=_date_ms(found[b"date"]) if b"date" in found else 0,
    )


@lru_cache(maxsize=64)
def _plain(value: bytes) -> str:
    return value.partition(b";")[0].strip().lower().decode("latin-1")


@lru_cache(maxsize=512)
def _date_ms(text: bytes) -> int:
    try:
        moment = parsedate_to_datetime(text.decode("latin-1"))
    except (ValueError, TypeError):
        return 0
    # The header names whole seconds: the middle of one errs least.
    return max(round(moment.timestamp() * 1000) + HALF_SECOND_MS, 0) if moment.tzinfo else 0


def refuse_early(head: Head, most: int) -> None:
    """Refuse by its head a body that need not be received.

    Raises:
        RefusedError: if it is too large or of an unknown kind.
    """
    if head.length > most:
        refuse("too_large", "$", limit=most)
    if head.media not in ("", JSON, MEDIA_TYPE):
        refuse("unknown_media", head.media, allowed=f"{JSON}, {MEDIA_TYPE}")
    if head.encoding not in ("", "identity", "gzip"):
        refuse("unknown_media", head.encoding, allowed="identity, gzip")


async def receive_body(request: Request, head: Head, *, most: int, within_s: float) -> bytes:
    """Receive a request's body.

    Args:
        request: whose.
        head: of the request.
        most: bytes allowed, compressed or not.
        within_s: time allowed.

    Raises:
        RefusedError: if it is too large, too slow, or wrongly compressed.
    """
    body = await request.body(most, within_s)
    return unpacked(body, most) if head.encoding == "gzip" else body


async def let_pass(request: Request, head: Head) -> None:
    """Read a stranger's short body to its end, so that the connection can live on."""
    if head.length <= SMALL_BODY:
        with contextlib.suppress(RefusedError):
            await receive_body(request, head, most=SMALL_BODY, within_s=1)


def parsed(body: bytes) -> object:
    """Read a small JSON body; an empty one is an empty object.

    Raises:
        RefusedError: if it is no JSON.
    """
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise RefusedError(Problem("bad_json", "$", {"detail": str(error)})) from None


def answer_to(problem: Problem) -> Answer:
    """Say what the problem is, and what the sender is to do about it."""
    status = STATUS.get(problem.code, 400)
    headers: tuple[Header, ...] = ()
    if "seconds" in problem.facts:
        headers = ((b"retry-after", b"%d" % int(problem.facts["seconds"])),)
    elif status == 401:
        headers = ((b"www-authenticate", b"Bearer"),)
    return Answer(status, orjson.dumps(problem.as_json()), headers)
