"""Operations: how the house itself is."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav


class OperationsConfig(AppConfig):
    """Processes, lag, disks and backups, for those who answer for them."""

    name = "guatu.web.operations"
    label = "operations"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Operations")

    def ready(self) -> None:
        """Register the verb and the entry in the navigation."""
        from guatu.web.operations import verbs  # noqa: PLC0415 - models are ready now

        verbs.register()
        nav.register(
            nav.Entry(
                label=_("Operations"),
                url_name="operations:standing",
                verb="operations.see",
                order=90,
            )
        )
