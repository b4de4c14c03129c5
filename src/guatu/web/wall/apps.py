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
        """Register the verb and the navigation's first entry."""
        from guatu.web.people import permission  # noqa: PLC0415 - models are ready now

        permission.register("wall.see", permission.in_sight)
        nav.register(
            nav.Entry(
                label=pgettext_lazy("wall", "Overview"),
                url_name="wall:wall",
                verb="wall.see",
                order=10,
            )
        )
