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
        from guatu.web.people import (  # noqa: PLC0415 - models are ready now
            permission,
            queries,
            session_limits,
            verbs,
        )

        verbs.register()
        session_limits.connect()
        nav.register(
            nav.Entry(
                label=_("Sign-ins"),
                url_name="people:sign-ins",
                verb="people.see_sign_ins",
                order=90,
            )
        )
        nav.register(
            nav.Entry(
                label=_("People and organisations"),
                url_name="people:people",
                verb="people.see",
                order=80,
            )
        )
        nav.decide_with(permission.may)
        live.regions_from(queries.region_codes_of)
