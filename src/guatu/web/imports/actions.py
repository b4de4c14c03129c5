"""Trying a file, importing what it holds, and undoing it: each in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation

from guatu.core.nouns.text import plain
from guatu.web.imports.judging import (
    CHANGED,
    NEW,
    WRONG,
    Headings,
    Row,
    find_headings,
    read_rows,
)
from guatu.web.imports.kinds import Kind, Target, kind_of
from guatu.web.imports.models import Import, ImportedRow, Stage
from guatu.web.imports.reading import UnreadableError, read_sheet
from guatu.web.people.models import User

AT_ONCE = 500


class RefusedError(Exception):
    """What cannot be done as things stand.

    Attributes:
        code: why, for `wording`.
        facts: what its sentence names.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def kind_for(code: str) -> Kind:
    """Give a kind that there must be.

    Raises:
        RefusedError: if there is none any more.
    """
    kind = kind_of(code)
    if kind is None:
        raise RefusedError("no_kind")
    return kind


def judged(
    kind: Kind,
    content: bytes,
    target: Target,
    *,
    user: User,
    at: datetime,
) -> tuple[str, Headings, list[Row]]:
    """Read a file and say of every row what would come of it now.

    Raises:
        UnreadableError: if it cannot be read at all.
    """
    sheet = read_sheet(content)
    headings = find_headings(sheet, kind.fields)
    rows = read_rows(sheet, headings, kind.fields)
    if not rows:
        raise UnreadableError("no_rows", row=headings.row)
    if len(rows) > kind.most_rows:
        raise UnreadableError("too_many_rows", most=kind.most_rows, rows=len(rows))
    # In one language, whoever looks: what was shown and what is written later are compared.
    with translation.override(settings.LANGUAGE_CODE):
        kind.judge(rows, target, user=user, at=at)
    for row in rows:
        if row.problems:
            row.outcome, row.changes = WRONG, []
    return sheet.name, headings, rows


@transaction.atomic
def try_file(
    kind: Kind,
    target: Target,
    *,
    content: bytes,
    filename: str,
    by: User,
    at: datetime,
) -> Import:
    """Keep a file with what would come of each of its rows; nothing else is written.

    Raises:
        UnreadableError: if it cannot be read at all.
    """
    name, headings, rows = judged(kind, content, target, user=by, at=at)
    tried = Import.objects.create(
        kind=kind.code,
        target=getattr(target, "pk", None),
        about=kind.about(target)[:200],
        filename=_filename(filename),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        sheet=name[:64],
        heading_row=headings.row,
        columns=dict(headings.columns),
        unknown=list(headings.unknown)[:50],
        uploaded_at=at,
        by=by,
        counts=_counts(rows),
    )
    _keep(tried, rows)
    return tried


def _filename(given: str) -> str:
    """A name without folders, hidden characters or a length that no list holds."""
    return plain(given.replace("\\", "/").rpartition("/")[2]).strip()[-120:] or "-"


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.outcome] = found.get(row.outcome, 0) + 1
    return found


def _keep(of: Import, rows: Sequence[Row]) -> None:
    of.rows.all().delete()
    ImportedRow.objects.bulk_create(
        [
            ImportedRow(
                of=of,
                number=row.number,
                outcome=row.outcome,
                key=row.key[:120],
                cells=row.cells,
                problems=[asdict(problem) for problem in row.problems],
                changes=[list(change) for change in row.changes],
                record=row.record,
                before=row.before,
            )
            for row in rows
        ],
        batch_size=AT_ONCE,
    )


def _locked(number: int, by: User) -> Import:
    found = Import.objects.select_for_update(of=("self",)).select_related("by").get(pk=number)
    if found.by_id != by.pk:
        raise PermissionDenied("imports.own")
    return found


@transaction.atomic
def import_rows(
    number: int, *, why: str, by: User, at: datetime
) -> tuple[Import, list[tuple[str, ...]]]:
    """Write the good rows of a file that was tried; the others are left where they are.

    Args:
        number: of the import.
        why: the reason, where its kind keeps one.
        by: who tried it.
        at: now.

    Returns:
        The import, and what is shown once.

    Raises:
        Import.DoesNotExist, PermissionDenied: if there is none, or it is another's.
        RefusedError: if it is done already, there is nothing to do, the reason is missing, or the
            records have changed so that something else would come of it than was shown.
    """
    found = _locked(number, by)
    kind = kind_for(found.kind)
    if found.stage != Stage.TRIED:
        raise RefusedError("done_already")
    why = plain(why).strip()
    if kind.needs_reason and not 2 <= len(why) <= 400:
        raise RefusedError("reason_missing")
    target = kind.target(found.target, by)
    _, _, rows = judged(kind, bytes(found.content), target, user=by, at=at)
    shown = list(found.rows.values_list("number", "outcome", "changes"))
    now = [(row.number, row.outcome, [list(change) for change in row.changes]) for row in rows]
    if shown != now:
        raise RefusedError("changed_meanwhile")
    good = [row for row in rows if row.outcome in {NEW, CHANGED}]
    if not good:
        raise RefusedError("nothing_to_do")
    once = kind.apply(good, target, why=why or found.filename, by=by, at=at)
    found.stage, found.done_at, found.why = Stage.DONE, at, why
    found.save(update_fields=["stage", "done_at", "why"])
    _keep(found, rows)
    transaction.on_commit(lambda: kind.done(target))
    return found, once


@transaction.atomic
def try_again(number: int, *, by: User, at: datetime) -> Import:
    """Say anew what would come of each row of a file that was tried.

    Raises:
        Import.DoesNotExist, PermissionDenied: as `import_rows`.
        RefusedError: if it is done already.
    """
    found = _locked(number, by)
    kind = kind_for(found.kind)
    if found.stage != Stage.TRIED:
        raise RefusedError("done_already")
    target = kind.target(found.target, by)
    _, _, rows = judged(kind, bytes(found.content), target, user=by, at=at)
    found.counts = _counts(rows)
    found.save(update_fields=["counts"])
    _keep(found, rows)
    return found


@transaction.atomic
def undo_import(number: int, *, by: User, at: datetime) -> Import:
    """Put back what an import changed, all of it or nothing.

    Raises:
        Import.DoesNotExist, PermissionDenied: as `import_rows`.
        RefusedError: if it was not imported, or a record was changed by others since.
    """
    found = _locked(number, by)
    kind = kind_for(found.kind)
    if found.stage != Stage.DONE:
        raise RefusedError("not_done")
    target = kind.target(found.target, by)
    rows = [
        Row(
            one.number, {}, one.cells, key=one.key, outcome=one.outcome,
            changes=[tuple(change) for change in one.changes], record=one.record,
            before=one.before,
        )
        for one in found.rows.filter(outcome__in=[NEW, CHANGED])
    ]  # fmt: skip
    with translation.override(settings.LANGUAGE_CODE):
        changed = kind.undo(rows, target, by=by, at=at)
    if changed:
        keys = "、".join(row.key for row in changed[:5])
        raise RefusedError("changed_since", keys=keys, count=len(changed))
    found.stage, found.undone_at, found.undone_by = Stage.UNDONE, at, by
    found.save(update_fields=["stage", "undone_at", "undone_by"])
    transaction.on_commit(lambda: kind.done(target))
    return found
