"""The columns of point tables and tables of limits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from guatu.access.points import HEADINGS, KIND_WORDS
from guatu.web.imports.fields import Field, choice, code, figure, flag, text, whole
from guatu.web.monitoring.models import PointKind, Slot
from guatu.web.shell.words import number

BOUND = Decimal(1_000_000_000)
SLOTS = ("LL", "L", "H", "HH")
TIMES = ("deadband", "on_delay_s", "off_delay_s")
_KINDS = {**KIND_WORDS, **{kind.value: kind.value for kind in PointKind}}


def shown(value: Any) -> str:  # noqa: ANN401 - any value of a column
    """A value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Decimal):
        return number(value.normalize() + 0)
    return str(value)


def _limit(name: str, label: Any) -> Field:  # noqa: ANN401 - lazily translated
    return Field(
        name=name,
        label=label,
        names=HEADINGS[name],
        read=figure(low=-BOUND, high=BOUND, places=6, may_be_none=True),
        help=_("In the point's unit of measure, inside its range."),
        shown=shown,
    )


def _seconds(name: str, label: Any, help_: Any = "") -> Field:  # noqa: ANN401 - lazily translated
    return Field(
        name=name, label=label, names=HEADINGS[name], help=help_, shown=shown,
        read=figure(low=0, high=604_800, places=3),
    )  # fmt: skip


CODE = Field(
    name="code",
    label=_("Point code"),
    names=HEADINGS["code"],
    read=code(80),
    required=True,
    help=_("As the plant's beats name it; it stays as it is."),
)
LIMITS: Sequence[Field] = (
    _limit("LL", _("Low-low")),
    _limit("L", _("Low")),
    _limit("H", _("High")),
    _limit("HH", _("High-high")),
    Field(
        name="deadband",
        label=_("Deadband"),
        names=HEADINGS["deadband"],
        read=figure(low=0, high=BOUND, places=6),
        help=_("How far back inside a value must come before the alarm clears."),
        shown=shown,
    ),
    _seconds("on_delay_s", _("Delay before raising (s)")),
    _seconds("off_delay_s", _("Delay before clearing (s)")),
    Field(
        name="missing_s",
        label=_("Silence (s)"),
        names=(*HEADINGS["missing_s"], "数据中断"),
        read=figure(low=1, high=86_400, places=3, may_be_none=True),
        help=_("After how long without data an alarm is raised."),
        shown=shown,
    ),
)
POINT: Sequence[Field] = (
    Field(
        name="unit",
        label=_("Unit code"),
        names=HEADINGS["unit"],
        read=code(40),
        help=_("Needed for a new point; a unit that is not there yet is made."),
    ),
    Field(
        name="unit_kind",
        label=_("Kind of unit"),
        names=HEADINGS["unit_kind"],
        read=text(40),
        help=_("Such as dwc; only looked at for a new unit."),
    ),
    CODE,
    Field(
        name="name",
        label=_("Point"),
        names=HEADINGS["name"],
        read=text(120),
        help=_("As people call it; the code where it is left out."),
    ),
    Field(
        name="kind",
        label=_("Kind"),
        names=HEADINGS["kind"],
        read=choice(_KINDS),
        choices=("模拟量", "状态量", "计数", "视频事件"),
        help=_("Analog where it is left out; it stays as it is."),
        shown=lambda value: str(PointKind(value).label),
    ),
    Field(name="quantity", label=_("Quantity"), names=HEADINGS["quantity"], read=text(60)),
    Field(name="measure", label=_("Unit of measure"), names=HEADINGS["measure"], read=text(20)),
    Field(
        name="physical_low",
        label=_("Least of the range"),
        names=HEADINGS["physical_low"],
        read=figure(low=-BOUND, high=BOUND, places=6),
        help=_("What the sensor can read; needed for a new point."),
        shown=shown,
    ),
    Field(
        name="physical_high",
        label=_("Most of the range"),
        names=HEADINGS["physical_high"],
        read=figure(low=-BOUND, high=BOUND, places=6),
        help=_("What the sensor can read; needed for a new point."),
        shown=shown,
    ),
    Field(
        name="decimals",
        label=_("Decimals"),
        names=HEADINGS["decimals"],
        read=whole(0, 9),
        help=_("Digits after the point, 0 to 9; 3 where it is left out."),
    ),
    Field(
        name="sampling_s",
        label=_("Sampling (s)"),
        names=HEADINGS["sampling_s"],
        read=figure(low="0.001", high=86_400, places=3),
        help=_("How often it sends, by design; 1 where it is left out."),
        shown=shown,
    ),
    Field(
        name="core",
        label=_("Core point"),
        names=HEADINGS["core"],
        read=flag,
        choices=("是", "否"),
        shown=shown,
    ),
    Field(name="linkage", label=_("Interlock"), names=HEADINGS["linkage"], read=text(40)),
    *LIMITS,
)
SLOT_OF = {**{name: Slot[name] for name in SLOTS}, "missing_s": Slot.MISSING}
