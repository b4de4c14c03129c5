"""The supervisor starts, restarts and stops real processes."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from guatu.ops import supervise
from guatu.ops.errors import ChildFailed
from guatu.ops.supervise import Child, Supervisor
from tests.waiting import wait_until

LIVES = "import time, sys; print('up', flush=True); time.sleep(60)"


def python(name: str, code: str, ready: Callable[[], bool] | None = None) -> Child:
    return Child(name=name, command=[sys.executable, "-c", code], ready=ready, patience_s=10)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(out: io.StringIO) -> Iterator[Supervisor]:
    made = Supervisor(out)
    yield made
    made.stop()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lines_of_a_child_carry_its_name(supervisor: Supervisor, out: io.StringIO) -> None:
    supervisor.start(python("one", LIVES, ready=lambda: "up" in out.getvalue()))

    assert "one      | up" in out.getvalue()


def test_a_killed_child_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(python("one", LIVES))
    first = supervisor.pids()["one"]
    watcher = threading.Thread(target=supervisor.watch)
    watcher.start()

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: supervisor.pids()["one"] != first)
    assert is_alive(supervisor.pids()["one"])
    supervisor.stop()
    watcher.join()


def test_stop_ends_even_a_paused_child(supervisor: Supervisor) -> None:
    supervisor.start(python("one", LIVES))
    pid = supervisor.pids()["one"]
    os.kill(pid, signal.SIGSTOP)

    supervisor.stop()

    assert not is_alive(pid)


def test_a_child_that_ends_at_start_is_reported_with_its_status(supervisor: Supervisor) -> None:
    with pytest.raises(ChildFailed, match="7"):
        supervisor.start(python("one", "raise SystemExit(7)", ready=lambda: False))


def test_a_child_waits_for_those_before_it_and_for_nobody_else(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    go, began = tmp_path / "go", tmp_path / "began"
    slow = f"import time, pathlib\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)"
    other = f"import pathlib; pathlib.Path({str(go)!r}).touch(); {LIVES}"
    last = f"import pathlib; pathlib.Path({str(began)!r}).touch(); {LIVES}"
    # The first ends only once the second runs, so the second must not have waited for it.
    supervisor.start(
        replace(python("slow", slow), once=True),
        python("other", other, ready=go.exists),
        replace(python("last", last, ready=began.exists), after=("slow", "not of this house")),
    )

    assert set(supervisor.pids()) == {"other", "last"}


def test_children_stop_in_the_reverse_of_the_order_they_are_given_in(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open({ended!r}, 'a').write({name!r}); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); open({up!r}, 'w'); time.sleep(60)"
    )

    def child(name: str, *after: str) -> Child:
        up = tmp_path / name
        told = code.format(ended=str(ended), name=name, up=str(up))
        return replace(python(name, told, ready=up.exists), after=after)

    supervisor.start(child("a"), child("b", "c"), child("c"))
    supervisor.stop()

    assert ended.read_text() == "cba"


def test_children_go_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import time; from guatu.ops.supervise import Child, Supervisor; s = Supervisor();"
        f"s.start(Child(name='c', command=[{sys.executable!r}, '-c', {LIVES!r}]));"
        f"open({str(note)!r}, 'w').write(str(s.pids()['c'])); time.sleep(60)"
    )
    outer = Supervisor(io.StringIO())
    outer.start(python("outer", code, ready=lambda: note.exists() and note.read_text() != ""))

    os.kill(outer.pids()["outer"], signal.SIGKILL)

    wait_until(lambda: not is_alive(int(note.read_text())))
    outer.stop()


def test_a_child_that_is_stuck_is_started_again(
    supervisor: Supervisor, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOOK_EVERY_S", 0.05)
    is_stuck = threading.Event()
    child = replace(python("one", LIVES), stuck=lambda: "no space" if is_stuck.is_set() else None)
    supervisor.start(child)
    first = supervisor.pids()["one"]
    watcher = threading.Thread(target=supervisor.watch)
    watcher.start()

    is_stuck.set()
    wait_until(lambda: "no space" in out.getvalue())
    is_stuck.clear()

    wait_until(lambda: supervisor.pids()["one"] != first)
    assert is_alive(supervisor.pids()["one"])
    supervisor.stop()
    watcher.join()
