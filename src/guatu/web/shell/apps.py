"""The shell app: the frame of every page and the parts that pages share."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShellConfig(AppConfig):
    """The frame of every page."""

    name = "guatu.web.shell"
    label = "shell"
    verbose_name = _("Shell")
