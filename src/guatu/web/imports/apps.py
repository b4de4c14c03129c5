"""The imports app's place in the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    """Tables that people bring."""

    name = "guatu.web.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Imports")

    def ready(self) -> None:
        """Register the verbs, and the kinds of tables that belong to no app above."""
        from guatu.web.imports import kinds, verbs  # noqa: PLC0415 - models are ready now
        from guatu.web.imports.people_kind import People  # noqa: PLC0415 - the same

        verbs.register()
        kinds.register(People())
