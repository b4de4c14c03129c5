"""A warning as the desk shows it, and the columns of the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guatu.core.nouns.warning import DueKind, Verb, next_due, next_verbs, overdue_since
from guatu.web.people.models import User
from guatu.web.shell import words
from guatu.web.shell.tables import Column
from guatu.web.warnings.ladder import Answering, answering
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import parties_of, verbs_for
from guatu.web.warnings.wording import VERB_KEYS, VERB_WORDS, VERIFY_AGAIN, state_tone

DIRECT = frozenset({Verb.ACKNOWLEDGE})
"""Verbs that ask for nothing: one press does them."""

DUE_WORDS = {DueKind.ACKNOWLEDGE: _("to acknowledge"), DueKind.HANDLE: _("to handle")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A verb as a button."""

    verb: Verb
    label: str | Promise
    key: str
    direct: bool
    primary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A warning as one user sees it now."""

    warning: Warning
    tone: str
    level_name: str
    due: datetime | None
    due_word: str | Promise
    overdue: bool
    buttons: Sequence[Button]
    answering: Answering | None

    @property
    def may_acknowledge(self) -> bool:
        """Whether it can be among those acknowledged together."""
        return any(button.verb is Verb.ACKNOWLEDGE for button in self.buttons)


def rows_of(user: User, warnings: Sequence[Warning], at: datetime) -> list[Row]:
    """Put warnings as this user sees them at a moment, with one question for all of them."""
    climbed = answering(warnings)
    return [_row(user, warning, at, climbed.get(warning.pk)) for warning in warnings]


def row_of(user: User, warning: Warning, at: datetime) -> Row:
    """Put a warning as this user sees it at a moment."""
    return rows_of(user, [warning], at)[0]


def _row(user: User, warning: Warning, at: datetime, climbed_to: Answering | None) -> Row:
    life = warning.life
    due = next_due(life)
    return Row(
        warning=warning,
        tone=state_tone(warning),
        level_name=words.level_name(warning.level),
        due=due[1] if due else None,
        due_word=DUE_WORDS[due[0]] if due else "",
        overdue=overdue_since(life, at) is not None,
        buttons=_buttons(user, warning, at),
        answering=climbed_to,
    )


def _buttons(user: User, warning: Warning, at: datetime) -> list[Button]:
    """What the user may do, what should come next at the front."""
    parties = parties_of(user, warning)
    following = {v for party, v in next_verbs(warning.life, at).items() if party in parties}
    buttons = [
        Button(
            verb=verb,
            label=label_of(verb, warning),
            key=VERB_KEYS[verb],
            direct=verb in DIRECT,
            primary=verb in following,
        )
        for verb in verbs_for(user, warning)
    ]
    return sorted(buttons, key=lambda button: not button.primary)


def label_of(verb: Verb, warning: Warning) -> str | Promise:
    """What a verb is called on a warning: what was verified is verified again."""
    return VERIFY_AGAIN if verb is Verb.VERIFY and warning.verdict else VERB_WORDS[verb]


def _owed(warning: Warning) -> datetime | None:
    due = next_due(warning.life)
    return due[1] if due else None


def rung_word(warning: Warning) -> str | Promise:
    """Where it has climbed to; what is still with its owner has not climbed."""
    return warning.get_rung_display() if warning.rung else _("not escalated")


SHOWN: Sequence[Column[Warning]] = (
    Column(key="level", label=_("Level"), value=lambda w: w.get_level_display(), sort="level"),
    Column(key="raised", label=_("Raised at"), value=lambda w: w.raised_at, sort="raised_at"),
    Column(
        key="owner",
        label=_("Owner"),
        value=lambda w: w.organisation.name,
        sort="organisation__name",
    ),
    Column(key="title", label=_("Content"), value=lambda w: w.headline),
    Column(key="state", label=_("State"), value=lambda w: w.state_word, sort="state"),
    Column(key="due", label=_("Deadline"), value=_owed, sort="nearest_due"),
    Column(key="rung", label=_("Escalated to"), value=rung_word, sort="rung"),
)


def minutes_between(start: datetime | None, end: datetime | None) -> float | None:
    """A span in minutes, to be reckoned with; None where one end is missing."""
    if start is None or end is None:
        return None
    return round((end - start).total_seconds() / 60, 1)


def _gravest(warning: Warning) -> Mapping[str, Any]:
    """The figures that the title of a warning tells of, where its source kept them."""
    told = warning.facts.get("title") if isinstance(warning.facts, dict) else None
    return told if isinstance(told, dict) else {}


def _figure(warning: Warning, what: str) -> float | None:
    value = _gravest(warning).get(what)
    return value if isinstance(value, int | float) else None


def _overdue_minutes(warning: Warning) -> float | None:
    now = timezone.now()
    return minutes_between(overdue_since(warning.life, now), now)


FIGURES: Sequence[Column[Warning]] = (
    Column(key="value", label=_("Value"), value=lambda w: _figure(w, "value")),
    Column(key="limit", label=_("Limit"), value=lambda w: _figure(w, "limit")),
    Column(key="measure", label=_("Unit of measure"), value=lambda w: _gravest(w).get("measure")),
)
"""What was seen against which limit, as figures with their unit beside them."""

DURATIONS: Sequence[Column[Warning]] = (
    Column(
        key="signed_in",
        label=_("Acknowledged after (min)"),
        value=lambda w: minutes_between(w.raised_at, w.acknowledged_at),
    ),
    Column(
        key="handled_in",
        label=_("Handled after (min)"),
        value=lambda w: minutes_between(w.raised_at, w.handled_at),
    ),
    Column(
        key="closed_in",
        label=_("Closed after (min)"),
        value=lambda w: minutes_between(w.raised_at, w.closed_at),
    ),
)
"""How long each step took, in minutes."""

EXPORTED: Sequence[Column[Warning]] = (
    Column(key="id", label=_("No."), value=lambda w: w.number),
    SHOWN[0],
    Column(key="title", label=_("Content"), value=lambda w: w.headline),
    SHOWN[2],
    Column(key="origin", label=_("Arose at"), value=lambda w: w.origin.name),
    Column(key="region", label=_("Region"), value=lambda w: w.region.name),
    Column(key="code", label=_("Region code"), value=lambda w: w.region_id),
    SHOWN[1],
    SHOWN[4],
    Column(key="verdict", label=_("Verdict"), value=lambda w: w.get_verdict_display()),
    SHOWN[6],
    Column(key="sign_by", label=_("To be acknowledged by"), value=lambda w: w.acknowledge_due),
    Column(key="signed", label=_("Acknowledged at"), value=lambda w: w.acknowledged_at),
    Column(key="handle_by", label=_("To be handled by"), value=lambda w: w.handle_due),
    Column(key="handled", label=_("Handled at"), value=lambda w: w.handled_at),
    Column(
        key="overdue",
        label=_("Overdue"),
        value=lambda w: overdue_since(w.life, timezone.now()) is not None,
    ),
    Column(key="closed", label=_("Closed at"), value=lambda w: w.closed_at),
    Column(key="late", label=_("Overdue by (min)"), value=_overdue_minutes),
    *DURATIONS,
    Column(key="times", label=_("Times raised"), value=lambda w: w.times),
    SHOWN[5],
    *FIGURES,
)
