"""Segments beyond the checkpoint: taken away only where the log can give them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from guatu.access.messages import Beat, PlantConfig, Point
from guatu.ops.checkpoint_words import unreadable_words
from guatu.telemetry import checkpoint, intake, kernels
from guatu.telemetry.checkpoint import CheckpointMissing, Held
from guatu.telemetry.history.layout import CHECKPOINT, partition_folder, segments
from guatu.telemetry.state import PartitionState
from tests.telemetry.driven import Driven

T0 = 1_790_000_000_000
OURS, ANOTHER = "0000000a", "0000000b"
PLANT = PlantConfig(
    plant=1,
    code="YN-AL-001",
    version=1,
    region="530181",
    units=(),
    points=(Point(id=11, code="p11", unit=None, decimals=1),),
)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    kernels.warm_up()
    intake.warm_up()


class House(Driven):
    """A partition that cuts when it is told to."""

    def __init__(self, history: Path) -> None:
        super().__init__(T0)
        self.history = history
        self.state.identity = OURS
        self.configure(PLANT)

    def cut(self, *, with_checkpoint: bool = True) -> tuple[int, int]:
        """Store one sample; gives the first and last sequence."""
        first, self.now_ms = self.state.cut_sequence + 1, self.now_ms + 1000
        beat = Beat(beat=first, t=(self.now_ms,), p=("p11",), v=((1.5,),))
        self.send(PLANT.code, beat.to_bytes())
        path = partition_folder(self.history, 0) / CHECKPOINT
        before = path.read_bytes() if path.exists() else None
        arrivals = self.engine.take_cut()
        cut = checkpoint.Cut(self.history, 0, first, arrivals, self.state.snapshot())
        cut.write()
        cut.put_in_place()
        self.state.still_stored = cut.still_version
        if not with_checkpoint:  # killed between the two names
            path.unlink()
            if before is not None:
                path.write_bytes(before)
        return first, cut.last

    def found(self) -> list[tuple[int, int]]:
        return [(s.name.first, s.name.last) for s in segments(partition_folder(self.history, 0))]

    def start(self, held: Held) -> PartitionState:
        state = checkpoint.load(self.history, 0)
        checkpoint.settle(self.history, 0, state, held)
        return state


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_the_log_still_holds_is_written_again(house: House) -> None:
    stored, _ = house.cut(), house.cut(with_checkpoint=False)
    house.start(Held(OURS, 1, 100))
    assert house.found() == [stored]


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(Held(ANOTHER, 1, 100), id="the log was made anew"),
        pytest.param(Held(OURS, 100, 100), id="the log was trimmed"),
        pytest.param(Held(OURS, 1, 2), id="the log lost its end"),
        pytest.param(Held(OURS, 0, 0), id="the log is empty"),
    ],
)
def test_what_no_log_holds_any_more_stays(house: House, held: Held) -> None:
    both = [house.cut(), house.cut(with_checkpoint=False)]
    house.start(held)
    assert house.found() == both


def test_what_a_new_log_cut_before_its_first_checkpoint_is_written_again(house: House) -> None:
    stored = house.cut()
    house.state.identity = ANOTHER
    house.cut(with_checkpoint=False)
    house.start(Held(ANOTHER, stored[1] + 1, 100))
    assert house.found() == [stored]


def test_history_of_this_log_without_its_checkpoint_is_refused_in_one_sentence(
    house: House,
) -> None:
    both = [house.cut(), house.cut()]
    path = partition_folder(house.history, 0) / CHECKPOINT
    path.unlink()
    with pytest.raises(CheckpointMissing) as refused:
        house.start(Held(OURS, 1, 100))
    assert house.found() == both
    what, how = unreadable_words(refused.value)
    assert CHECKPOINT in what
    assert "restore" in how


def test_history_of_another_log_alone_needs_no_checkpoint(house: House) -> None:
    both = [house.cut(), house.cut()]
    (partition_folder(house.history, 0) / CHECKPOINT).unlink()
    assert house.start(Held(ANOTHER, 1, 100)).sequence == 0
    assert house.found() == both


def test_an_engine_killed_within_its_first_cut_begins_again(house: House) -> None:
    house.cut(with_checkpoint=False)
    with pytest.raises(CheckpointMissing):
        house.start(Held(OURS, 2, 100))
    house.start(Held(OURS, 1, 100))
    assert house.found() == []
