"""A real house copied while plants send, put up elsewhere, and going on there."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from guatu.ops.backup.manifest import Manifest, complete_backups, read_manifest
from guatu.ops.last_backup import last_backup
from guatu.telemetry.log import beats_stream
from tests.faults.account import STORED, until_equal
from tests.faults.house import Standing, a_house
from tests.ops.sender import Sender
from tests.waiting import wait_until

PLANT, POINT = "YN-ST-003", "BF2.top_pressure"
NEW = 10_000

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("faults")]

COUNTS = """
import json
from django.apps import apps
print(json.dumps({m._meta.db_table: m.objects.count()
                  for m in apps.get_models() if m._meta.app_label in ("people", "regions") or
                  m.__name__ in ("Plant", "PlantKey", "Unit", "Point", "LimitVersion")}))
"""


FIRST = """
import asyncio, json
from guatu.telemetry import log
from guatu.telemetry.settings import StreamSettings
async def first():
    async with log.connection(StreamSettings.from_env(), "test") as client:
        js = client.jetstream()
        infos = [await js.stream_info(log.beats_stream(p)) for p in range(2)]
        print(json.dumps([info.state.first_seq for info in infos]))
asyncio.run(first())
"""

STANDING = """
import json
from guatu.telemetry import query
from guatu.telemetry.history.read import count_stored
from guatu.telemetry.settings import history_folder
stored = [one.stored_sequence for one in query.engine_status()]
found = count_stored(history_folder())
print(json.dumps({"stored": stored, "rows": found.rows, "distinct": found.distinct,
                  "accepted": query.counts().accepted}))
"""


def guatu(*words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "guatu", *words],
        env={**environ, "GUATU_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )


def sender(standing: Standing, epoch: int, at_ms: int = 0) -> Sender:
    return Sender(
        url=standing.house.gateway_url,
        key=standing.keys[PLANT],
        authority=standing.house.home / "tls" / "ca.pem",
        point=POINT,
        epoch=epoch,
        at_ms=at_ms,
    )


def _elsewhere(home: Path) -> dict[str, str]:
    """An environment that knows nothing of the first house."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUATU_")}
    return {**kept, "GUATU_HOME": str(home)}


def test_a_house_copied_under_load_goes_on_elsewhere_and_takes_each_sample_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUATU_CUT_MS", "2000")
    monkeypatch.setenv("GUATU_LOG_KEEP_MS", "2000")
    until, backups, new_home = threading.Event(), tmp_path / "backups", tmp_path / "elsewhere"
    with a_house(tmp_path / "home") as standing:
        environ = standing.environment()
        with sender(standing, epoch=1) as first:
            for _ in range(40):
                first.send(1000)
            loading = threading.Thread(target=_load, args=(first, until))
            loading.start()
            known_before = list(first.sent)
            wait_until(lambda: _has_trimmed(standing), patience_s=60)
            one = guatu("backup", str(backups), environ=environ)
            assert one.returncode == 0, one.stderr
            two = guatu("backup", str(backups), environ=environ)
            assert two.returncode == 0, two.stderr
            until.set()
            loading.join()
        noted = last_backup(standing.house.home)
        at_ms = first.at_ms
        everything = first.accepted
        counts = standing.ask(COUNTS)

    made = complete_backups(backups)
    assert len(made) == 2
    assert noted is not None
    assert noted.folder == str(made[1])
    _second_copied_only_what_was_new(made)

    done = guatu("--home", str(new_home), "restore", str(backups), environ=_elsewhere(new_home))
    assert done.returncode == 0, done.stderr
    with a_house(new_home) as standing:
        manifest = read_manifest(made[1])
        before = _until_all_stored(standing, manifest)
        # Whatever was acknowledged when the backup began is in it.
        assert 40_000 <= before <= everything
        assert before >= manifest.rows
        assert standing.ask(COUNTS) == counts == _of(manifest.counts, counts)
        with sender(standing, epoch=1) as again:
            for body in known_before:
                again.again(body)
        with sender(standing, epoch=2, at_ms=at_ms + 1_000_000) as fresh:
            for _ in range(10):
                fresh.send(NEW // 10)
        expected = [before + NEW, before + NEW]
        assert until_equal(lambda: standing.ask(STORED), expected) == expected


def _load(first: Sender, until: threading.Event) -> None:
    while not until.is_set():
        first.send(500)


def _of(counts: dict[str, int], like: object) -> dict[str, int]:
    assert isinstance(like, dict)
    return {table: counts[table] for table in like}


def _has_trimmed(standing: Standing) -> bool:
    """Whether cuts and trimming go on under the load."""
    found = standing.ask(FIRST)
    assert isinstance(found, list)
    return bool(max(found) > 1)


def _until_all_stored(standing: Standing, manifest: Manifest) -> int:
    """Wait until everything in the restored log is stored; gives the samples."""
    last = [
        int(copy.state["last_seq"])
        for partition in range(manifest.partitions)
        for copy in manifest.streams
        if copy.name == beats_stream(partition)
    ]
    rows: list[int] = []

    def is_stored() -> bool:
        found = standing.ask(STANDING)
        assert isinstance(found, dict)
        rows[:] = [found["rows"]]
        assert found["rows"] == found["distinct"]
        through = zip(found["stored"], last, strict=True)
        return found["rows"] == found["accepted"] and all(a > b for a, b in through)

    wait_until(is_stored, patience_s=120)
    return rows[0]


def _second_copied_only_what_was_new(made: list[Path]) -> None:
    old, new = (read_manifest(path) for path in made)
    segments = {n for n in old.files if n.endswith(".parquet")}
    shared = segments & set(new.files)
    assert shared
    for name in shared:
        assert (made[0] / name).stat().st_ino == (made[1] / name).stat().st_ino


def test_a_backup_that_was_damaged_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    backups, new_home = tmp_path / "backups", tmp_path / "elsewhere"
    with a_house(tmp_path / "home", ("log", "prepare-demo", "gateway", "engine")) as standing:
        environ = standing.environment()
    # The house is down: its log is read by a server of the backup's own.
    done = guatu("backup", str(backups), environ=environ)
    assert done.returncode == 0, done.stderr
    made = complete_backups(backups)[0]
    assert {s.name for s in read_manifest(made).streams} >= {"EVENTS", "PLANTS", "BEATS_0"}
    victim = made / "log" / "PLANTS"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)

    refused = guatu("--home", str(new_home), "restore", str(made), environ=_elsewhere(new_home))

    assert refused.returncode == 1
    assert "PLANTS" in refused.stderr
    assert "checksum" in refused.stderr
    assert not new_home.exists()


def test_a_folder_in_use_is_never_written_into(tmp_path: Path) -> None:
    made = tmp_path / "backups" / "20261124T000000Z"
    made.mkdir(parents=True)
    (made / "manifest.json").write_text(
        json.dumps(
            {
                "taken_at": "2026-11-24T00:00:00+00:00",
                "version": "0",
                "partitions": 2,
                "database": "sqlite",
                "counts": {},
                "streams": [],
                "positions": {},
                "rows": 0,
                "files": {},
                "format": 1,
            }
        )
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "kept").write_text("somebody's")

    refused = guatu("--home", str(home), "restore", str(made), environ=_elsewhere(home))

    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert [path.name for path in home.iterdir()] == ["kept"]
