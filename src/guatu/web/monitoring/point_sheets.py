"""Point tables and tables of limits of one plant, as kinds of tables that can be brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guatu.web.imports import wording as sentences
from guatu.web.imports.fields import Field
from guatu.web.imports.judging import CHANGED, NEW, SAME, Row, tell_doubled
from guatu.web.imports.kinds import Kind
from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import next_version, publish_outbox, queue_configuration
from guatu.web.monitoring.actions.limit_checks import problems_with, spec_of
from guatu.web.monitoring.actions.limits import bearing, needs_consent
from guatu.web.monitoring.errors import Problem
from guatu.web.monitoring.models import LimitVersion, Plant, Point, PointKind, Slot, Unit
from guatu.web.monitoring.point_columns import CODE, LIMITS, POINT, SLOT_OF, TIMES, shown
from guatu.web.monitoring.specs import LimitSpec
from guatu.web.monitoring.wording import problem as limit_sentence
from guatu.web.people import permission
from guatu.web.people.models import User

EDITED = (
    "name", "quantity", "measure", "physical_low", "physical_high", "decimals", "sampling_s",
    "core", "linkage",
)  # fmt: skip
FIXED = ("kind", "unit")
BY_NAME = {one.name: one for one in POINT}
NAME_OF = {slot: name for name, slot in SLOT_OF.items()}
NO_LIMIT = LimitSpec(value=None)


@dataclass(slots=True)
class _There:
    """What a plant has now."""

    units: dict[str, Unit]
    points: dict[str, Point]
    versions: dict[int, dict[int, LimitVersion]] = field(default_factory=dict)


def _there(plant: Plant) -> _There:
    points = Point.objects.filter(unit__plant=plant).select_related("unit__plant")
    there = _There({one.code: one for one in plant.units.all()}, {one.code: one for one in points})
    rows = LimitVersion.objects.current().filter(point__unit__plant=plant)
    for version in rows:
        there.versions.setdefault(version.point_id, {})[version.slot] = version
    return there


def _wished(
    row: Row, current: Mapping[int, LimitVersion]
) -> Iterable[tuple[Slot, LimitSpec, LimitSpec]]:
    """The limits that a row asks for where they differ: slot, what holds, what shall hold."""
    times = {name: row.values[name] for name in TIMES if name in row.values}
    for name, slot in SLOT_OF.items():
        version = current.get(slot)
        before = spec_of(version) if version is not None else NO_LIMIT
        if name in row.values and row.values[name] is None:
            after = NO_LIMIT
        else:
            value = row.values.get(name, before.value)
            own = {} if slot == Slot.MISSING or value is None else times
            after = replace(before, value=value, **own)
        same = before == after or (before.value is None and after.value is None)
        if not same:
            yield slot, before, after


def _judge_limits(row: Row, point: Point, current: dict[int, LimitVersion], *, alone: bool) -> None:
    """Add to a row what it changes of a point's limits, and what speaks against it.

    Args:
        row: with its values.
        point: as it will be.
        current: the limits that hold.
        alone: whether whoever brings it may not protect a core point less.
    """
    wished = list(_wished(row, current))
    after: dict[int, LimitVersion] = dict(current)
    for slot, _before, spec in wished:
        after[slot] = _as_version(point, slot, spec)
    for slot, before, spec in wished:
        name = NAME_OF[slot]
        for told in problems_with(point, slot, spec, after):
            where = told.where if told.where in TIMES and told.where in row.cells else name
            row.wrong("limit", where if where in row.cells else "", **_kept(told))
        turn = bearing(slot, before if current.get(slot) else None, spec)
        if alone and current.get(slot) and needs_consent(point, turn):
            row.wrong("needs_consent", name if name in row.cells else "")
        row.changes += _changes(slot, before, spec)


def _changes(slot: Slot, before: LimitSpec, after: LimitSpec) -> list[tuple[str, str, str]]:
    name = NAME_OF[slot]
    changes = []
    if before.value != after.value:
        changes.append((name, shown(before.value), shown(after.value)))
    if after.value is not None and slot != Slot.MISSING:
        for time in TIMES:
            one, other = getattr(before, time), getattr(after, time)
            if one != other:
                changes.append((f"{name}.{time}", shown(one), shown(other)))
    return changes


def _as_version(point: Point, slot: Slot, spec: LimitSpec) -> LimitVersion:
    return LimitVersion(
        point=point, slot=slot, value=spec.value, deadband=spec.deadband,
        on_delay_s=spec.on_delay_s, off_delay_s=spec.off_delay_s, states=list(spec.states),
    )  # fmt: skip


def _kept(told: Problem) -> dict[str, Any]:
    """A problem as JSON keeps it."""
    facts = {k: str(v) if isinstance(v, Decimal) else v for k, v in told.facts.items()}
    return {"problem": told.code, **facts}


def _limits_json(versions: Mapping[int, LimitVersion]) -> dict[str, Any]:
    return {
        str(slot): {
            "value": None if one.value is None else str(one.value),
            "deadband": str(one.deadband),
            "on_delay_s": str(one.on_delay_s),
            "off_delay_s": str(one.off_delay_s),
            "states": list(one.states),
        }
        for slot, one in versions.items()
    }


def _spec_from(kept: Mapping[str, Any] | None) -> LimitSpec:
    if kept is None:
        return NO_LIMIT
    return LimitSpec(
        value=None if kept["value"] is None else Decimal(kept["value"]),
        deadband=Decimal(kept["deadband"]),
        on_delay_s=Decimal(kept["on_delay_s"]),
        off_delay_s=Decimal(kept["off_delay_s"]),
        states=tuple(kept["states"]),
    )


class _OfAPlant(Kind):
    """What both kinds share."""

    needs_reason: ClassVar[bool] = True
    verb: ClassVar[str]

    def target(self, number: int | None, user: User) -> Plant:
        plant: Plant = get_object_or_404(queries.visible_to(user), pk=number)
        if plant.ended_at is not None or not permission.may(user, self.verb, plant):
            raise PermissionDenied(self.verb)
        return plant

    def about(self, target: Plant) -> str:
        return target.name

    def url(self, target: Plant) -> str:
        return reverse("monitoring:limits", args=[target.pk])

    def done(self, target: Plant) -> None:
        """Bring it to the engine at once; where the log is away, the worker does so later."""
        from django.utils import timezone  # noqa: PLC0415 - the moment of delivery is the door's

        publish_outbox(at=timezone.now(), plants=[target.pk])

    def undo(self, rows: Sequence[Row], target: Plant, *, by: User, at: datetime) -> list[Row]:
        Plant.objects.select_for_update().get(pk=target.pk)
        there = _there(target)
        by_pk = {point.pk: point for point in there.points.values()}
        changed = [row for row in rows if not _is_as_left(row, by_pk.get(row.record or 0), there)]
        if changed:
            return changed
        for row in rows:
            point = by_pk[row.record or 0]
            for name, value in row.before.get("point", {}).items():
                setattr(point, name, Decimal(value) if _is_figure(name) else value)
            if row.before.get("retired", False):
                point.retired_at = at
            point.save()
            current = there.versions.get(point.pk, {})
            kept = row.before.get("limits", {})
            for slot in SLOT_OF.values():
                spec = _spec_from(kept.get(str(slot.value)))
                held = current.get(slot)
                if (spec_of(held) if held else NO_LIMIT) != spec:
                    why = _("The import was undone.")
                    next_version(point, slot, spec, before=held, why=why, by=by, at=at).save()
        queue_configuration(target.pk, at=at)
        return []


def _is_figure(name: str) -> bool:
    return name in {"physical_low", "physical_high", "sampling_s"}


def _is_as_left(row: Row, point: Point | None, there: _There) -> bool:
    """Whether a record still is what the import made of it."""
    if point is None or point.retired_at is not None:
        return False
    versions = there.versions.get(point.pk, {})
    for name, _before, after in row.changes:
        slot, _dot, time = name.partition(".")
        if slot in SLOT_OF:
            held = versions.get(SLOT_OF[slot])
            now = getattr(held, time or "value") if held is not None else None
        elif name == "unit":
            now = point.unit.code
        elif name == "in_use":
            continue
        else:
            now = getattr(point, name)
        said = BY_NAME[name].shown(now) if name in BY_NAME else shown(now)
        if said != after:
            return False
    return True


class Limits(_OfAPlant):
    """Limits of points that are there."""

    code: ClassVar[str] = "limits"
    label: ClassVar[str | Promise] = gettext_lazy("Limits")
    verb: ClassVar[str] = "monitoring.change_limit"

    @property
    def fields(self) -> Sequence[Field]:  # noqa: D102 - see Kind
        return (CODE, *LIMITS)

    def judge(  # noqa: D102 - see Kind
        self,
        rows: Sequence[Row],
        target: Plant,
        *,
        user: User,
        at: datetime,
    ) -> None:
        there = _there(target)
        alone = not permission.may(user, "monitoring.decide_limit", target)
        tell_doubled(rows, "code")
        for row in rows:
            row.key = row.cells.get("code", "")
            point = there.points.get(row.values.get("code", ""))
            if point is None or point.retired_at is not None:
                row.wrong("no_point" if row.key else "missing", "code")
                continue
            current = there.versions.get(point.pk, {})
            row.record, row.before = point.pk, {"limits": _limits_json(current)}
            if not row.problems:
                _judge_limits(row, point, current, alone=alone)
            row.outcome = CHANGED if row.changes else SAME

    def apply(  # noqa: D102 - see Kind
        self, rows: Sequence[Row], target: Plant, *, why: str, by: User, at: datetime
    ) -> list[tuple[str, ...]]:
        Plant.objects.select_for_update().get(pk=target.pk)
        there = _there(target)
        versions: list[LimitVersion] = []
        for row in rows:
            point = there.points[row.values["code"]]
            versions += _next_versions(row, point, there, why=why, by=by, at=at)
        LimitVersion.objects.bulk_create(versions, batch_size=500)
        queue_configuration(target.pk, at=at)
        return []


def _next_versions(
    row: Row, point: Point, there: _There, *, why: str, by: User, at: datetime
) -> list[LimitVersion]:
    current = there.versions.get(point.pk, {})
    return [
        next_version(point, slot, spec, before=current.get(slot), why=why, by=by, at=at)
        for slot, _before, spec in _wished(row, current)
    ]


class Points(_OfAPlant):
    """A plant's points with their limits: new ones, and what is mended of those that are there."""

    code: ClassVar[str] = "points"
    label: ClassVar[str | Promise] = gettext_lazy("Point table")
    verb: ClassVar[str] = "monitoring.change_points"

    @property
    def fields(self) -> Sequence[Field]:  # noqa: D102 - see Kind
        return POINT

    def judge(  # noqa: D102 - see Kind
        self,
        rows: Sequence[Row],
        target: Plant,
        *,
        user: User,
        at: datetime,
    ) -> None:
        there = _there(target)
        tell_doubled(rows, "code")
        for row in rows:
            row.key = row.cells.get("code", "")
            if not row.key:
                row.wrong("missing", "code")
                continue
            known = there.points.get(row.values.get("code", ""))
            if known is None:
                self._judge_new(row, there)
            else:
                self._judge_known(row, known, there)

    @staticmethod
    def _judge_new(row: Row, there: _There) -> None:
        for name in ("unit", "physical_low", "physical_high"):
            if name not in row.cells:
                row.wrong("missing", name)
        _tell_range(row, row.values.get("physical_low"), row.values.get("physical_high"))
        row.outcome = NEW
        row.before = {"retired": True}
        if row.problems:
            return
        unit = there.units.get(row.values["unit"]) or Unit(code=row.values["unit"])
        point = _new_point(row, unit)
        row.changes = [
            (name, "", BY_NAME[name].shown(row.values[name]))
            for name in ("unit", *EDITED, "kind")
            if name in row.values and row.values[name] not in ("", None)
        ]
        _judge_limits(row, point, {}, alone=False)

    @staticmethod
    def _judge_known(row: Row, point: Point, there: _There) -> None:
        for name, now in (("unit", point.unit.code), ("kind", point.kind)):
            if row.values.get(name, now) != now:
                row.wrong("stays", name, now=BY_NAME[name].shown(now))
        edited = {
            name: row.values[name]
            for name in EDITED
            if name in row.values and row.values[name] != getattr(point, name)
        }
        row.record = point.pk
        row.before = {
            "point": {name: _plain(getattr(point, name)) for name in edited},
            "limits": _limits_json(there.versions.get(point.pk, {})),
            "retired": point.retired_at is not None,
        }
        row.changes = [
            (name, BY_NAME[name].shown(getattr(point, name)), BY_NAME[name].shown(value))
            for name, value in edited.items()
        ]
        if point.retired_at is not None:
            row.changes.append(("in_use", shown(False), shown(True)))  # noqa: FBT003 - a value
        for name, value in edited.items():
            setattr(point, name, value)
        _tell_range(row, point.physical_low, point.physical_high)
        if not row.problems:
            _judge_limits(row, point, there.versions.get(point.pk, {}), alone=False)
            _tell_held(row, point, there.versions.get(point.pk, {}))
        row.outcome = CHANGED if row.changes else SAME

    def apply(  # noqa: D102 - see Kind
        self, rows: Sequence[Row], target: Plant, *, why: str, by: User, at: datetime
    ) -> list[tuple[str, ...]]:
        Plant.objects.select_for_update().get(pk=target.pk)
        there = _there(target)
        made = self._made(rows, target, there)
        versions: list[LimitVersion] = []
        for row in rows:
            point = made.get(row.values["code"]) or there.points[row.values["code"]]
            if row.outcome == CHANGED:
                for name in EDITED:
                    if name in row.values:
                        setattr(point, name, row.values[name])
                point.retired_at = None
                point.save()
            row.record = point.pk
            versions += _next_versions(row, point, there, why=why, by=by, at=at)
        LimitVersion.objects.bulk_create(versions, batch_size=500)
        queue_configuration(target.pk, at=at)
        return []

    @staticmethod
    def _made(rows: Sequence[Row], plant: Plant, there: _There) -> dict[str, Point]:
        new = [row for row in rows if row.outcome == NEW]
        for row in new:
            code = row.values["unit"]
            if code not in there.units:
                kind = row.values.get("unit_kind", "") or "generic"
                there.units[code] = Unit.objects.create(
                    plant=plant, code=code, name=code, kind=kind
                )
        points = [_new_point(row, there.units[row.values["unit"]]) for row in new]
        return {point.code: point for point in Point.objects.bulk_create(points)}


