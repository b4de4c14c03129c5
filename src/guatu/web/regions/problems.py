"""Sentences for what can be wrong with an owner's map, each with how to mend it."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guatu.web.regions.base_map import MapProblem

SENTENCES: Final[dict[str, str | Promise]] = {
    "map_too_large": _(
        "The base map %(where)s is larger than %(limit_mb)s MB; simplify its outlines."
    ),
    "map_unreadable": _("The base map %(where)s cannot be read; save it as a UTF-8 text file."),
    "map_not_json": _("The base map is not valid JSON (line %(line)s); export it anew as GeoJSON."),
    "map_not_collection": _(
        "The base map is not a GeoJSON FeatureCollection with features (%(where)s)."
    ),
    "map_bad_feature": _("%(where)s of the base map is not a GeoJSON feature."),
    "map_no_code": _(
        "%(where)s of the base map has no six-digit division code; write it as properties.code."
    ),
    "map_foreign_code": _(
        "%(where)s of the base map bears the code %(code)s,"
        " which is no prefecture of this province."
    ),
    "map_doubled_code": _(
        "%(where)s of the base map repeats the code %(code)s; join the parts as one MultiPolygon."
    ),
    "map_missing_code": _(
        "The base map lacks %(count)s prefecture(s): %(codes)s; every prefecture needs an outline."
    ),
    "map_bad_geometry": _(
        "The outline of %(code)s (%(where)s) is no Polygon or MultiPolygon of closed rings."
    ),
    "map_outside_china": _(
        "The outline of %(code)s (%(where)s) lies outside China;"
        " use longitude and latitude in degrees."
    ),
}


def sentence(problem: MapProblem) -> str:
    """The problem as a sentence in the language of the moment."""
    return str(SENTENCES[problem.code]) % {"where": problem.where, **problem.facts}
