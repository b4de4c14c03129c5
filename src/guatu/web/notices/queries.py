"""What somebody was told, which hooks and deliveries he may look after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import overload

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from guatu.web.notices.models import Delivery, Happened, Hook, Message, Preference
from guatu.web.notices.sources import Said, said_of
from guatu.web.people.models import Role, User
from guatu.web.people.posts import sight_of

COUNTED_TO = 99


def messages_of(user: User) -> QuerySet[Message]:
    """What a user was told, the latest first."""
    return Message.objects.filter(user=user)


def preference_of(user: User) -> Preference:
    """What a user wants to be told; who never said gets what the model says."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


_GONE = Said(what="", title="", line="", url="")


@dataclass(frozen=True, slots=True)
class Told:
    """A message with its words; None where its reader no longer sees what it is about."""

    message: Message
    said: Said | None

    @property
    def words(self) -> Said:
        """The words; empty ones where there are none for this reader."""
        return self.said or _GONE

    @property
    def about(self) -> str:
        """What it is about, in one line."""
        if self.said is None:
            return _("no longer yours to see")
        said = self.said
        return " ".join(part for part in (said.number, said.organisation, said.title) if part)


def told(user: User, messages: Sequence[Message]) -> list[Told]:
    """Put messages into words, as their reader may see them now."""
    found = said_of(((one.source, one.event) for one in messages), to=user)
    return [Told(one, found.get((one.source, one.event))) for one in messages]


class TellingPage(Sequence[Told]):
    """A user's messages as a sequence that is read and put into words slice by slice."""

    def __init__(self, user: User, rows: QuerySet[Message]) -> None:
        self._user = user
        self._rows = rows

    def __len__(self) -> int:
        """How many there are."""
        return self._rows.count()

    @overload
    def __getitem__(self, part: int) -> Told: ...
    @overload
    def __getitem__(self, part: slice) -> list[Told]: ...
    def __getitem__(self, part: int | slice) -> Told | list[Told]:
        """Some of them, with words."""
        if isinstance(part, slice):
            return told(self._user, list(self._rows[part]))
        return told(self._user, [self._rows[part]])[0]


def hooks_of(user: User) -> QuerySet[Hook]:
    """The hooks that a user looks after: of the organisations that he administers."""
    seen = sight_of(user, Role.ADMINISTRATOR).within(
        region="organisation__region", organisation="organisation"
    )
    return Hook.objects.filter(seen).select_related("organisation", "made_by")


def deliveries_of(user: User) -> QuerySet[Delivery]:
    """The deliveries that a user may read the log of: to whom and through what he administers."""
    sight = sight_of(user, Role.ADMINISTRATOR, Role.AUDITOR)
    to_people = sight.within(
        region="message__user__organisation__region", organisation="message__user__organisation"
    )
    by_hooks = sight.within(region="hook__organisation__region", organisation="hook__organisation")
    rows = Delivery.objects.filter(to_people | by_hooks)
    return rows.select_related("hook", "message__user__organisation")


def untold(at: datetime) -> dict[str, int]:
    """Count what keeps people from being told.

    Returns:
        "untold": events that their source failed on; "late": deliveries that nobody tried within
        five minutes; "failing_hooks": hooks whose last call failed.
    """
    late = Delivery.objects.filter(
        state=Delivery.State.WAITING, tries=0, due_at__lt=at - timedelta(minutes=5)
    )
    return {
        "untold": Happened.objects.filter(tries__gt=0).count(),
        "late": late.count(),
        "failing_hooks": Hook.objects.filter(ended_at=None, failing_since__isnull=False).count(),
    }


def unread_word(user: User) -> str:
    """How many a user has not read, as the bell says it; empty for none."""
    rows = messages_of(user).filter(read_at=None).order_by()
    count = rows[: COUNTED_TO + 1].count()
    if not count:
        return ""
    return f"{COUNTED_TO}+" if count > COUNTED_TO else str(count)
