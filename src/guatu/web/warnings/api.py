"""The interface of warnings: found, read, and every verb that the pages have."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Schema
from pydantic import Field

from guatu.core.nouns.warning import Level, State, Verb, Verdict, overdue_since
from guatu.web.people import permission
from guatu.web.people.api import (
    Bearer,
    IdempotencyKey,
    OrganisationOut,
    RegionOut,
    TokenRequest,
)
from guatu.web.people.models import Scope, User
from guatu.web.people.once import once
from guatu.web.shell.api import (
    REFUSED,
    Flag,
    Given,
    GivenNumber,
    Number,
    Page,
    Problem,
    Region,
    Text,
    Which,
    page_of,
)
from guatu.web.warnings import actions, queries
from guatu.web.warnings.errors import CHANGED_MEANWHILE, RefusedError
from guatu.web.warnings.forms import MAX_NOTE, VerbForm
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.wording import VERB_WORDS

VerbName = Literal[
    "acknowledge", "verify", "handle", "feed_back", "close", "hand_over", "urge", "reopen",
    "add_note",
]  # fmt: skip
"""The verbs that people have; to escalate is time's alone."""


class LevelName(StrEnum):
    """How grave it is, as the interface says it."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class RungName(StrEnum):
    """How far it climbed, as the interface says it."""

    PLANT = "plant"
    COUNTY = "county"
    PREFECTURE = "prefecture"
    PROVINCE = "province"


class FormRefusedError(Exception):
    """What was sent with a verb is not what it needs.

    Attributes:
        errors: sentences by field.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


class WarningOut(Schema):
    """A warning as it stands, as the holder of the token sees it."""

    id: int
    number: str = Field(description="YJ-YYYYMMDD-NNN, as people quote it.")
    title: str
    level: LevelName
    state: State
    verdict: Verdict | None
    owner: OrganisationOut
    origin: OrganisationOut = Field(description="Where it arose.")
    region: RegionOut
    source_kind: str
    source_key: str
    raised_at: datetime
    last_raised_at: datetime
    times: int = Field(description="How often its source raised it.")
    acknowledge_due: datetime
    handle_due: datetime
    acknowledged_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    overdue: bool
    rung: RungName = Field(description="How far it has climbed.")
    standing: str = Field(description="Send it back as `seen` with a verb.")
    verbs: list[Verb] = Field(description="What the holder of the token may do with it now.")
    url: str = Field(description="Its page.")


class EntryOut(Schema):
    """A step of its history."""

    at: datetime
    by_name: str
    by_organisation: str
    deed: str
    from_state: str
    to_state: str
    verdict: str
    note: str


class WarningWhole(WarningOut):
    """A warning with its facts and history."""

    facts: dict[str, Any]
    history: list[EntryOut]


class WarningsIn(Which):
    """Which warnings are wanted."""

    level: list[LevelName] = []
    state: list[State] = []
    overdue: Flag = False
    mine: Flag = Field(default=False, description="Only what waits for the holder of the token.")
    region: Region = None
    q: Text = Field("", description="Part of a title, a number or an organisation.")


class VerbIn(Given):
    """What a verb needs; which of these, docs/api.md tells."""

    note: str = Field("", max_length=MAX_NOTE)
    verdict: Verdict | None = Field(None, description="With `verify`.")
    to: GivenNumber | None = Field(None, description="With `hand_over`: the new owner.")
    addressee: GivenNumber | None = Field(
        None, description="With `urge`: whom; null is everybody who answers."
    )
    seen: str | None = Field(
        None,
        max_length=80,
        description="The `standing` on which the decision rests: refused if it changed since.",
    )


router = Router(tags=["warnings"])


def _shown(user: User, rows: Sequence[Warning], at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "number": row.number,
            "title": row.headline,
            "level": LevelName[row.life.level.name],
            "state": row.life.state,
            "verdict": row.life.verdict,
            "owner": row.organisation,
            "origin": row.origin,
            "region": row.region,
            "source_kind": row.source_kind,
            "source_key": row.source_key,
            "raised_at": row.raised_at,
            "last_raised_at": row.last_raised_at,
            "times": row.times,
            "acknowledge_due": row.acknowledge_due,
            "handle_due": row.handle_due,
            "acknowledged_at": row.acknowledged_at,
            "handled_at": row.handled_at,
            "closed_at": row.closed_at,
            "overdue": overdue_since(row.life, at) is not None,
            "rung": RungName[row.life.rung.name],
            "standing": row.standing,
            "verbs": list(queries.verbs_for(user, row)),
            "url": row.get_absolute_url(),
        }
        for row in rows
    ]


