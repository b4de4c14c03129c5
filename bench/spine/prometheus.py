"""The peer: Prometheus' remote write, with the same limit as an alerting rule."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.spine.load import LIMIT
from bench.spine.peers import REMOTE_WRITE, Peer, Running, free_port

RULES = f"""
groups:
  - name: limits
    interval: 15s
    rules:
      - alert: above
        expr: v > {LIMIT}
"""


@contextmanager
def running() -> Iterator[Running]:
    """Start Prometheus on a free port with an empty store, and stop it after."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-prometheus-"))
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield Running(port, _wait_version(port))
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _wait_version(port: int) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v1/status/buildinfo"
            ) as reply:
                return str(json.load(reply)["data"]["version"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


PEER = Peer("prometheus", running, (REMOTE_WRITE,))
