"""The audit app: the record of who did what."""

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav, parts


def _guard(*, using: str, **_: object) -> None:
    from guatu.web.audit import guards  # noqa: PLC0415 - models are ready now

    guards.set_up(connections[using])


class AuditConfig(AppConfig):
    """Listens to every change that matters, whichever app below makes it."""

    name = "guatu.web.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Register verbs and navigation, listen, and have the database guard the record."""
        from guatu.web.audit import history_part, recorder, verbs  # noqa: PLC0415 - models are ready

        verbs.register()
        nav.register(
            nav.Entry(label=_("Audit"), url_name="audit:audit", verb="audit.see", order=85)
        )
        parts.tell_history_with(history_part.history_part)
        recorder.connect()
        post_migrate.connect(_guard, sender=self, dispatch_uid="guatu.audit.guards")
