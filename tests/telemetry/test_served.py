"""What serving does to the process that it runs in."""

import subprocess
import sys

SHOW = """
import resource
from guatu.telemetry.served import allow_connections
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4096))
allow_connections()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_a_process_holds_more_connections_than_a_login_shell_lets_it() -> None:
    shown = subprocess.run([sys.executable, "-c", SHOW], check=True, capture_output=True, text=True)
    assert shown.stdout.split() == ["4096", "4096"]
