"""What can be refused about connections.

    DeedRefused   a deed that cannot be done as things stand; carries the problems

Sentences are made in ``wording.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, where, and the facts its sentence needs.

    Attributes:
        code: key of its sentence.
        where: a field of the form, or a place in the file such as ``units[0].points[3].code``.
    """

    code: str
    where: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


class DeedRefused(Exception):
    """Something that cannot be done as things stand."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{p.code} at {p.where}" for p in problems))
        self.problems = tuple(problems)
