"""What a gateway tells the engines of messages that never became beats, beside its ticks.

A note keeps its number until the log is known to hold it, so the engine counts it once, whether
the answer of the log or the gateway itself was lost. Only what came after a killed gateway's last
tick is never told: at most a second's refusals, none of which was acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from guatu.telemetry.conduct import MOST_QUARANTINED, Quarantined

MOST_EXAMPLES = 1000


@dataclass(slots=True)
class Notes:
    """The notes for one partition.

    Args:
        gateway: this process's own name.
        number: of the last note.
    """

    gateway: str = field(default_factory=lambda: uuid4().hex[:12])
    number: int = 0
    _refused: dict[int, dict[str, int]] = field(default_factory=dict)
    _examples: list[list[Any]] = field(default_factory=list)
    _of_plant: dict[int, int] = field(default_factory=dict)
    _untold: dict[str, Any] | None = None

    def refuse(self, plant: int, code: str) -> None:
        """Count a message refused as a whole."""
        codes = self._refused.setdefault(plant, {})
        codes[code] = codes.get(code, 0) + 1

    def set_aside(self, plant: int, examples: list[Quarantined]) -> None:
        """Keep examples of samples left out, as far as there is room."""
        for example in examples:
            told = self._of_plant.get(plant, 0)
            if told < MOST_QUARANTINED and len(self._examples) < MOST_EXAMPLES:
                self._of_plant[plant] = told + 1
                self._examples.append([plant, *example.as_json()])

    def next(self) -> dict[str, Any] | None:
        """Give the note to tell now: again the last one until `told`; None for nothing to tell."""
        if self._untold is None and (self._refused or self._examples):
            self.number += 1
            self._untold = {
                "gateway": self.gateway,
                "number": self.number,
                "refused": list(self._refused.items()),
                "examples": self._examples,
            }
            self._refused, self._examples, self._of_plant = {}, [], {}
        return self._untold

    def told(self) -> None:
        """The log holds the last note."""
        self._untold = None
