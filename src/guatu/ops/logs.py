"""Lines that processes write: to read for people, or JSON for machines; never with a secret."""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

FORMAT = "GUATU_LOG_FORMAT"
LINE = "%(levelname)-7s %(name)s: %(message)s"
"""The supervisor puts the time and the process before it."""
CHATTY = ("httpx", "nats", "asyncio")
MASK = "[…]"
SECRET_NAMES = ("GUATU_LIVE_SECRET", "GUATU_SECRET_KEY", "PGPASSWORD")

_SHOWN = re.compile(
    r"""(?ix)
    (\bbearer\s+)[^\s"',;]+                          # a plant's key
    | (\b(?:ticket|password|passwd|secret|token|csrfmiddlewaretoken|sessionid)  # by name
       ["']?\s*[=:]\s*["']?)[^\s"'&,;}\]]+
    | (\b(?:postgres|postgresql|nats)://[^\s:/@]+:)[^\s@]+(?=@)   # in an address
    """
)


def wants_json(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether machines are to read the lines."""
    return environ.get(FORMAT, "").strip().lower() == "json"


def masked(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Take secrets out of a text: by how they are written, and those that are known by value."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return _SHOWN.sub(lambda found: next(part for part in found.groups() if part) + MASK, text)


def known_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets of this process's environment, those long enough to be one."""
    return tuple(text for name in SECRET_NAMES if len(text := environ.get(name, "")) >= 8)


class Lines(logging.Formatter):
    """Lines for people, without secrets."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__(LINE)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; a request's name stands at its end."""
        text = masked(super().format(record), self._secrets)
        name = _request_id()
        return f"{text} [{name}]" if name else text


class JsonLines(logging.Formatter):
    """A JSON object a line, without secrets.

    Args:
        process: who writes them.
        secrets: known by value.
    """

    def __init__(self, process: str, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._process = process
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": masked(record.getMessage(), self._secrets),
        }
        if name := _request_id():
            facts["request_id"] = name
        if record.exc_info:
            facts["traceback"] = masked(self.formatException(record.exc_info), self._secrets)
        return json.dumps(facts, ensure_ascii=False)


def _request_id() -> str:
    """The request that is answered in this thread; only a process that has loaded pages has one."""
    measure = sys.modules.get("guatu.web.shell.measure")
    return measure.request_id.get() if measure else ""


def set_up_logging(process: str, environ: Mapping[str, str] = os.environ) -> None:
    """Write this process's lines to its standard error, as the environment wants them.

    Args:
        process: its name.
        environ: GUATU_LOG_FORMAT is `json`, or anything else for people.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(formatter_for(process, environ))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def formatter_for(process: str, environ: Mapping[str, str] = os.environ) -> logging.Formatter:
    """Give what writes a record as the environment wants it."""
    secrets = known_secrets(environ)
    return JsonLines(process, secrets) if wants_json(environ) else Lines(secrets)
