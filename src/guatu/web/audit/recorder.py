"""Writes down each change in the transaction that makes it: undone, it leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Field, Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils import timezone, translation

from guatu.web.audit import acting, chain
from guatu.web.audit.models import Act, Change, Unsealed
from guatu.web.audit.registry import LINKED, NOWHERE, WATCHED, Linked, Place, Watched
from guatu.web.audit.values import differences, digest_of, fields_of, is_expression
from guatu.web.people.models import User
from guatu.web.shell import recorded

_BEFORE: Final = "_guatu_audit_before"
_BATCH: Final = 400
PAGE: Final = "page"
"""The kind of what is no single record: a list, a file."""


def write(changes: Sequence[Change]) -> None:
    """Add to the record, in the running transaction; sealed once that is committed."""
    if not changes:
        return
    made = Change.objects.bulk_create(changes, batch_size=_BATCH)
    Unsealed.objects.bulk_create([Unsealed(change=one.pk) for one in made], batch_size=_BATCH)
    chain.seal_on_commit()


def blank(act: Act, *, by: User | None = None) -> Change:
    """A record that says who, when and from where, and not yet what."""
    change = Change(at=timezone.now(), act=act)
    current = acting.now()
    person = current.person if current is not None else by
    if current is not None:
        change.address, change.request, change.door = current.address, current.number, current.door
    else:
        change.door = acting.process_name()[:80]
    if person is not None:
        change.actor, change.actor_name = person.pk, person.get_full_name()
        change.actor_account = person.username
        change.actor_organisation = person.organisation.name
    elif current is None:
        change.actor_name = acting.process_name()[:120]
        change.actor_account = acting.machine_account()[:150]
    return change


def label(row: Model | type[Model]) -> str:
    """A model's name in the record."""
    return row._meta.label_lower  # noqa: SLF001 - Django's documented interface


def aim(change: Change, row: Model, page: Model | None, name: str, place: Place) -> None:
    """Say which record it is about."""
    change.kind, change.record, change.record_name = label(row), str(row.pk), name[:200]
    if page is not None:
        change.page_kind, change.page_record = label(page), str(page.pk)
    change.region, change.organisation = place


def _said(how: Watched, row: Any) -> str:  # noqa: ANN401 - any watched record
    # The record is one language's, whoever wrote it.
    with translation.override(settings.LANGUAGE_CODE):
        return str(how.name(row))


def _change(
    before: Model | None, after: Model | None, fields: Sequence[Field[Any, Any]], how: Watched
) -> Change | None:
    """What to write down of a row before and after; None where nothing that matters changed."""
    row = after if after is not None else before
    if row is None or not how.when(row):
        return None
    with translation.override(settings.LANGUAGE_CODE):
        found = differences(before, after, fields, how.secret)
    if not found and before is not None and after is not None:
        return None
    act = Act.CREATED if before is None else Act.DELETED if after is None else Act.CHANGED
    named = {one["field"] for one in found}
    by = next((getattr(row, name) for name in how.by if name in named and getattr(row, name)), None)
    change = blank(act, by=by)
    aim(change, row, how.page(row), _said(how, row), how.place(row))
    change.changes = found
    if after is not None:
        why = (str(getattr(row, name)) for name in how.why if name in named)
        change.why = next((text for text in why if text), "")[:400]
    return change


def _read(model: type[Model], how: Watched, keys: Sequence[Any]) -> dict[Any, Any]:
    """Rows as they stand, by key; held until the end of the transaction where that can be."""
    rows = model._base_manager.filter(pk__in=keys)  # noqa: SLF001 - whatever default managers hide
    if connection.features.has_select_for_update and connection.in_atomic_block:
        list(rows.order_by("pk").select_for_update().values_list("pk"))
    return {row.pk: row for row in rows.select_related(*how.along)}


def _before_save(
    sender: type[Model],
    instance: Any,  # noqa: ANN401 - any watched record
    update_fields: frozenset[str] | None = None,
    **_: object,
) -> None:
    how = WATCHED[sender]
    instance.__dict__.pop(_BEFORE, None)
    if instance.pk is not None and _matters(sender, how, update_fields):
        instance.__dict__[_BEFORE] = _read(sender, how, [instance.pk]).get(instance.pk)


def _matters(model: type[Model], how: Watched, named: frozenset[str] | None) -> bool:
    return named is None or bool(set(named) & _names(model, how))


def _names(model: type[Model], how: Watched) -> set[str]:
    fields = fields_of(model, how.counted)
    return {field.name for field in fields} | {field.attname for field in fields}


