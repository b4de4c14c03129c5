"""How long the answer to a refused request is held back."""

from __future__ import annotations

import pytest

from guatu.access.problems import RefusedError
from guatu.telemetry.pace import LONGEST_HOLD_S, MOST_AT_ONCE, Pace
from guatu.telemetry.settings import GatewaySettings, StreamSettings

SETTINGS = GatewaySettings(streams=StreamSettings(), plant_requests_s=2, plant_samples_s=1000)


def refused(pace: Pace, now_s: float) -> float:
    """How long the answer is held; the request must be refused."""
    with pytest.raises(RefusedError):
        pace.admit(now_s)
    return pace.hold_s()


def test_who_takes_no_notice_of_being_refused_waits_ever_longer_up_to_a_bound() -> None:
    pace = Pace(SETTINGS, 0.0)
    for _ in range(20):
        pace.admit(0.0)
    held = [refused(pace, 0.0) for _ in range(200)]
    assert held[0] < 0.01, "one refusal is answered at once"
    assert held == sorted(held)
    assert held[-1] == LONGEST_HOLD_S


def test_who_waits_as_he_is_told_begins_anew() -> None:
    pace = Pace(SETTINGS, 0.0)
    for _ in range(20):
        pace.admit(0.0)
    first, *_ = [refused(pace, 0.0) for _ in range(30)]
    pace.admit(2.0)
    for _ in range(3):
        pace.admit(2.0)
    assert refused(pace, 2.0) == first


def test_no_more_answers_are_held_than_requests_may_be_on_their_way() -> None:
    pace = Pace(SETTINGS, 0.0)
    for _ in range(20):
        pace.admit(0.0)
    assert refused(pace, 0.0) > 0
    pace.held = MOST_AT_ONCE
    assert refused(pace, 0.0) == 0
