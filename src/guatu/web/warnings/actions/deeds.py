"""What people do with a warning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.core.nouns.warning import Life, State, Verb, Verdict, after, refusal
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.warnings.errors import (
    CHANGED_MEANWHILE,
    NO_SUCH_OWNER,
    SAME_OWNER,
    RefusedError,
)
from guatu.web.warnings.ladder import owners_to_be
from guatu.web.warnings.models import Warning, WarningEntry  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import grants_time, parties_of

from .notify import demand_addressees, mark_seen, notify
from .record import enter, store

_Deed = WarningEntry.Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What came with a verb."""

    note: str = ""
    verdict: Verdict | None = None
    to: Organisation | None = None
    seen: str | None = None
    addressee: User | None = None


def acknowledge(
    warning_id: int, *, by: User, at: datetime, note: str = "", seen: str | None = None
) -> Warning:
    """签收: the owner's officer has seen it. Raises as `_do`."""
    return _do(Verb.ACKNOWLEDGE, warning_id, by=by, at=at, given=_Given(note=note, seen=seen))


def verify(
    warning_id: int,
    *,
    verdict: Verdict,
    by: User,
    at: datetime,
    note: str = "",
    seen: str | None = None,
) -> Warning:
    """核实: a duty officer says whether it is a danger. Raises as `_do`."""
    given = _Given(note=note, verdict=Verdict(verdict), seen=seen)
    return _do(Verb.VERIFY, warning_id, by=by, at=at, given=given)


def handle(
    warning_id: int, *, note: str, by: User, at: datetime, seen: str | None = None
) -> Warning:
    """处置: the owner's officer did this about it. Raises as `_do`."""
    return _do(Verb.HANDLE, warning_id, by=by, at=at, given=_Given(note=note, seen=seen))


def feed_back(
    warning_id: int, *, note: str, by: User, at: datetime, seen: str | None = None
) -> Warning:
    """反馈: the owner's officer reports cause and effect. Raises as `_do`."""
    return _do(Verb.FEED_BACK, warning_id, by=by, at=at, given=_Given(note=note, seen=seen))


def close(
    warning_id: int, *, by: User, at: datetime, note: str = "", seen: str | None = None
) -> Warning:
    """办结: a duty officer ends it. Raises as `_do`."""
    return _do(Verb.CLOSE, warning_id, by=by, at=at, given=_Given(note=note, seen=seen))


def hand_over(
    warning_id: int,
    *,
    to: Organisation,
    note: str,
    by: User,
    at: datetime,
    seen: str | None = None,
) -> Warning:
    """转办: another organisation owns it from now on. Raises as `_do`."""
    return _do(Verb.HAND_OVER, warning_id, by=by, at=at, given=_Given(note=note, to=to, seen=seen))


def urge(
    warning_id: int,
    *,
    note: str,
    by: User,
    at: datetime,
    addressee: User | None = None,
    seen: str | None = None,
) -> Warning:
    """催办: whoever answers above asks somebody for haste, in words that reach him at once.

    Args:
        warning_id: which.
        note: what is asked for.
        by: who urges.
        at: when.
        addressee: whom; None urges everybody who answers for the owner.
        seen: how it was seen to stand, a `Warning.standing`; None where nobody looked first.

    Raises:
        Warning.DoesNotExist, PermissionDenied: as `_do`.
        RefusedError: as `_do`; if the addressee has nothing to do with it, or the owner nobody.
    """
    given = _Given(note=note, addressee=addressee, seen=seen)
    return _do(Verb.URGE, warning_id, by=by, at=at, given=given)


def reopen(
    warning_id: int, *, note: str, by: User, at: datetime, seen: str | None = None
) -> Warning:
    """退回重办: poor feedback goes back, a closed warning begins anew. Raises as `_do`."""
    return _do(Verb.REOPEN, warning_id, by=by, at=at, given=_Given(note=note, seen=seen))


def add_note(warning_id: int, *, note: str, by: User, at: datetime) -> Warning:
    """Something worth knowing, entered in the history whatever came before. Raises as `_do`."""
    return _do(Verb.ADD_NOTE, warning_id, by=by, at=at, given=_Given(note=note))


@transaction.atomic
def _do(verb: Verb, warning_id: int, *, by: User, at: datetime, given: _Given) -> Warning:
    """Do a verb.

    Raises:
        Warning.DoesNotExist: if there is no such warning.
        PermissionDenied: if it is not this user's to do.
        RefusedError: if it cannot be done as things stand, or if it stands otherwise than it was
            seen to (`given.seen`, a `Warning.standing`; None where nobody looked first).
    """
    note = plain(given.note)
    warning = Warning.objects.select_for_update().get(pk=warning_id)
    permission.demand(by, f"warnings.{verb}", warning)
    before = warning.life
    no = refusal(
        verb,
        before,
        parties_of(by, warning),
        note=note,
        verdict=given.verdict,
        organisation_given=given.to is not None,
    )
    if no is not None:
        raise RefusedError(no.value, verb=verb.value, state=warning.state)
    if given.seen is not None and given.seen != warning.standing:
        raise RefusedError(CHANGED_MEANWHILE)
    columns, facts = _consequences(verb, warning, by=by, at=at, given=given)
    life = after(verb, before, at=at, verdict=given.verdict, grants_time=grants_time(by, warning))
    urged = demand_addressees(warning, given.addressee, by=by) if verb is Verb.URGE else []
    store(warning, life, columns)
    entry = enter(
        warning,
        _Deed(verb.value),
        before,
        by=by,
        at=at,
        note=note,
        verdict=given.verdict.value if given.verdict else "",
        due=_due_of(verb, before),
        facts=facts,
    )
    mark_seen(warning, by=by, at=at)
    notify(warning, entry, urged, at=at)
    return warning


_MOMENT_OF = {
    Verb.ACKNOWLEDGE: "acknowledged_at",
    Verb.HANDLE: "handled_at",
    Verb.CLOSE: "closed_at",
}


def _consequences(
    verb: Verb, warning: Warning, *, by: User, at: datetime, given: _Given
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a verb changes beside the life: columns of the warning, facts of the entry."""
    match verb:
        case Verb.ACKNOWLEDGE | Verb.HANDLE | Verb.CLOSE:
            return {_MOMENT_OF[verb]: at}, {}
        case Verb.REOPEN:
            anew: dict[str, Any] = {"handled_at": None, "closed_at": None}
            if warning.state == State.CLOSED.value:
                anew["acknowledged_at"] = None
            return anew, {}
        case Verb.HAND_OVER if given.to is not None:
            _demand_owner(warning, given.to, by=by)
            facts = {"from_owner": warning.organisation.name, "to_owner": given.to.name}
            return {"organisation_id": given.to.pk, "acknowledged_at": None}, facts
        case Verb.URGE:
            whom = given.addressee
            name = whom.get_full_name() if whom else ""
            organisation = whom.organisation if whom else warning.organisation
            return {}, {"to_name": name, "to_organisation": organisation.name}
    return {}, {}


def _demand_owner(warning: Warning, to: Organisation, *, by: User) -> None:
    if to.pk == warning.organisation_id:
        raise RefusedError(SAME_OWNER, owner=to.name)
    if not owners_to_be(by, warning).filter(pk=to.pk).exists():
        raise RefusedError(NO_SUCH_OWNER)


def _due_of(verb: Verb, before: Life) -> datetime | None:
    """The deadline that a verb meets or misses."""
    return {Verb.ACKNOWLEDGE: before.acknowledge_due, Verb.HANDLE: before.handle_due}.get(verb)
