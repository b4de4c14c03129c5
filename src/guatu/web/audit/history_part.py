"""The part of a record's page that tells what was done to it."""

from collections.abc import Sequence

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from guatu.web.audit.recorder import label


def history_part(record: Model, only: Sequence[str]) -> SafeString:
    """A place that opens to the latest changes of a record; nothing is read before it opens.

    Args:
        record: the record that the page is about.
        only: kinds to narrow to; empty for all that belongs to it.
    """
    query = urlencode(
        [("kind", label(record)), ("record", record.pk), *(("only", k) for k in only)]
    )
    return render_to_string("audit/_place.html", {"url": f"{reverse('audit:history')}?{query}"})
