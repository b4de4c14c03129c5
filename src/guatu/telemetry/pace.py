"""How fast one plant may send, so that its flood is its own and not its neighbours'."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guatu.access.problems import Facts, Problem, RefusedError
from guatu.telemetry.settings import GatewaySettings

BURST_S = 10.0
MOST_AT_ONCE = 64
ALARMS_COST = 10
"""Requests that one message of alarms counts for: it is synced alone."""
FULL_HANDS_S = 1
HOLD_STEP_S, LONGEST_HOLD_S = 0.005, 0.25


@dataclass(slots=True)
class Bucket:
    """Tokens that come back with time.

    What is taken may exceed what is there: the debt is waited off, so that a message of any size
    is paid for after it was read.

    Args:
        rate: tokens a second.
        tokens: what is there now, at most ten seconds' worth.
        at_s: the moment that `tokens` is of.
    """

    rate: float
    tokens: float
    at_s: float

    def wait_s(self, now_s: float) -> float:
        """Seconds until something may be taken; 0 for now."""
        grown = self.tokens + (now_s - self.at_s) * self.rate
        self.tokens, self.at_s = min(grown, BURST_S * self.rate), now_s
        return 0.0 if self.tokens > 0 else -self.tokens / self.rate + 1 / self.rate

    def take(self, tokens: float) -> None:
        """Take tokens."""
        self.tokens -= tokens


class Pace:
    """One plant's pace.

    Args:
        settings: what it may send.
        now_s: a clock that never goes back.
    """

    def __init__(self, settings: GatewaySettings, now_s: float) -> None:
        requests, samples = settings.plant_requests_s, settings.plant_samples_s
        self.at_once = 0
        self.held = 0
        self._refused = 0
        self._requests = Bucket(requests, BURST_S * requests, now_s)
        self._samples = Bucket(samples, BURST_S * samples, now_s)
        self._told = ((self._requests, "请求", "requests"), (self._samples, "样本", "samples"))

    def admit(self, now_s: float, *, cost: int = 1) -> None:
        """Let one request in, or refuse it.

        Args:
            now_s: as above.
            cost: for how many requests it counts.

        Raises:
            RefusedError: too_fast, with the seconds to wait.
        """
        self._refused += 1
        for bucket, zh, en in self._told:
            wait_s = bucket.wait_s(now_s)
            if wait_s > 0:
                raise RefusedError(_too_fast(bucket.rate, math.ceil(wait_s), zh, en))
        if self.at_once >= MOST_AT_ONCE:
            raise RefusedError(
                _too_fast(MOST_AT_ONCE, FULL_HANDS_S, "并发请求", "requests at once")
            )
        self._refused = 0
        self._requests.take(cost)

    def hold_s(self) -> float:
        """Say how long the answer to a refused request is held back.

        Who takes no notice of being refused would ask again at once, and refusing costs time that
        is his neighbours'. Who waits as he is told does not feel it.
        """
        if self.held >= MOST_AT_ONCE:
            return 0.0
        return min(self._refused * HOLD_STEP_S, LONGEST_HOLD_S)

    def charge(self, samples: int) -> None:
        """Count samples that were read."""
        self._samples.take(samples)


def _too_fast(limit: float, seconds: int, what_zh: str, what_en: str) -> Problem:
    facts: Facts = {"limit": int(limit), "seconds": seconds}
    return Problem("too_fast", "$", {**facts, "what_zh": what_zh, "what_en": what_en})
