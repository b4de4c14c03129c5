"""Settings of the web, all from the environment, so one build serves a laptop and a province.

Nothing here is secret: the key is made at first start and lives in GUATU_HOME, outside the source.
The names of the variables and their defaults are listed in docs/runbook.md.
"""

import os
import secrets
import socket
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


def _flag(name: str, *, default: bool = False) -> bool:
    """Read a yes/no variable: 1, true, yes, on count as yes."""
    text = os.environ.get(name)
    return default if text is None else text.strip().lower() in {"1", "true", "yes", "on"}


def _names(name: str, default: list[str]) -> list[str]:
    """Read a comma-separated variable."""
    text = os.environ.get(name)
    return default if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _home() -> Path:
    """The folder of everything that this installation keeps, made if it is missing."""
    home = Path(os.environ.get("GUATU_HOME", ".guatu")).expanduser().resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"GUATU_HOME={home} cannot be made ({error}): set it to a folder you may write."
        raise ImproperlyConfigured(message) from error
    return home


def _secret_key(home: Path) -> str:
    """The key that signs sessions and seals second factors."""
    return _kept_key(home, "secret_key", "GUATU_SECRET_KEY")


def _kept_key(home: Path, name: str, variable: str) -> str:
    """A key: from the environment, or made once and kept beside the data.

    Written under another name and linked into place, so that two processes starting together
    agree on one key.
    """
    if given := os.environ.get(variable):
        return given
    kept = home / name
    if not kept.exists():
        draft = home / f".{name}.{os.getpid()}"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(64))
            try:
                os.link(draft, kept)
            except FileExistsError:
                pass  # another process was first: its key is the key
            finally:
                draft.unlink()
        except OSError as error:
            message = (
                f"{kept} cannot be written ({error}): set GUATU_HOME to a folder you may write."
            )
            raise ImproperlyConfigured(message) from error
    return kept.read_text().strip()


def _audit_days() -> int:
    """How long the audit is kept, in days: at least the six months that the law asks for."""
    text = os.environ.get("GUATU_AUDIT_DAYS", "1095")
    if not text.isascii() or not text.isdigit() or int(text) < 180:
        message = f"GUATU_AUDIT_DAYS={text}: the audit is kept for at least 180 days."
        raise ImproperlyConfigured(message)
    return int(text)


def _mail(url: str) -> dict[str, Any]:
    """Turn GUATU_SMTP_URL into Django's settings; without one no e-mail is sent.

    smtp://user:password@host:587 speaks STARTTLS, smtps:// TLS from the first byte;
    smtp://…?tls=none neither, for a relay on the same machine.
    """
    if not url:
        return {"EMAIL_HOST": ""}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        message = "GUATU_SMTP_URL must look like smtp://user:password@host:587 or smtps://…:465."
        raise ImproperlyConfigured(message)
    is_tls = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if is_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_tls,
        "EMAIL_USE_TLS": not is_tls and dict(parse_qsl(parts.query)).get("tls") != "none",
    }


def _public_url() -> str:
    """Where people reach the pages, for addresses in messages; checked, for it is sent about."""
    url = os.environ.get("GUATU_PUBLIC_URL", "").rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        message = f"GUATU_PUBLIC_URL={url}: write it as https://guatu.example.gov.cn."
        raise ImproperlyConfigured(message)
    return url


def _sqlite(path: Path) -> dict[str, Any]:
    """SQLite as two writers (web, worker) need it: WAL, writes that wait instead of failing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
                "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"
            ),
        },
    }


def _database(url: str | None, home: Path) -> dict[str, Any]:
    """Turn GUATU_DATABASE_URL into Django's form; without one, SQLite in the home folder."""
    if not url:
        return _sqlite(home / "guatu.sqlite3")
    parts = urlsplit(url)
    if parts.scheme in {"sqlite", "sqlite3"}:
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"}:
        message = f"GUATU_DATABASE_URL: {parts.scheme!r} is neither postgres nor sqlite."
        raise ImproperlyConfigured(message)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


