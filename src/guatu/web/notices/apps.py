"""The notices app's place in the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guatu.web.shell import nav, parts


class NoticesConfig(AppConfig):
    """Who is told what, by which way."""

    name = "guatu.web.notices"
    label = "notices"
    verbose_name = _("Notices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the verbs, the bell, and the source of trials."""
        from guatu.web.notices import own, sources, verbs  # noqa: PLC0415 - models are ready now

        verbs.register()
        sources.register(own.NAME, own.Trials())
        parts.register(tools="notices/_bell.html", account="notices/_account.html")
        nav.register(
            nav.Entry(
                label=_("Deliveries"),
                url_name="notices:deliveries",
                verb="notices.see_deliveries",
                order=95,
            )
        )
