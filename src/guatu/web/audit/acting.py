"""Who acts, from where, by which door: told by the request, or by the process that runs."""

import getpass
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.http import HttpRequest

from guatu.web.people.models import User
from guatu.web.shell.requests import address_of


@dataclass(slots=True, kw_only=True)
class Acting:
    """A request that is being answered.

    Attributes:
        request: the request; whom it signs in meanwhile, acts from then on.
        number: told in the record, so that what one request did is found together.
        door: the name of its view.
    """

    request: HttpRequest
    number: str = field(default_factory=lambda: secrets.token_hex(8))
    door: str = ""

    @property
    def person(self) -> User | None:
        """Who is signed in."""
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @property
    def address(self) -> str | None:
        """Where from."""
        return address_of(self.request)


_NOW: ContextVar[Acting | None] = ContextVar("guatu_audit_acting", default=None)


def now() -> Acting | None:
    """The request that is being answered, or None where a process acts by itself."""
    return _NOW.get()


@contextmanager
def answering(request: HttpRequest) -> Iterator[Acting]:
    """Let a request act meanwhile."""
    acting = Acting(request=request)
    token = _NOW.set(acting)
    try:
        yield acting
    finally:
        _NOW.reset(token)


def process_name() -> str:
    """What runs where no request does: the command, or the process of the house."""
    return os.environ.get("GUATU_DOING") or f"guatu {os.environ.get('GUATU_PROCESS', '')}".strip()


def machine_account() -> str:
    """The machine's account that runs it; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
