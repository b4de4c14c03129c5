"""Reads the chain from end to end and says where it was tampered with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef

from guatu.web.audit import chain, guards
from guatu.web.audit.models import Act, Change, Head, Pruning, Seal, Unsealed
from guatu.web.audit.recorder import label
from guatu.web.audit.registry import LINKED
from guatu.web.audit.values import digest_of

_CHUNK: Final = 1000
_SOON: Final = timedelta(minutes=5)
"""How long a record may wait for its seal: a commit's moment, unless a process died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where the record is not as it was made.

    Attributes:
        code: gap, missing, altered, unsealed, entry_altered, entry_missing, end, anchor, pruning,
            waiting or unguarded.
        number: where in the chain; 0 where it has no place there.
        change: the record's id; 0 where there is none.
        what: the record's own words, or the trigger's name.
    """

    code: str
    number: int = 0
    change: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a reading of the chain found.

    Attributes:
        read: how many records were read.
        number: the chain's last number.
        seal: the chain's last seal: kept elsewhere, it proves later that nothing was cut off.
        findings: where it is broken.
    """

    read: int
    number: int
    seal: str
    findings: Sequence[Finding]


def verify(
    *, at: datetime, last: int | None = None, anchors: Mapping[int, str] | None = None
) -> Verified:
    """Read the chain.

    Args:
        at: now.
        last: read so many of the latest only; None for all.
        anchors: seals by number that were kept outside the database.
    """
    head = Head.objects.filter(pk=1).first() or Head(number=0, seal="")
    pruned = Pruning.objects.order_by("last").last()
    start, seal = (pruned.last, pruned.seal) if pruned else (0, "")
    if last is not None and head.number - last > start:
        start = head.number - last
        seal = Seal.objects.filter(number=start).values_list("seal", flat=True).first() or ""
    findings: list[Finding] = [
        Finding(code="unguarded", what=n) for n in guards.missing(connection)
    ]
    read = 0
    for links in _chunks(start, head.number):
        read += len(links)
        findings += _broken(links, start, seal)
        start, seal = links[-1].number, links[-1].seal
    if (start, seal) != (head.number, head.seal):
        findings.append(Finding(code="end", number=start))
    findings += _beside(at)
    findings += _unanchored(anchors or {}, after=pruned.last if pruned else 0)
    return Verified(read=read, number=head.number, seal=head.seal, findings=findings)


def _chunks(after: int, until: int) -> Iterator[list[Seal]]:
    while links := list(
        Seal.objects.filter(number__gt=after, number__lte=until).order_by("number")[:_CHUNK]
    ):
        yield links
        after = links[-1].number


def _broken(links: Sequence[Seal], start: int, before: str) -> Iterator[Finding]:
    changes = Change.objects.in_bulk([link.change for link in links])
    for link in links:
        change = changes.get(link.change)
        if link.number != start + 1:
            yield Finding(code="gap", number=link.number, change=link.change)
        elif change is None:
            yield Finding(code="missing", number=link.number, change=link.change)
        elif not chain.fits(link.seal, before, link.number, change):
            yield Finding(code="altered", number=link.number, change=link.change, what=str(change))
        start, before = link.number, link.seal
    yield from _entries(changes.values())


def _entries(changes: Iterable[Change]) -> Iterator[Finding]:
    """Entries of other histories that no longer say what they said."""
    entered = [change for change in changes if change.act == Act.ENTERED]
    for model in LINKED:
        mine = {change.record: change for change in entered if change.kind == label(model)}
        entries = {str(pk): row for pk, row in model._base_manager.in_bulk(list(mine)).items()}  # noqa: SLF001 - the rows themselves
        for pk, change in mine.items():
            entry = entries.get(pk)
            if entry is None:
                yield Finding(code="entry_missing", change=change.pk, what=str(change))
            elif digest_of(entry) != change.digest:
                yield Finding(code="entry_altered", change=change.pk, what=str(change))


def _beside(at: datetime) -> Iterator[Finding]:
    """Records beside the chain, records that wait too long, prunings that nobody recorded."""
    waits = Unsealed.objects.filter(change=OuterRef("pk"))
    sealed = Seal.objects.filter(change=OuterRef("pk"))
    for change in Change.objects.filter(~Exists(sealed) & ~Exists(waits))[:100]:
        yield Finding(code="unsealed", change=change.pk, what=str(change))
    for change in Change.objects.filter(Exists(waits), at__lt=at - _SOON)[:100]:
        yield Finding(code="waiting", change=change.pk, what=str(change))
    for pruning in Pruning.objects.all():
        told = Change.objects.filter(kind=label(Pruning), record=str(pruning.pk))
        # Later prunings take the records of earlier ones along.
        last = Pruning.objects.order_by("pk").last()
        if pruning == last and digest_of(pruning) not in told.values_list("digest", flat=True):
            yield Finding(code="pruning", number=pruning.last, what=str(pruning))


def _unanchored(anchors: Mapping[int, str], *, after: int) -> Iterator[Finding]:
    kept = Seal.objects.in_bulk([number for number in anchors if number > after])
    for number, seal in anchors.items():
        if number > after and (number not in kept or kept[number].seal != seal):
            yield Finding(code="anchor", number=number)
