"""The database, copied while it is written to, and put back."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from guatu.ops.backup.manifest import BackupFailed, RestoreFailed
from guatu.ops.words import say

SQLITE_FILE, DUMP_FILE = "guatu.sqlite3", "guatu.pgdump"
PAGES = 4096

Told = Callable[[int, int], None]


def kind_of(database: dict[str, Any]) -> str:
    """Say which database Django's settings name: `sqlite` or `postgresql`."""
    return "sqlite" if database["ENGINE"].endswith("sqlite3") else "postgresql"


def file_in(folder: Path, kind: str) -> Path:
    """The file of a backup's database."""
    return folder / (SQLITE_FILE if kind == "sqlite" else DUMP_FILE)


def copy_database(database: dict[str, Any], folder: Path, told: Told) -> dict[str, int]:
    """Copy the database as it stands at one moment.

    Args:
        database: as Django's settings name it.
        folder: of the copy; made if it is missing.
        told: hears how many bytes of how many are done.

    Returns:
        The rows of each table in the copy.

    Raises:
        BackupFailed: if it cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind_of(database) == "sqlite":
        return _copy_sqlite(Path(database["NAME"]), file_in(folder, "sqlite"), told)
    return _dump_postgresql(database, file_in(folder, "postgresql"))


def put_database_back(database: dict[str, Any], source: Path, kind: str) -> dict[str, int]:
    """Make the database from a copy.

    Args:
        database: where to, as Django's settings name it.
        source: the copy's file, checked already.
        kind: of the copy.

    Returns:
        The rows of each table.

    Raises:
        RestoreFailed: if the copy is of another kind of database, or there are tables already.
    """
    here = kind_of(database)
    if here != kind:
        raise RestoreFailed(
            say(
                f"备份中的数据库是 {kind}，而当前配置为 {here}。请调整 GUATU_DATABASE_URL。",
                f"The backup's database is {kind}, but {here} is configured here. "
                "Set GUATU_DATABASE_URL.",
            )
        )
    if kind == "sqlite":
        path = Path(database["NAME"])
        if path.exists():
            raise RestoreFailed(
                say(f"数据库 {path} 已存在。", f"There is a database at {path} already.")
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, path)
        path.chmod(0o600)
        return _counts_sqlite(path)
    if _counts_postgresql(database):
        raise RestoreFailed(
            say(
                f"PostgreSQL 数据库 {database['NAME']} 不是空的。请先建一个空数据库。",
                f"The PostgreSQL database {database['NAME']} is not empty. Create an empty one.",
            )
        )
    _run(["pg_restore", "--no-owner", "--exit-on-error", str(source)], database, RestoreFailed)
    return _counts_postgresql(database)


# --- SQLite ----------------------------------------------------------------------------------


def _copy_sqlite(source: Path, target: Path, told: Told) -> dict[str, int]:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            size: int = live.execute("PRAGMA page_size").fetchone()[0]
            # Held open, so that a writer between two steps does not make it begin anew.
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_master").fetchone()
            live.backup(
                copy,
                pages=PAGES,
                progress=lambda _, left, pages: told((pages - left) * size, pages * size),
            )
            live.rollback()
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as problem:
        raise BackupFailed(_not_read(source, problem)) from problem
    if found != "ok":
        raise BackupFailed(_not_read(source, found))
    return _counts_sqlite(target)


def _not_read(source: Path, problem: object) -> str:
    return say(
        f"数据库 {source} 无法复制（{problem}）。请运行 guatu doctor。",
        f"The database {source} cannot be copied ({problem}). Run guatu doctor.",
    )


def _counts_sqlite(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 # its own tables
            for name in sorted(names)
        }


# --- PostgreSQL ------------------------------------------------------------------------------


def _dump_postgresql(database: dict[str, Any], target: Path) -> dict[str, int]:
    """Dump the very snapshot whose rows are counted."""
    import psycopg  # noqa: PLC0415  an extra that only PostgreSQL's houses install

    with psycopg.connect(**_address(database)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(found[0]) if found else ""
        counts = _count(connection)
        words = ["pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}"]
        _run(words, database, BackupFailed)
    return counts


def _counts_postgresql(database: dict[str, Any]) -> dict[str, int]:
    import psycopg  # noqa: PLC0415  as above

    with psycopg.connect(**_address(database)) as connection:
        return _count(connection)


def _count(connection: Any) -> dict[str, int]:  # noqa: ANN401 # psycopg's, imported only there
    from psycopg import sql  # noqa: PLC0415  as above

    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    ).fetchall()
    count = sql.SQL("SELECT count(*) FROM {}")
    return {
        name: connection.execute(count.format(sql.Identifier(name))).fetchone()[0]
        for (name,) in rows
    }


def _address(database: dict[str, Any]) -> dict[str, Any]:
    named = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    return {name: value for name, value in named.items() if value}


def _run(
    words: list[str], database: dict[str, Any], failed: type[BackupFailed | RestoreFailed]
) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, not in sight."""
    environ = dict(os.environ)
    address = _address(database)
    if "password" in address:
        environ["PGPASSWORD"] = address["password"]
    for option, name in (("--host", "host"), ("--port", "port"), ("--username", "user")):
        if name in address:
            words.append(f"{option}={address[name]}")
    words.append(f"--dbname={database['NAME']}")
    try:
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    except FileNotFoundError as problem:
        raise failed(
            say(
                f"找不到 {words[0]}。请安装 postgresql-client。",
                f"There is no {words[0]}. Install postgresql-client.",
            )
        ) from problem
    if done.returncode:
        raise failed(
            say(f"{words[0]} 失败：{done.stderr.strip()}", f"{words[0]} failed: {done.stderr}")
        )
