"""HTTP of monitoring: plants, one plant, its alarms, its limits."""

from guatu.web.monitoring.views.alarms import acknowledge, alarms
from guatu.web.monitoring.views.limits import answer, change, limit_history, limits
from guatu.web.monitoring.views.plant import plant, trend
from guatu.web.monitoring.views.plants import plants

__all__ = [
    "acknowledge",
    "alarms",
    "answer",
    "change",
    "limit_history",
    "limits",
    "plant",
    "plants",
    "trend",
]