HOME = _home()
SECRET_KEY = _secret_key(HOME)
# Seals the audit: by itself, for the record stays when the other key must be replaced.
AUDIT_KEY = _kept_key(HOME, "audit_key", "GUATU_AUDIT_KEY")
DEBUG = _flag("GUATU_DEBUG")

# Hosts and the way in. Behind a proxy that ends TLS, say GUATU_HTTPS=1 and GUATU_PROXY=1.
ALLOWED_HOSTS = _names(
    "GUATU_HOSTS", ["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()]
)
HTTPS = _flag("GUATU_HTTPS")
CSRF_TRUSTED_ORIGINS = _names("GUATU_ORIGINS", [])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 60 * 60  # one shift
SESSION_IDLE_S = 60 * int(os.environ.get("GUATU_SESSION_IDLE_MINUTES", "60"))
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
# A house with TLS is a real one: there the three administrators need a second factor, and
# passwords grow old. The demo, on plain http, asks for neither unless told.
SECOND_FACTOR_ROLES = _names(
    "GUATU_SECOND_FACTOR_ROLES",
    ["administrator", "security_administrator", "auditor"] if HTTPS else [],
)
PASSWORD_DAYS = int(os.environ.get("GUATU_PASSWORD_DAYS", "90" if HTTPS else "0"))
BEHIND_PROXY = _flag("GUATU_PROXY")
AUDIT_DAYS = _audit_days()
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# The live process. Its origin is that of the request with another port, unless a proxy says else.
LIVE_PORT = int(os.environ.get("GUATU_LIVE_PORT", "8001"))
LIVE_ORIGIN = os.environ.get("GUATU_LIVE_ORIGIN", "")
LIVE_SECRET = os.environ.get("GUATU_LIVE_SECRET", "")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],  # plus the live origin of each request's host
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Ways to people outside the pages: e-mail and hooks.
globals().update(_mail(os.environ.get("GUATU_SMTP_URL", "")))
DEFAULT_FROM_EMAIL = os.environ.get("GUATU_MAIL_FROM", "guatu@localhost")
PUBLIC_URL = _public_url()
# Hooks may not lead into the machine itself, but to the hosts named here.
HOOK_HOSTS = _names("GUATU_HOOK_HOSTS", [])

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    # Ours, the highest floor first: its templates and words go before those below.
    "guatu.web.wall",
    "guatu.web.audit",
    "guatu.web.operations",
    "guatu.web.connection",
    "guatu.web.quality",
    "guatu.web.monitoring",
    "guatu.web.warnings",
    "guatu.web.imports",
    "guatu.web.notices",
    "guatu.web.people",
    "guatu.web.regions",
    "guatu.web.shell",
]

MIDDLEWARE = [
    "guatu.web.shell.measure.MeasureMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "guatu.web.shell.middleware.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "guatu.web.shell.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "guatu.web.audit.middleware.ActingMiddleware",
    "guatu.web.people.session_limits.SessionLimitsMiddleware",
    "guatu.web.people.signed_in.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "guatu.web.shell.middleware.FragmentMessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "guatu.web.urls"
WSGI_APPLICATION = "guatu.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "guatu.web.shell.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "guatu.web.shell.templatetags.guatu",
            ],
        },
    }
]

DATABASES = {"default": _database(os.environ.get("GUATU_DATABASE_URL"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
LOGIN_URL = "people:signin"
LOGIN_REDIRECT_URL = "/"
# Scrypt before Django's first choice: dear in memory too, which is what a guesser's machines lack,
# and half the time of a processor. Others are read, and kept anew at the next sign-in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email", "phone")},
    },
    {
        "NAME": "guatu.web.people.passwords.LongEnoughValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "guatu.web.people.passwords.NotPastValidator"},
]

# Language: Chinese unless the reader chose otherwise by the switch.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Static files: hashed and compressed once collected; straight from the apps until then.
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "guatu.web.shell.static_files.HashedFiles"},
}
STATIC_COLLECTED = (STATIC_ROOT / "staticfiles.json").exists() and not DEBUG
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
WHITENOISE_AUTOREFRESH = not STATIC_COLLECTED
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "guatu.web.shell.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A wrong address typed by a person is not an event of ours.
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}
