"""History grows no older than wished, and what is wrong with it is found, told and mended."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from guatu.telemetry import checkpoint as engine_checkpoint
from guatu.telemetry.history import ledger
from guatu.telemetry.history.course import read_rolled
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import partition_folder, rolled_folder, segments
from guatu.telemetry.history.read import count_stored
from guatu.telemetry.history.repair import repair
from guatu.telemetry.history.retain import Wish, give_up
from guatu.telemetry.history.verify import Finding, Report, verify
from guatu.telemetry.history.write import SCALED, write_part
from tests.telemetry.test_keep import NOW_MS, SENT, STREAM, expected, part, read, store

DAY_MS = 86_400_000
LASTING = [5]


def wish(raw: int, lasting: int = 0, minute: int = 1000, hour: int = 1000) -> Wish:
    return Wish(
        raw_ms=raw * DAY_MS,
        lasting_ms=max(raw, lasting) * DAY_MS,
        minute_ms=minute * DAY_MS,
        hour_ms=hour * DAY_MS,
        lasting=lambda: LASTING,
    )


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Ten days with a sample at each noon, merged day by day."""
    for day in range(10):
        at = day * DAY_MS + DAY_MS // 2
        store(tmp_path, day, {(3, at): 1.0, (5, at): 2.0, (5, at + 1): 0.123}, day_ms=at)
    keep(tmp_path, NOW_MS, at_once=True)
    return tmp_path


