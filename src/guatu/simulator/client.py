"""A plant's sender: keeps a beat and resends it, same number, until it is acknowledged.

The gateway answers 200 only after the log has synced the beat to disk. Whatever happens
before that answer (refused for load, connection lost, no answer at all) may or may not have
stored the beat; resending the same (epoch, beat) is right in every case, because the engine
drops doubles.
"""

from __future__ import annotations

import random
import ssl
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from guatu.access.raw import MEDIA_TYPE
from guatu.simulator.beats import Batch, BeatNumbers, encode, encode_raw, said_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT_S = 30.0
"""However long a server asks us to wait, look again after this; a plant must come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A beat that is on disk.

    Attributes:
        beat: its number.
        accepted: samples taken.
        rejected: samples not taken, by reason.
        retries: how often it was sent again before.
    """

    beat: int
    accepted: int
    rejected: Mapping[str, int]
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A beat that the gateway will never take as it is: sending it again would not help.

    Attributes:
        beat: its number.
        status: HTTP status.
        code: the gateway's reason, such as ``bad_time``; ``http_<status>`` where it gave none.
        where: path of the fault inside the beat, or an empty string.
        samples: how many samples were lost with it.
    """

    beat: int
    status: int
    code: str
    where: str
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """Stopped while waiting: it is not known whether the beat was stored."""

    beat: int
    retries: int
    reason: str


Outcome = Acknowledged | Refused | GaveUp


@dataclass(slots=True)
class SendCounts:
    """What one sender saw, in samples unless said otherwise.

    ``sent`` counts each sample once however often it was resent, and always equals
    accepted + the sum of rejected + unknown.
    """

    beats: int = 0
    sent: int = 0
    accepted: int = 0
    unknown: int = 0
    retries: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def trust(ca_file: Path | None) -> ssl.SSLContext | bool:
    """Trust exactly the given authority; without one, the machine's own."""
    return True if ca_file is None else ssl.create_default_context(cafile=str(ca_file))


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Read Retry-After (RFC 9110 10.2.3: seconds or a date) as seconds from now, or None."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sender writes its beats.

    Attributes:
        raw: in raw form instead of JSON.
        clock: gives the plant's clock in milliseconds, for saying when a beat is sent; without it
            nothing is said.
    """

    raw: bool = False
    clock: Callable[[], int] | None = None

    def said(self, body: bytes) -> bytes:
        """Give a body as it leaves now."""
        return body if self.clock is None else said_sent(body, self.clock())


class PlantClient:
    """Sends one plant's beats in order, one at a time.

    Args:
        url: the gateway's root, such as ``https://127.0.0.1:8443``.
        key: the plant's key, sent as a bearer token.
        ca_file: PEM file of the authority that signed the gateway's certificate.
        numbers: the numbering series; a new one in memory by default.
        wait: pauses for so many seconds and returns True when sending should stop;
            ``threading.Event.wait`` fits.
        on_trouble: told (seconds to wait, reason) before each retry.
        also_retry: statuses to wait out besides the usual ones. A plant that must not lose data
            while its key is still on its way to the gateway passes {401}.
        transport: replaces the network, for tests.
        manner: how beats are written.
    """

    def __init__(  # noqa: PLR0913 # by name, each with a usual value
        self,
        url: str,
        key: str,
        *,
        ca_file: Path | None = None,
        numbers: BeatNumbers | None = None,
        wait: Callable[[float], bool] | None = None,
        on_trouble: Callable[[float, str], None] | None = None,
        also_retry: frozenset[int] = frozenset(),
        transport: httpx.BaseTransport | None = None,
        manner: Manner | None = None,
    ) -> None:
        self._manner = manner or Manner()
        self.numbers = numbers or BeatNumbers.start()
        self.counts = SendCounts()
        self._wait = wait or _sleep
        self._on_trouble = on_trouble
        self._retried = RETRIED | also_retry
        self._http = httpx.Client(
            base_url=url,
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": MEDIA_TYPE if self._manner.raw else "application/json",
            },
            verify=trust(ca_file) if url.startswith("https") else True,
            timeout=httpx.Timeout(10.0, connect=3.0),
            transport=transport,
            # A plant's link goes straight; a stray proxy variable must not bend it.
            trust_env=False,
        )

    def __enter__(self) -> PlantClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def send(self, batch: Batch, *, beat: int | None = None) -> Outcome:
        """Send a batch until the gateway has stored or finally refused it.

        Args:
            batch: what to send.
            beat: the number that it took before, for what is sent late or again; the next one
                by default.

        Returns:
            Acknowledged, Refused, or GaveUp when ``wait`` said to stop.
        """
        if beat is None:
            beat = self.numbers.take()
        write = encode_raw if self._manner.raw else encode
        body = write(batch, epoch=self.numbers.epoch, beat=beat)
        outcome = self._until_answered(beat, body, batch.samples)
        self._count(outcome, batch.samples)
        return outcome

    def ask_counts(self) -> dict[str, Any]:
        """What the gateway counted for this plant since it started.

        Raises:
            httpx.HTTPError: if it cannot be asked.
        """
        answer = self._http.get("/v1/counts")
        answer.raise_for_status()
        counted = answer.json()
        return counted if isinstance(counted, dict) else {}

    def _until_answered(self, beat: int, body: bytes, samples: int) -> Outcome:
        retries = 0
        while True:
            asked: float | None = None
            try:
                answer = self._http.post("/v1/beats", content=self._manner.said(body))
            except httpx.TransportError as error:
                reason = type(error).__name__
            else:
                if answer.status_code == 200:
                    done = _read_acknowledgement(answer, beat, retries)
                    if done is not None:
                        return done
                    reason = "answer unreadable"
                elif answer.status_code not in self._retried:
                    return _read_refusal(answer, beat, samples)
                else:
                    reason = str(answer.status_code)
                    asked = retry_after_s(answer.headers, now=datetime.now(UTC))
            pause = _pause_s(retries, asked)
            retries += 1
            self.counts.retries += 1
            if self._on_trouble is not None:
                self._on_trouble(pause, reason)
            if self._wait(pause):
                return GaveUp(beat=beat, retries=retries, reason=reason)

    def _count(self, outcome: Outcome, samples: int) -> None:
        counts = self.counts
        counts.beats += 1
        counts.sent += samples
        match outcome:
            case Acknowledged():
                counts.accepted += outcome.accepted
                counts.rejected.update(outcome.rejected)
            case Refused():
                counts.rejected[outcome.code] += samples
            case GaveUp():
                counts.unknown += samples


def _sleep(pause_s: float) -> bool:
    time.sleep(pause_s)
    return False


def _pause_s(retries: int, asked: float | None) -> float:
    """Wait as asked, else twice as long each time; jitter keeps a fleet from one rhythm."""
    if asked is not None:
        return min(asked, LONGEST_WAIT_S)
    return min(0.2 * 2.0 ** min(retries, 8), 10.0) * random.uniform(0.5, 1.0)


def _read_acknowledgement(answer: httpx.Response, beat: int, retries: int) -> Acknowledged | None:
    """None where 200 came with something else than our answer, as from a proxy's page."""
    try:
        said = answer.json()
        rejected = Counter[str]()
        for item in said["rejected"]:
            rejected[str(item["reason"])] += int(item["count"])
        return Acknowledged(
            beat=beat, accepted=int(said["accepted"]), rejected=dict(rejected), retries=retries
        )
    except (ValueError, KeyError, TypeError):
        return None


def _read_refusal(answer: httpx.Response, beat: int, samples: int) -> Refused:
    try:
        said = answer.json()
        code, where = str(said["code"]), str(said.get("where", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        code, where = f"http_{answer.status_code}", ""
    return Refused(beat=beat, status=answer.status_code, code=code, where=where, samples=samples)
