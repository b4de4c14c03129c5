"""Whether the audit's record is as it was made."""

from collections.abc import Iterator
from typing import Final

from guatu.ops.audit import look, sentence
from guatu.ops.doctor.told import Told, bad, good
from guatu.ops.house import House

LATEST: Final = 20_000
"""Records that a visit of the doctor reads; `guatu audit verify` reads them all."""
SHOWN: Final = 3


def audit(house: House) -> Iterator[Told]:
    """The latest part of the chain, and the triggers that guard it; Django is set up."""
    if not (house.home / "secret_key").exists():
        return
    from django.db import DatabaseError  # noqa: PLC0415  after Django's set-up

    try:
        found = look(house.home, last=LATEST)
    except DatabaseError:
        return  # tables of another version or none: the check of the database has said so
    for finding in found.findings[:SHOWN]:
        words = sentence(finding)
        yield bad(
            (f"审计记录：{words}", f"the audit: {words}"),
            (
                "请保留现场，运行 guatu audit verify 并与备份核对",
                "Change nothing; run guatu audit verify, and hold the record against a backup",
            ),
        )
    if not found.findings:
        yield good(
            f"审计记录完整（最近 {found.read:,} 条）",
            f"the audit is whole ({found.read:,} records)",
        )
