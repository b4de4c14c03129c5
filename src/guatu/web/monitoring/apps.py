"""The monitoring app's place in the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """Plants, points, limits and alarms."""

    name = "guatu.web.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Plant monitoring")