def _new_point(row: Row, unit: Unit) -> Point:
    given = {name: row.values[name] for name in EDITED if name in row.values}
    given = {"decimals": 3, "name": row.values["code"], **given}
    kind = PointKind(row.values.get("kind", PointKind.ANALOG))
    return Point(unit=unit, code=row.values["code"], kind=kind, **given)


def _tell_range(row: Row, low: Decimal | None, high: Decimal | None) -> None:
    if low is not None and high is not None and low >= high:
        where = "physical_high" if "physical_high" in row.cells else "physical_low"
        row.wrong("range", where, low=shown(low), high=shown(high))


def _tell_held(row: Row, point: Point, current: Mapping[int, LimitVersion]) -> None:
    """A limit that holds and is left as it is must fit the range that the row narrows."""
    wished = {slot for slot, _before, _after in _wished(row, current)}
    for slot, version in current.items():
        if slot in wished or version.value is None or slot == Slot.MISSING:
            continue
        if not point.physical_low <= version.value <= point.physical_high:
            where = "physical_low" if version.value < point.physical_low else "physical_high"
            row.wrong("range_cuts_limit", where, value=shown(version.value))


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column's
    return str(value) if isinstance(value, Decimal) else value


def _limit_said(facts: Mapping[str, Any]) -> str:
    told = {name: fact for name, fact in facts.items() if name != "problem"}
    return limit_sentence(Problem(code=str(facts["problem"]), where="", facts=told))


sentences.add(
    {
        "limit": _limit_said,
        "no_point": lambda _f: _("This plant has no such point in use: check the code."),
        "needs_consent": lambda _f: _(
            "It would protect a core point less: the bureau must agree. Ask for it on the page of "
            "limits."
        ),
        "stays": lambda f: (
            _("This stays as it is (%(now)s): take a new code for another point.") % f
        ),
        "range": lambda f: _("The range ends (%(high)s) before it begins (%(low)s).") % f,
        "range_cuts_limit": lambda f: (
            _("The limit %(value)s would lie outside this range: change it in the same row.") % f
        ),
    }
)
