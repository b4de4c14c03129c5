"""Quiet hours: what can wait, waits for their end."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from guatu.core.nouns.warning import Level


def due(at: datetime, *, level: int, quiet_from: time | None, quiet_until: time | None) -> datetime:
    """When something that happened is to be sent.

    Args:
        at: when it happened.
        level: of the message; red never waits.
        quiet_from: begin of the quiet hours, local time of day; None for none.
        quiet_until: their end; before the begin it lies on the day after. Equal: no quiet hours.

    Returns:
        `at`, or the end of the quiet hours that it fell into.
    """
    if level >= Level.RED or quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return at
    here = timezone.localtime(at)
    clock = here.time()
    over_night = quiet_from > quiet_until
    if over_night:
        is_quiet = clock >= quiet_from or clock < quiet_until
    else:
        is_quiet = quiet_from <= clock < quiet_until
    if not is_quiet:
        return at
    end = here.replace(
        hour=quiet_until.hour, minute=quiet_until.minute, second=quiet_until.second, microsecond=0
    )
    return end + timedelta(days=1) if end <= here else end
