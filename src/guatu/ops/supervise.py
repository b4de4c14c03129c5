"""Start processes in order, keep them alive, show their lines, stop them in reverse order."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TextIO
from zoneinfo import ZoneInfo

from guatu.ops.errors import ChildFailed
from guatu.ops.logs import masked, wants_json
from guatu.ops.words import say

PR_SET_PDEATHSIG = 1
ZONE = ZoneInfo("Asia/Shanghai")
"""The clock of the pages, so that a line and a page can be held side by side."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LOOK_EVERY_S = 2.0
PROCESSES_NOTE = "processes.json"
STEADY_S = 30.0
"""A child that lived this long starts again without a growing pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to be kept running.

    Attributes:
        name: what its lines are marked with.
        command: program and arguments.
        environment: what is added to our own environment.
        ready: tells whether it does its work; asked until it says yes.
        patience_s: seconds it may take to become ready.
        once: it does its work and ends; ready is when it ended well.
        after: names of those that must be ready before it is started; only those count that
            are started together with it.
        hide: lines with one of these words are not shown.
        stuck: says why it must be started again although it runs; asked every few seconds.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    patience_s: float = 60.0
    once: bool = False
    after: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    stuck: Callable[[], str | None] | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[str]
    started: float
    starts: int = 1
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pause_s: float = FIRST_PAUSE_S
    restart_at: float | None = None


class Supervisor:
    """Keeps a house of processes standing until it is told to stop.

    Attributes:
        note: a file that tells of the processes, kept up to date; None for none.
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self.note: Path | None = None
        self._out = out
        self._running: list[_Running] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._relays: list[threading.Thread] = []

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end the run in order."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())

    def say(self, name: str, line: str) -> None:
        """Print one line of the common log: as JSON where the environment asks for it."""
        if wants_json():
            text = line if _is_json(line) else _as_json(name, line)
        else:
            stamp = datetime.now(ZONE).strftime("%H:%M:%S")
            text = f"{stamp} {name:<9}| {line}"
        with self._lock:
            self._out.write(f"{text}\n")
            self._out.flush()

    def start(self, *children: Child) -> None:
        """Start processes, each as soon as those before it are ready, and wait for all.

        Args:
            children: in an order in which those before a child stand before it; they are
                stopped in the reverse of it.

        Raises:
            ChildFailed: if one is not ready in its time, or ends meanwhile.
        """
        waiting = list(children)
        unready = {child.name for child in children}
        starting: list[_Running] = []
        while unready and not self._stop.is_set():
            for child in [one for one in waiting if not unready.intersection(one.after)]:
                waiting.remove(child)
                starting.append(_Running(child, self._spawn(child), time.monotonic()))
                self._running.append(starting[-1])
            for running in [one for one in starting if self._is_ready(one)]:
                starting.remove(running)
                unready.remove(running.child.name)
            time.sleep(0.02)
        places = {child.name: place for place, child in enumerate(children)}
        self._running.sort(key=lambda one: places.get(one.child.name, -1))
        self._write_note()

    def _is_ready(self, running: _Running) -> bool:
        child = running.child
        code = running.process.poll()
        if child.once and code == 0:
            self._running.remove(running)
            return True
        if code is not None or time.monotonic() > running.started + child.patience_s:
            raise ChildFailed(_not_ready(child, code))
        return not child.once and (child.ready is None or child.ready())

    def watch(self) -> None:
        """Restart what ends, until told to stop."""
        looking = threading.Thread(target=self._look_after, daemon=True)
        looking.start()
        while not self._stop.wait(0.1):
            for running in self._running:
                self._keep(running)
        looking.join(1)  # it may be asking a child that does not answer

    def _look_after(self) -> None:
        """End what says that it is stuck; `watch` then starts it again."""
        while not self._stop.wait(LOOK_EVERY_S):
            for running in self._running:
                process, ask = running.process, running.child.stuck
                why = ask() if ask is not None and process.poll() is None else None
                # A process that was started since is not the one that was asked.
                if why and running.process is process:
                    self.say(
                        running.child.name,
                        say(f"需要重启：{why}", f"must be started again: {why}", separator=" "),
                    )
                    process.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(10)

    def stop(self) -> None:
        """Stop everything, the last started first, each with ten seconds to finish."""
        self._stop.set()
        for running in reversed(self._running):
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
                # A paused process sees its signal only when it goes on.
                running.process.send_signal(signal.SIGCONT)
                try:
                    running.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.say(
                        running.child.name,
                        say(
                            "10 秒内未停止，强制结束", "did not stop in 10 s, killed", separator=" "
                        ),
                    )
                    running.process.kill()
                    running.process.wait()
        for relay in self._relays:
            relay.join(1)  # a grandchild may still hold the pipe: its lines are not waited for

    @property
    def stopping(self) -> bool:
        """Whether the run was told to end."""
        return self._stop.is_set()

    def pids(self) -> dict[str, int]:
        """Give the process number of every child by name."""
        return {running.child.name: running.process.pid for running in self._running}

    def facts(self) -> dict[str, dict[str, Any]]:
        """Tell of each process: its number, how often and when it was started, if it lives."""
        return {
            one.child.name: {
                "pid": one.process.pid,
                "starts": one.starts,
                "started": one.started_at.isoformat(timespec="seconds"),
                "alive": one.process.poll() is None,
            }
            for one in list(self._running)
        }

    def _write_note(self) -> None:
        if self.note is None:
            return
        draft = self.note.with_name(f".{self.note.name}")
        try:
            draft.write_text(json.dumps(self.facts()), encoding="utf-8")
            draft.replace(self.note)
        except OSError as problem:
            # It is for reading only: a full disk must not keep a process from its restart.
            self.say("guatu", f"{self.note}: {problem}")

    def _keep(self, running: _Running) -> None:
        code = running.process.poll()
        now = time.monotonic()
        if code is None:
            return
        if running.restart_at is None:
            if now - running.started > STEADY_S:
                running.pause_s = FIRST_PAUSE_S
            running.restart_at = now + running.pause_s
            running.pause_s = min(running.pause_s * 2, LONGEST_PAUSE_S)
            self.say(
                running.child.name,
                say(f"意外退出（{code}），即将重启", f"ended ({code}), restarting", separator=" "),
            )
        elif now >= running.restart_at:
            running.process = self._spawn(running.child)
            running.started, running.restart_at = now, None
            running.starts, running.started_at = running.starts + 1, datetime.now(UTC)
            self._write_note()

    def _spawn(self, child: Child) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            list(child.command),
            env={**os.environ, **child.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # The terminal's Ctrl-C reaches us alone: we stop the children in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  only our main thread spawns
        )
        assert process.stdout is not None  # noqa: S101  asked for above
        relay = threading.Thread(target=self._relay, args=(child, process.stdout), daemon=True)
        self._relays = [*(one for one in self._relays if one.is_alive()), relay]
        relay.start()
        return process

    def _relay(self, child: Child, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if line.strip() and not any(word in line for word in child.hide):
                    self.say(child.name, line.rstrip())


def _is_json(line: str) -> bool:
    """Whether a child wrote this line as JSON itself; the log server and granian do not."""
    try:
        return line.startswith("{") and "message" in json.loads(line)
    except ValueError:
        return False


def _as_json(name: str, line: str) -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    facts = {"at": at, "level": "info", "process": name, "logger": name, "message": masked(line)}
    return json.dumps(facts, ensure_ascii=False)


def _die_with_parent() -> None:
    """Ask the kernel to stop this child if the supervisor is killed outright."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _not_ready(child: Child, code: int | None) -> str:
    if code is None:
        return say(
            f"进程 {child.name} 在 {child.patience_s:.0f} 秒内没有就绪。请看上面它的日志。",
            f"The process {child.name} was not ready in {child.patience_s:.0f} s. "
            "Its lines above say why.",
        )
    return say(
        f"进程 {child.name} 启动失败（退出码 {code}）。请看上面它的日志。",
        f"The process {child.name} failed to start (exit status {code}). Its lines above say why.",
    )
