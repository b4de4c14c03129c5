"""What a source does: it raises a warning, and raises it again while it is open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Length
from django.utils import timezone

from guatu.core.nouns.warning import Level, Life, State, lifted
from guatu.web.people.models import Organisation
from guatu.web.regions.models import Region
from guatu.web.warnings.errors import CHANGED_MEANWHILE, RefusedError
from guatu.web.warnings.models import (
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
    life_columns,
)

from .record import enter, store

_Deed = WarningEntry.Deed
_TRIES = 5


@transaction.atomic
def raise_warning(  # noqa: PLR0913 - a warning begins with this much
    *,
    source_kind: str,
    source_key: str,
    source_url: str,
    title: str,
    level: Level,
    organisation: Organisation,
    region: Region,
    facts: Mapping[str, Any],
    at: datetime,
) -> Warning:
    """Raise a warning, or say again what is already raised: one open warning a source.

    Raised again while open, a graver level lifts it (history kept, deadlines tightened), new facts
    replace the old, and a lesser level changes nothing else. Saying the same moment twice is
    saying it once.

    Args:
        source_kind: which app raises it and what from, such as "monitoring.unit".
        source_key: which of these; with the kind it names the source.
        source_url: path of the page of the source; "" for none.
        title: what is wrong and where, in one line.
        level: how grave.
        organisation: who is to close it.
        region: where it arose.
        facts: JSON for people to read; `facts.facts_of` says how.
        at: when.

    Returns:
        The open warning of the source.
    """
    source = {"source_kind": source_kind, "source_key": source_key}
    found = Warning.objects.select_for_update().filter(**source, closed_at=None).first()
    if found is None:
        found = _begin_numbered(
            source,
            {"source_url": source_url, "title": title[:200], "facts": dict(facts)},
            life=Life.begun(Level(level), at=at),
            organisation=organisation,
            region=region,
            at=at,
        )
        if found is not None:
            enter(found, _Deed.RAISE, None, by=None, at=at, facts={"to_level": int(level)})
            return found
        # Another writer was quicker between our look and our insert: theirs is the one.
        found = Warning.objects.select_for_update().get(**source, closed_at=None)
    return _raise_again(found, Level(level), title=title[:200], facts=facts, at=at)


def _begin_numbered(
    source: Mapping[str, str],
    words: Mapping[str, Any],
    *,
    life: Life,
    organisation: Organisation,
    region: Region,
    at: datetime,
) -> Warning | None:
    """Insert a warning under the day's next number; None where its source has one open by now."""
    for _try in range(_TRIES):
        numbered = {**words, "number": next_number(at)}
        begun = _begin(source, numbered, life=life, organisation=organisation, region=region, at=at)
        if begun is not None or Warning.objects.filter(**source, closed_at=None).exists():
            return begun
    raise RefusedError(CHANGED_MEANWHILE)


def next_number(at: datetime) -> str:
    """The next number of a day: YJ-YYYYMMDD-NNN, by the local calendar.

    Args:
        at: the moment of raising, aware.
    """
    day = f"YJ-{timezone.localtime(at):%Y%m%d}-"
    taken = Warning.objects.filter(number__startswith=day).order_by(
        Length("number").desc(), "-number"
    )
    last = taken.values_list("number", flat=True).first()
    return f"{day}{int(last.removeprefix(day)) + 1 if last else 1:03d}"


def _begin(
    source: Mapping[str, str],
    words: Mapping[str, Any],
    *,
    life: Life,
    organisation: Organisation,
    region: Region,
    at: datetime,
) -> Warning | None:
    """Insert a warning, or give None where its source has one open by now."""
    try:
        with transaction.atomic():
            return Warning.objects.create(
                **source,
                **words,
                **life_columns(life),
                deadlines_version=life.version,
                organisation=organisation,
                origin=organisation,
                region=region,
                raised_at=at,
                last_raised_at=at,
            )
    except IntegrityError:
        return None


def _raise_again(
    warning: Warning, level: Level, *, title: str, facts: Mapping[str, Any], at: datetime
) -> Warning:
    before = warning.life
    said_before = at <= warning.last_raised_at
    if said_before and level <= before.level:
        return warning
    columns: dict[str, Any] = {"facts": dict(facts)}
    if not said_before:
        columns |= {"last_raised_at": at, "times": warning.times + 1}
    if level <= before.level:
        store(warning, before, columns)
        return warning
    life = lifted(before, level, at=at)
    if life.state in {State.RAISED, State.ACKNOWLEDGED}:
        columns["handled_at"] = None
    store(warning, life, columns | {"title": title})
    levels = {"from_level": int(before.level), "to_level": int(level)}
    enter(warning, _Deed.LIFT, before, by=None, at=at, facts=levels)
    return warning


def note_level_lift(
    warning_id: int, *, level: Level, title: str, facts: Mapping[str, Any], at: datetime
) -> Warning:
    """Lift an open warning to a graver level, as raising its source again at that level does.

    Raises:
        Warning.DoesNotExist: if there is no such open warning.
    """
    with transaction.atomic():
        warning = Warning.objects.select_for_update().get(pk=warning_id, closed_at=None)
        return _raise_again(warning, level, title=title[:200], facts=facts, at=at)
