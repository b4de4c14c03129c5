"""Notes, when the house starts, which settings are others than at the last start."""

from typing import Any, Final

from django.conf import settings
from django.db import transaction

from guatu.web.audit.models import Act, Change
from guatu.web.audit.recorder import blank, write

KIND: Final = "settings"
NOTED: Final = (
    "ALLOWED_HOSTS",
    "AUDIT_DAYS",
    "BEHIND_PROXY",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "HTTPS",
    "PASSWORD_DAYS",
    "SECOND_FACTOR_ROLES",
    "SESSION_COOKIE_AGE",
    "SESSION_IDLE_S",
)
"""Settings on which safety rests; none of them is a secret."""


@transaction.atomic
def note_settings() -> Change | None:
    """Write down what changed of the settings since they were last noted, from what to what.

    Returns:
        The record; None where nothing changed.
    """
    before: dict[str, Any] = {}
    for change in Change.objects.filter(kind=KIND).order_by("id"):
        before.update({one["field"]: one["to"] for one in change.changes})
    found = [
        {"field": name, "from": before.get(name), "to": getattr(settings, name)}
        for name in NOTED
        if name not in before or before[name] != getattr(settings, name)
    ]
    if not found:
        return None
    change = blank(Act.CHANGED if before else Act.CREATED)
    change.kind, change.changes = KIND, found
    write([change])
    return change
