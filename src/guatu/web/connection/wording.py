"""Sentences for codes: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guatu.web.connection.errors import Problem

_SENTENCES: Mapping[str, Callable[[], str]] = {
    "bad_code": lambda: _(
        "A plant code has 3 to 40 letters, digits, dots, dashes or underscores, such as YN-AL-001."
    ),
    "bad_name": lambda: _("A name has 2 to 120 characters."),
    "too_long": lambda: _("At most %(most)s characters."),
    "no_points": lambda: _(
        "There is no point to be connected: choose a kind of unit, or give a file with points."
    ),
    "code_taken": lambda: _("A plant with the code %(code)s is connected already."),
    "code_asked_for": lambda: _("Somebody has asked for the code %(code)s already."),
    "file_too_large": lambda: _("The file is larger than %(megabytes)s MB."),
    "not_json": lambda: _("The file is no JSON text in UTF-8: %(detail)s"),
    "not_an_object": lambda: _("Here must be an object in braces."),
    "empty_list": lambda: _("Here must be a list with at least one entry."),
    "too_many": lambda: _("There are %(count)s entries, at most %(most)s are taken."),
    "no_model": lambda: _(
        "There is no model of the kind “%(kind)s”: give the unit's points in the file."
    ),
    "unknown_kind": lambda: _("It must be one of: %(allowed)s."),
    "range_upside_down": lambda: _("The least value %(low)s must lie below the greatest %(high)s."),
    "unknown_state": lambda: _("Unit states are whole numbers from 0 to 5."),
    "not_a_text": lambda: _("Here must be a text of at most %(most)s characters."),
    "not_a_number": lambda: _("Here must be a number from %(low)s to %(high)s."),
    "doubled_code": lambda: _("The code %(code)s stands here twice."),
    "not_now": lambda: _("This cannot be done now: the connection is “%(state)s”."),
    "reason_missing": lambda: _("Say why: the reason stays in the history."),
    "no_plant": lambda: _("There is no plant yet: the application is not approved."),
    "not_a_plant": lambda: _("This makes no plant: %(detail)s"),
    "engine_refuses": lambda: _("The engine would not take this configuration: %(detail)s"),
    "revoked_already": lambda: _("This key was revoked before."),
    "plant_ended": lambda: _("This connection has ended: no key can be issued."),
    "overlap_out_of_range": lambda: _("Old keys go on for at most %(days)s days."),
}


def sentence(problem: Problem) -> str:
    """What is wrong and how to mend it, in the reader's language, without its place."""
    words = _SENTENCES.get(problem.code)
    if words is None:
        return _("This cannot be taken (%(code)s).") % {"code": problem.code}
    return words() % {name: _fact(value) for name, value in problem.facts.items()}


def _fact(value: object) -> object:
    """A fact in the reader's language where it brings both."""
    if isinstance(value, Mapping):
        return value["zh" if (get_language() or "").startswith("zh") else "en"]
    return value


def placed(problem: Problem) -> str:
    """The same, behind its place in the file."""
    if not problem.where:
        return sentence(problem)
    return _("%(where)s: %(what)s") % {"where": problem.where, "what": sentence(problem)}
