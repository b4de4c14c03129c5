"""A plant's alarms as a file: figures to reckon with, their unit beside them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring import words
from guatu.web.monitoring.models import Alarm
from guatu.web.monitoring.source import figures, standing
from guatu.web.monitoring.wording import alarm_words
from guatu.web.shell.tables import Column
from guatu.web.warnings.rows import minutes_between

EXPORTED: Sequence[Column[Alarm]] = (
    Column(key="plant", label=_("Plant"), value=lambda a: a.plant.name),
    Column(key="plant_code", label=_("Plant code"), value=lambda a: a.plant.code),
    Column(key="standing", label=_("Status"), value=standing),
    Column(key="began", label=_("Began"), value=lambda a: a.began_at, sort="began_at"),
    Column(key="ended", label=_("Ended"), value=lambda a: a.cleared_at),
    Column(
        key="lasted",
        label=_("Lasted (min)"),
        value=lambda a: minutes_between(a.began_at, a.cleared_at),
    ),
    Column(key="unit", label=_("Unit"), value=lambda a: a.unit.name),
    Column(key="point", label=_("Point"), value=lambda a: a.point.name, sort="point__name"),
    Column(key="code", label=_("Code"), value=lambda a: a.point.code),
    Column(key="alarm", label=_("Alarm"), value=alarm_words, sort="slot"),
    Column(key="stage", label=_("Stage"), value=lambda a: a.stage),
    Column(key="value", label=_("Value"), value=lambda a: a.value),
    Column(key="limit", label=_("Limit"), value=lambda a: a.limit),
    Column(key="measure", label=_("Unit of measure"), value=lambda a: figures(a)["measure"]),
    Column(
        key="state",
        label=_("Unit state"),
        value=lambda a: words.unit_state(a.unit_state, a.unit.kind),
    ),
    Column(
        key="acknowledged",
        label=_("Time of acknowledgement"),
        value=lambda a: a.acknowledged_at,
    ),
    Column(key="by", label=_("By"), value=lambda a: a.acknowledged_by),
    Column(key="why", label=_("Remark"), value=lambda a: a.acknowledged_why),
)
