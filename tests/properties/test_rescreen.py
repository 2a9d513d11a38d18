"""
What a register holds after a re-screening is what a run over every site gives, whatever was edited.

Layers lie in memory here (their published GeoPackages, which screening never reads, are left out), so that hundreds of
edits can be tried; ``tests/unit/test_register.py`` does the same on folders.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.importing import ImportOptions, import_layer
from layers.workspace.canonical_json import canonical_json
from layers.workspace.store import VersionEntry
from screening.inquiry import Inquiry, snapped
from screening.register import Register, rescreen
from screening.register.documents import plain
from screening.screen import screen
from screening.site import Site, SitePart, site_of, united
from spatial.accuracy import stated_accuracy
from tests.building import reading_of

FIRST, LATER = "2025-06-01", "2026-06-01"
M_LON, M_LAT = 1 / 72_700, 1 / 111_200  # degrees a metre at 49.5 degrees north
EXTENT = shapely.box(117.0, 49.3, 117.6, 49.7)


class MemoryStore:
    """A workspace in memory, written to by ``import_layer``; only the register lies on the disk."""

    def __init__(self, root: Path, required: tuple[str, ...]) -> None:
        self.root, self.required_kinds, self.region = root, required, None
        self.manifest_readable, self.damages = True, ()
        self.entries: tuple[VersionEntry, ...] = ()
        self.versions: dict[str, Any] = {}

    def write_version(self, **given: Any) -> VersionEntry:
        number = len(self.entries) + 1
        keys = ("layer", "kind", "theme", "role", "data_date", "valid_from", "valid_until")
        entry = VersionEntry(
            **{k: given[k] for k in keys}, folder=given["layer"], version=f"v{number:04d}", sequence=number,
            sha256=None, source=None, sizes=(), checksums_sha256="",
        )  # fmt: skip
        self.entries = (*self.entries, entry)
        self.versions[entry.version] = MemoryVersion(entry, dict(given["card"]), dict(given["arrays"]))
        return entry

    def open_version(self, entry: VersionEntry) -> Any:
        return self.versions[entry.version]


class MemoryVersion:
    def __init__(self, entry: VersionEntry, card: dict[str, Any], arrays: dict[str, Any]) -> None:
        self.entry, self.card, self.arrays, self.names = entry, card, arrays, tuple(sorted(arrays))

    def array(self, name: str) -> Any:
        return self.arrays[name]


@contextmanager
def nothing_published(*_: Any):
    yield {}


def put(store: MemoryStore, layer: dict[str, Any]) -> None:
    """One version of a layer as it is described now."""
    geometries = [row["geometry"] for row in layer["rows"]]
    attributes = [{k: v for k, v in row.items() if k != "geometry"} for row in layer["rows"]]
    none = not geometries and not layer["rejected"]
    reading = None if none else reading_of(geometries, attributes, unreadable=layer["rejected"])
    coverage = layer["coverage"]
    options = ImportOptions(
        kind=layer["kind"],
        name=layer["name"],
        replace=True,
        historical=True,
        theme=layer.get("theme"),
        data_date=layer["from"],
        valid_until=layer["until"],
        source="source",
        coverage=reading_of([coverage], name="c") if hasattr(coverage, "geom_type") else coverage,
        accuracy_m=layer["accuracy"],
        declared_none=none,
        **({"role": "context", "meaning": "roads"} if layer["kind"] == "other" else {}),
    )
    with mock.patch("layers.importing.published_files", nothing_published):
        import_layer(store, reading, options)  # type: ignore[arg-type]


def square(x: float, y: float, metres: float, tall: float | None = None) -> Any:
    """A box with its corner at a share of the extent."""
    lon, lat = 117.0 + 0.6 * x, 49.3 + 0.4 * y
    return shapely.box(lon, lat, lon + metres * M_LON, lat + (tall or metres) * M_LAT)


def blob(x: float, y: float, metres: float, corners: int) -> Any:
    """A round thing of many corners, so that it is cut into pieces."""
    lon, lat = 117.0 + 0.6 * x, 49.3 + 0.4 * y
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = metres * (1 + 0.1 * np.sin(7 * angle))
    return shapely.Polygon(np.column_stack([lon + reach * np.cos(angle) * M_LON, lat + reach * np.sin(angle) * M_LAT]))


def first_layers() -> list[dict[str, Any]]:
    """Polygons with and without dates and accuracies of their own, units that tile, intakes, sections, roads."""
    base: dict[str, Any] = {"coverage": EXTENT, "accuracy": 10.0, "from": "2024-01-01", "until": None, "rejected": []}
    tiles = [
        {"编码": f"ZH150781{c}000{i}", "名称": f"单元{i}", "geometry": shapely.box(w, s, w + 0.2, s + 0.2)}
        for i, (c, w, s) in enumerate(
            zip((1, 2, 3, 3, 2, 3), (117.0, 117.2, 117.4) * 2, (49.3,) * 3 + (49.5,) * 3, strict=True)
        )
    ]
    red = [
        {"名称": "甲", "红线编码": "R1", "geometry": blob(0.3, 0.3, 3000, 700)},
        {"名称": "乙", "红线编码": "R2", "geometry": square(0.6, 0.6, 2000)},
        {"名称": "丙", "红线编码": "R3", "精度": 60.0, "geometry": square(0.62, 0.7, 500, 4000)},
        {"名称": "丁", "红线编码": "R4", "失效日期": "2026-01-01", "geometry": square(0.1, 0.8, 1500)},
    ]
    water = [
        {"名称": "一级", "级别": "一级", "geometry": square(0.8, 0.2, 800)},
        {"名称": "取水口", "类型": "取水口", "影响距离": 1500.0, "geometry": shapely.Point(117.3, 49.6)},
        {"名称": "别的取水口", "类型": "取水口", "geometry": shapely.Point(117.05, 49.65)},
    ]
    parks = [{"名称": "公园", "geometry": square(0.45, 0.1, 1200)}]
    parks += [{"名称": "撤销的", "状态": "已撤销", "geometry": square(0.2, 0.6, 900)}]
    more = [{"名称": "另县", "红线编码": "Q1", "geometry": square(0.9, 0.9, 700)}]
    roads = [{"名称": "路", "geometry": shapely.LineString([(117.1, 49.31), (117.4, 49.36)])}]
    sections = [{"断面名称": "断面", "geometry": shapely.Point(117.5, 49.4)}]
    halves = (shapely.box(117.0, 49.3, 117.35, 49.7), shapely.box(117.35, 49.3, 117.6, 49.7))
    west, east = (
        shapely.segmentize(half, 0.001) for half in halves
    )  # cut into pieces, so that a change of one is local
    return [
        {**base, "kind": "red_lines", "name": "红线", "rows": red, "coverage": west},
        {**base, "kind": "red_lines", "name": "红线二", "rows": more, "coverage": east},
        {**base, "kind": "control_units", "name": "单元", "rows": tiles},
        {**base, "kind": "water_sources", "name": "水源", "rows": water},
        {**base, "kind": "protected_areas", "name": "保护地", "rows": parks, "accuracy": 25.0},
        {**base, "kind": "other", "name": "道路", "rows": roads, "coverage": None},
        {**base, "kind": "monitoring_sections", "name": "断面", "rows": sections, "coverage": None},
    ]


def sites() -> list[Site]:
    """Parcels, routes, points, points with a radius and a project of two parts, near things and far from them."""
    found = [
        site_of(square(x, y, m), accuracy_m=a, name=f"地块{i}")
        for i, (x, y, m, a) in enumerate(
            [
                (0.3, 0.3, 200, 1),
                (0.33, 0.375, 400, 5),
                (0.6, 0.6, 2000, 1),
                (0.75, 0.75, 100, 1),
                (0.05, 0.05, 50, 15),
                (0.66, 0.6, 300, 10),
                (0.583, 0.4, 500, 1),
                (0.1, 0.8, 300, 1),
                (0.2, 0.6, 200, 5),
                (0.985, 0.5, 300, 1),
            ]
        )
    ]
    found += [
        site_of(shapely.Point(117.3 + d * M_LON, 49.6), accuracy_m=5, name=f"点{d}") for d in (0, 1490, 1700, 9000)
    ]
    found.append(site_of(shapely.Point(117.052, 49.652), accuracy_m=5, radius_m=300, name="圆"))
    found.append(
        site_of(shapely.LineString([(117.02, 49.32), (117.3, 49.45), (117.35, 49.6)]), accuracy_m=10, name="线")
    )
    parts = [square(0.44, 0.11, 300), square(0.8, 0.21, 200)]
    found.append(
        Site(
            name="两处",
            geometry=united(parts),
            parts=tuple(SitePart(id=str(i), geometry=g) for i, g in enumerate(parts)),
            accuracy=stated_accuracy(5),
            crs="EPSG:4490",
            crs_status="given",
        )
    )
    return found


NEW = (
    {"名称": "新一", "红线编码": "N1"},
    {"名称": "新二", "级别": "二级"},
    {"名称": "新三", "精度": 60.0},
    {"名称": "新四", "影响距离": 700.0},
    {"名称": "新五", "生效日期": "2026-02-02"},
)
share = st.floats(0.0, 1.0, allow_nan=False)
edit = st.fixed_dictionaries(
    {
        "what": st.sampled_from(
            ["add", "remove", "move", "dent", "reword", "reclass", "dates", "accuracy", "coverage", "until", "card",
             "reorder", "reject", "none", "later", "touch"]
        ),
        "layer": st.integers(0, 6),
        "row": st.integers(0, 9),
        "x": share,
        "y": share,
        "metres": st.sampled_from([3.0, 40.0, 300.0, 2500.0, 15_000.0]),
        "shape": st.sampled_from(["square", "blob", "point", "line"]),
        "extra": st.sampled_from(NEW),
    }
)  # fmt: skip


def drawn(e: dict[str, Any]) -> Any:
    corner = square(e["x"], e["y"], e["metres"])
    if e["shape"] == "point":
        return shapely.Point(corner.bounds[:2])
    if e["shape"] == "line":
        return shapely.LineString([corner.bounds[:2], corner.bounds[2:]])
    return blob(e["x"], e["y"], e["metres"], 300) if e["shape"] == "blob" else corner


def edited(layers: list[dict[str, Any]], e: dict[str, Any]) -> None:
    """Apply one edit to the description of a layer."""
    layer = layers[e["layer"]]
    rows, what = layer["rows"], e["what"]
    row = rows[e["row"] % len(rows)] if rows else None
    if what == "add":
        geometry = drawn(e)
        if layer["kind"] in {"control_units", "other"} and geometry.geom_type == "Point":
            geometry = square(e["x"], e["y"], e["metres"])
        rows.insert(e["row"] % (len(rows) + 1), {**e["extra"], "geometry": geometry})
    elif what == "none":
        if layer["coverage"] is not None and layer["kind"] != "control_units":
            rows.clear()
            layer["rejected"] = []
    elif what == "coverage" and layer["coverage"] is not None:
        layer["coverage"] = (
            shapely.union_all([layer["coverage"], square(e["x"], e["y"], e["metres"])])
            if e["row"] % 2
            else (shapely.difference(layer["coverage"], square(e["x"], e["y"], e["metres"])))
        )
    elif what == "until":
        layer["until"] = ("2026-01-01", "2030-01-01", None)[e["row"] % 3]
    elif what == "card":
        layer["accuracy"] = (1.0, 10.0, 60.0)[e["row"] % 3]
    elif what == "reject":
        corner = square(e["x"], e["y"], min(e["metres"], 2500.0))
        layer["rejected"] = [("x", corner.bounds if e["row"] % 4 else None)]
    elif row is None:
        return
    elif what == "remove" and len(rows) > 1:
        rows.remove(row)
    elif what == "move":
        row["geometry"] = shapely.transform(
            row["geometry"], lambda xy: xy + np.array([e["metres"] * (e["x"] - 0.5) * M_LON, 0.0])
        )
    elif what == "dent" and row["geometry"].geom_type == "Polygon":
        xy = shapely.get_coordinates(row["geometry"])[:-1]
        xy[e["row"] % len(xy)] += [e["metres"] * 0.05 * M_LON, e["metres"] * 0.02 * M_LAT]
        dented = shapely.Polygon(xy)
        row["geometry"] = dented if dented.is_valid else row["geometry"]
    elif what == "reword":
        row["备注"] = f"说明{e['row']}"
    elif what == "reclass":
        row |= {"control_units": {"编码": f"ZH150781{1 + e['row'] % 3}0009"}, "water_sources": {"级别": "二级"}}.get(
            layer["kind"], {"状态": ("已撤销", "现行")[e["row"] % 2]}
        )
    elif what == "dates":
        row |= ({"失效日期": "2026-03-03"}, {"生效日期": "2026-02-02"}, {"失效日期": None})[e["row"] % 3]
    elif what == "accuracy":
        row["精度"] = (5.0, 60.0, 200.0)[e["row"] % 3]
    elif what == "reorder":
        rows.reverse()


def full_run(inquiries: list[Inquiry], store: MemoryStore, as_of: str) -> list[dict[str, Any]]:
    return [plain(screen(i.site, store, as_of=as_of, stability=i.stability).to_dict()) for i in inquiries]  # type: ignore[arg-type]


def require_same(register: Register, numbers: list[int], expected: list[dict[str, Any]]) -> None:
    for number, document in zip(numbers, expected, strict=True):
        kept = register.document(number)
        for key in document:
            assert kept[key] == document[key], (number, document["site"]["name"], key)
        assert canonical_json(kept) == canonical_json(document)


@cache
def base(stability: bool) -> tuple[MemoryStore, list[tuple[Inquiry, dict[str, Any]]]]:
    """The layers as they are first, and what is said of every site then."""
    store = MemoryStore(Path(), ("red_lines",))
    for layer in first_layers():
        put(store, layer)
    asked = [Inquiry(site=snapped(s), as_of=FIRST, stability=stability) for s in sites()]
    inquiries = [Inquiry.from_dict(plain(i.to_dict())) for i in asked]
    return store, list(zip(inquiries, full_run(inquiries, store, FIRST), strict=True))


def check_edits(batches: list[tuple[list[dict[str, Any]], str]], *, stability: bool = False) -> list[tuple[Any, int]]:
    """Each batch of edits becomes new versions; then the register is held against a run over every site."""
    runs = []
    first, answered = base(stability)
    inquiries = [inquiry for inquiry, _ in answered]
    with tempfile.TemporaryDirectory() as folder:
        store = MemoryStore(Path(folder), first.required_kinds)
        store.entries, store.versions = first.entries, dict(first.versions)
        layers = first_layers()
        with Register(store, create=True) as register:  # type: ignore[arg-type]
            numbers = register.add_many(answered)
        for edits, as_of in batches:
            touched = set()
            for e in edits:
                edited(layers, e)
                touched.add(e["layer"])
            for place in sorted(touched):
                put(store, layers[place])
            with Register(store) as register:  # type: ignore[arg-type]
                done = rescreen(register, as_of=as_of)
                require_same(register, numbers, full_run(inquiries, store, as_of))
                runs.append((done, len(numbers)))
    return runs


@given(
    st.lists(
        st.tuples(st.lists(edit, min_size=1, max_size=3), st.sampled_from([FIRST, FIRST, LATER])),
        min_size=1,
        max_size=2,
    )
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_kept_after_edits_is_what_a_run_over_every_site_gives(batches):
    check_edits(batches)
