"""Whom each step of a warning's life is told, and in which words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guatu.core.nouns.warning import Level, Rung
from guatu.web.notices.sources import Event, Said
from guatu.web.people.models import Role, User
from guatu.web.shell import words
from guatu.web.warnings import queries
from guatu.web.warnings.ladder import Standing, standing
from guatu.web.warnings.models import (
    Notice,
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
    WarningRung,
)

_Deed = WarningEntry.Deed

KINDS: Final[Mapping[str, str]] = {
    _Deed.RAISE: "warning.raised",
    _Deed.LIFT: "warning.lifted",
    _Deed.ACKNOWLEDGE: "warning.acknowledged",
    _Deed.VERIFY: "warning.verified",
    _Deed.HANDLE: "warning.handled",
    _Deed.FEED_BACK: "warning.fed_back",
    _Deed.CLOSE: "warning.closed",
    _Deed.HAND_OVER: "warning.handed_over",
    _Deed.URGE: "warning.urged",
    _Deed.ESCALATE: "warning.escalated",
    _Deed.REOPEN: "warning.sent_back",
    _Deed.ADD_NOTE: "warning.note_added",
    _Deed.PASS_ON: "warning.passed_on",
}
"""What programs call each deed; these names never change."""

REACH: Final[Mapping[int, Rung]] = {
    Level.BLUE: Rung.COUNTY,
    Level.YELLOW: Rung.COUNTY,
    Level.ORANGE: Rung.PREFECTURE,
    Level.RED: Rung.PROVINCE,
}
"""Up to which rung duty officers hear of a warning at once; what is lesser climbs by time."""

_ANEW = {_Deed.RAISE, _Deed.LIFT, _Deed.REOPEN}
_TO_PERSONS = {_Deed.URGE, _Deed.PASS_ON}
_ONLY_TELLS = {_Deed.VERIFY, _Deed.CLOSE}


class WarningNotices:
    """Entries of warnings' histories, as the notices ask about them."""

    def events(self, numbers: Collection[int]) -> Sequence[Event]:
        """Tell of these entries whom they concern."""
        entries = list(_entries(numbers))
        addressed: dict[int, set[int]] = {}
        for entry, user in Notice.objects.filter(entry__in=[e.pk for e in entries]).values_list(
            "entry_id", "user_id"
        ):
            addressed.setdefault(entry, set()).add(user)
        # Who stands to a warning depends on its place and owner alone: a flood asks once.
        known: dict[tuple[str, int], list[Standing]] = {}
        found: list[Event] = []
        for entry in entries:
            warning = entry.warning
            key = warning.region_id, warning.organisation_id
            if key not in known:
                known[key] = standing(warning)
            people = told(entry, known[key], addressed.get(entry.pk, set()))
            found.append(_event(entry, people))
        return found

    def said(self, numbers: Collection[int], *, to: User | None) -> Mapping[int, Said]:
        """Put these entries into words, of the warnings that the reader sees."""
        rows = _entries(numbers)
        if to is not None:
            seen = queries.visible_to(to).filter(entries__in=list(numbers)).order_by()
            rows = rows.filter(warning__in=seen.values("pk"))
        return {entry.pk: _said(entry) for entry in rows}


def _entries(numbers: Collection[int]) -> Any:  # noqa: ANN401 - a query set
    rows = WarningEntry.objects.filter(pk__in=list(numbers)).order_by("pk")
    return rows.select_related("warning__organisation", "warning__origin", "warning__region")


