"""The people app: organisations, users, permission."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import live, nav


class PeopleConfig(AppConfig):
    """Joins permission to the shell, which lies below and must not know people."""

    name = "guatu.web.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Register this app's verbs, who decides what the navigation shows, and live scope."""
        from guatu.web.people import permission, queries, verbs  # noqa: PLC0415 - models are ready now

        verbs.register()
        nav.decide_with(permission.may)
        live.regions_from(queries.region_codes_of)
