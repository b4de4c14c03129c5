"""What all tests share: a plain installation in a folder of its own, and the standing cast."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from django.utils import translation

from guatu.web.audit import guards
from tests.cast import Cast, assemble


def pytest_configure() -> None:
    """Make the settings those of a fresh tree: nothing collected, quick password hashes."""
    settings.STATIC_ROOT = "/nonexistent/static"
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LIVE_SECRET = ""
    # How fast this machine is, is no property of the code.
    hypothesis.settings.register_profile("guatu", deadline=None)
    hypothesis.settings.load_profile("guatu")


@pytest.fixture(scope="session", autouse=True)
def _flush_what_is_guarded() -> Iterator[None]:
    """Let what a test committed be emptied, though the database refuses it to everybody else."""
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(operations: Any, sql_list: Any) -> None:
        connection = operations.connection
        with connection.cursor() as cursor:
            for table in guards.ADDED_TO:
                for name in guards.names(table, connection.vendor):
                    where = f" ON {table}" if connection.vendor == "postgresql" else ""
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")
        original(operations, sql_list)
        guards.set_up(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest and must be done by one worker, so that none is left alone."""
    items.sort(key=lambda item: item.get_closest_marker("faults") is None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put SQLite's test database into a folder of this run, so that runs side by side do not meet.

    A file, not memory: the browser tests read it from other threads.
    """
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        path: Path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        default["TEST"]["NAME"] = str(path)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Empty the process's cache and forget its language, so that no test hears of another."""
    cache.clear()
    translation.deactivate()
    yield
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    """The standing cast, its organisations and its regions."""
    return assemble()


@pytest.fixture
def client() -> Client:
    """A browser without script; `client.force_login(cast.duty_officer)` signs in."""
    return Client()


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Let no test leave a house's settings behind, as commands called in this process would."""
    before = {name: value for name, value in os.environ.items() if name.startswith("GUATU_")}
    yield
    for name in [name for name in os.environ if name.startswith("GUATU_")]:
        del os.environ[name]
    os.environ.update(before)
