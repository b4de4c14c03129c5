"""The one place where the parts become a running house."""

import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from guatu.ops import preflight
from guatu.ops.certificates import Certificate, server_certificate
from guatu.ops.house import House
from guatu.ops.supervise import Child, Supervisor
from guatu.ops.words import say
from guatu.telemetry.log import log_server_command, sync_problem, write_log_config
from guatu.telemetry.settings import LogSettings


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
    preflight.check_folder(house.home)
    held = preflight.hold_folder(house.home)
    supervisor = Supervisor()
    supervisor.stop_on_signals()
    try:
        preflight.check_ports(house.ports, house.host)
        environment, certificate = _environment(house)
        os.environ.update(environment)
        for child in _children(house, certificate, demo=demo):
            if not supervisor.stopping:
                supervisor.start(child)
        if not supervisor.stopping:
            _greet(supervisor, house, time.monotonic() - started, demo=demo)
        supervisor.watch()
    finally:
        supervisor.say("guatu", say("正在停止……", "stopping …", separator=" "))
        supervisor.stop()
        held.close()
    supervisor.say("guatu", say("已全部停止", "all stopped", separator=" "))
    return 0


def _environment(house: House) -> tuple[dict[str, str], Certificate]:
    environment = house.environment()
    own_chain, own_key = (
        os.environ.get(name) for name in ("GUATU_GATEWAY_CERT", "GUATU_GATEWAY_TLS_KEY")
    )
    certificate = server_certificate(house.home / "tls", at=datetime.now(UTC))
    if not (own_chain and own_key):
        environment["GUATU_GATEWAY_CERT"] = str(certificate.chain)
        environment["GUATU_GATEWAY_TLS_KEY"] = str(certificate.key)
        environment["GUATU_GATEWAY_CA"] = str(certificate.authority)
    return environment, certificate


def _children(house: House, certificate: Certificate, *, demo: bool) -> list[Child]:
    log = LogSettings.from_env(os.environ)
    write_log_config(log)
    trust = ssl.create_default_context(cafile=str(certificate.authority))
    children = [
        Child(name="log", command=log_server_command(log), ready=lambda: not sync_problem(log)),
        _own("prepare-demo" if demo else "prepare", ready=None),
        _own("gateway", ready=_answers(f"{house.gateway_url}/healthz", trust)),
        _own("engine", ready=None),
        _own("live", ready=_answers(f"http://{house.host}:{house.live_port}/healthz")),
        _own("worker", ready=None),
        _own("web", ready=_answers(f"{house.web_url}healthz")),
    ]
    children[1] = replace(children[1], once=True, patience_s=300.0)
    if demo:
        children.append(_own("demo-plants", ready=None))
    return children


def _own(name: str, *, ready: Callable[[], bool] | None) -> Child:
    return Child(name=name, command=[sys.executable, "-m", "guatu", "serve", name], ready=ready)


def _answers(url: str, trust: ssl.SSLContext | None = None) -> Callable[[], bool]:
    """Make a question: does this address answer with success?"""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2, context=trust) as reply:  # noqa: S310  ours
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
        from guatu.ops.demo import ACCOUNTS, PASSWORD  # noqa: PLC0415  only a demo has them

        for account in ACCOUNTS:
            supervisor.say("guatu", f"  {account.username:<10} {PASSWORD}   {account.title}")
