"""The divisions that come with the package, read from its data file."""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from typing import Final

from guatu.core.nouns.place import Place, RegionCode

DATA_PACKAGE: Final = "guatu.web.regions"


def packaged_divisions() -> list[Place]:
    """All divisions of the package's data file, parents before children.

    Raises:
        ValueError: if the file holds a code that is none; the file is ours, so that is a bug.
    """
    text = files(DATA_PACKAGE).joinpath("data", "divisions.csv").read_text(encoding="utf-8")
    return [
        Place(code=RegionCode(row["code"]), name=row["name"], short_name=row["short_name"])
        for row in csv.DictReader(io.StringIO(text))
    ]
