"""The warnings app: gaps that someone must close, on one desk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav, parts


class WarningsConfig(AppConfig):
    """Warnings and their history."""

    name = "guatu.web.warnings"
    label = "warnings"
    verbose_name = _("Warnings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the verbs and the entry in the navigation."""
        from guatu.web.notices import sources as notices  # noqa: PLC0415 - models are ready now
        from guatu.web.people import leaving  # noqa: PLC0415 - the same
        from guatu.web.warnings import verbs  # noqa: PLC0415 - the same
        from guatu.web.warnings.leaving import DUTIES  # noqa: PLC0415 - the same
        from guatu.web.warnings.models import NOTICES  # noqa: PLC0415 - the same
        from guatu.web.warnings.notices import WarningNotices  # noqa: PLC0415 - the same

        verbs.register()
        leaving.register(DUTIES)
        notices.register(NOTICES, WarningNotices())
        parts.register(banner="warnings/_alert_place.html", tools="warnings/_alert_tools.html")
        nav.register(
            nav.Entry(
                label=_("Safety warnings"), url_name="warnings:desk", verb="warnings.see", order=20
            )
        )
