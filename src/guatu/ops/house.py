"""An installation: its folder, addresses and environment, from what the operator set."""

import os
import random
import secrets
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from guatu.ops.errors import CannotStart
from guatu.ops.words import say

HOST = "127.0.0.1"
LOWEST_FREE, LOWEST_EPHEMERAL = 12_000, 32_768
"""Linux hands out ports from the second on for outgoing connections."""
MEASURED = ("supervisor", "gateway", "engine", "live", "worker", "web", "keeper")
"""Processes with metrics, in the order of their ports; the supervisor tells of the log, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Where an installation lives and listens.

    Attributes:
        home: its data folder.
        host: the address browsers and plants reach; the log always stays on the loopback.
        metrics_port: the first of the ports where processes tell their metrics; 0 for none.
        tls: whether the gateway ends TLS itself; not behind a proxy that does.
        web_port, gateway_port, live_port, log_port, monitor_port: where the processes listen.
    """

    home: Path
    host: str
    web_port: int
    gateway_port: int
    live_port: int
    log_port: int
    monitor_port: int
    metrics_port: int = 0
    tls: bool = True

    def metrics_port_of(self, process: str) -> int:
        """Where a process tells its metrics and health, on the loopback; 0 for nowhere."""
        if not self.metrics_port or process not in MEASURED:
            return 0
        return self.metrics_port + MEASURED.index(process)

    @property
    def ports(self) -> list[tuple[str, int, str]]:
        """Every port with the variable that sets it and what listens there."""
        return [
            ("GUATU_WEB_PORT", self.web_port, say("网页", "web pages", separator=" ")),
            ("GUATU_GATEWAY_PORT", self.gateway_port, say("接入网关", "gateway", separator=" ")),
            ("GUATU_LIVE_PORT", self.live_port, say("实时推送", "live pages", separator=" ")),
            ("GUATU_LOG_PORT", self.log_port, say("消息日志", "log", separator=" ")),
            (
                "GUATU_LOG_MONITOR_PORT",
                self.monitor_port,
                say("日志监视", "log monitoring", separator=" "),
            ),
        ]

    @property
    def own_log_url(self) -> str:
        """Where the log answers that this house itself keeps."""
        return f"nats://{HOST}:{self.log_port}"

    @property
    def gateway_url(self) -> str:
        """The address plants send to."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.gateway_port}"

    @property
    def web_url(self) -> str:
        """The address people open."""
        return f"http://{self.host}:{self.web_port}/"

    def environment(self) -> dict[str, str]:
        """Give what every process of this installation finds in its environment."""
        return {
            "GUATU_HOME": str(self.home),
            "GUATU_HOST": self.host,
            "GUATU_WEB_PORT": str(self.web_port),
            "GUATU_GATEWAY_PORT": str(self.gateway_port),
            "GUATU_LIVE_PORT": str(self.live_port),
            "GUATU_LOG_PORT": str(self.log_port),
            "GUATU_LOG_MONITOR_PORT": str(self.monitor_port),
            "GUATU_METRICS_PORT": str(self.metrics_port),
            "GUATU_GATEWAY_HOST": self.host,
            "GUATU_LIVE_HOST": self.host,
            "GUATU_LOG_URL": os.environ.get("GUATU_LOG_URL", self.own_log_url),
            "GUATU_LIVE_SECRET": kept_secret(self.home / "live.secret"),
            "DJANGO_SETTINGS_MODULE": "guatu.web.settings",
            "PYTHONUNBUFFERED": "1",
        }


def house_from(environ: Mapping[str, str]) -> House:
    """Read an installation from the environment.

    Raises:
        CannotStart: where a port is not a number from 1 to 65535.
    """
    return House(
        home=Path(environ.get("GUATU_HOME", ".guatu")).resolve(),
        host=environ.get("GUATU_HOST", HOST),
        web_port=_port(environ, "GUATU_WEB_PORT", 8000),
        gateway_port=_port(environ, "GUATU_GATEWAY_PORT", 8443),
        live_port=_port(environ, "GUATU_LIVE_PORT", 8001),
        log_port=_port(environ, "GUATU_LOG_PORT", 4222),
        monitor_port=_port(environ, "GUATU_LOG_MONITOR_PORT", 8222),
        metrics_port=_metrics_port(environ),
        tls=environ.get("GUATU_GATEWAY_TLS", "1") != "0",
    )


def house_on_free_ports(home: Path, *, tls: bool = True) -> House:
    """Make a house in a folder, on ports that nobody listens on now.

    Args:
        home: its data folder.
        tls: whether its gateway ends TLS itself.
    """
    first = free_ports(5 + len(MEASURED))
    web, gateway, live, log, monitor, metrics = range(first, first + 6)
    return House(
        home=home,
        host=HOST,
        web_port=web,
        gateway_port=gateway,
        live_port=live,
        log_port=log,
        monitor_port=monitor,
        metrics_port=metrics,
        tls=tls,
    )


def free_ports(length: int) -> int:
    """Find so many ports side by side that nobody listens on now; gives the first.

    They lie below those that the system hands out for outgoing connections: one of these could
    take a port between now and the time it is listened on.

    Args:
        length: how many.
    """
    while True:
        first = random.randrange(LOWEST_FREE, LOWEST_EPHEMERAL - length)  # noqa: S311
        with ExitStack() as stack:
            try:
                for port in range(first, first + length):
                    stack.enter_context(socket.socket()).bind((HOST, port))
            except OSError:
                continue
            return first


def _metrics_port(environ: Mapping[str, str]) -> int:
    if environ.get("GUATU_METRICS_PORT") == "0":
        return 0
    return _port(environ, "GUATU_METRICS_PORT", 9470)


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CannotStart(
            say(
                f"{name}={text} 不是端口号。请填 1 到 65535 之间的数字。",
                f"{name}={text} is not a port. Give a number from 1 to 65535.",
            )
        )
    return int(text)


def kept_secret(path: Path) -> str:
    """Give a secret that is made on first use and kept for its owner's eyes only.

    Two processes that ask at once get the same: a finished draft is linked into place.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # the other process was first, and its secret holds
        finally:
            draft.unlink()
    return path.read_text().strip()
