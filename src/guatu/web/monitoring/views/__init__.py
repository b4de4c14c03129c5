"""HTTP of monitoring: plants, history, one plant, its alarms, its limits."""

from guatu.web.monitoring.views.alarms import acknowledge, acknowledge_all, alarms
from guatu.web.monitoring.views.explore import history, history_course, history_file
from guatu.web.monitoring.views.limits import answer, change, limit_history, limits
from guatu.web.monitoring.views.own_alarms import own_alarms
from guatu.web.monitoring.views.plant import plant, trend
from guatu.web.monitoring.views.plants import plants
from guatu.web.monitoring.views.stops import all_stops, stops
from guatu.web.monitoring.views.stops import end as end_stop

__all__ = [
    "acknowledge",
    "acknowledge_all",
    "alarms",
    "all_stops",
    "answer",
    "change",
    "end_stop",
    "history",
    "history_course",
    "history_file",
    "limit_history",
    "limits",
    "own_alarms",
    "plant",
    "plants",
    "stops",
    "trend",
]
