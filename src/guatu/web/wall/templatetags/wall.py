"""Tags of the wall's templates."""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guatu.core.nouns.warning import Level
from guatu.web.regions.models import Region
from guatu.web.shell import words
from guatu.web.wall.map import Area
from guatu.web.wall.presentation import area_url
from guatu.web.wall.queries import Tally

register = template.Library()


@register.filter
def desk_url(area: Area) -> str:
    """`{{ area|desk_url }}`: the warning desk, narrowed to the area."""
    return area_url(area)


@register.filter
def place(places: Mapping[str, str], region: Region) -> str:
    """`{{ board.places|place:warning.region }}`: "Kunming Anning", short."""
    return places.get(region.code, region.name)


@register.filter
def shape(level: Level | None) -> str:
    """`{{ level|shape }}`: the level's shape, nothing for none."""
    return words.LEVEL_SHAPES[words.level_name(level)] if level else ""


@register.filter
def xy(value: float) -> str:
    """`{{ drawn.x|xy }}`: a coordinate as SVG wants it, in every language."""
    return f"{value:g}"


@register.simple_tag
def level_word(level: Level) -> str:
    """`{% level_word level %}`: the colour as a word."""
    return words.level_word(level)


@register.simple_tag
def area_words(area: Area) -> str:
    """`{% area_words area %}`: the area in a sentence, for those who hear it."""
    if not area.seen:
        return _("%(name)s: outside your scope") % {"name": area.region.name}
    facts = {
        "name": area.region.name,
        "plants": area.plants,
        "open": area.tally.total,
        "overdue": area.tally.overdue,
    }
    highest = area.tally.highest
    if highest is None:
        return _("%(name)s: no open warnings, %(plants)s plants") % facts
    return _(
        "%(name)s: %(open)s open warnings, highest level %(level)s, %(overdue)s overdue, "
        "%(plants)s plants"
    ) % {**facts, "level": words.level_word(highest)}


@register.simple_tag
def level_bar(tally: Tally, most: int) -> SafeString:
    """`{% level_bar area.tally most %}`: open warnings by level as a bar of the longest's share."""
    x, rects, told = 0.0, [], []
    for level, count in tally.levels:
        if count:
            width = 100 * count / max(most, 1)
            rects.append((words.level_name(level), f"{x:.2f}", f"{width:.2f}"))
            told.append(f"{words.level_word(level)} {count}")
            x += width
    bars = format_html_join(
        "", '<rect class="bar-{}" x="{}" y="0" width="{}" height="8"></rect>', rects
    )
    return format_html(
        '<svg class="share-bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>',
        _(", ").join(told) or pgettext("wall", "none"),
        bars,
    )
