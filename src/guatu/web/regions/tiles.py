"""Counties as tiles: a cell of one lattice for each, inside its prefecture or beside it.

The county outlines that packages offer are not ours to ship, so a county is a tile of equal size.
All cells lie in one lattice over the province, hence no two tiles overlap. Which cells a prefecture
gets is a transport problem: every county needs a cell, a cell serves one county, and the cost is
how far the cell lies outside its prefecture and from its middle. It is solved exactly by shortest
augmenting paths, so the same outlines always give the same tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from guatu.web.regions.geometry import Floats, area, contains, distance_to_border, roomiest_point

# A tile holds a name of two or three characters: wider than high.
SHAPE = 0.68
# A cell outside its prefecture costs this many times as much as one at its far end.
OUTSIDE = 30.0
# Sizes to try, as shares of the drawing's width, the largest first.
SIZES = (0.056, 0.054, 0.052, 0.050, 0.046, 0.042, 0.038, 0.034, 0.030, 0.026, 0.022)
# How far outside the border a tile's middle may lie, in tile widths.
NEAR = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A cell of the lattice, in drawing units; `code` is "" for the cell of the name."""

    code: str
    prefecture: str
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width


def lay_tiles(
    shapes: Mapping[str, Sequence[Floats]], counties: Mapping[str, Sequence[str]], *, width: float
) -> list[Tile]:
    """Give every county a tile, and every prefecture one more for its name.

    Args:
        shapes: prefecture code to its rings, in drawing units.
        counties: prefecture code to its county codes in order; prefectures without shape are
            left out.
        width: of the drawing.

    Returns:
        The tiles: in each prefecture the name first, then its counties by rows from the north-west.
    """
    needs = {code: len(counties.get(code, ())) + 1 for code in shapes}
    for share in SIZES:
        cell = np.array([share * width, share * width * SHAPE])
        cells = _lattice(shapes, cell)
        cost, outside = _costs(shapes, cells, cell[0])
        if len(cells) < sum(needs.values()):
            continue
        owners = _assign(cost, list(needs.values()))
        worst = max(float(outside[p, c]) for c, p in owners.items())
        if worst <= NEAR * cell[0] or share == SIZES[-1]:
            return _named(list(shapes), owners, cells, counties, cell)
    return []


def _lattice(shapes: Mapping[str, Sequence[Floats]], cell: Floats) -> Floats:
    """Middles of all cells over the shapes, by rows from the north-west."""
    points = np.concatenate([ring for rings in shapes.values() for ring in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    columns, rows = np.maximum(np.floor((high - low) / cell).astype(int), 1)
    start = (low + high) / 2 - cell * np.array([columns - 1, rows - 1]) / 2
    return np.array(
        [start + cell * [column, row] for row in range(rows) for column in range(columns)]
    )


def _costs(
    shapes: Mapping[str, Sequence[Floats]], cells: Floats, size: float
) -> tuple[Floats, Floats]:
    """Cost of each cell to each prefecture, and how far outside it lies; shape (shapes, cells)."""
    cost = np.empty((len(shapes), len(cells)))
    outside = np.empty_like(cost)
    for at, rings in enumerate(shapes.values()):
        within = contains(rings, cells)
        far = distance_to_border([_coarse(ring) for ring in rings], cells)
        outside[at] = np.where(within, 0.0, far)
        # Cells that touch the border inside are a little worse than those well within.
        edge = np.where(within, np.maximum(0.0, size / 2 - far), size / 2 + far * OUTSIDE)
        middle = np.array(roomiest_point([_coarse(ring) for ring in rings], steps=12))
        reach = np.sqrt(area(max(rings, key=area)))
        cost[at] = edge * 2 + np.sqrt(((cells - middle) ** 2).sum(axis=1)) ** 2 / reach
    return cost, outside


def _coarse(ring: Floats) -> Floats:
    """Every third corner: a tile is far wider than what is lost, and it is thrice as quick."""
    return ring[::3] if len(ring) > 30 else ring


def _assign(cost: Floats, needs: Sequence[int]) -> dict[int, int]:
    """Cell to prefecture at the least total cost: one augmenting path for each tile needed."""
    owner: dict[int, int] = {}
    free = np.ones(cost.shape[1], dtype=bool)
    for prefecture, count in enumerate(needs):
        for _ in range(count):
            _augment(cost, owner, free, prefecture)
    return owner


def _augment(cost: Floats, owner: dict[int, int], free: np.ndarray, source: int) -> None:
    """Give one prefecture one more cell, others moving over where that is cheaper in sum."""
    count = cost.shape[0]
    best = np.full(count, np.inf)
    best[source] = 0.0
    via: dict[int, tuple[int, int]] = {}
    steps = _moves(cost, owner)
    for _ in range(count):
        changed = False
        for (one, other), (price, cell) in steps.items():
            if best[one] + price < best[other] - 1e-9:
                best[other], via[other], changed = best[one] + price, (one, cell), True
        if not changed:
            break
    open_cost = np.where(free, cost, np.inf)
    nearest = open_cost.argmin(axis=1)
    last = int(np.argmin(best + open_cost[np.arange(count), nearest]))
    cell = int(nearest[last])
    free[cell] = False
    while last != source:
        owner[cell] = last
        last, cell = via[last]
    owner[cell] = source


def _moves(cost: Floats, owner: dict[int, int]) -> dict[tuple[int, int], tuple[float, int]]:
    """The cheapest cell that one prefecture can take over from another, and its price."""
    steps: dict[tuple[int, int], tuple[float, int]] = {}
    for cell, holder in owner.items():
        prices = cost[:, cell] - cost[holder, cell]
        for taker, price in enumerate(prices.tolist()):
            if taker != holder and price < steps.get((taker, holder), (np.inf, 0))[0]:
                steps[taker, holder] = (price, cell)
    return steps


def _named(
    prefectures: list[str],
    owners: dict[int, int],
    cells: Floats,
    counties: Mapping[str, Sequence[str]],
    cell: Floats,
) -> list[Tile]:
    tiles = []
    for at, prefecture in enumerate(prefectures):
        held = sorted(c for c, owner in owners.items() if owner == at)
        for code, index in zip(("", *counties.get(prefecture, ())), held, strict=True):
            x, y = (cells[index] - cell / 2).round(1).tolist()
            tiles.append(
                Tile(
                    code=code,
                    prefecture=prefecture,
                    x=x,
                    y=y,
                    width=round(float(cell[0]), 1),
                    height=round(float(cell[1]), 1),
                )
            )
    return tiles
