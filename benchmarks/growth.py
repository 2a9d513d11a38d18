"""How the time of a site grows: with ever more sites, with ever finer boundaries, with ever longer ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.data import jagged
from benchmarks.engines import ours
from benchmarks.engines.ours import DAY, workspace_of
from benchmarks.engines.trees import geometries
from benchmarks.racing import measured
from benchmarks.whole_runs import BOTH, too_long

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.data import Data
    from benchmarks.racing import LeftOut, Pace, Row

    Say = Callable[[str], None]
    Measured = tuple[list[Row], list[LeftOut]]

__all__ = ["growth_sites", "growth_vertices", "winding"]

SPACING_DEG = 3e-4
"""Between vertices of a longer boundary: some 30 m, as from an image of that pixel."""
WIDTH_DEG = 0.05
"""Of a winding zone, and of the land between its windings."""


def growth_sites(data: Data, pace: Pace, say: Say) -> Measured:
    """Time of a site at ever more sites: points in both layers, and the four answers."""
    rows, out = [], []
    most = data.sizes.points
    for layer in BOTH:
        index = ours.Ours(f"points_{layer}", data, most).index
        lonlat = shapely.get_coordinates(geometries(data.path("points"), "site")[0])
        for n in _powers(most):
            some = lonlat[:n]
            rows.append(
                measured(
                    f"growth_sites_points_{layer}",
                    "ours",
                    n,
                    partial(ours.points_in, index, some),
                    pace.rounds,
                )
            )
    parcels, number = geometries(data.path("parcels"), "site")
    at = workspace_of(data, *BOTH)
    from screening.batch.desk import Desk

    desk = Desk.opened(at, DAY, threads=ours.THREADS)
    rate = float("nan")
    for n in _powers(most):
        name = "growth_sites_answers"
        if n * rate > pace.ours_s:
            out.append(too_long(name, n, n * rate, say))
            continue
        table = _repeated(parcels, number, n)
        rounds = pace.rounds if n < 100_000 else 2
        row = measured(name, "ours", n, partial(desk.rows, table), rounds, warm=n < 10_000)
        rate = row.seconds / n
        rows.append(row)
    return rows, out


def _repeated(parcels: Any, number: Any, n: int) -> Any:
    """A table of so many sites; beyond the parcels there are, the same ones again."""
    import pyarrow as pa

    once = ours.site_table(parcels[:n], number[:n])
    table = pa.concat_tables([once] * -(-n // len(once))).slice(0, n)
    place = table.schema.get_field_index("number")
    return table.set_column(place, table.schema.field(place), pa.array(np.arange(1, n + 1)))


def growth_vertices(_data: Data, pace: Pace, _say: Say) -> Measured:
    """
    Time of a site at a zone of ever more vertices, in, out and on its boundary.

    There are two ways to have more of them, and both are rows. A boundary that is ever *longer*, of one spacing, with
    sites within some 3 km of it, so that they are as hard everywhere. One that is ever *finer*, with sites all over the
    zone: at a million, teeth of 100 m a third of a metre apart, so that a parcel on the boundary has a thousand of them
    in it and none of them can be left out.
    """
    rows, rng = [], np.random.default_rng(31)
    for vertices in _powers(1_000_000 if pace.rounds >= 5 else 10_000):
        fine, long = jagged(122, 46, 0.5, vertices, 5), winding(vertices)
        all_over = rng.uniform((121.4, 45.4), (122.6, 46.6), (20_000, 2))
        rows += _at_zone(fine, all_over, "growth_finer", vertices, pace.rounds)
        beside = rng.choice(shapely.get_coordinates(long), 20_000) + rng.uniform(-0.03, 0.03, (20_000, 2))
        rows += _at_zone(long, beside, "growth_longer", vertices, pace.rounds)
    return rows, []


def _at_zone(zone: Any, places: Any, task: str, vertices: int, rounds: int) -> list[Row]:
    """Points at some places, and parcels of 400 m at a tenth of them."""
    from spatial.overlay.index import GeometryIndex, build_index

    index = GeometryIndex.from_arrays(build_index(np.array([zone], dtype=object)))
    parcels = shapely.buffer(shapely.points(places[:2_000]), 0.002)
    return [
        measured(f"{task}_{name}", f"ours, {vertices:,} vertices", n, work, rounds)
        for name, n, work in (
            ("points", len(places), partial(ours.points_in, index, places)),
            ("overlay", len(parcels), partial(ours.overlay_areas, index, parcels)),
        )
    ]


def winding(vertices: int) -> Any:
    """
    One zone of about so many vertices, all some 30 m apart, that winds to and fro as a reserve along rivers does.

    Twice as many vertices are twice as much boundary over twice as much land.

    Examples
    --------
    >>> zone = winding(20_000)
    >>> zone.geom_type, bool(zone.is_valid), bool(abs(shapely.get_num_coordinates(zone) / 20_000 - 1) < 0.1)
    ('Polygon', True, True)
    """
    middle = vertices * SPACING_DEG / 2
    turns = max(1, round((middle / (2 * WIDTH_DEG)) ** 0.5))
    reach = (middle - WIDTH_DEG - 2 * WIDTH_DEG * (turns - 1)) / turns  # less its ends and its bends
    line = [(122 + reach * ((row + side) % 2), 46 + 2 * WIDTH_DEG * row) for row in range(turns) for side in (0, 1)]
    plain = shapely.buffer(shapely.LineString(line), WIDTH_DEG / 2, cap_style="flat", join_style="mitre")
    even = shapely.segmentize(plain, SPACING_DEG)
    xy = shapely.get_coordinates(even)
    xy[1:-1] += np.random.default_rng(7).uniform(-0.3, 0.3, xy[1:-1].shape) * SPACING_DEG
    return shapely.make_valid(shapely.Polygon(xy), method="structure", keep_collapsed=False)


def _powers(most: int) -> list[int]:
    return [n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= most]
