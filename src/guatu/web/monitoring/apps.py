"""The monitoring app's place in the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import live, nav


class MonitoringConfig(AppConfig):
    """Plants, points, limits and alarms."""

    name = "guatu.web.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Plant monitoring")

    def ready(self) -> None:
        """Register the verbs, the entry in the navigation, and whose values a user hears."""
        from guatu.web.imports import kinds  # noqa: PLC0415 - models are ready now
        from guatu.web.monitoring import queries, verbs  # noqa: PLC0415 - the same
        from guatu.web.monitoring.point_sheets import Limits, Points  # noqa: PLC0415 - the same
        from guatu.web.monitoring.source import UnitSource  # noqa: PLC0415 - the same
        from guatu.web.warnings import sources  # noqa: PLC0415 - the same

        sources.register(queries.SOURCE_KIND, UnitSource())
        verbs.register()
        kinds.register(Points())
        kinds.register(Limits())
        nav.register(
            nav.Entry(
                label=_("Plant monitoring"),
                url_name="monitoring:plants",
                verb="monitoring.see",
                order=30,
            )
        )
        nav.register(
            nav.Entry(
                label=_("History curves"),
                url_name="monitoring:history",
                verb="monitoring.see",
                order=34,
            )
        )
        live.plants_from(queries.plant_ids_of)