def told(
    entry: WarningEntry, people: Iterable[Standing], addressed: Collection[int]
) -> dict[int, int]:
    """Whom an entry is told, each with the level at which it calls for something.

    The owner hears what it must do and what came of it. Duty officers hear of a new danger up to
    the rung that its level reaches, the first rung with anybody if there is nobody so far, and of
    feedback that they close. What climbed reaches duty officers and supervisors up to where it
    stands. An urging and a passing on reach whom they name. Whoever did it is not told.

    Args:
        entry: with its warning.
        people: all who stand to the warning.
        addressed: ids of the users that the entry names.
    """
    warning, level = entry.warning, entry.warning.level
    at_owner = {one.user for one in people if one.rung is Rung.PLANT}
    found: dict[int, int] = {}
    if entry.deed in _TO_PERSONS:
        found = dict.fromkeys(addressed, level)
    elif entry.deed in _ANEW:
        found = dict.fromkeys(at_owner | _on_duty(people, REACH[level]), level)
    elif entry.deed == _Deed.HAND_OVER:
        found = dict.fromkeys(at_owner, level)
    elif entry.deed == _Deed.ESCALATE:
        reached = Rung(warning.rung)
        supervising = {
            one.user for one in people if one.role is Role.SUPERVISOR and one.rung <= reached
        }
        found = dict.fromkeys(at_owner | supervising | _on_duty(people, reached), level)
    elif entry.deed == _Deed.FEED_BACK:
        reached = max(Rung(warning.rung), Rung.COUNTY)
        found = dict.fromkeys(_on_duty(people, reached), level)
    elif entry.deed in _ONLY_TELLS:
        found = dict.fromkeys(at_owner, 0)
    if entry.by_id is not None:
        found.pop(entry.by_id, None)
    return found


def _on_duty(people: Iterable[Standing], reach: Rung) -> set[int]:
    """Duty officers above the owner up to a rung; the nearest beyond it where there are none."""
    above = [one for one in people if one.role is Role.DUTY_OFFICER and one.rung > Rung.PLANT]
    within = {one.user for one in above if one.rung <= reach}
    if within or not above:
        return within
    nearest = min(one.rung for one in above)
    return {one.user for one in above if one.rung == nearest}


def _event(entry: WarningEntry, people: Mapping[int, int]) -> Event:
    warning = entry.warning
    return Event(
        number=entry.pk,
        kind=KINDS[entry.deed],
        level=warning.level,
        at=entry.at,
        region=warning.region_id,
        organisations=frozenset({warning.organisation_id, warning.origin_id}),
        people=people,
        data=_data(entry),
    )


def _data(entry: WarningEntry) -> dict[str, Any]:
    """What a program is told: names as the interface gives them."""
    warning = entry.warning
    return {
        "entry": entry.pk,
        "deed": entry.deed,
        "by": entry.by_name,
        "note": entry.note,
        "warning": {
            "id": warning.pk,
            "number": warning.number,
            "title": warning.title,
            "level": words.level_name(warning.level),
            "state": entry.to_state,
            "verdict": warning.verdict,
            "owner": {"id": warning.organisation_id, "name": warning.organisation.name},
            "origin": {"id": warning.origin_id, "name": warning.origin.name},
            "region": {"code": warning.region_id, "name": warning.region.name},
            "raised_at": warning.raised_at.isoformat(),
            "acknowledge_due": warning.acknowledge_due.isoformat(),
            "handle_due": warning.handle_due.isoformat(),
            "page": warning.get_absolute_url(),
            "resource": f"/api/v1/warnings/{warning.pk}",
        },
    }


def _said(entry: WarningEntry) -> Said:
    warning: Warning = entry.warning
    return Said(
        what=_what(entry),
        title=warning.headline,
        line=_line(entry),
        url=reverse("warnings:detail", args=[warning.pk]),
        number=warning.number,
        level=warning.level,
        organisation=warning.origin.name,
    )


def _what(entry: WarningEntry) -> str:
    """The deed; beside the level's word, "raised" would say the same twice in Chinese."""
    if entry.deed == _Deed.RAISE:
        return pgettext("told", "New")
    return str(entry.get_deed_display())


def _line(entry: WarningEntry) -> str:
    """What more there is to say: the deadline, the verdict, the rung, who said what."""
    warning, parts = entry.warning, []
    if entry.deed in _ANEW | {_Deed.HAND_OVER}:
        due = words.full_moment(warning.acknowledge_due)[5:16]
        parts.append(_("to be acknowledged by %(time)s") % {"time": due})
    if entry.deed == _Deed.ESCALATE:
        rung = WarningRung(entry.facts.get("to_rung", warning.rung)).label
        parts.append(_("overdue, it climbed to: %(rung)s") % {"rung": rung})
    if entry.verdict:
        parts.append(str(entry.get_verdict_display()))
    if entry.note:
        parts.append(_("“%(note)s”") % {"note": entry.note})
    if entry.by_name:
        parts.append(f"{entry.by_organisation} {entry.by_name}".strip())
    return " · ".join(parts)
