"""Words for numbers and codes that travel: unit states, unit kinds, linkages, problems."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from guatu.core.alarms.running import CASTING_KINDS, MAINTENANCE, RUNNING, STOPPED

CAST_PHASES: Mapping[int, Promise] = {
    0: _("Idle"),
    1: _("Fill"),
    2: _("Start of cast"),
    3: _("Steady"),
    4: _("End of cast"),
    5: _("Empty"),
}
"""States of a casting line by the number on the wire."""

WORKING_STATES: Mapping[int, Promise] = {
    STOPPED: pgettext_lazy("unit", "Stopped"),
    RUNNING: pgettext_lazy("unit", "Running"),
    MAINTENANCE: pgettext_lazy("unit", "Under maintenance"),
}
"""States of every other kind of unit."""

RECORDING = "recording"
"""The kind of unit that a replayed recording is."""

UNIT_KINDS: Mapping[str, Promise] = {
    "dwc": _("Deep-well casting line"),
    "blast_furnace": _("Blast furnace"),
    "converter": _("Converter"),
    "arc_furnace": _("Electric arc furnace"),
    "gas_holder": _("Gas holder"),
    "ladle_bay": _("Ladle bay"),
    "generic": _("Unit"),
    RECORDING: _("Replayed recording"),
}

LINKAGES: Mapping[str, Promise] = {
    "cooling": _("Cooling water linkage"),
    "furnace_outlet": _("Furnace outlet linkage"),
    "trough_entrance": _("Trough entrance linkage"),
    "interlock": _("Interlock"),
}

SLOTS: Mapping[int, Promise] = {
    0: _("Low-low"),
    1: _("Low"),
    2: _("High"),
    3: _("High-high"),
    4: _("No data"),
}
"""Alarm slots as a reader says them."""

STAGES: Mapping[int, Promise] = {1: _("Stage 1 alarm"), 2: _("Stage 2 alarm")}


MEASURES: Mapping[str, Promise] = {"人": pgettext_lazy("measure", "people")}
"""Units of measure that are words and not signs."""


def measure(written: str) -> str:
    """A unit of measure in the reader's language."""
    return str(MEASURES.get(written, written))


def states_of(kind: str) -> Mapping[int, Promise]:
    """The states of a kind of unit by the number on the wire."""
    return CAST_PHASES if kind in CASTING_KINDS else WORKING_STATES


def unit_state(number: int | None, kind: str) -> str:
    """The word of a unit's state; a dash where it is not known."""
    if number is None:
        return "–"
    word = states_of(kind).get(number)
    return pgettext("unit", "State %(number)s") % {"number": number} if word is None else str(word)


def unit_kind(kind: str) -> str:
    """The word of a unit's kind, or the code itself where we have none."""
    return str(UNIT_KINDS.get(kind, kind))


REJECTIONS: Mapping[str, Promise] = {
    "unknown_point": _("Unknown point"),
    "not_a_number": _("Not a number"),
    "out_of_physical_range": _("Outside the sensor's range"),
    "doubled_beat": _("Message sent twice"),
    "doubled_time": _("Time sent twice"),
    "old_epoch": _("Older numbering series"),
    "bad_time": _("Impossible time"),
    "bad_json": _("Unreadable message"),
    "bad_shape": _("Wrong shape of message"),
}
"""Why samples were left out."""
