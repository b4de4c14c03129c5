"""Words for codes: what a reason means, and how a vendor mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guatu.web.shell.words import NOTHING, duration

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What is wrong with data.

    Attributes:
        name: in a few words.
        means: what happened.
        mend: what the plant's vendor does about it.
        tone: as the shell's state marks know it.
    """

    name: Text
    means: Text
    mend: Text
    tone: str = "attention"


_AGAIN = gettext_lazy("Mend the plant's gateway programme; nothing is stored of such a message.")

SAMPLES: Mapping[str, Reason] = {
    "unknown_point": Reason(
        name=gettext_lazy("Unknown point"),
        means=gettext_lazy("The point's code is not in the plant's point table."),
        mend=gettext_lazy("Correct the code at the gateway, or have the point registered."),
        tone="bad",
    ),
    "not_a_number": Reason(
        name=gettext_lazy("Not a number"),
        means=gettext_lazy("The value is text, true or false, or no finite number."),
        mend=gettext_lazy("Send numbers; send nothing, not a filler, where a sensor says nothing."),
    ),
    "out_of_physical_range": Reason(
        name=gettext_lazy("Outside the sensor's range"),
        means=gettext_lazy("The sensor cannot measure such a value."),
        mend=gettext_lazy("Check sensor and wiring, scaling and unit; or correct the range."),
        tone="bad",
    ),
    "future_time": Reason(
        name=gettext_lazy("Time in the future"),
        means=gettext_lazy("The sample's time is ahead of the platform by too much."),
        mend=gettext_lazy("Set the gateway's clock by NTP; times are UTC milliseconds."),
        tone="bad",
    ),
    "ancient_time": Reason(
        name=gettext_lazy("Time long past"),
        means=gettext_lazy("The sample's time lies before all that can be resent."),
        mend=gettext_lazy("Look whether the clock was reset; times are milliseconds, not seconds."),
    ),
    "doubled_beat": Reason(
        name=gettext_lazy("Message sent twice"),
        means=gettext_lazy("A message with the same number was stored before."),
        mend=gettext_lazy(
            "Resending is right when no answer came. If it happens always, wait longer "
            "for the answer, and keep the last number through a restart."
        ),
        tone="idle",
    ),
    "doubled_time": Reason(
        name=gettext_lazy("Time sent twice"),
        means=gettext_lazy("The point has a sample of the same time already."),
        mend=gettext_lazy("Send each sample once, with the time at which it was measured."),
        tone="idle",
    ),
    "old_epoch": Reason(
        name=gettext_lazy("Older numbering series"),
        means=gettext_lazy("The message belongs to a numbering series that was given up."),
        mend=gettext_lazy("Begin a new series only when the number is lost, and a higher one."),
    ),
}
"""Why samples were left out."""

MESSAGES: Mapping[str, Reason] = {
    "bad_json": Reason(
        name=gettext_lazy("Unreadable message"),
        means=gettext_lazy("The body is no JSON: cut off, or not in UTF-8."),
        mend=_AGAIN,
        tone="bad",
    ),
    "bad_shape": Reason(
        name=gettext_lazy("Wrong shape of message"),
        means=gettext_lazy("Points, times and rows of values do not fit each other."),
        mend=_AGAIN,
        tone="bad",
    ),
    "missing_field": Reason(
        name=gettext_lazy("Field missing"),
        means=gettext_lazy("The message lacks a required field."),
        mend=_AGAIN,
        tone="bad",
    ),
    "too_large": Reason(
        name=gettext_lazy("Message too large"),
        means=gettext_lazy("The body is larger than the gateway takes."),
        mend=gettext_lazy("Split it: at most 200,000 samples a message."),
    ),
    "too_many_samples": Reason(
        name=gettext_lazy("Too many samples in a message"),
        means=gettext_lazy("A message carries at most 200,000 samples."),
        mend=gettext_lazy("Split it: at most 200,000 samples a message."),
    ),
    "too_fast": Reason(
        name=gettext_lazy("Too many messages"),
        means=gettext_lazy("The plant sent faster than it may; it was asked to wait."),
        mend=gettext_lazy("Put several seconds into one message, and obey Retry-After."),
    ),
    "slow_down": Reason(
        name=gettext_lazy("Asked to wait"),
        means=gettext_lazy("The platform was behind; the plant was asked to send again later."),
        mend=gettext_lazy("Nothing to mend, if the gateway sends the same message again."),
        tone="idle",
    ),
    "log_unavailable": Reason(
        name=gettext_lazy("Platform could not store"),
        means=gettext_lazy("The platform could not store for a moment and said so."),
        mend=gettext_lazy("Nothing to mend, if the gateway sends the same message again."),
        tone="idle",
    ),
    "unknown_key": Reason(
        name=gettext_lazy("Wrong key"),
        means=gettext_lazy("The key is missing, wrong or revoked."),
        mend=gettext_lazy("Put the valid key into the gateway's header."),
        tone="bad",
    ),
    "bad_time": Reason(
        name=gettext_lazy("Impossible time"),
        means=gettext_lazy("Times are no whole milliseconds, or do not rise."),
        mend=_AGAIN,
        tone="bad",
    ),
}
"""Why whole messages were refused."""

