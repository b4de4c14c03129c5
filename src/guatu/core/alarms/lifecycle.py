"""The life of an alarm after ISA-18.2, as far as this house has rooms for it, as one table.

| state                        | raised         | acknowledged | cleared                     |
|------------------------------|----------------|--------------|-----------------------------|
| normal                       | unacknowledged | –            | –                           |
| unacknowledged               | –              | acknowledged | returned, unacknowledged    |
| acknowledged                 | –              | –            | normal                      |
| returned, unacknowledged     | unacknowledged | normal       | –                           |

A slot walks this table for ever; one alarm (one beginning) walks it until it is normal again.
A slot that raises while its last alarm was never acknowledged begins another alarm, with
another key. Shelving and taking out of service come with their own verbs.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from guatu.core.alarms.errors import LifecycleProblem


class AlarmState(StrEnum):
    """Where an alarm stands."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"

    @property
    def is_active(self) -> bool:
        """Whether the condition holds."""
        return self in (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)

    @property
    def is_open(self) -> bool:
        """Whether anybody still has something to do with it."""
        return self is not AlarmState.NORMAL


class AlarmStep(StrEnum):
    """What can happen to an alarm; the words are the kinds of the engine's events."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


STEPS: Mapping[tuple[AlarmState, AlarmStep], AlarmState] = MappingProxyType(
    {
        (AlarmState.NORMAL, AlarmStep.RAISED): AlarmState.UNACKNOWLEDGED,
        (AlarmState.UNACKNOWLEDGED, AlarmStep.ACKNOWLEDGED): AlarmState.ACKNOWLEDGED,
        (AlarmState.UNACKNOWLEDGED, AlarmStep.CLEARED): AlarmState.RETURNED_UNACKNOWLEDGED,
        (AlarmState.ACKNOWLEDGED, AlarmStep.CLEARED): AlarmState.NORMAL,
        (AlarmState.RETURNED_UNACKNOWLEDGED, AlarmStep.ACKNOWLEDGED): AlarmState.NORMAL,
        (AlarmState.RETURNED_UNACKNOWLEDGED, AlarmStep.RAISED): AlarmState.UNACKNOWLEDGED,
    }
)


def can_take(state: AlarmState, step: AlarmStep) -> bool:
    """Tell whether an alarm in this state can take this step."""
    return (state, step) in STEPS


def take(state: AlarmState, step: AlarmStep) -> AlarmState:
    """Give the state after a step.

    Raises:
        LifecycleProblem: ``no_such_step``, where no alarm in this state can take it.
    """
    try:
        return STEPS[state, step]
    except KeyError:
        raise LifecycleProblem("no_such_step", str(state), step=str(step)) from None


def state_after(*, active: bool, acknowledged: bool) -> AlarmState:
    """Tell where an alarm that has once been raised stands, from the two things recorded of it."""
    if active:
        return AlarmState.ACKNOWLEDGED if acknowledged else AlarmState.UNACKNOWLEDGED
    return AlarmState.NORMAL if acknowledged else AlarmState.RETURNED_UNACKNOWLEDGED
