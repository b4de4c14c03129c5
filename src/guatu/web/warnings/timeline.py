"""A warning's history and its way from raised to closed, in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guatu.core.nouns.warning import DueKind, State
from guatu.web.shell import words
from guatu.web.warnings.models import (
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
    WarningLevel,
    WarningRung,
    WarningVerdict,
)
from guatu.web.warnings.wording import NO_DANGER

_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a warning's history, for people.

    Attributes:
        entry: the entry.
        deed: what was done, in words.
        detail: from whom to whom, from which level or rung to which.
        who: name and organisation; the platform where nobody did it.
        elapsed: how long after the warning was raised; "" for its beginning.
        against: how far before or after the deadline, where it had one.
        late: whether that deadline was missed.
    """

    entry: WarningEntry
    deed: str
    detail: str
    who: str
    elapsed: str
    against: str
    late: bool


def lines_of(warning: Warning, entries: Sequence[WarningEntry]) -> list[Line]:
    """Put a history into words.

    Args:
        warning: whose history it is.
        entries: its entries, the oldest first.
    """
    return [_line(warning, entry) for entry in entries]


def _line(warning: Warning, entry: WarningEntry) -> Line:
    late = entry.due is not None and entry.at >= entry.due
    elapsed = ""
    if entry.deed != WarningEntry.Deed.RAISE:
        span = entry.at - warning.raised_at
        elapsed = (
            _("%(span)s after it was raised") % {"span": words.duration(span)}
            if span >= _A_SECOND
            else _("at once")
        )
    return Line(
        entry=entry,
        deed=entry.get_deed_display(),
        detail=_detail(entry),
        who=_who(entry),
        elapsed=elapsed,
        against=_against(entry, late=late),
        late=late,
    )


def _who(entry: WarningEntry) -> str:
    if not entry.by_name:
        return _("The platform")
    return _("%(name)s, %(organisation)s") % {
        "name": entry.by_name,
        "organisation": entry.by_organisation,
    }


def _against(entry: WarningEntry, *, late: bool) -> str:
    if entry.due is None:
        return ""
    if abs(entry.at - entry.due) < _A_SECOND:
        return _("right at the deadline")
    span = {"span": words.duration(entry.at - entry.due)}
    return _("%(span)s late") % span if late else _("%(span)s before the deadline") % span


_MISSED: Mapping[str, Promise] = {
    DueKind.ACKNOWLEDGE: gettext_lazy("not acknowledged in time"),
    DueKind.HANDLE: gettext_lazy("not handled in time"),
}


def _detail(entry: WarningEntry) -> str:  # noqa: PLR0911 - a way to say each deed
    facts, deeds = entry.facts, WarningEntry.Deed
    match entry.deed:
        case deeds.RAISE:
            return _level(facts.get("to_level"))
        case deeds.LIFT:
            return _arrow(_level(facts.get("from_level")), _level(facts.get("to_level")))
        case deeds.ESCALATE:
            climb = _arrow(_rung(facts.get("from_rung")), _rung(facts.get("to_rung")))
            why = _MISSED.get(str(facts.get("missed")))
            return _("%(climb)s (%(why)s)") % {"climb": climb, "why": why} if why else climb
        case deeds.HAND_OVER:
            return _arrow(str(facts.get("from_owner", "")), str(facts.get("to_owner", "")))
        case deeds.PASS_ON:
            return _arrow(str(facts.get("from_name", "")), str(facts.get("to_name", "")))
        case deeds.URGE:
            return _urged(facts)
        case _:  # only verifying has a verdict
            return str(WarningVerdict(entry.verdict).label) if entry.verdict else ""


def _urged(facts: Mapping[str, object]) -> str:
    """Whom it was said to; urgings from before addressees say nothing."""
    if not facts.get("to_organisation"):
        return ""
    return _("to %(organisation)s %(name)s") % {
        "organisation": facts["to_organisation"],
        "name": facts.get("to_name", ""),
    }


def _arrow(left: str, right: str) -> str:
    return f"{left} → {right}"


def _level(value: object) -> str:
    return words.level_word(value) if value in WarningLevel.values else words.NOTHING


def _rung(value: object) -> str:
    if not isinstance(value, int) or value not in WarningRung.values:
        return words.NOTHING
    return str(WarningRung(value).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the way from raised to closed, as a page shows it.

    Attributes:
        label: what it is called.
        at: when it was last reached; None while it lies ahead or was skipped.
        standing: "done", "now", "ahead" or "skipped".
        note: a word beside it: the verdict.
    """

    label: str
    at: datetime | None
    standing: str
    note: str = ""


_COME: Mapping[State, int] = {
    State.RAISED: 0,
    State.ACKNOWLEDGED: 1,
    State.VERIFIED: 1,
    State.HANDLED: 2,
    State.FED_BACK: 3,
    State.CLOSED: 4,
}


def way_of(warning: Warning, entries: Sequence[WarningEntry]) -> list[Step]:
    """The way a warning has come and has before it; verifying counts when a verdict stands."""
    deeds = WarningEntry.Deed
    reached = {entry.deed: entry.at for entry in entries}
    closed = warning.state == State.CLOSED.value
    come = _COME[State(warning.state)]
    verdict = str(WarningVerdict(warning.verdict).label) if warning.verdict else ""
    plan: list[tuple[WarningEntry.Deed, bool]] = [
        (deeds.RAISE, True),
        (deeds.ACKNOWLEDGE, warning.acknowledged_at is not None),
        (deeds.VERIFY, bool(verdict)),
        (deeds.HANDLE, come >= 2 and warning.handled_at is not None),
        (deeds.FEED_BACK, come >= 3 and warning.handled_at is not None),
        (deeds.CLOSE, closed),
    ]
    now = next((deed for deed, done in plan if not done), None)
    over = closed or warning.verdict in NO_DANGER
    return [
        Step(
            label=str(deed.label),
            at=reached.get(deed) if done else None,
            standing=_standing(deed, done=done, now=now, over=over),
            note=verdict if deed == deeds.VERIFY else "",
        )
        for deed, done in plan
    ]


def _standing(
    deed: WarningEntry.Deed, *, done: bool, now: WarningEntry.Deed | None, over: bool
) -> str:
    """Where a step stands; what is no danger skips all steps but the last."""
    if done:
        return "done"
    if over:
        return "now" if deed == WarningEntry.Deed.CLOSE else "skipped"
    return "now" if deed == now else "ahead"
