"""
What one check costs where much lies around it, and how much of it the bounds save: ``python -m benchmarks.one_check``.

A route of 150 km across 64 zones of 3,000 corners; 40 parcels among 3,000 sensitive targets, each of which is listed
with distance and bearing; a point, as one row of a batch. The ratios are of this run: the features that a route comes
near, found with a lower bound first and by measuring every piece in its box; the nearest of 3,000 targets, by bounds
and by measuring each; the answers of a piece of a site, with and without the layers that decide nothing.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.data import jagged
from layers.workspace import FolderStore
from screening.extent import together
from screening.loaded import load
from screening.screen import judge
from screening.site import Site, SitePart, site_of
from spatial.overlay.distance import distance_at_least, distance_to, nearest_of_boxes
from spatial.overlay.frame import bounds_of, widened
from tests.building import add, workspace_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from spatial.overlay.index import GeometryIndex

AS_OF = "2026-11-22"
COUNTY = shapely.box(116.0, 48.0, 119.0, 51.0)
REACH_M = 25.0


def route() -> Site:
    """400 corners, 130 km from south-west to north-east: nearly every zone lies in its box."""
    lon = np.linspace(116.45, 117.35, 400)
    lat = 48.6 + (lon - 116.45) + 0.02 * np.sin(20 * lon)
    return site_of(shapely.LineString(np.column_stack([lon, lat])), accuracy_m=5)


def parcels() -> Site:
    """40 of 300 by 330 metres."""
    rng = np.random.default_rng(8)
    places = zip(rng.uniform(117.3, 117.7, 40), rng.uniform(49.3, 49.7, 40), strict=True)
    boxes = [shapely.box(x, y, x + 0.004, y + 0.003) for x, y in places]
    parts = tuple(SitePart(id=str(number), geometry=box) for number, box in enumerate(boxes))
    return replace(site_of(together(boxes), accuracy_m=5), parts=parts)


def zones_store(folder: Path) -> FolderStore:
    store = workspace_at(folder, "red_lines")
    zones = [jagged(116.5 + 0.1 * i, 48.6 + 0.12 * j, 0.04, 3_000, 8 * i + j) for i in range(8) for j in range(8)]
    add(store, "red_lines", zones, coverage=COUNTY)
    return FolderStore.open(folder)


def targets_store(folder: Path) -> FolderStore:
    store = workspace_at(folder, "red_lines")
    rng = np.random.default_rng(7)
    spots = np.column_stack([rng.uniform(117, 118, 3_000), rng.uniform(49, 50, 3_000)])
    names = [{"名称": f"村{number}"} for number in range(len(spots))]
    add(store, "sensitive_targets", [shapely.Point(*spot) for spot in spots], names, coverage=COUNTY)
    add(store, "red_lines", [jagged(117.5, 49.5, 0.1, 2_000, 1)], coverage=COUNTY)
    return FolderStore.open(folder)


def seconds(work: Callable[[], object]) -> float:
    """Of one run, of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def met(site: Site, index: GeometryIndex, *, bounds_first: bool) -> set[int]:
    """The features within reach of a site, the pieces that are surely farther measured or not."""
    box = widened(bounds_of(site.geometry), REACH_M)
    rows = index.pieces_meeting(box, np.ones(len(index.feature_dimension), dtype=bool))
    pieces = index.load(rows)
    if bounds_first:
        near = distance_at_least(site.geometry, pieces) <= REACH_M
        rows, pieces = rows[near], pieces[near]
    return {
        int(index.piece_feature[row])
        for row, piece in zip(rows, pieces, strict=True)
        if distance_to(site.geometry, piece) <= REACH_M
    }


def compared(name: str, quick: Callable[[], object], slow: Callable[[], object]) -> None:
    """Print both and the ratio; they must give the same."""
    assert quick() == slow()
    one, other = seconds(quick), seconds(slow)
    print(f"{name}: {1000 * one:.1f} ms; {1000 * other:.1f} ms; ratio {other / one:.1f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        zones, targets = zones_store(Path(folder) / "zones"), targets_store(Path(folder) / "targets")
        long, many, point = route(), parcels(), site_of(shapely.Point(117.47, 49.53), accuracy_m=5)
        among = load(targets, AS_OF)
        across = load(zones, AS_OF)
        judge(point, among)
        print(f"route across 64 zones: {seconds(lambda: judge(long, across)):.2f} s")
        print(f"40 parcels among 3,000 targets: {seconds(lambda: judge(many, among)):.2f} s")
        print(f"point, 3,000 targets listed: {1000 * seconds(lambda: judge(point, among)):.0f} ms")
        zone = across.layers[0][0].index
        compared(
            "zones a route comes near, bounds first; every piece measured",
            lambda: met(long, zone, bounds_first=True),
            lambda: met(long, zone, bounds_first=False),
        )
        spots = next(layer for layer, _ in among.layers if layer.card.kind == "sensitive_targets").index
        rows = np.arange(len(spots.piece_feature))
        far = shapely.Point(117.2012, 49.3034)
        compared(
            "nearest of 3,000 targets, by bounds; each measured",
            lambda: round(nearest_of_boxes(far, spots.piece_bounds, rows, spots.load).distance_m, 3),  # type: ignore[union-attr]
            lambda: round(min(distance_to(far, target) for target in spots.load(rows)), 3),
        )
        compared(
            "answers of a piece of a site, deciding layers only; context listed again",
            lambda: judge(many, among, only_deciding=True).kinds,
            lambda: judge(many, among).kinds,
        )


if __name__ == "__main__":
    main()
