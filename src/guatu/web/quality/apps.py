"""The data-quality app: whether data comes in, how much of it, how good, and what to mend."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav


class QualityConfig(AppConfig):
    """Hourly figures of every plant, and their pages."""

    name = "guatu.web.quality"
    label = "quality"
    verbose_name = _("Data quality")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the verbs and the entry in the navigation."""
        from guatu.web.quality import verbs  # noqa: PLC0415 - models are ready now

        verbs.register()
        nav.register(
            nav.Entry(
                label=_("Data quality"), url_name="quality:plants", verb="quality.see", order=35
            )
        )
