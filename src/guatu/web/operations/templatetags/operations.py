"""Words and units of the operations page."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

register = template.Library()

MEGABYTE = 1e6
WORDS: dict[str, str | Promise] = {
    "log": pgettext_lazy("process", "Log server"),
    "gateway": pgettext_lazy("process", "Gateway"),
    "engine": pgettext_lazy("process", "Engine"),
    "live": pgettext_lazy("process", "Live pages"),
    "worker": pgettext_lazy("process", "Worker"),
    "web": pgettext_lazy("process", "Web pages"),
    "keeper": pgettext_lazy("process", "History keeper"),
    "demo-plants": _("Simulated plants"),
}


@register.filter
def process_word(name: str) -> str | Promise:
    """`{{ "engine"|process_word }}`: a process by its name for people."""
    return WORDS.get(name, name)


@register.filter
def megabytes(size: int | None) -> float | None:
    """`{{ size|megabytes }}`: bytes as megabytes; none stays none."""
    return None if size is None else size / MEGABYTE


@register.filter
def percent(share: float | None) -> float | None:
    """`{{ load|percent }}`: a share as per cent; none stays none."""
    return None if share is None else 100 * share
