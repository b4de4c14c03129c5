"""Run one process of the house; each loads only its own parts."""

import asyncio
import ctypes
import logging
import os
import signal
import threading

from guatu.ops.errors import CannotStart, OperatorError
from guatu.ops.exporter import export
from guatu.ops.house import MEASURED, House, house_from
from guatu.ops.logs import set_up_logging
from guatu.ops.preflight import check_writable
from guatu.ops.supervise import PR_SET_PDEATHSIG
from guatu.ops.words import say
from guatu.telemetry.served import allow_connections, let_stay
from guatu.telemetry.vitals import ready_when

WEB_THREADS = 8
ENDED_AT_ONCE = frozenset({"gateway", "live"})
"""Threads of their HTTP server outlive it by a moment, and would now and then panic, loudly, in an
interpreter that is being taken down. All that these processes hold is closed by then."""


def serve(process: str, house: House) -> int:
    """Run a process by its name until it is told to stop.

    Args:
        process: one of `cli.PROCESSES`.
        house: the installation; its environment becomes ours where nothing else is set.

    Raises:
        CannotStart: where the data folder cannot be written.
    """
    check_writable(house.home)
    _enter(house)
    os.environ["GUATU_PROCESS"] = process
    allow_connections()
    set_up_logging(process)
    if process in MEASURED and process != "web":  # the web's own worker process tells of itself
        export(house.metrics_port_of(process))
    _PROCESSES[process](house)
    if process in ENDED_AT_ONCE:
        logging.shutdown()
        os._exit(0)
    return 0


def _gateway(_: House) -> None:
    from guatu.telemetry.gateway import run_gateway  # noqa: PLC0415
    from guatu.telemetry.settings import GatewaySettings  # noqa: PLC0415

    run_gateway(GatewaySettings.from_env(os.environ))


def _engine(_: House) -> None:
    from guatu.ops import checkpoint_words as words  # noqa: PLC0415
    from guatu.telemetry.checkpoint import CheckpointUnreadable  # noqa: PLC0415
    from guatu.telemetry.engine import run_engine  # noqa: PLC0415
    from guatu.telemetry.follow import LogWentBack  # noqa: PLC0415
    from guatu.telemetry.frame import OtherVersion  # noqa: PLC0415
    from guatu.telemetry.settings import EngineSettings  # noqa: PLC0415

    try:
        run_engine(EngineSettings.from_env(os.environ))
    except CheckpointUnreadable as problem:
        raise CannotStart("\n".join(words.unreadable_words(problem))) from problem
    except OtherVersion as problem:
        raise CannotStart("\n".join(words.other_version_words(problem))) from problem
    except LogWentBack as problem:
        raise CannotStart("\n".join(words.went_back_words(problem))) from problem


def _live(_: House) -> None:
    from guatu.telemetry.live import run_live  # noqa: PLC0415
    from guatu.telemetry.settings import LiveSettings  # noqa: PLC0415

    run_live(LiveSettings.from_env(os.environ))


def _enter(house: House) -> None:
    """Make the house's environment ours, where nothing else is set."""
    for name, value in house.environment().items():
        os.environ.setdefault(name, value)


def set_up_web(house: House) -> None:
    """Make Django know a house, for a command that works on its database."""
    _enter(house)
    import django  # noqa: PLC0415  only commands that need it load it

    django.setup()


def open_house(house: House) -> None:
    """Make Django know a house that is there.

    Raises:
        OperatorError: if it is not.
    """
    if not house.home.is_dir():
        raise OperatorError(
            say(
                f"{house.home} 中没有挂图的数据，请先运行 guatu up。",
                f"There is no Guatu in {house.home}: run guatu up first.",
            )
        )
    set_up_web(house)


def _set_up_web(house: House) -> None:
    set_up_web(house)
    set_up_logging(os.environ.get("GUATU_PROCESS", "guatu"))  # Django has put its own in place


def _worker(house: House) -> None:
    _set_up_web(house)
    from guatu.ops.worker import run_worker  # noqa: PLC0415

    asyncio.run(run_worker(os.environ))


def _web(house: House) -> None:
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        "guatu.ops.serve:web_application",
        address=house.host,
        port=house.web_port,
        interface=Interfaces.WSGI,
        blocking_threads=WEB_THREADS,
        factory=True,
        respawn_failed_workers=True,
        log_level="warning",  # type: ignore[arg-type]  # the enum's own value
    ).serve()


def web_application() -> object:
    """Give the web's WSGI application to the server's worker process.

    A worker whose parent was killed outright would keep the port, so it goes with its parent.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    from guatu.web.wsgi import application  # noqa: PLC0415

    set_up_logging("web")
    ready_when("web", _database_answers)
    export(house_from(os.environ).metrics_port_of("web"))
    from guatu.web.monitoring.doors import warm_up  # noqa: PLC0415

    # Beside the first pages, which most often ask for no history.
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    # A page, and far more a table that is brought in, makes many rows that all stay to its end.
    let_stay()
    return application


def _keeper(house: House) -> None:
    ready_when("keeper", lambda: {"data_folder": house.home.is_dir()})
    from guatu.ops.keeper import run_keeper  # noqa: PLC0415
    from guatu.telemetry.settings import KeeperSettings  # noqa: PLC0415

    run_keeper(KeeperSettings.from_env(os.environ))


def _database_answers() -> dict[str, bool]:
    from django.db import DatabaseError, close_old_connections, connection  # noqa: PLC0415

    try:
        close_old_connections()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return {"database": False}
    finally:
        connection.close()  # each question comes on a thread of its own
    return {"database": True}


def _prepare(house: House) -> None:
    _set_up_web(house)
    from guatu.ops.prepare import prepare  # noqa: PLC0415

    prepare(house)


def _prepare_demo(house: House) -> None:
    _prepare(house)
    from guatu.ops.demo import furnish  # noqa: PLC0415

    furnish(house)


def _demo_plants(house: House) -> None:
    from guatu.ops.demo import run_plants  # noqa: PLC0415

    run_plants(house)


_PROCESSES = {
    "gateway": _gateway,
    "engine": _engine,
    "live": _live,
    "worker": _worker,
    "web": _web,
    "keeper": _keeper,
    "prepare": _prepare,
    "prepare-demo": _prepare_demo,
    "demo-plants": _demo_plants,
}