def _whole(user: User, row: Warning) -> WarningWhole:
    shown = _shown(user, [row], timezone.now())[0]
    facts = row.facts if isinstance(row.facts, dict) else {}
    history = list(queries.history(row))
    return WarningWhole.model_validate({**shown, "facts": facts, "history": history})


@router.get(
    "", response={200: Page[WarningOut], REFUSED: Problem}, auth=Bearer(Scope.WARNINGS_READ),
    operation_id="list_warnings", summary="Warnings that the holder of the token sees",
)  # fmt: skip
def listed(request: TokenRequest, which: Query[WarningsIn]) -> dict[str, Any]:
    """List warnings, the newest first; without `state` all of them, closed ones too."""
    at = timezone.now()
    filters = queries.Filters(
        levels=frozenset(Level[one.name] for one in which.level),
        states=frozenset(which.state or State),
        overdue=which.overdue,
        mine=which.mine,
        region=which.region or "",
        text=which.q.strip(),
    )
    rows = queries.desk(request.user, filters, at=at)
    return page_of(rows, which, lambda found: _shown(request.user, found, at))


def _seen(request: TokenRequest, warning_id: int) -> Warning:
    return get_object_or_404(queries.visible_to(request.user), pk=warning_id)


@router.get(
    "/{warning_id}", response={200: WarningWhole, REFUSED: Problem},
    auth=Bearer(Scope.WARNINGS_READ), operation_id="get_warning", summary="A warning, whole",
)  # fmt: skip
def one(request: TokenRequest, warning_id: Annotated[Number, Path()]) -> WarningWhole:
    """Give a warning with its facts and history."""
    return _whole(request.user, _seen(request, warning_id))


@router.post(
    "/{warning_id}/{verb}", response={200: WarningWhole, REFUSED: Problem},
    auth=Bearer(Scope.WARNINGS_WRITE), operation_id="act_on_warning",
    summary="Acknowledge, verify, handle, feed back, close, hand over, urge, send back, add a note",
)  # fmt: skip
def act(
    request: TokenRequest,
    warning_id: Annotated[Number, Path()],
    verb: Annotated[VerbName, Path()],
    given: VerbIn,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """Do what the button of the same name does, under the same rules; gives the warning after."""

    def do() -> WarningWhole:
        warning = _seen(request, warning_id)
        permission.demand(request.user, f"warnings.{verb}", warning)
        sent = _given(request.user, warning, Verb(verb), given)
        getattr(actions, verb)(warning.pk, by=request.user, at=timezone.now(), **sent)
        # Handed over, it may lie out of his sight; how it stands he is told all the same.
        after = Warning.objects.select_related("organisation", "origin", "region")
        return _whole(request.user, after.get(pk=warning.pk))

    return once(request, request.auth, idempotency_key, at=timezone.now(), do=do)


def _given(user: User, warning: Warning, verb: Verb, given: VerbIn) -> dict[str, Any]:
    """What came with a verb, checked by the form of the pages.

    Raises:
        FormRefusedError: if it is not what the verb needs.
        RefusedError: if the warning changed since it was looked at.
    """
    sent = given.model_dump(exclude_none=True)
    data = QueryDict(mutable=True)
    data.update({name: str(value) for name, value in sent.items()})
    data["seen"] = given.seen if given.seen is not None else warning.standing
    form = VerbForm(data, verb=verb, warning=warning, user=user)
    if form.is_stale:
        raise RefusedError(CHANGED_MEANWHILE)
    unasked = sent.keys() - {"note", "seen"} - form.fields.keys()
    errors = {name: [str(said) for said in found] for name, found in form.errors.items()}
    if unasked or errors:
        said = _("“%(verb)s” does not take this.") % {"verb": VERB_WORDS[verb]}
        raise FormRefusedError(errors | {name: [said] for name in unasked})
    return form.given()
