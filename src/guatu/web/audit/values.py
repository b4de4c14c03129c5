"""What a column holds, as the record keeps it: plain, in no language, never a secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from django.db.models import Field, ForeignKey, Model

LONGEST: Final = 2000
"""Signs of a document that are kept as they are; of a longer one, its digest and length."""


def fields_of(model: type[Model], counted: Iterable[str]) -> list[Field[Any, Any]]:
    """The columns whose change matters."""
    return [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
        if not field.primary_key and field.name not in counted
    ]


def is_expression(value: object) -> bool:
    """Whether the database is still to work a value out."""
    return hasattr(value, "resolve_expression")


def raw(row: Model, field: Field[Any, Any]) -> Any:  # noqa: ANN401 - whatever the column holds
    """The column's value in the type that the database gives."""
    value = getattr(row, field.attname)
    return field.to_python(value) if not isinstance(field, ForeignKey) else value


def kept(row: Model, field: Field[Any, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The column's value as the record keeps it."""
    value = raw(row, field)
    if isinstance(field, ForeignKey):
        if value is None:
            return None
        return {"id": value, "name": str(getattr(row, field.name))}
    return plain(value)


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value as JSON holds it; moments are told in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    if len(text) <= LONGEST:
        return json.loads(text)
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "length": len(text)}


def differences(
    before: Model | None,
    after: Model | None,
    fields: Iterable[Field[Any, Any]],
    secret: frozenset[str],
) -> list[dict[str, Any]]:
    """Field by field from what to what; of a new or a lost record, what is not as by default."""
    return [
        {"field": field.name, "secret": True}
        if field.name in secret
        else {
            "field": field.name,
            "from": None if before is None else kept(before, field),
            "to": None if after is None else kept(after, field),
        }
        for field in _differing(before, after, fields)
    ]


def _differing(
    before: Model | None, after: Model | None, fields: Iterable[Field[Any, Any]]
) -> Iterator[Field[Any, Any]]:
    only = after if before is None else before if after is None else None
    for field in fields:
        if only is not None:
            # Of a new or a lost record, what is empty or as ever would only hide the rest.
            if raw(only, field) not in (None, "", field.get_default()):
                yield field
        elif raw(before, field) != raw(after, field):  # type: ignore[arg-type] # both are there
            yield field


def digest_of(entry: Model) -> str:
    """What an entry of another history says, as a digest."""
    columns: Mapping[str, Any] = {
        field.attname: plain(raw(entry, field))
        for field in entry._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
    }
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
