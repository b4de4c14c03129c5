"""Tags and filters for every page: levels, states, quantities, times, tables, charts.

Built into the template engine: no load needed. Whatever has a colour has a shape and a word too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.db.models import Model
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guatu.web.shell import parts, words
from guatu.web.shell.tables import Table

register = template.Library()


@register.filter
def number(value: object, decimals: int | None = None) -> str:
    """`{{ 1234.5|number:1 }}` → 1,234.5; no figure is a dash."""
    return words.number(value, decimals)


@register.filter
def phone_digits(number: str) -> str:
    """`{{ contact.phone|phone_digits }}`: what a telephone dials, without spaces and words."""
    return "".join(sign for sign in str(number) if sign in "+0123456789")


@register.simple_tag
def quantity(value: object, unit: str = "", decimals: int | None = None) -> SafeString:
    """`{% quantity 182.4 "m³/h" 1 %}`: the figure, its unit small beside it."""
    figure = words.number(value, decimals)
    if not unit or figure == words.NOTHING:
        return format_html('<span class="figure">{}</span>', figure)
    return format_html(
        '<span class="figure">{}</span> <small class="unit">{}</small>', figure, unit
    )


@register.simple_tag
def level_badge(level: object) -> SafeString:
    """`{% level_badge warning.level %}`: colour, shape and word of a warning level (1 to 4)."""
    name = words.level_name(level)
    return format_html(
        '<span class="level level-{}"><span class="shape" aria-hidden="true">{}</span>{}</span>',
        name,
        words.LEVEL_SHAPES[name],
        words.level_word(level),
    )


@register.simple_tag
def state(tone: str, label: object) -> SafeString:
    """`{% state "bad" label %}`: a word with shape and colour; good, attention, bad or idle."""
    return format_html(
        '<span class="state state-{}"><span class="shape" aria-hidden="true">{}</span>{}</span>',
        tone,
        words.TONE_SHAPES[tone],
        label,
    )


def _time(moment: datetime, text: str, title: str = "", **attributes: str) -> SafeString:
    iso = timezone.localtime(moment).isoformat(timespec="seconds")
    extra = format_html_join("", ' {}="{}"', sorted(attributes.items()))
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        iso,
        title or words.full_moment(moment),
        extra,
        text,
    )


@register.filter
def moment(value: datetime | None, form: str = "short") -> str:
    """`{{ warning.raised_at|moment }}`: short; `:"full"` date and seconds; `:"day"`; `:"clock"`."""
    if value is None:
        return words.NOTHING
    here = timezone.localtime(value)
    texts = {
        "full": words.full_moment(value),
        "day": f"{here:%Y-%m-%d}",
        "clock": f"{here:%H:%M:%S}",
    }
    return _time(value, texts.get(form) or words.short_moment(value, at=timezone.now()))


@register.filter
def due(value: datetime | None) -> str:
    """`{{ warning.handle_due|due }}`: "12 min left", "overdue by 3 min"."""
    if value is None:
        return words.NOTHING
    now = timezone.now()
    over = value < now
    soon = not over and (value - now).total_seconds() < 600
    tone = "due-over" if over else "due-soon" if soon else "due-ahead"
    return _time(value, words.due_words(value, at=now), **{"data-due": "", "class": f"due {tone}"})


@register.filter
def ago(value: datetime | None) -> str:
    """`{{ point.seen_at|ago }}`: how long since."""
    if value is None:
        return words.NOTHING
    text = _("%(time)s ago") % {"time": words.duration(timezone.now() - value)}
    return _time(value, text)


@register.filter
def duration(value: timedelta | None) -> str:
    """`{{ term.handle|duration }}`: "2 h 5 min"."""
    return words.NOTHING if value is None else words.duration(value)


@register.simple_tag
def share_bar(**parts: float) -> SafeString:
    """`{% share_bar good=40 attention=3 bad=1 %}`: the shares as one bar, told in words too."""
    total = sum(parts.values()) or 1
    x = 0.0
    rects = []
    for tone, part in parts.items():
        width = 100 * part / total
        rects.append((tone, f"{x:.2f}", f"{width:.2f}"))
        x += width
    told = ", ".join(f"{_tone_word(tone)} {words.number(part)}" for tone, part in parts.items())
    bars = format_html_join(
        "", '<rect class="bar-{}" x="{}" y="0" width="{}" height="8"></rect>', rects
    )
    return format_html(
        '<svg class="share-bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>',
        told,
        bars,
    )


def _tone_word(tone: str) -> str:
    return {
        "good": _("normal"),
        "attention": _("needs attention"),
        "bad": _("bad"),
        "idle": _("idle"),
    }.get(tone, tone)


@register.inclusion_tag("shell/_table.html", takes_context=True)
def table(context: Context, table: Table[Any]) -> dict[str, Any]:
    """`{% table table %}`: a table of `guatu.web.shell.tables`, with its paging and export."""
    return {"table": table, "request": context.get("request")}


@register.simple_tag
def record_history(record: Model, *only: str) -> SafeString:
    """`{% record_history plant %}`: a place that opens to what was done to a record.

    Args:
        record: the record that the page is about.
        *only: kinds to narrow to, such as "monitoring.plannedstop".
    """
    return parts.history_of(record, only)


@register.inclusion_tag("shell/_chart.html")
def chart(
    name: str,
    title: str,
    data: Mapping[str, Any],
    columns: Sequence[object],
    rows: Sequence[Sequence[object]],
) -> dict[str, Any]:
    """`{% chart "flow" title data columns rows %}`: a place for a chart with its table behind it.

    Args:
        name: unique on the page; the figure is #chart-NAME, its data #chart-NAME-data (JSON).
        title: told to those who see no chart, and shown above it.
        data: whatever the page's module draws from.
        columns: headings of the table.
        rows: plain values, already in words.
    """
    return {
        "name": name,
        "title": title,
        "data": data,
        "data_id": f"chart-{name}-data",
        "columns": columns,
        "rows": rows,
    }
