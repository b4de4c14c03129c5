"""A vendor's check says what the gateway would say, where, and how to mend it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from guatu.access.conform.judge import Conformance
from guatu.access.conform.recordings import messages_in, recorded
from guatu.access.conform.report import as_json, in_words
from guatu.access.messages import Beat
from guatu.access.points import read_description
from guatu.access.raw import to_raw
from guatu.ops.cli import run
from guatu.ops.stand_in import StandIn

EXAMPLES = Path(__file__).parents[2] / "docs" / "access" / "examples"
POINTS = EXAMPLES / "points.json"
T = 1_795_536_000_000
TABLE = read_description(json.loads(POINTS.read_text("utf-8")))
CODES = tuple(TABLE.points)
GOOD = [
    Beat(beat=n, t=(T + n,), p=CODES, v=((3,), (180.5,), (28.5,), (50.0,), (0,)), sent=T + n)
    for n in range(1, 4)
]


def taken(*beats: Beat | bytes) -> Conformance:
    checked = Conformance(TABLE)
    for number, beat in enumerate(beats, start=1):
        body = beat if isinstance(beat, bytes) else beat.to_bytes()
        checked.take(f"file:{number}", body, T + 9)
    checked.conclude()
    return checked


def codes(checked: Conformance) -> list[str]:
    return [finding["code"] for finding in as_json(checked)["findings"]]


def test_good_messages_in_either_form_conform() -> None:
    checked = taken(*GOOD[:2], to_raw(GOOD[2]), b'{"sent":5}', b"")
    assert (checked.errors, checked.samples["accepted"]) == (0, 15)
    report = as_json(checked)
    assert report["conforms"] is True
    assert report["messages"] == {"json": 2, "raw": 1, "heartbeat": 2}
    assert report["findings"] == []
    assert "结论:符合规范" in in_words(checked, "zh")
    assert "conforms" in in_words(checked, "en")


def test_everything_wrong_is_told_with_its_place_and_count() -> None:
    strange = Beat(
        beat=9,
        t=(5, T, T + 10**9),
        p=("DWC1.inlet_flow", "no.such"),
        v=((1.0, 9e5, 2.0), (None, 1.0, None)),
        q=((0, 1, 40),),
    )
    checked = taken(GOOD[0], strange, b"{", b'{"beat":-1,"t":[],"p":[],"v":[]}', b"GTB1")
    found = {f["code"]: f for f in as_json(checked)["findings"]}
    assert found["out_of_physical_range"]["places"] == ["file:2 DWC1.inlet_flow"]
    assert {c for c, f in found.items() if f["level"] == "error"} == {
        "ancient_time",
        "out_of_physical_range",
        "future_time",
        "unknown_point",
        "bad_json",
        "bad_number",
        "raw_head",
    }
    assert {c for c, f in found.items() if f["level"] == "advice"} == {
        "unnamed_quality",
        "numbers_missing",
    }
    assert checked.messages["refused"] == 3
    words = in_words(checked, "both")
    assert "位置: file:2 DWC1.inlet_flow" in words
    assert "does not conform" in words


def test_one_number_for_two_messages_is_found_and_a_resend_is_none() -> None:
    resent = Beat(beat=1, t=GOOD[0].t, p=GOOD[0].p, v=GOOD[0].v, sent=T + 8)
    assert taken(*GOOD, resent).errors == 0
    other = Beat(beat=1, t=(T + 5,), p=CODES[:1], v=((1,),), sent=T + 8)
    assert codes(taken(*GOOD, other)) == ["reused_number"]


def test_points_that_were_never_sent_are_told_core_ones_as_errors() -> None:
    checked = taken(Beat(beat=1, t=(T,), p=CODES[:1], v=((3,),)))
    levels = {f["code"]: f["level"] for f in as_json(checked)["findings"]}
    assert levels == {"core_never_sent": "error", "never_sent": "advice", "no_sent": "advice"}


def test_messages_lie_in_files_in_every_usual_way(tmp_path: Path) -> None:
    lines = b"\n".join(beat.to_bytes() for beat in GOOD)
    array = b"[" + b",".join(beat.to_bytes() for beat in GOOD) + b"]"
    raws = b"".join(to_raw(beat) for beat in GOOD)
    cut = to_raw(GOOD[0])[:-3] + to_raw(GOOD[1])
    assert [m.body for m in messages_in(lines, "f")] == [beat.to_bytes() for beat in GOOD]
    assert [m.source for m in messages_in(lines, "f")] == ["f:1", "f:2", "f:3"]
    assert len(list(messages_in(array, "f"))) == 3
    assert [m.body for m in messages_in(raws, "f")] == [to_raw(beat) for beat in GOOD]
    assert [m.body for m in messages_in(cut, "f")] == [to_raw(GOOD[0])[:-3], to_raw(GOOD[1])]
    assert [m.body for m in messages_in(b"{broken", "f")] == [b"{broken"]
    half = lines + b'\n{"beat":'
    assert len(list(messages_in(half, "f"))) == 4
    (tmp_path / "b.jsonl").write_bytes(lines)
    (tmp_path / "a.raw").write_bytes(raws)
    (tmp_path / ".hidden").write_bytes(b"x")
    assert [m.source for m in recorded(tmp_path)][2:4] == ["a.raw#3", "b.jsonl:1"]


# --- the command -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUATU_LANG", "en")


def test_the_command_reports_and_tells_by_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.jsonl").write_bytes(b"\n".join(beat.to_bytes() for beat in GOOD))
    assert run(["conform", str(tmp_path), "--points", str(POINTS)]) == 0
    assert "Verdict: conforms." in capsys.readouterr().out
    (tmp_path / "bad.json").write_bytes(b"{")
    assert run(["conform", str(tmp_path), "--points", str(POINTS), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [f["code"] for f in report["findings"]] == ["bad_json"]
    assert report["findings"][0]["places"] == ["bad.json $"]


@pytest.mark.parametrize("arguments", [[], ["nowhere.json"], ["--points", "nowhere.xlsx"]])
def test_what_cannot_be_read_is_said(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["conform", *arguments]) == 1
    assert capsys.readouterr().err


def test_a_point_table_is_read_from_json_csv_and_workbook_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (EXAMPLES / "points.csv").read_text("utf-8").splitlines()
    workbook = tmp_path / "points.xlsx"
    with xlsxwriter.Workbook(str(workbook), {"strings_to_numbers": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row.split(","))
    gb = tmp_path / "gb.csv"
    gb.write_bytes("\n".join(rows).replace("³", "3").encode("gb18030"))
    found = []
    for path in (POINTS, EXAMPLES / "points.csv", workbook, gb):
        assert run(["conform", "--points", str(path), "--registration"]) == 0, path
        found.append(read_description(json.loads(capsys.readouterr().out)))
    for table in found:
        assert table.problems == ()
        assert dict(table.points) == dict(TABLE.points)


def test_a_bad_point_table_is_told_row_by_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "points.csv"
    table.write_text("code,kind,physical_low,physical_high,decimals\na,odd,5,1,99\n,,,,1\na,,,,x\n")
    assert run(["conform", "--points", str(table), "--json"]) == 1
    findings = {f["code"]: f["places"] for f in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["unknown_kind"] == ["table row 2.kind"]
    assert findings["bad_limit"] == ["table row 2"]
    assert findings["bad_real"] == ["table row 2.decimals", "table row 4.decimals"]
    assert findings["bad_code"] == ["table row 3.code"]
    assert findings["doubled_point"] == ["table row 4.code"]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    import threading  # noqa: PLC0415 # for this alone

    server = StandIn(Conformance(TABLE), ("127.0.0.1", 0))
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()


def post(server: StandIn, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(  # our own server
        f"http://127.0.0.1:{server.port}{path}", body, {"Authorization": "Bearer k", **headers}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_the_stand_in_answers_as_the_gateway_does_and_notes_what_was_wrong(
    stand_in: StandIn,
) -> None:
    assert post(stand_in, "/v1/beats", GOOD[0].to_bytes()) == (
        200,
        {"beat": 1, "accepted": 5, "rejected": []},
    )
    assert post(stand_in, "/v1/beats", to_raw(GOOD[1]))[1]["accepted"] == 5
    assert post(stand_in, "/v1/heartbeat", b"{}")[0] == 200
    alarms = (EXAMPLES / "alarms.json").read_bytes()
    assert post(stand_in, "/v1/alarms", alarms)[1]["accepted"] == 3
    for path, body, head, status, code in (
        ("/v1/beats", b"{", {}, 400, "bad_json"),
        ("/v1/beats", b"{}", {"Authorization": ""}, 401, "unknown_key"),
        ("/v2/beats", b"{}", {}, 404, "not_found"),
        ("/v1/beats", b"x", {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
    ):
        found, answer = post(stand_in, path, body, **head)
        assert (found, answer["code"]) == (status, code)
    stand_in.checked.conclude()
    assert set(codes(stand_in.checked)) == {
        "bad_json",
        "unknown_key",
        "not_found",
        "bad_encoding",
    }
