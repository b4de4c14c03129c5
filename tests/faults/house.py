"""A whole house of real processes on free ports, for tests that kill and pause them."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guatu.ops.assemble import standing
from guatu.ops.house import House, house_on_free_ports
from guatu.ops.supervise import Supervisor

PARTS = ("log", "prepare-demo", "gateway", "engine", "live", "worker", "web")


@dataclass(slots=True)
class Standing:
    """A running house.

    Attributes:
        house: where it lives and listens.
        supervisor: starts again what ends.
        lines: what the processes said.
    """

    house: House
    supervisor: Supervisor
    lines: io.StringIO

    @property
    def keys(self) -> dict[str, str]:
        """Plant keys by plant code."""
        kept: dict[str, str] = json.loads((self.house.home / "demo-keys.json").read_text())
        return kept

    def environment(self) -> dict[str, str]:
        """What a process of this house finds around it."""
        return {**os.environ, **self.house.environment()}

    def ask(self, code: str) -> object:
        """Run Python in a fresh process of the house; it prints one JSON value."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def a_house(home: Path, parts: tuple[str, ...] = PARTS) -> Iterator[Standing]:
    """Stand a house up in a folder, watch over it, and stop it after."""
    house = house_on_free_ports(home)
    lines = io.StringIO()
    supervisor = Supervisor(lines)
    watching = threading.Thread(target=supervisor.watch)
    try:
        with standing(house, supervisor, parts):
            watching.start()
            yield Standing(house, supervisor, lines)
    except BaseException:
        sys.stderr.write(lines.getvalue()[-8000:])
        raise
    finally:
        if watching.is_alive():
            watching.join()
