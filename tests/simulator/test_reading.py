"""Recordings of unknown make: read as far as they can be, every cell accounted for."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guatu.simulator.recordings import SENTENCES, ReadOptions, Recording, point_codes
from guatu.simulator.replay import find_files, read_recordings

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
MOMENT = 1_581_139_847_000
"""2020-02-08 13:30:47 in Shanghai."""


def read(folder: Path, text: str | bytes, **options: object) -> Recording:
    """Write a file and read it."""
    path = folder / "run.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    [recording] = read_recordings([path], ReadOptions(**options))  # type: ignore[arg-type]
    return recording


def adds_up(recording: Recording) -> bool:
    """Whether every cell of the sensors is somewhere."""
    counts = recording.counts
    there = counts.samples + counts.empty + counts.bad + counts.timeless + counts.doubled
    told = int(np.count_nonzero(~np.isnan(recording.values)))
    return there == counts.rows * len(recording.sensors) and told == counts.samples


GOOD = "time,flow,pressure\n2020-02-08 13:30:47,1.5,0.25\n2020-02-08 13:30:48,1.6,0.26\n"
AS_READ = [[1.5, 1.6], [0.25, 0.26]]


@pytest.mark.parametrize(
    "raw",
    [
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", "|").encode(),
        GOOD.replace(",", ", ").encode(),
        GOOD.replace(",", ";").replace(".", ",").encode(),
        ('"' + GOOD.strip().replace(",", '","').replace("\n", '"\n"') + '"').encode(),
        GOOD.replace("\n", ",\n").encode(),
        ("# made by a logger\n" + GOOD).encode(),
        GOOD.rstrip("\n").encode(),
        GOOD.replace("flow", "f\x00low").encode(),
        GOOD.replace("time", "时间").encode("gb18030"),
    ],
    ids=[
        "plain",
        "bom",
        "utf-16",
        "crlf",
        "cr",
        "blank-lines",
        "semicolon",
        "tab",
        "pipe",
        "spaces",
        "decimal-comma",
        "quotes",
        "separator-at-line-end",
        "remark",
        "no-last-newline",
        "nul",
        "gb18030",
    ],
)
def test_the_same_data_is_read_in_whatever_dress_it_comes(tmp_path: Path, raw: bytes) -> None:
    recording = read(tmp_path, raw)
    assert recording.refused is None
    assert [sensor.code for sensor in recording.sensors] == ["flow", "pressure"]
    assert recording.values.tolist() == AS_READ
    assert recording.times_ms.tolist() == [MOMENT, MOMENT + 1000]
    assert [sensor.decimals for sensor in recording.sensors] == [1, 2]
    assert adds_up(recording)
    assert not recording.problems


def test_zeros_that_fill_up_a_number_with_an_exponent_are_no_decimals(tmp_path: Path) -> None:
    (tmp_path / "m.dat").write_text("2.3766000e-01 3.6413000e+03 32.00\n2.3e-01 3.64e+03 32.50\n")
    [recording] = read_recordings([tmp_path / "m.dat"], ReadOptions(period_s=180, transpose=False))
    assert [sensor.decimals for sensor in recording.sensors] == [5, 1, 2]
    assert recording.values[:, 0].tolist() == [0.23766, 3641.3, 32.0]


def test_chinese_columns_in_gb18030_keep_their_names(tmp_path: Path) -> None:
    text = "采集时间,进水流量,异常\n2020年2月8日 13时30分47秒,182.4,0\n"
    recording = read(tmp_path, text.encode("gb18030"))
    assert [sensor.name for sensor in recording.sensors] == ["进水流量"]
    assert [(out.name, out.why) for out in recording.left_out] == [
        ("采集时间", "time"),
        ("异常", "label"),
    ]
    assert recording.times_ms.tolist() == [MOMENT]


def test_day_first_dates_are_read_as_the_column_says(tmp_path: Path) -> None:
    recording = read(tmp_path, "when;a\n08.02.2020 13:30:47;1\n09.02.2020 13:30:47;2\n")
    assert recording.times_ms.tolist() == [MOMENT, MOMENT + 86_400_000]


def test_a_date_and_a_time_of_day_make_one_time(tmp_path: Path) -> None:
    recording = read(tmp_path, "Date,Time,a\n2020-02-08,13:30:47,1\n2020-02-08,13:30:48,2\n")
    assert recording.times_ms.tolist() == [MOMENT, MOMENT + 1000]
    assert [sensor.name for sensor in recording.sensors] == ["a"]


def test_a_time_column_is_found_by_what_is_in_it(tmp_path: Path) -> None:
    recording = read(tmp_path, "a,gemessen,b\n1,2020-02-08 13:30:47,2\n1,2020-02-08 13:31:47,2\n")
    assert [sensor.name for sensor in recording.sensors] == ["a", "b"]
    assert recording.period_ms == 60_000


def test_seconds_since_the_start_are_times_without_a_date(tmp_path: Path) -> None:
    recording = read(tmp_path, "time,a\n0,1\n0.5,2\n1.0,3\n")
    assert recording.elapsed
    assert recording.times_ms.tolist() == [0, 500, 1000]
    in_ms = read(tmp_path, "time_ms,a\n0,1\n20,2\n40,3\n")
    assert in_ms.times_ms.tolist() == [0, 20, 40]


def test_a_named_zone_is_used_where_the_text_has_none(tmp_path: Path) -> None:
    from datetime import UTC  # noqa: PLC0415 - only here

    recording = read(tmp_path, GOOD, zone=UTC)
    assert recording.times_ms[0] == MOMENT + 8 * 3_600_000


def test_without_a_time_a_file_needs_a_period(tmp_path: Path) -> None:
    refused = read(tmp_path, "a,b\n5,3\n1,4\n2,9\n")
    assert refused.refused is not None
    assert refused.refused.code == "no_time"
    taken = read(tmp_path, "a,b\n5,3\n1,4\n2,9\n", period_s=2.0)
    assert taken.times_ms.tolist() == [0, 2000, 4000]
    assert taken.elapsed


def test_a_file_without_a_header_is_read_by_its_content(tmp_path: Path) -> None:
    recording = read(tmp_path, "2020-02-08 13:30:47,1,2\n2020-02-08 13:30:48,3,4\n")
    assert [sensor.code for sensor in recording.sensors] == ["c2", "c3"]
    assert recording.values.tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    "name", ["anomaly", "Label", "is_anomaly", "CLASS", "ground truth", "异常"]
)
def test_label_columns_are_left_out_by_name(tmp_path: Path, name: str) -> None:
    recording = read(tmp_path, GOOD.replace("pressure", name))
    assert [sensor.name for sensor in recording.sensors] == ["flow"]
    assert (name, "label") in [(out.name, out.why) for out in recording.left_out]


def test_labels_can_be_named_and_then_only_these_are_left_out(tmp_path: Path) -> None:
    recording = read(tmp_path, GOOD.replace("pressure", "anomaly"), labels=frozenset({"flow"}))
    assert [sensor.name for sensor in recording.sensors] == ["anomaly"]


def test_text_and_empty_columns_are_named_and_left_out(tmp_path: Path) -> None:
    text = "time,a,operator,spare\n2020-02-08 13:30:47,1,Li,\n2020-02-08 13:30:48,2,Wang,\n"
    recording = read(tmp_path, text)
    assert [(out.name, out.why) for out in recording.left_out[1:]] == [
        ("operator", "text"),
        ("spare", "empty"),
    ]


def test_bad_cells_are_told_with_their_row_and_column_and_the_rest_survives(
    tmp_path: Path,
) -> None:
    text = (
        "time,a,b\n"
        "2020-02-08 13:30:47,1,oops\n"
        "not a time,2,3\n"
        "2020-02-08 13:30:49,inf,4\n"
        "2020-02-08 13:30:50,NaN,5,99\n"
        "2020-02-08 13:30:51,6\n"
        "2020-02-08 13:30:49,7,8\n"
    )
    recording = read(tmp_path, text)
    told = [(p.code, p.row, p.column, p.text) for p in recording.problems]
    assert sorted(told) == sorted(
        [
            ("bad_value", 2, "b", "oops"),
            ("bad_time", 3, "time", "not a time"),
            ("bad_value", 4, "a", "inf"),
            ("long_row", 5, "", "4 > 3"),
            ("short_row", 6, "", "2 < 3"),
            ("doubled_time", 7, "", str(MOMENT + 2000)),
        ]
    )
    assert adds_up(recording)
    counts = recording.counts
    assert (counts.bad, counts.empty, counts.timeless, counts.doubled) == (2, 2, 2, 2)
    assert (counts.samples, counts.surplus) == (4, 1)
    for problem in recording.problems:
        assert all("{" not in sentence for sentence in problem.message().values())


def test_problems_beyond_the_first_ones_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"2020-02-08 13:30:{at:02d},x,{at}\n" for at in range(40))
    recording = read(tmp_path, "time,a,b\n2020-02-08 13:29:00,1,1\n" + rows, most_problems=5)
    assert (len(recording.problems), recording.more_problems) == (5, 35)
    assert recording.counts.bad == 40


def test_unsorted_rows_are_put_in_order(tmp_path: Path) -> None:
    text = "time,a\n2020-02-08 13:30:49,3\n2020-02-08 13:30:47,1\n2020-02-08 13:30:48,2\n"
    recording = read(tmp_path, text)
    assert recording.values.tolist() == [[1, 2, 3]]
    assert recording.counts.unsorted_rows == 1


def test_a_quote_that_never_closes_does_not_swallow_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("1.5", '"1.5') + "2020-02-08 13:30:49,1.7,0.27\n" * 3
    recording = read(tmp_path, text)
    assert recording.problems[0].code == "broken_quotes"
    assert recording.values[0, :3].tolist() == [1.5, 1.6, 1.7]


def test_a_huge_cell_is_bad_and_not_fatal(tmp_path: Path) -> None:
    recording = read(tmp_path, GOOD.replace("1.6", "9" * 200_000))
    assert recording.refused is None
    assert recording.counts.bad == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "nothing_here"),
        (b"\n\n  \n", "nothing_here"),
        (b"time,a\n", "nothing_here"),
        (b"\xff\xfe", "nothing_here"),
        (b"time,who\n2020-02-08 13:30:47,Li\n", "no_sensors"),
        (bytes(range(256)) * 40, "binary"),
    ],
)
def test_a_file_with_nothing_to_send_is_refused_with_its_reason(
    tmp_path: Path, raw: bytes, code: str
) -> None:
    recording = read(tmp_path, raw)
    assert recording.refused is not None
    assert recording.refused.code == code
    assert set(recording.refused.message()) == {"zh", "en"}


@pytest.mark.parametrize(
    ("column", "code", "told"),
    [("when", "no_such_column", "time, a"), ("a", "not_times", "x")],
)
def test_a_named_time_column_that_is_none_is_refused_with_what_is_there(
    tmp_path: Path, column: str, code: str, told: str
) -> None:
    raw = b"time,a\n2020-02-08 13:30:47,x\n2020-02-08 13:30:48,1\n"
    recording = read(tmp_path, raw, time_column=column, period_s=1.0)
    assert recording.refused is not None
    assert (recording.refused.code, recording.refused.column) == (code, column)
    assert told in recording.refused.message()["en"]


def test_a_file_that_is_not_there_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    gone, there = read_recordings([tmp_path / "gone.csv", tmp_path / "a.csv"])
    assert gone.refused is not None
    assert gone.refused.code == "unreadable"
    assert there.refused is None


@settings(deadline=None, max_examples=150)
@given(raw=st.binary(max_size=400))
@example(raw=b"\xff\xfe\x00")
@example(raw=b'time,a\n"')
def test_no_bytes_can_make_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("x.csv", "x.dat"):
        (folder / name).write_bytes(raw)
        [recording] = read_recordings([folder / name], ReadOptions(period_s=1.0))
        assert recording.refused is not None or adds_up(recording)


CELLS = st.sampled_from(
    ["1", "2.5", "", "nan", "x", '"', "1,5", "-", "1e3", "inf", "2020-02-08 13:30:47", ";", "\t"]
)


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.lists(CELLS, max_size=5), max_size=8),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_every_cell_of_a_hostile_table_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], separator: str
) -> None:
    good = separator.join(["time", "a", "b"]) + "\n"
    good += separator.join(["2020-02-08 13:30:40", "1", "2"]) + "\n"
    good += separator.join(["2020-02-08 13:30:41", "3", "4"]) + "\n"
    text = good + "\n".join(separator.join(row) for row in rows)
    recording = read(tmp_path_factory.mktemp("rows"), text)
    assert recording.refused is not None or adds_up(recording)
    assert np.all(np.diff(recording.times_ms) > 0)


def test_folders_are_walked_as_people_count_and_each_file_once(tmp_path: Path) -> None:
    for name in ("b/10.csv", "b/2.csv", "a/1.CSV", ".hidden/3.csv", "notes.txt", "b/LICENSE"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(GOOD)
    found = find_files([tmp_path, tmp_path / "b" / "2.csv", tmp_path / "notes.txt"])
    assert [name for _, name in found] == ["a/1", "b/2", "b/10", "notes"]


def test_point_codes_have_no_spaces_and_no_doubles() -> None:
    codes = point_codes(["Volume Flow RateRMS", "a", "a", "", "x" * 300, "a_2"])
    assert codes[:4] == ["Volume_Flow_RateRMS", "a", "a_2", "column_4"]
    assert len(set(codes)) == 6
    assert max(map(len, codes)) <= 120


def test_every_problem_has_a_sentence_in_both_languages() -> None:
    for chinese, english in SENTENCES.values():
        assert chinese
        assert english


def test_a_matrix_takes_its_longer_side_as_time(tmp_path: Path) -> None:
    (tmp_path / "tall.dat").write_text("1 2\n3 4\n5 6\n")
    (tmp_path / "wide.dat").write_text("1 3 5\n2 4 6\n")
    tall, wide = read_recordings([tmp_path], ReadOptions(period_s=180))
    assert tall.values.tolist() == wide.values.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert tall.times_ms.tolist() == [0, 180_000, 360_000]
    assert "transposed 2×3" in wide.notes
    assert "3×2" in tall.notes
    [as_told] = read_recordings([tmp_path / "wide.dat"], ReadOptions(period_s=180, transpose=False))
    assert as_told.values.shape == (3, 2)


def test_a_binary_matrix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.dat").write_bytes(bytes(range(256)) * 40)
    (recording,) = read_recordings([tmp_path / "m.dat"], ReadOptions(period_s=1.0))
    assert recording.refused is not None
    assert recording.refused.code == "binary"


def test_a_matrix_needs_a_period_and_survives_bad_cells(tmp_path: Path) -> None:
    path = tmp_path / "m.dat"
    path.write_text("1 2\n3 x\n5\n7 8\n")
    [refused] = read_recordings([path])
    assert refused.refused is not None
    assert refused.refused.code == "no_period"
    [recording] = read_recordings([path], ReadOptions(period_s=1))
    assert [(p.code, p.row) for p in recording.problems] == [("bad_value", 2), ("short_row", 3)]
    assert adds_up(recording)


def count_with_csv_module(path: Path) -> tuple[int, int]:
    """(rows, cells that are finite numbers) of the sensors of a bench file, counted apart."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    sensors = [name for name in rows[0] if name not in {"datetime", "anomaly", "changepoint"}]
    good = sum(math.isfinite(float(row[name])) for row in rows for name in sensors)
    return len(rows), good


@pytest.mark.no_cover
@pytest.mark.skipif(not (SHARED / "skab").exists(), reason="the bench recordings are not here")
def test_every_sample_of_the_water_bench_is_read() -> None:
    recordings = read_recordings([SHARED / "skab"])
    assert len(recordings) == len(list((SHARED / "skab").rglob("*.csv")))
    for recording in recordings:
        assert (recording.counts.rows, recording.counts.samples) == count_with_csv_module(
            recording.path
        )
        assert len(recording.sensors) == 8
        assert adds_up(recording)


@pytest.mark.no_cover
@pytest.mark.skipif(not (SHARED / "tep").exists(), reason="the process recordings are not here")
def test_every_sample_of_the_chemical_process_is_read() -> None:
    recordings = read_recordings([SHARED / "tep"], ReadOptions(period_s=180))
    assert len(recordings) == len(list((SHARED / "tep").glob("*.dat"))) > 0
    for recording in recordings:
        numbers = recording.path.read_text().split()
        assert recording.counts.samples == len(numbers)
        assert len(recording.sensors) == 52
        assert (recording.notes[1] == "transposed 52×500") == (recording.name == "d00")
