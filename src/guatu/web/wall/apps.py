"""The wall: the page that everyone opens first."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.shell import nav


class WallConfig(AppConfig):
    """Puts the wall first in the navigation."""

    name = "guatu.web.wall"
    label = "wall"
    verbose_name = _("Wall")

    def ready(self) -> None:
        """Register the navigation's first entry."""
        nav.register(
            nav.Entry(label=pgettext_lazy("wall", "Overview"), url_name="wall:wall", order=10)
        )
