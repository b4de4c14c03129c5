"""What monitoring keeps: plants and points, versioned limits, alarms, commands to deliver."""

from guatu.web.monitoring.models.alarms import Alarm, Cleared, EventPosition
from guatu.web.monitoring.models.delivery import CommandKind, Outbox
from guatu.web.monitoring.models.limits import Bearing, LimitRequest, LimitVersion, Slot, Verdict
from guatu.web.monitoring.models.own_alarms import OwnAlarm, OwnKind
from guatu.web.monitoring.models.plant import Plant, PlantKey, Point, PointKind, Unit
from guatu.web.monitoring.models.stops import PlannedStop, StopKind, StopStanding

__all__ = [
    "Alarm",
    "Bearing",
    "Cleared",
    "CommandKind",
    "EventPosition",
    "LimitRequest",
    "LimitVersion",
    "Outbox",
    "OwnAlarm",
    "OwnKind",
    "PlannedStop",
    "Plant",
    "PlantKey",
    "Point",
    "PointKind",
    "Slot",
    "StopKind",
    "StopStanding",
    "Unit",
    "Verdict",
]
