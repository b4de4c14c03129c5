"""What is sent at once: the words of one mail or the body of one call, ready to go."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from guatu.web.notices import bodies
from guatu.web.notices.models import Delivery, Hook
from guatu.web.notices.sources import Said, said_of
from guatu.web.people.models import User
from guatu.web.shell import words
from guatu.web.shell.sealed import unseal

PURPOSE: Final = "guatu.notices.hook"
"""What the secrets of hooks are sealed for."""
SECRET_MARK: Final = "whsec_"  # noqa: S105 - how secrets begin is none
"""How Standard Webhooks begins a secret."""
MOST_LINES: Final = 40

Way = tuple[str, int]
"""By what something goes, "mail" or "hook", and the id of its person or hook."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail."""

    to: str
    subject: str
    text: str
    uid: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook."""

    url: str
    body: bytes
    uid: str
    secret: str
    at: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """Deliveries that go together.

    Attributes:
        way: what else may not be sent at the same time: one mail a person, one call a hook.
        deliveries: their ids.
        content: what goes; None where there is nothing left to tell.
    """

    way: Way
    deliveries: tuple[int, ...]
    content: Mail | Call | None


def way_of(delivery: Delivery) -> Way:
    """By which way a delivery goes, and to whom."""
    if delivery.hook_id is not None:
        return "hook", delivery.hook_id
    if delivery.message is None:
        raise ValueError(f"delivery {delivery.pk} has no way")
    return "mail", delivery.message.user_id


def packed(deliveries: Sequence[Delivery]) -> Parcel:
    """Pack deliveries of one way, for one person at most, that go together."""
    first = deliveries[0]
    user = first.message.user if first.message is not None else None
    content: Mail | Call | None = None
    if first.hook is not None and not first.hook.is_grouped:
        content = _program_call(first.hook, first)
    else:
        with translation.override(_language_of(user)):
            said = _said(deliveries, user)
            if said and first.hook is not None:
                content = _people_call(first.hook, first, user, said)
            elif said and user is not None:
                content = _mail(first, user, said)
    return Parcel(way_of(first), tuple(one.pk for one in deliveries), content)


def _language_of(user: User | None) -> str:
    wanted = getattr(user, "notice_preference", None) if user is not None else None
    return wanted.language if wanted is not None else settings.LANGUAGE_CODE


def _said(deliveries: Sequence[Delivery], user: User | None) -> list[tuple[Delivery, Said]]:
    """What there is to say, in the order in which it happened, of what its reader still sees."""
    found = said_of(((one.source, one.event) for one in deliveries), to=user)
    return [
        (one, found[one.source, one.event])
        for one in deliveries
        if (one.source, one.event) in found
    ]


def _level(said: Said) -> str:
    if not said.level:
        return ""
    return _("[%(level)s warning]") % {"level": words.level_word(said.level)}


def _address(said: Said) -> str:
    return f"{settings.PUBLIC_URL}{said.url}" if settings.PUBLIC_URL and said.url else ""


def _mail(first: Delivery, user: User, said: Sequence[tuple[Delivery, Said]]) -> Mail:
    gravest = max(said, key=lambda pair: pair[1].level)[1]
    subject = " ".join(
        f"{_level(gravest)} {gravest.what} {gravest.organisation} {gravest.title}".split()
    )
    if len(said) > 1:
        subject = _("%(n)s notices, among them: %(one)s") % {"n": len(said), "one": subject}
    parts = [_paragraph(one, what) for one, what in said[:MOST_LINES]]
    if len(said) > MOST_LINES:
        parts.append(_("and %(n)s more in Guatu.") % {"n": len(said) - MOST_LINES})
    parts.append(
        _(
            "You get this because of your settings under “My account → Notices”. "
            "Do not answer it; act on the page of the warning."
        )
    )
    return Mail(to=user.email, subject=subject[:200], text="\n\n".join(parts), uid=str(first.uid))


def _paragraph(delivery: Delivery, said: Said) -> str:
    head = " ".join(f"{_level(said)} {said.what} {words.full_moment(delivery.at)}".split())
    about = " ".join(f"{said.number} {said.organisation} {said.title}".split())
    return "\n".join(line for line in (head, about, said.line, _address(said)) if line)


def _people_call(
    hook: Hook, first: Delivery, user: User | None, said: Sequence[tuple[Delivery, Said]]
) -> Call:
    delivery, gravest = max(said, key=lambda pair: pair[1].level)
    more = _("and %(n)s more") % {"n": len(said) - 1} if len(said) > 1 else ""
    facts = {
        "title": gravest.title,
        "what": gravest.what,
        "line": gravest.line,
        "level": _level(gravest),
        "number": gravest.number,
        "organisation": gravest.organisation,
        "url": _address(gravest),
        "time": words.full_moment(delivery.at),
        "more": more,
        "name": user.get_full_name() if user else "",
        "phone": user.phone if user else "",
    }
    return _call(hook, first, bodies.filled(hook.template, facts))


def _program_call(hook: Hook, delivery: Delivery) -> Call:
    return _call(hook, delivery, json.dumps(delivery.body, ensure_ascii=False).encode())


def _call(hook: Hook, delivery: Delivery, body: bytes) -> Call:
    secret = unseal(hook.sealed_secret, purpose=PURPOSE)
    return Call(url=hook.url, body=body, uid=str(delivery.uid), secret=secret, at=int(time.time()))
