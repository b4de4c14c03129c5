"""A change that a program asks for twice is done once: its second answer is its first.

The row with the key is written in the transaction of the change: either both stand or neither, and
of two requests at once the later one waits for the first, finds its row and gets its answer.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from guatu.web.people.models import ApiToken, KeptAnswer

KEPT: Final = timedelta(hours=48)


class OtherRequestError(Exception):
    """The key was used for another request."""


class Answer(Protocol):
    """What a change is answered with."""

    def model_dump_json(self) -> str:
        """Give it as JSON."""
        ...


def once(
    request: HttpRequest,
    token: ApiToken,
    key: str | None,
    *,
    at: datetime,
    do: Callable[[], Answer],
) -> HttpResponse:
    """Do a change, or give the answer that it had.

    Args:
        request: what was asked.
        token: by which program.
        key: that it gave the change; None where it takes the risk of a repeat.
        at: now.
        do: the change; what it raises undoes it and is not kept.

    Raises:
        OtherRequestError: if the key was used for another request.
    """
    if key is None:
        return _answer(do().model_dump_json())
    of_request = request.method or "", request.get_full_path()
    fingerprint = hashlib.sha256("\n".join(of_request).encode() + b"\n" + request.body).hexdigest()
    KeptAnswer.objects.filter(at__lt=at - KEPT).delete()
    kept = KeptAnswer.objects.filter(token=token, key=key).first()
    if kept is None:
        try:
            with transaction.atomic():
                kept = KeptAnswer.objects.create(
                    token=token, key=key, fingerprint=fingerprint, at=at
                )
                kept.body = do().model_dump_json()
                kept.save(update_fields=["body"])
        except IntegrityError:
            # Its twin was quicker. Any other breach of the database's rules is raised again.
            twin = KeptAnswer.objects.filter(token=token, key=key).first()
            if twin is None:
                raise
            kept = twin
        else:
            return _answer(kept.body)
    if kept.fingerprint != fingerprint:
        raise OtherRequestError(key)
    response = _answer(kept.body)
    response["Idempotent-Replayed"] = "true"
    return response


def _answer(body: str) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