def days_left(history: Path) -> list[int]:
    return sorted({at // DAY_MS for _, at in read(history)})


def test_samples_go_when_they_are_too_old_and_never_before(history: Path) -> None:
    noon = 9 * DAY_MS + DAY_MS // 2
    # The youngest sample of day 5 is exactly four days old, to the millisecond.
    assert give_up(history, noon + 1, wish(4)).samples == 15
    assert days_left(history) == [5, 6, 7, 8, 9]
    give_up(history, noon + 2, wish(4))
    assert days_left(history) == [6, 7, 8, 9]
    # What hours came to is kept, exactly.
    rolled = read_rolled(history, [3, 5], 0, 10 * DAY_MS, "hour")
    assert rolled.count.sum() == 30
    assert not partition_folder(history, 0).joinpath("day=1970-01-01").exists()


def test_lasting_points_stay_longer_and_then_go_too(history: Path) -> None:
    end = 10 * DAY_MS
    freed = give_up(history, end, wish(2, lasting=6))
    assert freed.thinned > 0
    found = read(history)
    assert {at // DAY_MS for point, at in found if point == 3} == {8, 9}
    assert {at // DAY_MS for point, at in found if point == 5} == {4, 5, 6, 7, 8, 9}
    assert give_up(history, end, wish(2, lasting=6)).samples == 0
    give_up(history, end + 100 * DAY_MS, wish(2, lasting=6))
    assert read(history) == {}
    assert sum(gone.samples for gone in ledger.given_up(history, 0)) == 30


def test_roll_ups_go_by_their_own_age(history: Path) -> None:
    give_up(history, 10 * DAY_MS, wish(3, minute=5, hour=1000))
    minutes = segments(rolled_folder(history, 0, "minute"))
    assert min(s.name.to_ms for s in minutes) >= 5 * DAY_MS - 60_000
    assert read_rolled(history, [3], 0, 10 * DAY_MS, "hour").count.sum() == 10


def test_samples_without_roll_ups_are_not_given_up(tmp_path: Path) -> None:
    store(tmp_path, 0, SENT[0])
    assert give_up(tmp_path, NOW_MS, wish(1)).files == 0
    assert read(tmp_path) == SENT[0]


def kinds(report: Report) -> list[str]:
    return sorted(finding.kind for finding in report.findings)


def mended(history: Path) -> list[Finding]:
    return repair(history, verify(history).findings, engine_checkpoint.own)


def test_sound_history_has_nothing_to_tell(history: Path) -> None:
    ticks: list[tuple[int, int]] = []
    report = verify(history, lambda done, total: ticks.append((done, total)))
    assert report.findings == []
    assert ticks[-1][0] == ticks[-1][1] == report.files
    give_up(history, 10 * DAY_MS, wish(2, lasting=6))
    assert verify(history).findings == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
def test_a_damaged_file_is_told_and_set_aside_and_the_rest_is_read(
    history: Path, damage: str
) -> None:
    path = segments(partition_folder(history, 0))[4].path
    whole = path.read_bytes()
    middle = len(whole) // 3
    damaged = {
        "cut": whole[:-9],
        "emptied": b"",
        "flipped": whole[:middle] + b"\xff" * 40 + whole[middle + 40 :],
    }
    path.write_bytes(damaged[damage])
    (finding,) = [one for one in mended(history) if one.kind == "damaged"]
    assert finding.mended == "quarantined"
    assert (history / "quarantine" / finding.where).read_bytes() == damaged[damage]
    assert finding.facts["again"] == 0
    assert len(days_left(history)) >= 9
    assert "damaged" not in kinds(verify(history))


def test_a_damaged_file_that_the_engine_will_write_again_just_goes(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    stored_until(tmp_path, 20, 0)
    path = segments(partition_folder(tmp_path, 0))[2].path
    path.write_bytes(b"PAR1 no more")
    (finding,) = [one for one in mended(tmp_path) if one.kind == "damaged"]
    assert (finding.facts["again"], finding.mended) == (1, "removed")


def test_disorder_and_doubles_inside_a_file_are_put_right(tmp_path: Path) -> None:
    store(tmp_path, 0, {(3, 1): 1.0, (3, 2): 2.0, (5, 1): 3.0})
    path = segments(partition_folder(tmp_path, 0))[0].path
    rows = part({(3, 1): 1.0, (3, 2): 2.0, (5, 1): 3.0}, lambda v: round(v * 10), 1)
    places = np.array([2, 0, 1, 0])
    broken = rows.only(places)
    broken.cell = np.array([30, 10, 20, 99], np.int32)
    write_part(path, broken, SCALED)
    assert "disorder" in kinds(verify(tmp_path))
    (finding,) = mended(tmp_path)
    assert finding.mended == "rewritten"
    assert read(tmp_path) == {(3, 1): 1.0, (3, 2): 2.0, (5, 1): 3.0}
    assert verify(tmp_path).findings == []


def test_a_name_that_hides_samples_is_put_right(tmp_path: Path) -> None:
    store(tmp_path, 0, {(3, 1000): 1.0, (3, 9000): 2.0})
    path = segments(partition_folder(tmp_path, 0))[0].path
    path.rename(path.with_name(path.name.replace("1000_9000", "1000_2000")))
    assert [one.mended for one in mended(tmp_path)] == ["renamed"]
    assert verify(tmp_path).findings == []


def test_what_was_left_half_done_is_taken_away(history: Path) -> None:
    folder = segments(partition_folder(history, 0))[0].path.parent
    for name in ("x.parquet.writing", "y.parquet.merging"):
        (folder / name).write_bytes(b"half")
    assert kinds(verify(history)) == ["leftover", "leftover"]
    assert [one.mended for one in mended(history)] == ["removed", "removed"]
    # While an engine runs, its half-written file is its own.
    (folder / "x.parquet.writing").write_bytes(b"half")
    engine = engine_checkpoint.own(history, 0)
    assert engine is not None
    with engine:
        assert [one.mended for one in mended(history)] == [""]


def test_roll_ups_that_tell_too_little_are_made_again(history: Path) -> None:
    rolled = segments(rolled_folder(history, 0, "hour"), "month=")
    # The roll-ups of one day under the name of all: as if the rest had been lost in merging.
    name = rolled[0].name.__class__(
        STREAM, rolled[0].name.first, rolled[-1].name.last, 0, 10 * DAY_MS
    )
    rolled[0].path.rename(rolled[0].path.with_name(str(name)))
    found = mended(history)
    assert {one.kind for one in found} >= {"rolled"}
    keep(history, NOW_MS, at_once=True)
    assert verify(history).findings == []
    assert read_rolled(history, [3, 5], 0, 10 * DAY_MS, "hour").count.sum() == 30


def stored_until(history: Path, sequence: int, samples: int) -> None:
    """A checkpoint of an engine that counted so many samples as stored."""
    meta = {
        "identity": STREAM,
        "cut_sequence": sequence,
        "cut_tick_ms": 1000,
        "counts": [[7, [samples, samples, 0, 0]]],
    }
    np.savez(
        partition_folder(history, 0) / "checkpoint.npz",
        meta=np.frombuffer(orjson.dumps(meta), np.uint8),
    )


def test_every_sample_that_the_engine_stored_is_accounted_for(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    stored_until(tmp_path, 30, sum(map(len, SENT)))
    assert verify(tmp_path).findings == []
    keep(tmp_path, NOW_MS, at_once=True)
    report = verify(tmp_path)
    assert report.findings == []
    assert (report.accounts[0].found, report.accounts[0].doubled) == (6, 2)
    assert count_stored(tmp_path).rows == len(expected(SENT)) == 6
    give_up(tmp_path, NOW_MS, wish(1))
    assert verify(tmp_path).findings == []
    assert verify(tmp_path).accounts[0].given_up == 8


def test_a_file_that_is_gone_is_missed_and_the_gap_is_told(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    stored_until(tmp_path, 30, sum(map(len, SENT)))
    lost = [s.path for s in segments(partition_folder(tmp_path, 0)) if s.name.first == 11]
    for path in lost:
        path.unlink()
    found = {one.kind: one.facts for one in verify(tmp_path).findings}
    assert found["missing"] == {"samples": len(SENT[1])}
    assert (found["gap"]["first"], found["gap"]["last"]) == (11, 20)
