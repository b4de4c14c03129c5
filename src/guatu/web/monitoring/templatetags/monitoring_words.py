"""Tags of the limits page."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guatu.web.monitoring import explore, wording, words
from guatu.web.monitoring.limit_rows import RowWords, row_words
from guatu.web.monitoring.models import Alarm, LimitVersion, Plant, Point, PointKind, Slot
from guatu.web.shell.words import NOTHING, number

register = template.Library()

_UNBOUNDED = 100_000_000


@register.simple_tag
def limit_words(point: Point, version: LimitVersion) -> RowWords:
    """`{% limit_words point version as said %}`: a version as a reader sees it."""
    return row_words(point, version)


@register.simple_tag
def slot_word(slot: Slot) -> str:
    """`{% slot_word slot as word %}`: an alarm's side and stage in words."""
    return str(words.SLOTS[slot])


def _link(plant: Plant, point: Point, slot: str, unit: int, text: str) -> SafeString:
    url = reverse("monitoring:change-limit", args=[plant.pk, point.pk, slot])
    return format_html(
        '<a href="{0}#point-{1}" hx-get="{0}" hx-target="#limits-{2}" hx-select="#limits-{2}"'
        ' hx-swap="outerHTML">{3}</a>',
        url,
        point.pk,
        unit,
        text,
    )


@register.simple_tag
def change_link(plant: Plant, point: Point, slot: str, unit: int) -> SafeString:
    """A link that opens one limit for editing, in place where there is script."""
    return _link(plant, point, slot, unit, _("Change"))


@register.simple_tag
def add_link(plant: Plant, point: Point, slot: Slot, unit: int) -> SafeString:
    """A link that opens an alarm that is not set yet."""
    return _link(plant, point, slot.name, unit, str(words.SLOTS[slot]))


@register.filter
def sensor_range(point: Point) -> str:
    """`{{ point|sensor_range }}`: what the sensor can read; a dash without bounds."""
    low, high = point.physical_low, point.physical_high
    if point.kind == PointKind.STATE:
        return NOTHING
    if low <= -_UNBOUNDED and high >= _UNBOUNDED:
        return NOTHING
    return f"{number(low.normalize() + 0)} ~ {number(high.normalize() + 0)}"


@register.filter
def alarm_word(alarm: Alarm) -> str:
    """`{{ alarm|alarm_word }}`: its side and stage in words."""
    return wording.alarm_words(alarm)


@register.filter
def around(alarm: Alarm) -> str:
    """`{{ alarm|around }}`: the address of the page that shows what was read around it."""
    return explore.around(alarm)


@register.filter
def value_word(alarm: Alarm) -> str:
    """`{{ alarm|value_word }}`: what was seen, with its unit."""
    return wording.reading(alarm, alarm.value)


@register.filter
def limit_word(alarm: Alarm) -> str:
    """`{{ alarm|limit_word }}`: the limit it broke, with its unit."""
    return wording.reading(alarm, alarm.limit)


@register.filter
def unit_state_word(alarm: Alarm) -> str:
    """`{{ alarm|unit_state_word }}`: what the unit was doing when the alarm began."""
    return words.unit_state(alarm.unit_state, alarm.unit.kind)


@register.filter
def measure(point: Point) -> str:
    """`{{ point|measure }}`: its unit of measure in the reader's language."""
    return words.measure(point.measure)


@register.filter
def split_words(text: str) -> list[str]:
    """`{% for x in "530 615"|split_words %}`: a short list written in a template."""
    return text.split()


@register.filter
def times(number_: int, factor: int) -> int:
    """`{{ 2|times:42 }}`: for places in a drawing."""
    return number_ * factor


@register.filter
def unlocalize(value: float) -> str:
    """A figure as a drawing takes it, whatever the reader's language."""
    return f"{value:g}"
