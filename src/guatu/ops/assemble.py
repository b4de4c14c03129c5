"""The one place where the parts become a running house."""

import json
import os
import ssl
import sys
import time
import urllib.error
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from guatu.ops import preflight
from guatu.ops.certificates import server_certificate
from guatu.ops.demo_accounts import ACCOUNTS, PASSWORD
from guatu.ops.exporter import export
from guatu.ops.house import HOST, House
from guatu.ops.house_vitals import measure
from guatu.ops.supervise import PROCESSES_NOTE, Child, Supervisor
from guatu.ops.words import say
from guatu.telemetry.disk import Room, glance
from guatu.telemetry.log import (
    ask_subject,
    direct_opener,
    log_server_command,
    stuck_problem,
    sync_problem,
    write_log_config,
)
from guatu.telemetry.settings import DiskSettings, LogSettings, StreamSettings

PRODUCT = ("log", "prepare", "gateway", "engine", "live", "worker", "web", "keeper")
DEMO = (
    "log",
    "prepare-demo",
    "gateway",
    "engine",
    "live",
    "worker",
    "web",
    "keeper",
    "demo-plants",
)


def up(house: House, *, demo: bool) -> int:
    """Start everything in the foreground and keep it until Ctrl-C.

    Args:
        house: where it lives and listens.
        demo: with a demo province, its accounts, and simulated plants.

    Raises:
        CannotStart: before anything was started.
        ChildFailed: if a part did not come up; what had started is stopped.
    """
    started = time.monotonic()
    supervisor = Supervisor()
    supervisor.stop_on_signals()
    with standing(house, supervisor, DEMO if demo else PRODUCT):
        if not supervisor.stopping:
            _greet(supervisor, house, time.monotonic() - started, demo=demo)
        supervisor.watch()
    supervisor.say("guatu", say("已全部停止", "all stopped", separator=" "))
    return 0


@contextmanager
def standing(house: House, supervisor: Supervisor, parts: Collection[str]) -> Iterator[None]:
    """Keep parts of the house standing for a block, and stop them after.

    Args:
        house: where it lives and listens.
        supervisor: starts them; its `watch` starts again what ends.
        parts: names of processes, started in the house's order.

    Raises:
        CannotStart: before anything was started.
        ChildFailed: if a part did not come up.
    """
    preflight.check_folder(house.home)
    held = preflight.hold_folder(house.home)
    exporter = None
    try:
        preflight.check_ports(house.ports, house.host)
        environment = _environment(house)
        supervisor.note = house.home / PROCESSES_NOTE
        measure(supervisor, LogSettings.from_env({**os.environ, **environment}))
        exporter = export(house.metrics_port_of("supervisor"))
        children = _children(house, environment)
        supervisor.start(*(child for child in children if child.name in parts))
        yield
    finally:
        supervisor.say("guatu", say("正在停止……", "stopping …", separator=" "))
        supervisor.stop()
        held.close()
        if exporter is not None:
            exporter.shutdown()
            exporter.server_close()


def _environment(house: House) -> dict[str, str]:
    environment = house.environment()
    own_chain, own_key = (
        os.environ.get(name) for name in ("GUATU_GATEWAY_CERT", "GUATU_GATEWAY_TLS_KEY")
    )
    certificate = server_certificate(house.home / "tls", host=house.host, at=datetime.now(UTC))
    if house.tls and not (own_chain and own_key):
        environment["GUATU_GATEWAY_CERT"] = str(certificate.chain)
        environment["GUATU_GATEWAY_TLS_KEY"] = str(certificate.key)
        environment["GUATU_GATEWAY_CA"] = str(certificate.authority)
    return environment


def _children(house: House, environment: dict[str, str]) -> list[Child]:
    """List the processes, what others need first.

    Gateway, engine and live know no database, so they start while it is prepared.
    """
    whole = {**os.environ, **environment}
    log, streams = LogSettings.from_env(whole), StreamSettings.from_env(whole)
    write_log_config(log)
    # Our own child on our own machine: the question is only whether it answers.
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE

    own = partial(_own, environment)
    return [
        Child(
            name="log",
            command=log_server_command(log),
            ready=lambda: not sync_problem(log),
            stuck=_stuck(log, DiskSettings.from_env(whole)),
            hide=("[INF]",),
        ),
        own("prepare", once=True),
        own("prepare-demo", once=True),
        own("gateway", _answers(f"{house.gateway_url}/healthz", trust), after=("log",)),
        own("engine", _hears_questions(log, streams.partitions), after=("log",)),
        own("live", _answers(f"http://{house.host}:{house.live_port}/healthz"), after=("log",)),
        own("web", _answers(f"{house.web_url}healthz"), after=("prepare", "prepare-demo")),
        # It delivers at once what prepare left waiting, and needs the engine's streams for that.
        # Pages come before it, for somebody waits for them.
        own("worker", after=("engine", "web")),
        # It needs nobody, and nobody waits for it: what it compiles must not slow the others down.
        own("keeper", after=("engine", "web")),
        own("demo-plants", after=("gateway", "web")),
    ]


def _own(
    environment: dict[str, str],
    name: str,
    ready: Callable[[], bool] | None = None,
    *,
    after: tuple[str, ...] = (),
    once: bool = False,
) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-m", "guatu", "serve", name],
        environment=environment,
        ready=ready,
        # The first start after an installation compiles: most of a minute on two free cores, and
        # minutes on busy ones. One that ends is told at once all the same.
        patience_s=300.0,
        once=once,
        after=after,
        # Said at every start by the HTTP server, of things that we chose and tested.
        hide=("Embedded server is experimental", "Configuration allows spawning"),
    )


def _stuck(log: LogSettings, disk: DiskSettings) -> Callable[[], str | None]:
    """Make a question: must the log server be started again? Not while the disk is full."""

    def ask() -> str | None:
        if glance(disk, Room.CLOSED) >= Room.CLOSED:
            return None
        return stuck_problem(log)

    return ask


def _hears_questions(log: LogSettings, partitions: int) -> Callable[[], bool]:
    """Make a question: does an engine hear the questions to every partition?

    It does once it has read its checkpoint and made sure of its stream. The streams themselves
    tell nothing: on a second start they are there before the engine is.
    """
    url = f"http://{HOST}:{log.monitor_port}/connz?subs=1"
    wanted = {ask_subject(partition) for partition in range(partitions)}
    direct = direct_opener()

    def ask() -> bool:
        try:
            with direct.open(url, timeout=2) as reply:
                connections = json.load(reply).get("connections") or []
        except (urllib.error.URLError, OSError, ValueError):
            return False
        heard = (one.get("subscriptions_list") or [] for one in connections)
        return wanted <= {subject for subjects in heard for subject in subjects}

    return ask


def _answers(url: str, trust: ssl.SSLContext | None = None) -> Callable[[], bool]:
    """Make a question: does this address answer with success?"""
    direct = direct_opener(trust)

    def ask() -> bool:
        try:
            with direct.open(url, timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ask


def _greet(supervisor: Supervisor, house: House, seconds: float, *, demo: bool) -> None:
    supervisor.say(
        "guatu",
        say(
            f"已就绪（{seconds:.1f} 秒）：请打开 {house.web_url} ，按 Ctrl-C 停止",
            f"ready in {seconds:.1f} s: open {house.web_url} , stop with Ctrl-C",
            separator=" / ",
        ),
    )
    if demo:
        for account in ACCOUNTS:
            supervisor.say("guatu", f"  {account.username:<10} {PASSWORD}   {account.title}")
