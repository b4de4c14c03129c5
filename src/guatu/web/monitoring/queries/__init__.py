"""Questions about plants, points, limits and alarms."""

from guatu.web.monitoring.queries.alarms import (
    alarms_between,
    alarms_of,
    open_alarms,
    own_alarms_of,
    returned,
    to_acknowledge,
    worst_by_point,
)
from guatu.web.monitoring.queries.configuration import plant_config
from guatu.web.monitoring.queries.delivery import Waiting, waiting
from guatu.web.monitoring.queries.explore import (
    alarms_of_points,
    explorable,
    first_points,
    found_points,
    plants_to_explore,
)
from guatu.web.monitoring.queries.limit_requests import limit_requests, plants_asking
from guatu.web.monitoring.queries.limits import (
    PointLimits,
    UnitLimits,
    current_limits,
    history_of,
    limits_between,
    limits_of,
    trend_points,
)
from guatu.web.monitoring.queries.plants import (
    SOURCE_KIND,
    STANDINGS,
    Counters,
    counters,
    filtered,
    plant_ids_of,
    plant_rows,
    regions_of_plants,
    standing,
    visible_to,
    warnings_of,
)
from guatu.web.monitoring.queries.stops import (
    stops_ahead,
    stops_holding,
    stops_of,
    stops_visible_to,
)

__all__ = [
    "SOURCE_KIND",
    "STANDINGS",
    "Counters",
    "PointLimits",
    "UnitLimits",
    "Waiting",
    "alarms_between",
    "alarms_of",
    "alarms_of_points",
    "counters",
    "current_limits",
    "explorable",
    "filtered",
    "first_points",
    "found_points",
    "history_of",
    "limit_requests",
    "limits_between",
    "limits_of",
    "open_alarms",
    "own_alarms_of",
    "plant_config",
    "plant_ids_of",
    "plant_rows",
    "plants_asking",
    "plants_to_explore",
    "regions_of_plants",
    "returned",
    "standing",
    "stops_ahead",
    "stops_holding",
    "stops_of",
    "stops_visible_to",
    "to_acknowledge",
    "trend_points",
    "visible_to",
    "waiting",
    "warnings_of",
    "worst_by_point",
]
