"""A plant's sender for tests: what it sent it can send again, byte by byte."""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import numpy as np

from guatu.simulator.beats import Batch, encode
from tests.waiting import wait_until


@dataclass(slots=True)
class Sender:
    """Sends beats of one point and remembers them.

    Attributes:
        url, key, authority: the gateway and how to be known by it.
        point: the point's code.
        epoch: of its beats.
        at_ms: time of its next sample.
        sent: the bodies that were acknowledged.
        accepted: samples of them.
    """

    url: str
    key: str
    authority: Path
    point: str
    epoch: int
    at_ms: int = 0
    beat: int = 0
    accepted: int = 0
    sent: list[bytes] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    _client: httpx.Client | None = None

    def __enter__(self) -> Self:
        """Connect."""
        import ssl  # noqa: PLC0415

        trust = ssl.create_default_context(cafile=str(self.authority))
        self._client = httpx.Client(
            base_url=self.url,
            verify=trust,
            trust_env=False,
            headers={"authorization": f"Bearer {self.key}"},
        )
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.at_ms = self.at_ms or time.time_ns() // 1_000_000 - 3_600_000
        return self

    def __exit__(
        self, kind: type[BaseException] | None, what: BaseException | None, at: TracebackType | None
    ) -> None:
        """Disconnect."""
        assert self._client is not None
        self._client.close()

    def send(self, samples: int) -> None:
        """Send a beat of so many samples, a millisecond apart, until it is acknowledged."""
        self.beat += 1
        times = self.at_ms + np.arange(samples, dtype=np.int64)
        values = np.round(200 + 5 * np.sin(times / 1000.0), 2).reshape(1, samples)
        body = encode(
            Batch(points=(self.point,), times_ms=times, values=values),
            epoch=self.epoch,
            beat=self.beat,
        )
        self.at_ms += samples
        self.again(body)
        self.sent.append(body)
        self.accepted += samples

    def carry(self, key: str) -> None:
        """Show another key from the next request on."""
        assert self._client is not None
        self.key = key
        self._client.headers["authorization"] = f"Bearer {key}"

    def knock(self, key: str) -> int:
        """Say that the plant is alive, with a key of whatever worth; gives the answer's status."""
        assert self._client is not None
        try:
            head = {"authorization": f"Bearer {key}"}
            return self._client.post("/v1/heartbeat", headers=head).status_code
        except httpx.TransportError:
            return 0

    def again(self, body: bytes) -> None:
        """Send a body until it is acknowledged."""
        wait_until(lambda: self.attempt(body) == 200, patience_s=60)

    def attempt(self, body: bytes) -> int:
        """Send a body once; gives the answer's status, 0 where there was none."""
        assert self._client is not None
        try:
            status = self._client.post("/v1/beats", content=body).status_code
        except httpx.TransportError:
            status = 0
        self.answers[status] = self.answers.get(status, 0) + 1
        return status
