"""Nobody leaves his duties behind: they are handed over in the transaction that takes them away.

The apps above know what duties there are; each says so once, at start::

    leaving.register(Duties(open_of=…, answers=…, fits=…, pass_on=…))
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from guatu.web.people.models import User
from guatu.web.people.posts import read_posts


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """One kind of duty, as the app that knows it tells.

    Attributes:
        open_of: what a user has to see to the end, as he stands now.
        answers: whether a user, as he stands now, may still see one to its end.
        fits: whether another may take one over from a user, as both stand now.
        pass_on: hand these over, each with a line in its history.
    """

    open_of: Callable[[User], Sequence[Any]]
    answers: Callable[[User, Any], bool]
    fits: Callable[[User, User, Any], bool]
    pass_on: Callable[..., None]


_KINDS: list[Duties] = []


def register(kind: Duties) -> None:
    """Enter a kind of duty; twice is once."""
    if kind not in _KINDS:
        _KINDS.append(kind)


def open_duties(user: User) -> list[Any]:
    """Everything that a user has to see to the end."""
    return [duty for kind in _KINDS for duty in kind.open_of(user)]


def heirs(user: User, people: Sequence[User]) -> list[User]:
    """Those of these people who may take over all that the user has to see to the end."""
    held = [(kind, duty) for kind in _KINDS for duty in kind.open_of(user)]
    if held:
        read_posts(people)
    return [
        person
        for person in people
        if person.pk != user.pk and all(kind.fits(person, user, duty) for kind, duty in held)
    ]


@contextmanager
def handing_over(
    user: User, heir: User | None, *, why: str, by: User | None, at: datetime
) -> Iterator[None]:
    """Take something from a user inside the block; what he answers for no more goes to the heir.

    Args:
        user: who loses a grant or leaves; changed inside the block, within a transaction.
        heir: who takes over; None is enough where nothing is left behind.
        why: the reason, kept in each history.
        by: who does it; None only for the installation itself.
        at: when.

    Raises:
        ValidationError: if something is left behind and there is no heir, or he may not take it.
    """
    before = [
        (kind, duty, heir is not None and heir.pk != user.pk and kind.fits(heir, user, duty))
        for kind in _KINDS
        for duty in kind.open_of(user)
    ]
    yield
    user.forget_grants()
    lost = [(kind, duty, fits) for kind, duty, fits in before if not kind.answers(user, duty)]
    _demand_heir(user, heir, lost)
    for kind in _KINDS:
        duties = [duty for of, duty, _fits in lost if of is kind]
        if duties:
            kind.pass_on(duties, user, heir, why=why, by=by, at=at)


def _demand_heir(user: User, heir: User | None, lost: Sequence[tuple[Duties, Any, bool]]) -> None:
    if not lost:
        return
    if heir is None:
        text = ngettext(
            "%(name)s still answers for %(count)s open warning. Choose who takes it over.",
            "%(name)s still answers for %(count)s open warnings. Choose who takes them over.",
            len(lost),
        )
        raise ValidationError({"heir": text % {"name": user.get_full_name(), "count": len(lost)}})
    unfit = sum(not fits for _kind, _duty, fits in lost)
    if unfit:
        text = ngettext(
            "%(name)s may not answer for %(count)s of the warnings. Choose somebody with the same "
            "duty there, or grant it first.",
            "%(name)s may not answer for %(count)s of the warnings. Choose somebody with the same "
            "duty there, or grant it first.",
            unfit,
        )
        raise ValidationError({"heir": text % {"name": heir.get_full_name(), "count": unfit}})
