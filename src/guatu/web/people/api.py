"""The interface's way in: tokens, changes done once, and who one is."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Router, Schema
from ninja.security import HttpBearer
from pydantic import Field

from guatu.web.people import tokens
from guatu.web.people.models import ApiToken, Scope, User
from guatu.web.shell.api import REFUSED, Problem
from guatu.web.shell.requests import address_of


class ScopeMissingError(Exception):
    """A token that opens other things only."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.scope = scope


class TokenRequest(HttpRequest):
    """A request whose token is known."""

    user: User
    auth: ApiToken


class Bearer(HttpBearer):
    """`Authorization: Bearer guatu_…`, of a token that opens a scope; None for any."""

    openapi_bearerFormat = "guatu_…"  # noqa: N815 - the library's name

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self._scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Give the token that was shown.

        Raises:
            ScopeMissingError: if it opens other things only.
        """
        found = tokens.read_token(token, at=timezone.now(), address=address_of(request))
        if found is None:
            return None
        request.user = found.user
        if self._scope is not None and self._scope not in found.scopes:
            raise ScopeMissingError(self._scope)
        return found


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description=(
            "A word of your own for this change, such as a UUID. Sent again with the same request "
            "within 48 hours, it changes nothing and gets the first answer."
        ),
    ),
]


class OrganisationOut(Schema):
    """An organisation by name."""

    id: int
    name: str


class RegionOut(Schema):
    """An administrative division (GB/T 2260)."""

    code: str
    name: str


class GrantOut(Schema):
    """A role that is held, and over what."""

    role: str
    organisation: OrganisationOut | None
    region: RegionOut | None
    until: datetime | None = None


class MeOut(Schema):
    """Whose token it is and what it opens."""

    username: str
    name: str
    organisation: OrganisationOut
    grants: list[GrantOut]
    token: str = Field(description="What it is called.")
    scopes: list[str]
    expires_at: datetime


router = Router(tags=["me"])


@router.get(
    "/me", response={200: MeOut, REFUSED: Problem}, auth=Bearer(), operation_id="me",
    summary="Whose token this is",
)  # fmt: skip
def me(request: TokenRequest) -> dict[str, Any]:
    """Tell whose token it is, what he holds and what it opens."""
    user, token = request.user, request.auth
    return {
        "username": user.username,
        "name": user.get_full_name(),
        "organisation": user.organisation,
        "grants": [
            {"role": one.role, "organisation": one.organisation, "region": one.region,
             "until": one.until}
            for one in user.current_grants()
        ],
        "token": token.name,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    }  # fmt: skip
