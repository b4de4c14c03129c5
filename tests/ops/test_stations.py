"""The account of a replay agrees only where every sample is accounted for."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from guatu.ops.count_history import Counted, count
from guatu.ops.stations import Stored, account
from guatu.simulator.recordings import CellCounts, Recording
from guatu.simulator.replay import Tally
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import partition_folder
from tests.telemetry.test_keep import NOW_MS, store
from tests.telemetry.test_keep import SENT as SEGMENTS

FILES = [Recording(name="run", path=Path("run.csv"), counts=CellCounts(samples=100, doubled=3))]
SENT = Tally(sent=100, accepted=100)
NOTHING = Stored(
    rows=0,
    distinct=0,
    merged_away=0,
    received=0,
    accepted=0,
    left_out={},
    told=0,
    alarms=0,
    warnings=0,
)
ALL = replace(NOTHING, rows=100, distinct=100, received=100, accepted=100)


def test_all_that_was_sent_is_found_at_every_station(capsys: pytest.CaptureFixture[str]) -> None:
    assert account(FILES, SENT, NOTHING, ALL) == 0
    assert "✓" in capsys.readouterr().out


def test_samples_that_history_had_already_are_told_and_agree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    after = replace(ALL, rows=90, distinct=90, accepted=90, left_out={"doubled_time": 10})

    assert account(FILES, SENT, NOTHING, after) == 0
    assert any(line.split()[0] == "10" for line in capsys.readouterr().out.splitlines())


AGAIN = replace(ALL, received=200, accepted=200)
"""All sent a second time, under other numbers: in other segments, as the engine knows."""


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(replace(AGAIN, rows=200), id="not merged yet"),
        pytest.param(replace(AGAIN, rows=160, merged_away=40), id="merged in part"),
        pytest.param(replace(AGAIN, rows=100, merged_away=100), id="merged"),
        pytest.param(
            replace(AGAIN, rows=100, merged_away=170), id="others' doubles are merged too"
        ),
    ],
)
def test_samples_that_lie_in_another_segment_are_told_whether_merged_or_not(
    after: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account(FILES, SENT, ALL, after) == 0
    lines = {
        line.strip().split(maxsplit=1)[1]: line
        for line in capsys.readouterr().out.splitlines()[:-1]
    }
    (told,) = (line for words, line in lines.items() if "history had already" in words)
    assert told.split()[0] == "100"
    (different,) = (line for words, line in lines.items() if "different points" in words)
    assert different.split()[0] == "0"


def test_merging_what_was_doubled_before_changes_no_account() -> None:
    before = replace(ALL, rows=130)
    after = replace(ALL, rows=200, distinct=200, merged_away=30, received=200, accepted=200)
    assert account(FILES, SENT, before, after) == 0


def test_runs_that_overlap_agree_and_a_double_that_nobody_sent_does_not() -> None:
    after = replace(ALL, distinct=98)
    assert account(FILES, SENT, NOTHING, after, overlap=2) == 0
    assert account(FILES, SENT, NOTHING, after) == 1


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(replace(ALL, rows=99), id="a row is gone"),
        pytest.param(replace(ALL, rows=101), id="a row is there twice"),
        pytest.param(replace(ALL, distinct=99), id="rows are not distinct"),
        pytest.param(replace(ALL, rows=99, merged_away=1, distinct=99), id="merged away unsent"),
        pytest.param(replace(ALL, rows=99, distinct=101), id="more times than samples"),
        pytest.param(replace(ALL, received=99), id="the engine has not read one"),
        pytest.param(
            replace(ALL, rows=90, distinct=90, accepted=90), id="the engine kept fewer, unsaid"
        ),
        pytest.param(replace(ALL, told=1), id="an alarm is not recorded"),
    ],
)
def test_any_station_that_differs_is_told(
    after: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account(FILES, SENT, NOTHING, after) == 1
    assert "✗" in capsys.readouterr().out


@pytest.mark.parametrize(
    "tally",
    [Tally(sent=100, accepted=99), Tally(sent=100, accepted=99, unknown=1), Tally(sent=99)],
)
def test_a_sample_whose_fate_is_unknown_does_not_agree(tally: Tally) -> None:
    after = replace(ALL, rows=99, distinct=99, received=99, accepted=99)
    assert account(FILES, tally, NOTHING, after) == 1


def counted(history: Path) -> Counted:
    return count(partition_folder(history, 0), [3, 5, 9])


def test_counting_history_says_the_same_of_doubles_before_and_after_they_are_merged(
    tmp_path: Path,
) -> None:
    for number, rows in enumerate(SEGMENTS):
        store(tmp_path, number, rows)
    before = counted(tmp_path)
    assert (before.rows, before.distinct, before.merged_away) == (8, 6, 0)
    keep(tmp_path, NOW_MS, at_once=True)
    after = counted(tmp_path)
    assert (after.rows, after.distinct, after.merged_away) == (6, 6, 2)


def test_the_process_that_counts_reads_what_is_wanted_and_prints_it(tmp_path: Path) -> None:
    store(tmp_path / "history", 0, SEGMENTS[0])
    done = subprocess.run(
        [sys.executable, "-m", "guatu.ops.count_history"],
        input=json.dumps({"points": [3], "partition": 0}),
        env={**os.environ, "GUATU_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"rows": 2, "distinct": 2, "merged_away": 0}
