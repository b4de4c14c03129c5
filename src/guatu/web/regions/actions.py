"""Changes to divisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from guatu.core.nouns.place import Place
from guatu.web.regions.divisions import packaged_divisions
from guatu.web.regions.models import Region

FIELDS = ("name", "short_name", "level", "parent_id", "sort", "retired_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load did, in rows."""

    created: int
    changed: int
    retired: int
    kept: int


@transaction.atomic
def load_divisions(*, at: datetime) -> Loaded:
    """Bring the table of divisions to the package's data file; twice is once.

    Divisions that the file no longer names are marked retired, never deleted: warnings,
    plants and people of earlier years point to them. One that comes back is taken back.

    Args:
        at: the moment written as the retirement of those that are gone.
    """
    wanted = {
        place.code.value: _row(place, sort) for sort, place in enumerate(packaged_divisions())
    }
    present = Region.objects.in_bulk()
    new = [row for code, row in wanted.items() if code not in present]
    changed = [
        row for code, row in wanted.items() if code in present and _differs(row, present[code])
    ]
    gone = [code for code, row in present.items() if code not in wanted and not row.retired_at]
    Region.objects.bulk_create(new)
    Region.objects.bulk_update(changed, [f.removesuffix("_id") for f in FIELDS], batch_size=100)
    Region.objects.filter(code__in=gone).update(retired_at=at)
    return Loaded(
        created=len(new),
        changed=len(changed),
        retired=len(gone),
        kept=len(wanted) - len(new) - len(changed),
    )


def _row(place: Place, sort: int) -> Region:
    parent = place.code.parent
    return Region(
        code=place.code.value,
        name=place.name,
        short_name=place.short_name,
        level=place.level.value,
        parent_id=parent.value if parent else None,
        sort=sort,
        retired_at=None,
    )


def _differs(one: Region, other: Region) -> bool:
    return any(getattr(one, field) != getattr(other, field) for field in FIELDS)