CONDUCT: Mapping[str, Reason] = {
    "late": Reason(
        name=gettext_lazy("Late samples"),
        means=gettext_lazy("They came more than a minute after they were measured."),
        mend=gettext_lazy(
            "Send at least every few seconds. What an outage held back comes late once, and is "
            "right to be resent."
        ),
    ),
    "missing_beats": Reason(
        name=gettext_lazy("Gaps in message numbers"),
        means=gettext_lazy("Messages with these numbers never came."),
        mend=gettext_lazy("Resend them from the gateway's buffer, under the same numbers."),
    ),
    "given_up_beats": Reason(
        name=gettext_lazy("Gaps given up"),
        means=gettext_lazy("There were too many gaps: these numbers are no longer waited for."),
        mend=gettext_lazy("Number messages one by one, and resend after an outage."),
        tone="bad",
    ),
    "uncertain": Reason(
        name=gettext_lazy("Uncertain samples"),
        means=gettext_lazy("The plant itself marked them as doubtful; they are judged."),
        mend=gettext_lazy("Check the sensors that the plant marks, and their calibration."),
    ),
    "bad": Reason(
        name=gettext_lazy("Bad samples"),
        means=gettext_lazy("The plant itself marked them as bad: stored, but not judged."),
        mend=gettext_lazy("Repair the sensor or its line; declare maintenance as a stop."),
        tone="bad",
    ),
    "clock": Reason(
        name=gettext_lazy("Clock offset"),
        means=gettext_lazy("The plant's clock differs from the platform's by more than 2 seconds."),
        mend=gettext_lazy("Set the gateway's clock by NTP, every hour at least."),
    ),
    "clock_steps": Reason(
        name=gettext_lazy("Clock jumped"),
        means=gettext_lazy("The plant's clock changed by more than five seconds at once."),
        mend=gettext_lazy("Let NTP adjust the clock slowly; do not set it by hand."),
    ),
    "absent": Reason(
        name=gettext_lazy("Samples that never came"),
        means=gettext_lazy(
            "Fewer samples came than the sampling periods promise, those due while the platform "
            "itself was away and not resent among them."
        ),
        mend=gettext_lazy(
            "Compare the periods in the point table with what the gateway sends; look at silent "
            "points, and at the hours with less."
        ),
        tone="bad",
    ),
    "dark": Reason(
        name=gettext_lazy("Hours without data"),
        means=gettext_lazy("Samples were due, and in the whole hour none came."),
        mend=gettext_lazy(
            "Look for power and network; let the gateway keep data during an outage and resend "
            "it. Declare planned stops."
        ),
        tone="bad",
    ),
    "silent": Reason(
        name=gettext_lazy("Silent points"),
        means=gettext_lazy("They send nothing for longer than their limit allows."),
        mend=gettext_lazy("Check sensor, line and collector; declare planned work as a stop."),
        tone="bad",
    ),
}
"""What else the page tells of."""


def reason(code: str) -> Reason:
    """What a code means; one that nobody described is told by itself."""
    for table in (SAMPLES, MESSAGES, CONDUCT):
        if code in table:
            return table[code]
    return Reason(
        name=code,
        means=gettext_lazy("The message was refused with this code."),
        mend=gettext_lazy("The gateway's answer says in words what is wrong and where."),
    )


def offset_words(offset_ms: int | None) -> str:
    """How far a clock is off: in milliseconds below a second, with its sign."""
    if offset_ms is None:
        return NOTHING
    if abs(offset_ms) < 1000:
        return _("%(offset)s ms") % {"offset": f"{offset_ms:+d}"}
    if abs(offset_ms) < 60_000:
        return _("%(offset)s s") % {"offset": f"{offset_ms / 1000:+.1f}"}
    sign = "−" if offset_ms < 0 else "+"
    return f"{sign}{duration(timedelta(milliseconds=abs(offset_ms)))}"
