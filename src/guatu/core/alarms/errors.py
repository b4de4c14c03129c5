"""What can be wrong with limits, alarms and scenarios.

LimitProblem      one limit cannot hold          (limits.py)
LifecycleProblem  a step no alarm can take       (lifecycle.py)
ScenarioProblem   a line nobody can play         (scenario.py)
All are ``AlarmProblem``: a code, an address and facts, no sentence in any language.
"""


class AlarmProblem(ValueError):
    """A problem as a value with an address; the web makes the sentence.

    Attributes:
        code: stable word for the kind of problem, for example ``negative_delay``.
        where: the address of what is wrong: a field, a slot or a line.
        facts: what a sentence about it needs, by name.
    """

    def __init__(self, code: str, where: str, **facts: object) -> None:
        super().__init__(code, where, facts)
        self.code = code
        self.where = where
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={fact}" for name, fact in self.facts.items())
        return f"{self.code} at {self.where}" + (f" ({told})" if told else "")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AlarmProblem):
            return NotImplemented
        return (self.code, self.where, self.facts) == (other.code, other.where, other.facts)

    def __hash__(self) -> int:
        return hash((self.code, self.where))


class LimitProblem(AlarmProblem):
    """A limit, or a set of limits on one point, that cannot hold."""


class LifecycleProblem(AlarmProblem):
    """A step that no alarm in this state can take."""


class ScenarioProblem(AlarmProblem):
    """A line of a scenario that cannot be played; ``where`` names the line."""
