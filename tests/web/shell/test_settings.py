"""Settings from the environment, and static files as they are served."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client

from guatu.web import settings as ours


def test_a_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUATU_SECRET_KEY", raising=False)
    first = ours._secret_key(tmp_path)
    assert len(first) > 50
    assert ours._secret_key(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_key_given_from_outside_is_used_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUATU_SECRET_KEY", "given")
    assert ours._secret_key(tmp_path) == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_made_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GUATU_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ImproperlyConfigured, match=r"GUATU_HOME=.*set it to a folder"):
        ours._home()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("/h/guatu.sqlite3")}),
        ("sqlite:////data/g.db", {"NAME": Path("//data/g.db")}),
        (
            "postgres://u%40:p%2Fw@db:5433/guatu?sslmode=require",
            {
                "ENGINE": "django.db.backends.postgresql",
                "USER": "u@",
                "PASSWORD": "p/w",
                "HOST": "db",
                "PORT": "5433",
                "NAME": "guatu",
                "OPTIONS": {"sslmode": "require"},
            },
        ),
    ],
)
def test_a_database_is_named_by_its_address(url: str | None, expected: dict[str, Any]) -> None:
    made = ours._database(url, Path("/h"))
    assert {key: made[key] for key in expected} == expected


def test_an_unknown_database_is_refused_with_a_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match="neither postgres nor sqlite"):
        ours._database("mysql://x/y", Path("/h"))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has these")
def test_sqlite_writes_ahead_and_waits(db: None) -> None:
    with connection.cursor() as cursor:
        values = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 20000,
        "foreign_keys": 1,
    }


def _in_another_process(tmp_path: Path, code: str, **environment: str) -> str:
    """What a fresh web says with this environment."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "guatu.web.settings",
            "GUATU_HOME": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


SERVE_ONCE_COLLECTED = """
from wsgiref.util import setup_testing_defaults
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
call_command("migrate", verbosity=0)
from django.contrib.staticfiles.storage import staticfiles_storage
from guatu.web.wsgi import application

def get(path):
    environ = {"PATH_INFO": path, "HTTP_HOST": "localhost", "HTTP_ACCEPT_ENCODING": "br"}
    setup_testing_defaults(environ)
    headers = {}
    body = b"".join(application(environ, lambda status, h: headers.update(h, status=status)))
    return headers, body

print(*get("/signin/"))
print(get(staticfiles_storage.url("shell/guatu.css"))[0])
"""


def test_collected_files_are_hashed_and_compressed_and_pages_name_them(tmp_path: Path) -> None:
    told = _in_another_process(tmp_path, SERVE_ONCE_COLLECTED)
    names = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
    hashed = names["shell/guatu.css"]
    assert hashed != "shell/guatu.css"
    assert (tmp_path / "static" / f"{hashed}.br").exists()
    assert (tmp_path / "static" / f"{hashed}.gz").exists()
    # Modules import each other by name, so those names must lead to the hashed files too.
    live = (tmp_path / "static" / names["shell/live.js"]).read_text()
    assert f'"./{Path(names["shell/shell.js"]).name}"' in live
    assert "'status': '200 OK'" in told
    assert f"/static/{hashed}" in told
    assert "'Content-Encoding': 'br'" in told
    assert "immutable" in told


@pytest.mark.parametrize(("https", "secure"), [("1", True), ("0", False)])
def test_cookies_are_secure_where_the_web_is(tmp_path: Path, https: str, *, secure: bool) -> None:
    told = _in_another_process(
        tmp_path,
        "from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)",
        GUATU_HTTPS=https,
    )
    assert told.split() == [str(secure)] * 3


def test_static_files_are_served_before_they_are_collected(client: Client, db: None) -> None:
    answer = client.get("/static/shell/guatu.css")
    assert answer.status_code == 200
    assert b"--g-head" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()


def test_no_static_file_points_to_a_source_map() -> None:
    guilty = [
        name
        for finder in get_finders()
        for name, storage in finder.list([])
        if name.endswith((".js", ".css", ".mjs"))
        and "sourceMappingURL=" in Path(storage.path(name)).read_text(encoding="utf-8")
    ]
    assert guilty == []


def test_every_vendored_folder_has_its_licence_and_stands_in_the_notice() -> None:
    vendor = Path(ours.__file__).parent / "shell" / "static" / "shell" / "vendor"
    notice = (vendor / "NOTICE").read_text()
    for folder in (path for path in vendor.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").exists(), folder.name
        assert folder.name in notice


def test_no_model_has_changed_without_its_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, [False, False, 0, [], 0]),
        (
            {"GUATU_HTTPS": "1"},
            [True, True, 31_536_000, ["administrator", "security_administrator", "auditor"], 90],
        ),
        (
            {"GUATU_SECOND_FACTOR_ROLES": "supervisor", "GUATU_PASSWORD_DAYS": "30"},
            [False, False, 0, ["supervisor"], 30],
        ),
    ],
    ids=["demo", "behind TLS", "told"],
)
def test_a_house_behind_tls_is_strict(
    environ: dict[str, str], expected: list[object], tmp_path: Path
) -> None:
    names = (
        "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_HSTS_SECONDS SECOND_FACTOR_ROLES"
        " PASSWORD_DAYS SESSION_COOKIE_SAMESITE CSRF_COOKIE_SAMESITE DEBUG"
    )
    told = "import json; from guatu.web import settings as s; print(json.dumps(["
    told += ", ".join(f"s.{name}" for name in names.split()) + "]))"
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GUATU_")}
    done = subprocess.run(
        [sys.executable, "-c", told],
        env={**clean, "GUATU_HOME": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [*expected, "Lax", "Lax", False]
