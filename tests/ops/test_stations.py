"""The account of a replay agrees only where every sample is accounted for."""

from dataclasses import replace
from pathlib import Path

import pytest

from guatu.ops.stations import Stored, account
from guatu.simulator.recordings import CellCounts, Recording
from guatu.simulator.replay import Tally

FILES = [Recording(name="run", path=Path("run.csv"), counts=CellCounts(samples=100, doubled=3))]
SENT = Tally(sent=100, accepted=100)
NOTHING = Stored(
    rows=0, distinct=0, received=0, accepted=0, left_out={}, told=0, alarms=0, warnings=0
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


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(replace(ALL, rows=99), id="a row is gone"),
        pytest.param(replace(ALL, rows=101), id="a row is there twice"),
        pytest.param(replace(ALL, distinct=99), id="rows are not distinct"),
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
