"""Figures, moments and durations as words, in the reader's language.

Templates reach these through the filters in templatetags/guatu.py; Python may call them directly.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

NOTHING = "–"
Figure = int | float | Decimal

_LEVELS = {1: "blue", 2: "yellow", 3: "orange", 4: "red"}
LEVEL_SHAPES = {"blue": "○", "yellow": "●", "orange": "▲", "red": "■"}
TONE_SHAPES = {"good": "●", "attention": "▲", "bad": "■", "idle": "○"}


def number(value: object, decimals: int | None = None) -> str:
    """A figure with thousands set apart; no figure is a dash.

    Args:
        value: int, float, Decimal; anything else, and not-a-number, is a dash.
        decimals: how many are shown; None shows an integer as one and up to three otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, Figure):
        return NOTHING
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN alone differs from itself
        return NOTHING
    if decimals is None:
        text = f"{value:.3f}".rstrip("0").rstrip(".") if not isinstance(value, int) else str(value)
        decimals = len(text.partition(".")[2])
    return _grouped(value, decimals)


def _grouped(value: Figure, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    # "-0.0" tells nothing that "0.0" does not.
    return text.lstrip("-") if not text.strip("-0.,") else text


def level_name(level: object) -> str:
    """The colour of a warning level: "blue", "yellow", "orange" or "red".

    Args:
        level: 1 to 4 (blue to red), a colour, or an enumeration of either.

    Raises:
        ValueError: if it is none of these.
    """
    plain = getattr(level, "value", level)
    if isinstance(plain, int) and not isinstance(plain, bool) and plain in _LEVELS:
        return _LEVELS[plain]
    name = str(plain).lower()
    if name in LEVEL_SHAPES:
        return name
    raise ValueError(f"no warning level: {level!r}")


def level_word(level: object) -> str:
    """The colour as a word."""
    return {
        "blue": _("Blue"),
        "yellow": _("Yellow"),
        "orange": _("Orange"),
        "red": _("Red"),
    }[level_name(level)]


def _durations() -> dict[str, str]:
    return {
        "days": _("%(days)s d"),
        "days_hours": _("%(days)s d %(hours)s h"),
        "hours": _("%(hours)s h"),
        "hours_minutes": _("%(hours)s h %(minutes)s min"),
        "minutes": _("%(minutes)s min"),
        "seconds": _("%(seconds)s s"),
    }


def duration(span: timedelta) -> str:
    """A duration in its largest two units, rounded towards zero, without sign: "2 h 5 min"."""
    seconds = int(abs(span.total_seconds()))
    facts = {
        "days": seconds // 86400,
        "hours": seconds // 3600 % 24,
        "minutes": seconds // 60 % 60,
        "seconds": seconds,
    }
    if facts["days"]:
        form = "days_hours" if facts["hours"] else "days"
    elif facts["hours"]:
        form = "hours_minutes" if facts["minutes"] else "hours"
    else:
        form = "minutes" if facts["minutes"] else "seconds"
    return _durations()[form] % facts


def for_scripts() -> dict[str, str]:
    """The sentences that shell.js and live.js say, in the reader's language."""
    return {
        **_durations(),
        "left": _("%(time)s left"),
        "overdue": _("overdue by %(time)s"),
        "due_now": _("due now"),
        "close": _("Close"),
        "live_live": _("Live"),
        "live_connecting": _("Connecting"),
        "live_lost": _("Connection lost"),
        "live_off": "",
        "forbidden": _("Your account may not do this."),
        "failed": _("That did not work (%(status)s). Reload the page and try again."),
        "not_saved": _("It could not be saved: the server is short of space or time. Try later."),
        "unreachable": _("The server cannot be reached. Check the network and try again."),
    }


def due_words(due: datetime, *, at: datetime) -> str:
    """How long is left until a deadline, or how far it is over."""
    if abs(due - at) < timedelta(seconds=1):
        return _("due now")
    if due < at:
        return _("overdue by %(time)s") % {"time": duration(at - due)}
    return _("%(time)s left") % {"time": duration(due - at)}


def short_moment(moment: datetime, *, at: datetime) -> str:
    """A moment as short as stays clear: time today, day and time this year, else all of it."""
    here, now = timezone.localtime(moment), timezone.localtime(at)
    if here.date() == now.date():
        return f"{here:%H:%M:%S}"
    return f"{here:%m-%d %H:%M}" if here.year == now.year else f"{here:%Y-%m-%d %H:%M}"


def full_moment(moment: datetime) -> str:
    """A moment with date and seconds, in the local time."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
