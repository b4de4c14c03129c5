"""Questions about plants, points, limits and alarms."""

from guatu.web.monitoring.queries.configuration import plant_config
from guatu.web.monitoring.queries.plants import plant_ids_of, visible_to

__all__ = ["plant_config", "plant_ids_of", "visible_to"]
