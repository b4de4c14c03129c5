"""The record in the reader's words: kinds, columns, what they held and hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guatu.web.audit.models import Change
from guatu.web.shell import words

KINDS: Final[Mapping[str, Promise]] = {
    "people.user": pgettext_lazy("audited", "Person"),
    "people.organisation": pgettext_lazy("audited", "Organisation"),
    "people.grant": pgettext_lazy("audited", "Grant"),
    "people.dutycontact": pgettext_lazy("audited", "24-hour contact"),
    "people.apitoken": pgettext_lazy("audited", "API token"),
    "notices.hook": pgettext_lazy("audited", "Hook"),
    "notices.preference": pgettext_lazy("audited", "Notice settings"),
    "people.secondfactor": pgettext_lazy("audited", "Second factor"),
    "people.signinevent": pgettext_lazy("audited", "Sign-in"),
    "connection.connection": pgettext_lazy("audited", "Connection"),
    "connection.connectionentry": pgettext_lazy("audited", "Step of a connection"),
    "monitoring.plant": pgettext_lazy("audited", "Plant"),
    "monitoring.plantkey": pgettext_lazy("audited", "Key of a plant"),
    "monitoring.unit": pgettext_lazy("audited", "Unit"),
    "monitoring.point": pgettext_lazy("audited", "Point"),
    "monitoring.limitversion": pgettext_lazy("audited", "Limit"),
    "monitoring.limitrequest": pgettext_lazy("audited", "Request for a limit"),
    "monitoring.plannedstop": pgettext_lazy("audited", "Planned stop"),
    "monitoring.outbox": pgettext_lazy("audited", "Alarm acknowledged"),
    "warnings.warningentry": pgettext_lazy("audited", "Step of a warning"),
    "page": pgettext_lazy("audited", "List or file"),
    "settings": pgettext_lazy("audited", "Settings"),
    "audit.pruning": pgettext_lazy("audited", "Audit records"),
}
"""What is on record, in the order in which one chooses from it."""

COLUMNS: Final[Mapping[str, Promise]] = {
    "name": pgettext_lazy("column", "name"),
    "kind": pgettext_lazy("column", "kind"),
    "region": pgettext_lazy("column", "region"),
    "parent": pgettext_lazy("column", "superior"),
    "phone": pgettext_lazy("column", "telephone"),
    "ended_at": pgettext_lazy("column", "ended at"),
    "password": pgettext_lazy("column", "password"),
    "is_superuser": pgettext_lazy("column", "all of Django's rights"),
    "is_staff": pgettext_lazy("column", "staff of Django's"),
    "is_active": pgettext_lazy("column", "account open"),
    "username": pgettext_lazy("column", "account"),
    "email": pgettext_lazy("column", "e-mail"),
    "date_joined": pgettext_lazy("column", "joined"),
    "organisation": pgettext_lazy("column", "organisation"),
    "left_at": pgettext_lazy("column", "left at"),
    "left_why": pgettext_lazy("column", "reason for leaving"),
    "user": pgettext_lazy("column", "person"),
    "person": pgettext_lazy("column", "person"),
    "role": pgettext_lazy("column", "role"),
    "since": pgettext_lazy("column", "from"),
    "until": pgettext_lazy("column", "until"),
    "by": pgettext_lazy("column", "by"),
    "why": pgettext_lazy("column", "reason"),
    "ended_by": pgettext_lazy("column", "ended by"),
    "ended_why": pgettext_lazy("column", "reason for ending"),
    "order": pgettext_lazy("column", "place in the order"),
    "duty": pgettext_lazy("column", "duty"),
    "begins": pgettext_lazy("column", "from"),
    "ends": pgettext_lazy("column", "until"),
    "sealed_secret": pgettext_lazy("column", "secret"),
    "audience": pgettext_lazy("column", "called"),
    "url": pgettext_lazy("column", "address"),
    "template": pgettext_lazy("column", "template"),
    "from_level": pgettext_lazy("column", "from level"),
    "made_by": pgettext_lazy("column", "made by"),
    "email_from": pgettext_lazy("column", "by e-mail"),
    "gateway_from": pgettext_lazy("column", "by text message"),
    "quiet_from": pgettext_lazy("column", "quiet from"),
    "quiet_until": pgettext_lazy("column", "quiet until"),
    "language": pgettext_lazy("column", "language"),
    "prefix": pgettext_lazy("column", "begins with"),
    "digest": pgettext_lazy("column", "token"),
    "scopes": pgettext_lazy("column", "what it opens"),
    "made_at": pgettext_lazy("column", "made at"),
    "expires_at": pgettext_lazy("column", "expires at"),
    "code": pgettext_lazy("column", "code"),
    "address": pgettext_lazy("column", "address"),
    "contact": pgettext_lazy("column", "contact"),
    "registered_at": pgettext_lazy("column", "registered at"),
    "suspended_at": pgettext_lazy("column", "suspended at"),
    "plant": pgettext_lazy("column", "plant"),
    "sha256": pgettext_lazy("column", "key"),
    "issued_at": pgettext_lazy("column", "issued at"),
    "issued_by": pgettext_lazy("column", "issued by"),
    "revoked_at": pgettext_lazy("column", "revoked at"),
    "revoked_by": pgettext_lazy("column", "revoked by"),
    "revoked_why": pgettext_lazy("column", "reason for revoking"),
    "valid_until": pgettext_lazy("column", "valid until"),
    "unit": pgettext_lazy("column", "unit"),
    "quantity": pgettext_lazy("column", "quantity"),
    "measure": pgettext_lazy("column", "unit of measure"),
    "decimals": pgettext_lazy("column", "decimals"),
    "physical_low": pgettext_lazy("column", "least of the range"),
    "physical_high": pgettext_lazy("column", "most of the range"),
    "sampling_s": pgettext_lazy("column", "sampling (s)"),
    "core": pgettext_lazy("column", "core point"),
    "linkage": pgettext_lazy("column", "interlock"),
    "state_words": pgettext_lazy("column", "words of states"),
    "retired_at": pgettext_lazy("column", "out of use since"),
    "slot": pgettext_lazy("column", "limit"),
    "value": pgettext_lazy("column", "value"),
    "deadband": pgettext_lazy("column", "deadband"),
    "on_delay_s": pgettext_lazy("column", "delay of raising (s)"),
    "off_delay_s": pgettext_lazy("column", "delay of clearing (s)"),
    "states": pgettext_lazy("column", "holds in states"),
    "bearing": pgettext_lazy("column", "bearing"),
    "point": pgettext_lazy("column", "point"),
    "valid_from": pgettext_lazy("column", "valid from"),
    "valid_to": pgettext_lazy("column", "valid to"),
    "changed_by": pgettext_lazy("column", "changed by"),
    "asked_by": pgettext_lazy("column", "asked by"),
    "asked_at": pgettext_lazy("column", "asked at"),
    "verdict": pgettext_lazy("column", "verdict"),
    "decided_by": pgettext_lazy("column", "decided by"),
    "decided_at": pgettext_lazy("column", "decided at"),
    "answer": pgettext_lazy("column", "answer"),
    "version": pgettext_lazy("column", "version"),
    "begins_at": pgettext_lazy("column", "begins at"),
    "ends_at": pgettext_lazy("column", "ends at"),
    "reason": pgettext_lazy("column", "reason"),
    "suppressed": pgettext_lazy("column", "points not judged"),
    "declared_at": pgettext_lazy("column", "declared at"),
    "declared_by": pgettext_lazy("column", "declared by"),
    "payload": pgettext_lazy("column", "content"),
    "created_at": pgettext_lazy("column", "made at"),
    "application": pgettext_lazy("column", "application"),
    "state": pgettext_lazy("column", "state"),
    "requested_at": pgettext_lazy("column", "asked at"),
    "connected_at": pgettext_lazy("column", "connected at"),
    "deed": pgettext_lazy("column", "step"),
    "from_state": pgettext_lazy("column", "state before"),
    "to_state": pgettext_lazy("column", "state after"),
    "outcome": pgettext_lazy("column", "outcome"),
    "what": pgettext_lazy("column", "content"),
    "rows": pgettext_lazy("column", "rows"),
    "query": pgettext_lazy("column", "filters"),
    "before": pgettext_lazy("column", "older than"),
}
_LONGEST: Final = 120


class Difference:
    """One column from what to what, in words."""

    def __init__(self, kind: str, told: Mapping[str, Any]) -> None:
        field = _field(kind, told["field"])
        self.label = str(COLUMNS.get(told["field"], told["field"]))
        self.is_secret = bool(told.get("secret"))
        self.before = "" if self.is_secret else _said(field, told["field"], told["from"])
        self.after = "" if self.is_secret else _said(field, told["field"], told["to"])

    def __str__(self) -> str:
        """One line."""
        if self.is_secret:
            return _("%(column)s: set anew, never shown") % {"column": self.label}
        if not self.before:
            return f"{self.label}: {self.after or words.NOTHING}"
        return f"{self.label}: {self.before or words.NOTHING} → {self.after or words.NOTHING}"


def differences(change: Change) -> list[Difference]:
    """What a record tells, in words."""
    return [Difference(change.kind, told) for told in change.changes]


def kind_word(kind: str) -> str:
    """A kind of record in words."""
    return str(KINDS.get(kind, kind))


def _field(kind: str, name: str) -> Field[Any, Any] | None:
    try:
        model: type[Model] = apps.get_model(kind)
        return model._meta.get_field(name)  # type: ignore[return-value]  # noqa: SLF001 - documented
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def _said(field: Field[Any, Any] | None, name: str, value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool | Mapping | list):
        return _compound(value)
    choices: Mapping[Any, Any] = dict(getattr(field, "flatchoices", None) or ())
    if choices:
        return str(choices.get(value, value))
    if isinstance(value, str) and (isinstance(field, DateTimeField) or name == "before"):
        return words.full_moment(datetime.fromisoformat(value))
    return str(value)


def _compound(value: bool | Mapping[str, Any] | list[Any]) -> str:  # noqa: FBT001 - a value, no flag
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)[:_LONGEST]
    if set(value) == {"id", "name"}:
        return str(value["name"])
    if set(value) == {"sha256", "length"}:
        facts = {"length": words.number(value["length"]), "digest": str(value["sha256"])[:12]}
        return _("document of %(length)s characters, %(digest)s") % facts
    return ", ".join(f"{key}: {one}" for key, one in value.items())[:_LONGEST]
