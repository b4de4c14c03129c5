"""Noting that something happened: one row beside the change itself, told by the worker."""

from guatu.web.notices.models import Happened


def note(source: str, event: int) -> None:
    """Note an event within the transaction that makes it.

    Args:
        source: as it was registered with `sources.register`.
        event: the source's own number of it.
    """
    Happened.objects.create(source=source, event=event)