def _after_save(
    sender: type[Model],
    instance: Any,  # noqa: ANN401 - any watched record
    update_fields: frozenset[str] | None = None,
    **_: object,
) -> None:
    how = WATCHED[sender]
    before = instance.__dict__.pop(_BEFORE, None)
    if not _matters(sender, how, update_fields):
        return
    fields = [
        field
        for field in fields_of(sender, how.counted)
        if update_fields is None or {field.name, field.attname} & set(update_fields)
    ]
    after = instance
    if any(is_expression(getattr(instance, field.attname)) for field in fields):
        after = _read(sender, how, [instance.pk])[instance.pk]
    change = _change(before, after, fields, how)
    write([change] if change is not None else [])


def _after_delete(
    sender: type[Model],
    instance: Any,  # noqa: ANN401 - any watched record
    **_: object,
) -> None:
    how = WATCHED[sender]
    change = _change(instance, None, fields_of(sender, how.counted), how)
    write([change] if change is not None else [])


def _after_entry(
    sender: type[Model],
    instance: Any,  # noqa: ANN401 - any watched record
    *,
    created: bool,
    **_: object,
) -> None:
    """Link an entry of a history of its own."""
    if not created:
        return
    how: Linked = LINKED[sender]
    # As the database keeps it: a moment to the microsecond, a document in its own order.
    entry = sender._base_manager.get(pk=instance.pk)  # noqa: SLF001 - the row itself
    change = blank(Act.ENTERED, by=getattr(instance, how.by))
    page = how.page(instance)
    aim(change, instance, page, how.name(instance), how.place(instance))
    columns = {field.name: field for field in fields_of(sender, ())}
    change.changes = differences(None, instance, [columns[name] for name in how.told], frozenset())
    change.why = str(getattr(instance, how.why))[:400] if how.why else ""
    change.digest = digest_of(entry)
    write([change])


class Recorder:
    """What the shell's record is told."""

    @contextmanager
    def updating(self, rows: QuerySet[Any], fields: frozenset[str]) -> Iterator[QuerySet[Any]]:
        """Note rows before they are updated, and after; exactly those are updated."""
        model = rows.model
        how = WATCHED.get(model)
        if how is None or not _matters(model, how, fields):
            yield rows
            return
        keys = list(rows.order_by().values_list("pk", flat=True))
        before = _read(model, how, keys)
        yield rows.filter(pk__in=keys)
        after = _read(model, how, keys)
        columns = fields_of(model, how.counted)
        found = (_change(before[key], after.get(key), columns, how) for key in before)
        write([change for change in found if change is not None])

    def created(self, rows: Sequence[Model]) -> None:
        """Note rows that were made at once."""
        if not rows or (how := WATCHED.get(type(rows[0]))) is None:
            return
        columns = fields_of(type(rows[0]), how.counted)
        found = (_change(None, row, columns, how) for row in rows)
        write([change for change in found if change is not None])

    def told(
        self,
        act: str,
        *,
        what: str,
        record: Model | None,
        rows: int | None,
    ) -> None:
        """Note that something was shown, given away or done."""
        current = acting.now()
        change = blank(Act(act))
        how = WATCHED.get(type(record)) if record is not None else None
        if record is not None and how is not None:
            aim(change, record, how.page(record), _said(how, record), how.place(record))
        else:
            change.kind = PAGE
            person = current.person if current is not None else None
            home = person.organisation if person is not None else None
            change.region, change.organisation = (home.region_id, home.pk) if home else NOWHERE
            change.record_name = what[:200]
        told: Mapping[str, Any] = {
            "what": what,
            "rows": rows,
            "query": _asked(current) or None,
        }
        change.changes = [
            {"field": name, "from": None, "to": value}
            for name, value in told.items()
            if value is not None
        ]
        write([change])


def _asked(current: acting.Acting | None) -> str:
    """What a list was narrowed to, readable."""
    if current is None:
        return ""
    pairs = ((name, text) for name, texts in current.request.GET.lists() for text in texts)
    said = (f"{name}={text}" for name, text in pairs if text and not name.endswith("export"))
    return " ".join(said)[:400]


def connect() -> None:
    """Listen to every model that is watched or linked."""
    for model in WATCHED:
        pre_save.connect(_before_save, sender=model, dispatch_uid=f"audit {label(model)}")
        post_save.connect(_after_save, sender=model, dispatch_uid=f"audit {label(model)}")
        post_delete.connect(_after_delete, sender=model, dispatch_uid=f"audit {label(model)}")
    for model in LINKED:
        post_save.connect(_after_entry, sender=model, dispatch_uid=f"audit {label(model)}")
    recorded.record_with(Recorder())
