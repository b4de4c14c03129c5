"""Refusals and states in the reader's words."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guatu.web.notices import bodies
from guatu.web.notices.models import Delivery

TONES = {
    Delivery.State.WAITING: "attention",
    Delivery.State.SENT: "good",
    Delivery.State.DROPPED: "idle",
    Delivery.State.FAILED: "bad",
}


def refused(error: ValidationError) -> str:
    """Say why a hook was refused and how to mend it."""
    facts = {"most": bodies.LONGEST, **(error.params or {})}
    sentences = {
        "needed": _("Give it a name by which people know it."),
        "address": _(
            "Write the whole address, beginning with https:// or http://, without a user in it."
        ),
        "template_needed": _(
            "A gateway for people needs a template: begin with the one for text messages."
        ),
        "json": _("This is no JSON: look at line %(line)s, column %(column)s."),
        "object": _("The template must be a JSON object: { … }."),
        "unknown": _("There is no %(names)s. Use the names listed below."),
        "long": _("The template is longer than %(most)s characters."),
        "reason": _("Say why it ends."),
    }
    return sentences[str(error.code)] % facts


def way_word(delivery: Delivery) -> str:
    """By which way a delivery goes."""
    return delivery.hook.name if delivery.hook is not None else _("E-mail")
