"""The connection app: plants ask to be connected, bureaus decide, keys come and go."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav


class ConnectionConfig(AppConfig):
    """Applications, connections and their history."""

    name = "guatu.web.connection"
    label = "connection"
    verbose_name = _("Connection of plants")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the verbs and the entry in the navigation."""
        from guatu.web.connection import verbs  # noqa: PLC0415 - models are ready now

        verbs.register()
        nav.register(
            nav.Entry(
                label=_("Connections"),
                url_name="connection:list",
                verb="connection.see",
                order=40,
            )
        )
