"""Questions about divisions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from guatu.core.nouns.place import RegionCode
from guatu.web.regions.models import Region, RegionLevel


def subtree_filter(code: str, *, field: str = "region") -> Q:
    """A filter for rows whose region is this division or lies inside it.

    Args:
        code: GB/T 2260 code of the division at the top.
        field: name of the foreign key to Region; "" when the rows are regions themselves.

    Raises:
        ValueError: if `code` is no such code.
    """
    # A range, not a prefix: both SQLite and PostgreSQL answer it from a plain index.
    lookup = f"{field}__code__range" if field else "code__range"
    return Q(**{lookup: RegionCode(code).span})


def subtree(code: str) -> QuerySet[Region]:
    """The division and all inside it that still exist, in the standard's order."""
    return Region.objects.filter(subtree_filter(code, field=""), retired_at=None)


def children(code: str) -> QuerySet[Region]:
    """The divisions directly below that still exist, in the standard's order."""
    return Region.objects.filter(parent_id=code, retired_at=None)


def provinces() -> QuerySet[Region]:
    """The province-level divisions, in the standard's order."""
    return Region.objects.filter(level=RegionLevel.PROVINCE, retired_at=None)


def ancestors(code: str) -> list[Region]:
    """Those above the division, the province first; retired ones too, for old records.

    Raises:
        ValueError: if `code` is no GB/T 2260 code.
    """
    return list(Region.objects.filter(code__in=[a.value for a in RegionCode(code).ancestors]))


def short_paths(codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Short names from the province down to each division, in one query.

    Codes that no division bears are left out.
    """
    wanted = set(codes)
    above = {code: [a.value for a in reversed(RegionCode(code).ancestors)] for code in wanted}
    rows = Region.objects.filter(code__in=wanted.union(*above.values()))
    names = dict(rows.values_list("code", "short_name"))
    return {
        code: (*(names[a] for a in line if a in names), names[code])
        for code, line in above.items()
        if code in names
    }
