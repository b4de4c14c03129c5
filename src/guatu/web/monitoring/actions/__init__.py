"""Every change in monitoring: one verb, one transaction, an actor and a moment.

`record_events` and `raise_overdue_alarms` have no actor: the engine and time do them.
"""

from guatu.web.monitoring.actions.acknowledge import acknowledge_alarm, acknowledge_alarms
from guatu.web.monitoring.actions.delivery import Delivery, publish_outbox, queue_configuration
from guatu.web.monitoring.actions.keys import (
    Issued,
    end_old_keys,
    note_key_use,
    revoke_key,
    rotate_key,
)
from guatu.web.monitoring.actions.limit_requests import (
    approve_limit,
    refuse_limit,
    request_limit,
    withdraw_limit,
)
from guatu.web.monitoring.actions.limits import change_limit, next_version
from guatu.web.monitoring.actions.plants import (
    Registered,
    end_plant,
    register_plant,
    resume_plant,
    suspend_plant,
)
from guatu.web.monitoring.actions.record import Recorded, raise_overdue_alarms, record_events
from guatu.web.monitoring.actions.stops import StopSpec, declare_stop, end_stop

__all__ = [
    "Delivery",
    "Issued",
    "Recorded",
    "Registered",
    "StopSpec",
    "acknowledge_alarm",
    "acknowledge_alarms",
    "approve_limit",
    "change_limit",
    "declare_stop",
    "end_old_keys",
    "end_plant",
    "end_stop",
    "next_version",
    "note_key_use",
    "publish_outbox",
    "queue_configuration",
    "raise_overdue_alarms",
    "record_events",
    "refuse_limit",
    "register_plant",
    "request_limit",
    "resume_plant",
    "revoke_key",
    "rotate_key",
    "suspend_plant",
    "withdraw_limit",
]
