"""What a checkpoint holds of a partition, independent of the living state it was taken from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Part:
    """Half of a checkpoint's content."""

    arrays: dict[str, NDArray[Any]]
    meta: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tables:
    """Which points there are, independent of the state it was taken from.

    Args:
        ids: database id of each row, int32.
        decimals: of each row, int8.
        plant_of: of each row, int32.
    """

    ids: NDArray[np.int32]
    decimals: NDArray[np.int8]
    plant_of: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A checkpoint's content, independent of the state it was taken from.

    Args:
        moving: what samples and ticks change.
        still: everything, at the end of the same cut; None where the one of
            ``version`` is on disk already.
        version: `configurations` of the state; names the still part.
        tables: of the points.
    """

    moving: Part
    still: Part | None
    version: int
    tables: Tables
