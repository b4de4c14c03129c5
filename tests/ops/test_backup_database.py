"""The database copied while it is written to, and put back: SQLite here, PostgreSQL where it is."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guatu.ops.backup import database as databases
from guatu.ops.backup.manifest import BackupFailed, RestoreFailed
from tests.postgres import a_server
from tests.waiting import wait_until

ROWS = 20_000


def nothing(_done: int, _total: int) -> None:
    pass


def sqlite(path: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = tmp_path / "live.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE pair (left TEXT, right TEXT)")
        connection.executemany(
            "INSERT INTO pair VALUES (?, ?)", ((f"{n:0200d}", f"{n:0200d}") for n in range(ROWS))
        )
        connection.commit()
    return path


def test_a_copy_is_of_one_moment_although_somebody_writes_all_the_while(
    live: Path, tmp_path: Path
) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(live, timeout=20)) as connection:
            number = ROWS
            while not stop.is_set():
                number += 1
                connection.execute("INSERT INTO pair VALUES (?, ?)", (str(number), "half"))
                connection.execute("UPDATE pair SET right = left WHERE right = 'half'")
                connection.commit()
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(written.is_set)
    steps: list[tuple[int, int]] = []
    counts = databases.copy_database(
        sqlite(live), tmp_path / "copy", lambda done, total: steps.append((done, total))
    )
    stop.set()
    writer.join()
    with closing(sqlite3.connect(tmp_path / "copy" / "guatu.sqlite3")) as copy:
        rows, odd = copy.execute("SELECT count(*), sum(left != right) FROM pair").fetchone()
    assert counts == {"pair": rows}
    assert rows > ROWS
    assert odd == 0
    assert steps[-1][0] == steps[-1][1]


def test_a_copy_comes_back_with_the_same_rows_and_over_nothing(live: Path, tmp_path: Path) -> None:
    counts = databases.copy_database(sqlite(live), tmp_path / "copy", nothing)
    copy = databases.file_in(tmp_path / "copy", "sqlite")
    target = sqlite(tmp_path / "new" / "guatu.sqlite3")
    assert databases.put_database_back(target, copy, "sqlite") == counts
    assert (tmp_path / "new" / "guatu.sqlite3").stat().st_mode & 0o077 == 0
    with pytest.raises(RestoreFailed, match=r"guatu\.sqlite3"):
        databases.put_database_back(target, copy, "sqlite")


def test_a_damaged_database_makes_no_backup(live: Path, tmp_path: Path) -> None:
    with live.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_000)
    with pytest.raises(BackupFailed, match="doctor"):
        databases.copy_database(sqlite(live), tmp_path / "copy", nothing)


def test_a_copy_of_another_kind_is_refused_with_the_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(RestoreFailed, match="GUATU_DATABASE_URL"):
        databases.put_database_back(sqlite(tmp_path / "x"), tmp_path / "dump", "postgresql")


# --- PostgreSQL ------------------------------------------------------------------------------


@pytest.fixture
def postgresql() -> Iterator[dict[str, Any]]:
    with a_server() as port:
        yield {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "guatu",
            "PASSWORD": "unused",
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }


def test_a_dump_of_postgresql_comes_back_with_the_same_rows_and_over_nothing(
    postgresql: dict[str, Any], tmp_path: Path
) -> None:
    import psycopg  # noqa: PLC0415  an extra

    address = f"host=127.0.0.1 port={postgresql['PORT']} user=guatu dbname="
    with psycopg.connect(address + "postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE one")
        server.execute("CREATE DATABASE two")
    one, two = {**postgresql, "NAME": "one"}, {**postgresql, "NAME": "two"}
    with psycopg.connect(address + "one", autocommit=True) as server:
        server.execute("CREATE TABLE a AS SELECT generate_series(1, 1000) AS id")
        server.execute('CREATE TABLE "B c" (t TEXT)')

    counts = databases.copy_database(one, tmp_path, nothing)
    dump = databases.file_in(tmp_path, "postgresql")
    assert counts == {"B c": 0, "a": 1000}
    with pytest.raises(RestoreFailed, match="one"):
        databases.put_database_back(one, dump, "postgresql")
    assert databases.put_database_back(two, dump, "postgresql") == counts
