"""A gateway that works badly does to the data what it says it does, and nothing else."""

from __future__ import annotations

from collections import Counter
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.access.messages import PlantConfig, Point
from guatu.simulator.beats import Batch, encode, encode_raw, one_moment
from guatu.simulator.wire import Ledger, Parcel, Wire
from guatu.simulator.wire_faults import (
    ClockStep,
    LooseContact,
    PoorClock,
    Spells,
    WireFaults,
)
from guatu.telemetry.intake import take_beat
from guatu.telemetry.intake_raw import take_raw
from guatu.telemetry.plant_door import PlantDoor

T0 = 1_795_500_000_000
CODES = ("U.flow", "U.speed", "U.level")
NOISY = WireFaults(
    clock=PoorClock(offset_ms=-2000, drift_ppm=500, steps=(ClockStep(at_s=50, by_ms=9000),)),
    late_share=0.1,
    twice_share=0.2,
    loose=(
        LooseContact(
            point="U.flow", when=Spells(first_s=3, lasts_s=9, every_s=20), open_value=-25.0
        ),
    ),
    marked={"U.level": 4},
    misnamed={"U.speed": "U.sped"},
    outages=(Spells(first_s=40, lasts_s=30),),
    resend_s=10.0,
)
DOOR = PlantDoor(
    PlantConfig(
        plant=1,
        code="P",
        version=1,
        region="530181",
        points=tuple(
            Point(id=at, code=code, physical_low=0, physical_high=100)
            for at, code in enumerate(CODES, start=1)
        ),
    ),
    0,
)


def moment(second: int) -> Batch:
    return one_moment(T0 + 1000 * second, [(code, second % 90 + 0.5) for code in CODES])


def played(
    faults: WireFaults, *, seconds: int = 200, after_s: int = 300, seed: int = 7
) -> tuple[list[tuple[int, Parcel]], Ledger]:
    """What leaves in which second, and what the wire says of it."""
    wire, left = Wire(faults, count(1).__next__, seed=seed), []
    for second in range(seconds + after_s):
        if second < seconds:
            wire.put(moment(second))
        while (parcel := wire.take(T0 + 1000 * second)) is not None:
            left.append((second, parcel))
    assert (wire.moments, wire.samples, wire.wait_s(T0)) == (0, 0, None)
    return left, wire.ledger


def test_a_gateway_without_faults_sends_everything_as_it_was_at_once() -> None:
    left, ledger = played(WireFaults())
    assert ledger == Ledger(measured=600, beats=200, sent=600)
    for second, (at, parcel) in enumerate(left):
        sent, was = parcel.batch, moment(second)
        assert (at, parcel.beat, parcel.again) == (second, second + 1, False)
        assert (sent.points, sent.marks, dict(sent.fillers)) == (was.points, (), {})
        assert np.array_equal(sent.times_ms, was.times_ms)
        assert np.array_equal(sent.values, was.values)


def test_the_same_seed_does_the_same() -> None:
    def bodies(seed: int) -> list[bytes]:
        left, _ = played(NOISY, seed=seed)
        return [encode(one.batch, epoch=1, beat=one.beat) for _, one in left]

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    late=st.floats(0, 1),
    twice=st.floats(0, 1),
    outage_s=st.integers(1, 150),
    keeps=st.integers(1, 400),
)
def test_every_sample_measured_leaves_or_is_said_to_be_lost(
    seed: int, late: float, twice: float, outage_s: int, keeps: int
) -> None:
    faults = WireFaults(
        late_share=late,
        twice_share=twice,
        outages=(Spells(first_s=20, lasts_s=outage_s),),
        keeps=keeps,
        misnamed=NOISY.misnamed,
    )
    left, ledger = played(faults, seed=seed)
    assert ledger.measured == ledger.sent + ledger.lost == 600
    first = [one.beat for _, one in left if not one.again]
    assert len(first) == len(set(first)) == ledger.beats == 200 - ledger.lost_beats
    assert sum(one.again for _, one in left) == ledger.again_beats
    assert ledger.storable == 2 * ledger.beats, "all but the misnamed point's"
    seen: set[int] = set()
    for _, one in left:
        assert one.again == (one.beat in seen), "again means that it left before"
        seen.add(one.beat)


def test_nothing_leaves_during_an_outage_and_afterwards_all_in_odd_order() -> None:
    left, _ = played(NOISY)
    # What was due just before it is asked for at its first second.
    assert not [second for second, _ in left if 40 < second < 70]
    caught_up = [one.beat for second, one in left if 70 <= second <= 80 and not one.again]
    assert set(range(41, 71)) - set(caught_up) <= {
        one.beat for second, one in left if second > 80
    }, "only what got stuck besides comes later still"
    assert any(before > after for before, after in pairwise(caught_up))


def test_late_means_a_minute() -> None:
    left, ledger = played(NOISY)
    late = [
        one
        for second, one in left
        if not one.again and 1000 * second + T0 - one.measured_ms >= 60_000
    ]
    assert len(late) > 5
    assert ledger.late == sum(
        one.batch.samples - len(one.batch.marks) - sum(one.spoilt.values()) for one in late
    )


@pytest.mark.parametrize("raw", [False, True])
def test_a_platform_leaves_out_what_the_ledger_calls_spoilt(raw: bool) -> None:  # noqa: FBT001
    left, ledger = played(NOISY)
    found, marked, accepted = Counter[str](), Counter[int](), 0
    for _, one in left:
        write, read = (encode_raw, take_raw) if raw else (encode, take_beat)
        taken = read(DOOR, write(one.batch, epoch=1, beat=one.beat), T0 + 10_000_000)
        if not one.again:
            accepted += taken.accepted
            found.update({group.reason: group.count for group in taken.rejected})
            marked.update(taken.beat.marks[:, 2].tolist())
    assert found == ledger.spoilt
    assert set(found) == {"unknown_point", "not_a_number", "out_of_physical_range"}
    assert accepted == ledger.storable
    assert marked == ledger.marked
    assert set(marked) == {4, 65}


def test_a_clock_drifts_and_steps() -> None:
    clock = NOISY.clock
    assert [clock.ahead_ms(at) for at in (0, 40, 49.9, 50, 100)] == [
        -2000,
        -1980,
        -1975,
        7025,
        7050,
    ]
    wire = Wire(NOISY, count(1).__next__, seed=1)
    wire.put(moment(0))
    assert wire.clock_ms(T0 + 100_000) == T0 + 107_050


def test_spells_come_again() -> None:
    spells = Spells(first_s=3, lasts_s=9, every_s=20)
    assert [spells.end_s(at) for at in (2.9, 3, 11.9, 12, 22.9, 23, 43)] == [
        None, 12, 12, None, None, 32, 52,
    ]  # fmt: skip
    assert Spells(first_s=3, lasts_s=9).end_s(400) is None
    with pytest.raises(ValueError, match="every"):
        Spells(first_s=0, lasts_s=9, every_s=8)
