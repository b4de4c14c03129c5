"""`make bench-imports`: a point table of 2,000 rows with 50 planted errors, from file to database.

Beside it, in the same run, openpyxl reads the same file and does nothing more with it: what a
house that reads Excel with the usual library pays before it has looked at a single cell.
"""

import io
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from guatu.telemetry import door
from guatu.telemetry.served import let_stay
from guatu.telemetry.settings import DoorSettings, StreamSettings

ROWS, ERRORS, ROUNDS = 2000, 50, 3


def main() -> None:
    """Measure, and end with one line of JSON."""
    with tempfile.TemporaryDirectory(prefix="bench-imports-") as home:
        os.environ |= {"GUATU_HOME": home, "DJANGO_SETTINGS_MODULE": "guatu.web.settings"}
        import django  # noqa: PLC0415 - after its settings

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - the same

        call_command("migrate", verbosity=0)
        # No engine and no log here, which is known at once; the worker would place it later.
        streams = StreamSettings(log_url="nats://127.0.0.1:1", disk=Path(home))
        door.use(DoorSettings(streams=streams, history=Path(home), timeout_s=0.05))
        let_stay()  # as the web's process does
        _measure()


def _measure() -> None:
    import openpyxl  # noqa: PLC0415 - after Django's set-up

    from guatu.web.imports import actions  # noqa: PLC0415
    from guatu.web.imports.annotate import annotated, wrong_rows  # noqa: PLC0415
    from guatu.web.imports.kinds import kind_of  # noqa: PLC0415
    from guatu.web.monitoring.actions import register_plant  # noqa: PLC0415
    from tests.cast import assemble  # noqa: PLC0415
    from tests.web.imports.test_points import table_with_errors  # noqa: PLC0415

    content, planted = table_with_errors(ROWS, ERRORS)
    cast, at = assemble(), datetime.now(UTC)
    best = [float("inf")] * 4
    kind = kind_of("points")
    assert kind is not None
    found = 0
    for number in range(ROUNDS):
        plant = register_plant(
            code=f"B{number}", name=f"厂{number}", organisation=cast.plant, region=cast.county,
            units=[], by=None, at=at,
        ).plant  # fmt: skip
        moments = [time.perf_counter()]
        openpyxl.load_workbook(io.BytesIO(content))
        moments.append(time.perf_counter())
        tried = actions.try_file(
            kind, plant, content=content, filename="x.xlsx", by=cast.duty_officer, at=at
        )
        moments.append(time.perf_counter())
        annotated(tried, wrong_rows(tried))
        moments.append(time.perf_counter())
        actions.import_rows(tried.pk, why="新装", by=cast.duty_officer, at=at)
        moments.append(time.perf_counter())
        took = [after - before for before, after in pairwise(moments)]
        best = [min(pair) for pair in zip(best, took, strict=True)]
        wrong = {
            (row.number, one["name"], one["code"])
            for row in tried.rows.filter(outcome="wrong")
            for one in row.problems
        }
        found = sum((row, *what) in wrong for row, what in planted.items())
    for name, seconds in zip(
        ("openpyxl reads it", "tried", "marked copy", "imported"), best, strict=True
    ):
        print(f"  {name:18s} {seconds:6.2f} s")
    print(
        json.dumps(
            {
                "rows": ROWS,
                "seconds": round(best[1] + best[3], 2),
                "seconds_openpyxl_reads": round(best[0], 2),
                "errors_expected": len(planted),
                "errors_found": found,
            }
        )
    )


if __name__ == "__main__":
    main()
