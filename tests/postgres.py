"""A PostgreSQL server of a test's own, where the machine has one installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.telemetry.conftest import free_port


@contextmanager
def a_server() -> Iterator[int]:
    """Run a server, whose user is guatu, and tell its port; without one installed, skip the test.

    It refuses to run as root, so nobody runs it then.
    """
    programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl", "pg_dump", "pg_restore")}
    pytest.importorskip("psycopg")
    if missing := [name for name, path in programs.items() if path is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    # Not below pytest's folder, which nobody but its owner may enter.
    home, port = tempfile.TemporaryDirectory(prefix="guatu-pg-"), free_port()
    place = Path(home.name)
    be: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(place, "nobody")
        be = ["/usr/bin/setpriv", "--reuid=nobody", "--clear-groups"]
    initdb, control = str(programs["initdb"]), str(programs["pg_ctl"])
    data = str(place / "data")
    options = f"-p {port} -k {place}"
    subprocess.run([*be, initdb, "-D", data, "-U", "guatu", "-A", "trust"], check=True, cwd=place)
    start = [control, "-D", data, "-o", options, "-l", str(place / "log"), "-w", "start"]
    subprocess.run([*be, *start], check=True, cwd=place, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        stop = [*be, control, "-D", data, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, cwd=place)
        home.cleanup()
