"""`guatu history export`: points by their names, into a file that is whole or not there."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.utils import translation

from guatu.ops.errors import OperatorError
from guatu.ops.history_words import FORMATS
from guatu.ops.house import House
from guatu.ops.words import language, say

if TYPE_CHECKING:
    from guatu.web.monitoring.exports import Tell, Wanted
    from guatu.web.monitoring.models import Point


def export(options: argparse.Namespace, house: House, tell: Tell) -> int:
    """Write points into a file.

    Args:
        options: of the command line.
        house: the installation.
        tell: told how many of how many points are written.

    Raises:
        OperatorError: if a point is not known, or the file cannot be written or is too long.
    """
    for name, value in house.environment().items():
        os.environ.setdefault(name, value)
    django.setup()
    from guatu.web.monitoring.exports import (  # noqa: PLC0415  needs Django's set-up
        TooLongForExcelError,
        Wanted,
    )

    output: Path = options.output
    wanted = Wanted(
        points=_points(options.points),
        start=options.start,
        end=options.end,
        resolution=options.resolution,
    )
    if wanted.start >= wanted.end:
        raise OperatorError(say("--from 须早于 --to。", "--from must be before --to."))
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with translation.override("en" if language() == "en" else "zh-hans"):
            _write(wanted, _format(options), beside, tell)
        beside.replace(output)
    except TooLongForExcelError as error:
        raise OperatorError(str(error)) from error
    except OSError as error:
        raise OperatorError(
            say(
                f"写不了 {output}（{error}）。请换一个有空间、可写的位置。",
                f"{output} cannot be written ({error}). Choose a place with room that you may use.",
            )
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    taken = output.stat().st_size
    print(say(f"已写入 {output}（{taken:,} 字节）", f"wrote {output} ({taken:,} bytes)"))
    return 0


def _format(options: argparse.Namespace) -> str:
    chosen = options.format or options.output.suffix.removeprefix(".").lower()
    if chosen not in FORMATS:
        raise OperatorError(
            say(
                f"从“{options.output.name}”看不出格式。请加 --format csv、parquet 或 xlsx。",
                f"“{options.output.name}” tells no format. Give --format csv, parquet or xlsx.",
            )
        )
    return str(chosen)


def _write(wanted: Wanted, kind: str, path: Path, tell: Tell) -> None:
    from guatu.web.monitoring import exports  # noqa: PLC0415  needs Django's set-up

    with path.open("wb") as file:
        if kind == "csv":
            file.writelines(exports.write_csv(wanted, tell))
        elif kind == "parquet":
            exports.write_parquet(wanted, file, tell)
        else:
            with exports.write_xlsx(wanted, tell) as sheet:
                shutil.copyfileobj(sheet, file)


def _points(text: str) -> list[Point]:
    """Find points by PLANT.POINT; PLANT.* for all of a plant.

    A plant's code may hold dots, and so may a point's: the longest plant that fits is meant.
    """
    from guatu.web.monitoring.models import Plant, Point  # noqa: PLC0415  needs Django's set-up

    codes = sorted(Plant.objects.values_list("code", flat=True), key=len, reverse=True)
    found: list[Point] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        plant = next((code for code in codes if name.startswith(f"{code}.")), "")
        code = name[len(plant) + 1 :]
        rows = Point.objects.filter(unit__plant__code=plant).select_related("unit__plant")
        rows = rows.order_by("pk") if code == "*" else rows.filter(code=code)
        if not rows:
            raise OperatorError(
                say(
                    f"没有测点“{name}”。写法是 企业编码.测点编码，例如 YN-AN-001.DWC1.inlet_flow；"
                    "企业编码.* 表示全部测点。",
                    f"There is no point “{name}”. Write PLANT.POINT, such as "
                    "YN-AN-001.DWC1.inlet_flow, or PLANT.* for all points of a plant.",
                )
            )
        found += [point for point in rows if point not in found]
    return found
