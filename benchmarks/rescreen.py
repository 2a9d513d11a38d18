"""
How much faster a re-screening is than a run over every site: ``python -m benchmarks.rescreen [sites] [places]``.

100,000 projects are registered at 2,000 places (50 of another name at each: their answers are prepared from one run a
place), against a red line of 20,000 polygons and a protected-area layer of 2,000. Then 0.1 % of the red line is edited
(20 polygons: moved, removed, added, re-worded) and the register brought up to date. The full run is measured on 500
places and multiplied.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.inquiry import Inquiry, snapped
from screening.loaded import load
from screening.register import Register, rescreen
from screening.register.documents import plain
from screening.register.opened import opened_once
from screening.screen import judge
from screening.site import Site, site_of
from tests.building import reading_of

SITES, PLACES, SAMPLE = 100_000, 2_000, 500
AS_OF = "2026-11-22"
EXTENT = shapely.box(116.0, 48.0, 119.0, 50.0)
EDITED_SHARE = 0.001
RENAMED = "（改）"


def polygons(side: tuple[int, int], seed: int) -> list[shapely.Polygon]:
    """One polygon of 24 corners, some 400 m across, in each cell of a grid over the extent."""
    rng = np.random.default_rng(seed)
    columns, rows = side
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    found = []
    for i in range(columns):
        for j in range(rows):
            lon = 116.0 + 3.0 * (i + rng.uniform(0.3, 0.7)) / columns
            lat = 48.0 + 2.0 * (j + rng.uniform(0.3, 0.7)) / rows
            reach = rng.uniform(150, 250) * (1 + 0.2 * np.sin(3 * angle))
            xy = np.column_stack([lon + reach * np.cos(angle) / 74_000, lat + reach * np.sin(angle) / 111_200])
            found.append(shapely.Polygon(xy))
    return found


def places(count: int) -> list[Site]:
    """Parcels of one to four hectares."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(count):
        lon, lat, size = rng.uniform(116.1, 118.9), rng.uniform(48.1, 49.9), rng.uniform(100, 200)
        box = shapely.box(lon, lat, lon + size / 74_000, lat + size / 111_200)
        found.append(snapped(site_of(box, accuracy_m=5, name=f"{number}")))
    return found


def put(root: Path, kind: str, shapes: list[shapely.Polygon], names: list[str], *, again: bool = False) -> None:
    rows = [{"id": name.removesuffix(RENAMED), "名称": name} for name in names]  # else an id is the number of a row
    options = ImportOptions(
        kind=kind,  # type: ignore[arg-type]
        name=kind,
        replace=again,
        data_date="2025-01-01" if again else "2024-01-01",
        coverage=reading_of([EXTENT], name="extent.geojson"),
    )
    import_layer(FolderStore.open(root), reading_of(shapes, rows), options)


def eastward(shape: shapely.Polygon, metres: float) -> shapely.Polygon:
    return shapely.transform(shape, lambda xy: xy + np.array([metres / 74_000, 0.0]))


def edit(shapes: list[shapely.Polygon], names: list[str]) -> None:
    """A thousandth of the rows: three in five moved by 30 m, the others removed, added or given another name."""
    rng = np.random.default_rng(4)
    rows = sorted(rng.choice(len(shapes), int(EDITED_SHARE * len(shapes)), replace=False), reverse=True)
    for number, row in enumerate(rows):
        if number % 5 < 3:
            shapes[row] = eastward(shapes[row], 30)
        elif number % 5 == 3:
            del shapes[row], names[row]
        else:
            names[row] += RENAMED
            shapes.append(eastward(shapes[row], 900))
            names.append(f"新{row}")


def named(inquiry: Inquiry, document: dict, name: str) -> tuple[Inquiry, dict]:
    """The same place under another name: the document that a run over it would give."""
    site = inquiry.site
    other = replace(site, name=name, parts=tuple(replace(part, name=name) for part in site.parts))
    parts = [{**part, "name": name} for part in document["parts"]]
    return replace(inquiry, site=other), {**document, "site": {**document["site"], "name": name}, "parts": parts}


def main(sites: int = SITES, count: int = PLACES) -> float:
    """Measure, print, and give the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "ws"
        FolderStore.create(root, required_kinds=["red_lines", "protected_areas"], region=None)
        shapes = polygons((200, 100), 1)
        names = [f"红线{i}" for i in range(len(shapes))]
        put(root, "red_lines", shapes, names)
        parks = polygons((50, 40), 2)
        put(root, "protected_areas", parks, [f"保护地{i}" for i in range(len(parks))])
        store = FolderStore.open(root)
        loaded = load(opened_once(store), AS_OF)
        inquiries = [Inquiry(site=site, as_of=AS_OF) for site in places(count)]
        answered = [(inquiry, plain(judge(inquiry.site, loaded).to_dict())) for inquiry in inquiries]
        copies = sites // count
        start = time.perf_counter()
        with Register(store, create=True) as register:
            register.add_many(
                named(inquiry, document, f"{inquiry.site.name}-{copy}")
                for inquiry, document in answered
                for copy in range(copies)
            )
            registered, size = len(register), register.database.path.stat().st_size
        adding = time.perf_counter() - start
        edit(shapes, names)
        put(root, "red_lines", shapes, names, again=True)
        store = FolderStore.open(root)
        start, busy = time.perf_counter(), time.process_time()
        with Register(store) as register:
            done = rescreen(register, as_of=AS_OF)
        differential, busy = time.perf_counter() - start, time.process_time() - busy
        loaded = load(opened_once(store), AS_OF)
        taken = []
        for inquiry in inquiries[:: max(1, count // SAMPLE)]:
            start = time.perf_counter()
            judge(inquiry.site, loaded).to_dict()
            taken.append(time.perf_counter() - start)
        full = sum(taken) / len(taken) * registered
    ratio = full / differential
    print(f"registered: {registered:,} sites in {adding:.1f} s ({size / 1e6:.0f} MB), answers prepared")
    print(f"edited: {EDITED_SHARE:.1%} of {len(shapes):,} features; run again: {done.run:,} sites")
    print(f"notices: {len(done.notices):,}; everywhere: {list(done.everywhere)}")
    print(f"re-screening, register read and written: {differential:.1f} s, {busy:.1f} s of a processor")
    print(
        f"full run, from {len(taken):,} sites (mean {1000 * sum(taken) / len(taken):.1f} ms, median "
        f"{1000 * statistics.median(taken):.1f} ms a site): {full:.0f} s"
    )
    print(f"ratio: {ratio:.0f}")
    return ratio


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
