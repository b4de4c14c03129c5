"""HTTP of data quality: a region's plants ranked, and one plant's day."""

from guatu.web.quality.views.plant import forget, plant
from guatu.web.quality.views.plants import plants

__all__ = ["forget", "plant", "plants"]
