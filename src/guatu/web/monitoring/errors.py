"""What can be refused in monitoring.

    MonitoringError
    ├── LimitRefusedError    a limit that cannot hold; carries the problems
    ├── RefusedDeedError     a key or a stop that cannot be as wished; carries the problems
    ├── ConsentNeededError   it protects a core point less: the bureau must agree
    ├── AlreadyDecidedError  a request that was decided before
    ├── AlreadyAcknowledgedError
    └── UnreachableError     the log or the engine does not answer now  (doors.py raises it)

Sentences are made in ``wording.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, at which field, and the facts its sentence needs."""

    code: str
    where: str
    facts: Mapping[str, object] = field(default_factory=dict)


class MonitoringError(Exception):
    """Something that cannot be done as things stand."""


class LimitRefusedError(MonitoringError):
    """A limit, or a set of limits on one point, that cannot hold."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{p.code} at {p.where}" for p in problems))
        self.problems = tuple(problems)


class RefusedDeedError(MonitoringError):
    """A deed that cannot be done as wished."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(f"{p.code} at {p.where}" for p in problems))
        self.problems = problems


class ConsentNeededError(MonitoringError):
    """A plant may not do this alone; it may ask its bureau for it."""


class AlreadyDecidedError(MonitoringError):
    """Somebody decided the request before."""


class AlreadyAcknowledgedError(MonitoringError):
    """Somebody acknowledged the alarm before."""


class UnreachableError(MonitoringError):
    """The log or the engine does not answer now; asking later is sensible."""
