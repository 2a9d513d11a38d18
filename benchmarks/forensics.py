"""
``python -m benchmarks.forensics [N] [--markdown]``: how often the forensics are right, and that they are never wrong.

Each case is a file with a known truth: a place in one of the 885 districts, its coordinates in one of the systems of
the hypotheses, by projections and offsets written apart from those under test, with what a real file would state, hint
at, or get wrong, and with or without a region. Seeds make the cases; the same N gives the same table.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyproj
import shapely
from rich.console import Console
from rich.table import Table

from spatial import boundaries
from spatial.errors import UnmeasuredDistrictError
from spatial.forensics import Hints, StatedReference, rank
from spatial.forensics.score import Outcome, Truth, judge
from spatial.offsets import wgs84_to_bd09, wgs84_to_gcj02

CASES = 4000
_ELLIPSOIDS = {"cgcs2000": "+ellps=GRS80", "xian80": "+a=6378140 +rf=298.257", "beijing54": "+a=6378245 +rf=298.3"}
# Beijing 54: the parameters published for the Ordos basin; Xi'an 80: made up, of the size met in practice.
_TRANSLATIONS = {"beijing54": (12.646, -155.176, -80.863), "xian80": (-41.0, 17.0, 33.0)}
_GRIDS = {
    ("cgcs2000", 3, True): 4488, ("cgcs2000", 3, False): 4509,
    ("cgcs2000", 6, True): 4478, ("cgcs2000", 6, False): 4489,
    ("xian80", 3, True): 2324, ("xian80", 3, False): 2345, ("xian80", 6, True): 2314, ("xian80", 6, False): 2325,
    ("beijing54", 3, True): 2376, ("beijing54", 3, False): 2397, ("beijing54", 6, True): 21400,
    ("beijing54", 6, False): 21440,
}  # fmt: skip
_DATUM_WORDS = {"cgcs2000": "2000国家大地坐标系", "xian80": "1980西安坐标系", "beijing54": "1954年北京坐标系"}
TRUTHS = (
    "degrees", "3_prefix", "3_plain", "6_prefix", "6_plain", "xian80", "beijing54", "web_mercator", "gcj02", "bd09",
    "utm",
)  # fmt: skip
BEYOND = ("utm unstated", "degrees of Beijing 54", "local meridian", "DD.MMSS", "GCJ-02 unhinted")
"""Files outside the hypotheses: shown beside the score, not in it."""


@dataclass(kw_only=True)
class Sample:
    """A made file, and what it really is."""

    family: str
    coordinates: np.ndarray
    truth: Truth
    stated: StatedReference | None = None
    hints: Hints = field(default_factory=Hints)
    region: shapely.Geometry | None = None
    tolerance_m: float = 0.0
    must_hold: bool = True
    datum: str | None = None
    story: str = ""
    lying: bool = False
    flawed: bool = False
    """Whether it states something false, or a datum without parameters, or has a misleading name: may be refused."""


@lru_cache(maxsize=1)
def districts() -> tuple[str, ...]:
    """Codes of districts, those of Inner Mongolia three times as often."""
    names = boundaries.place_names()
    codes = [code for code in names if not code.endswith("00")]
    return tuple(code for code in codes for _ in range(3 if code.startswith("15") else 1))


@lru_cache(maxsize=1024)
def _boundary(code: str, source: str) -> boundaries.Boundary | None:
    try:
        return boundaries.union([code], source=source)
    except (UnmeasuredDistrictError, boundaries.UnknownDistrictError):
        return None


def shape_in(rng: np.random.Generator, area: shapely.Geometry) -> tuple[str, np.ndarray]:
    """Points of a site, a route, a parcel or a whole layer; at least one lies in the area."""
    west, south, east, north = area.bounds
    while True:
        lon, lat = rng.uniform(west, east), rng.uniform(south, north)
        if shapely.contains_xy(area, lon, lat):
            break
    kind = rng.choice(["point", "parcel", "stations", "route", "layer"])
    if kind == "point":
        return kind, np.array([[lon, lat]])
    if kind == "layer":  # the whole district, as a layer of it would be
        return kind, shapely.get_coordinates(area.simplify(0.02))
    reach = {"parcel": 0.01, "stations": 0.2, "route": 0.5}[kind]
    count = int(rng.integers(3, 30))
    steps = rng.uniform(-reach, reach, (count, 2))
    if kind == "route":
        steps = np.cumsum(steps / count, axis=0)
    return kind, np.vstack([[lon, lat], np.array([lon, lat]) + steps])


def _zone(lon: float, width: int) -> int:
    return int((lon + 1.5) // 3) if width == 3 else int(lon // 6) + 1


def _old_degrees(points: np.ndarray, datum: str) -> np.ndarray:
    if datum == "cgcs2000":
        return points
    x, y, z = _TRANSLATIONS[datum]
    way = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=GRS80 "
        f"+step +inv +proj=helmert +x={x} +y={y} +z={z} +step +inv +proj=cart {_ELLIPSOIDS[datum]} "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    return np.column_stack(way.transform(points[:, 0], points[:, 1]))


def _gauss(points: np.ndarray, datum: str, width: int, zone: int, *, prefix: bool) -> np.ndarray:
    meridian = 3 * zone if width == 3 else 6 * zone - 3
    false_east = 500_000 + (zone * 1_000_000 if prefix else 0)
    plane = pyproj.Proj(f"+proj=tmerc +lon_0={meridian} +k=1 +x_0={false_east} {_ELLIPSOIDS[datum]}")
    old = _old_degrees(points, datum)
    return np.column_stack(plane(old[:, 0], old[:, 1]))


def sample(seed: int, *, family: str | None = None, among: tuple[str, ...] | None = None) -> Sample | None:
    """The case of a seed; None where its district cannot be measured."""
    rng = np.random.default_rng(seed)
    code = str(rng.choice(among or districts()))
    own = _boundary(code, "amap")
    if own is None:
        return None
    kind, points = shape_in(rng, own.geometry)
    family = family or TRUTHS[seed % len(TRUTHS)]
    one = _written(rng, family, points)
    one.story = f"seed {seed}, {code}, {kind}, {one.story}"
    _add_region(rng, one, code)
    if family in TRUTHS:
        _add_noise(rng, one)
    if rng.random() < 0.4:
        one.coordinates = one.coordinates[:, ::-1]
        one.story += ", swapped"
    return one


def _written(rng: np.random.Generator, family: str, points: np.ndarray) -> Sample:
    """The coordinates a file of that family holds, with what it states."""
    middle = float(points[:, 0].mean())
    tolerance = 0.01
    datum, offset = "cgcs2000", None
    stated, hints, said, lying = None, Hints(), None, False
    if family in ("degrees", "gcj02", "bd09"):
        shift = {"degrees": lambda p: p, "gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}[family]
        decimals = int(rng.integers(4, 9))
        values = shift(points).round(decimals)
        tolerance += 111_300 * 10.0**-decimals
        if family == "degrees":
            stated = [None, StatedReference(source="prj", text=int(rng.choice([4490, 4326])))][rng.integers(2)]
        else:
            offset = family
            hints, said = _offset_hint(rng, family)
        story = "stated" if stated else "unstated"
    elif family == "web_mercator":
        values = np.column_stack(pyproj.Proj("+proj=webmerc +a=6378137")(points[:, 0], points[:, 1])).round(2)
        tolerance += 0.02
        stated = [None, StatedReference(source="prj", text=3857)][rng.integers(2)]
        story = "stated" if stated else "unstated"
    elif family == "utm":
        zone = int(middle // 6) + 31
        values = np.column_stack(pyproj.Proj(f"+proj=utm +zone={zone} +ellps=WGS84")(points[:, 0], points[:, 1]))
        stated, hints, said = (
            (StatedReference(source="prj", text=32600 + zone), Hints(), None),
            (StatedReference(source="header", zone=zone, projection="UTM"), Hints(), None),
            (None, Hints(file_name=f"boundary_UTM_{zone}N.csv"), None),
            (None, Hints(), "wgs84"),
        )[rng.integers(4)]
        story = f"zone {zone}"
    elif family in BEYOND:
        return _beyond(family, points)
    else:
        width, prefix = (int(family[0]), family.endswith("prefix")) if family[0] in "36" else (
            int(rng.choice([3, 6])), bool(rng.integers(2)))  # fmt: skip
        datum = family if family in _TRANSLATIONS else "cgcs2000"
        zone = _zone(middle, width)
        if rng.random() < 0.15:  # work near the edge goes on in the zone of the neighbour
            zone = max(
                zone + int(rng.choice([-1, 1]))
                if abs(middle - (3 * zone if width == 3 else 6 * zone - 3)) > 0.6 * width / 2
                else zone,
                13,
            )
        if abs(middle - (3 * zone if width == 3 else 6 * zone - 3)) > 3.2:
            zone = _zone(middle, width)
        values = _gauss(points, datum, width, zone, prefix=prefix).round(3)
        stated, lying = _statement(rng, datum, width, zone, prefix=prefix)
        story = f"{datum} {width} zone {zone} {'prefix' if prefix else 'plain'}, {stated}"
    truth = Truth(lon_lat=points, datum=datum, offset=offset, tolerance_m=tolerance)  # type: ignore[arg-type]
    old = datum in _TRANSLATIONS and stated is not None and (stated.text is not None or stated.datum is not None)
    return Sample(
        family=family,
        coordinates=values,
        truth=truth,
        stated=stated,
        hints=hints,
        datum=said,
        story=story,
        lying=lying,
        flawed=old or lying,
    )


def _statement(
    rng: np.random.Generator, datum: str, width: int, zone: int, *, prefix: bool
) -> tuple[StatedReference | None, bool]:
    code = _GRIDS[datum, width, prefix] + zone
    esri = pyproj.CRS.from_epsg(code).to_wkt("WKT1_ESRI")
    every = (
        None,
        None,
        StatedReference(source="prj", text=esri),
        StatedReference(source="user", text=code),
        StatedReference(source="header", datum=datum, width=width, zone=zone, projection="高斯克吕格"),  # type: ignore[arg-type]
        StatedReference(source="header", zone=zone),
        StatedReference(source="header", width=width),  # type: ignore[arg-type]
        StatedReference(source="header", meridian=3.0 * zone if width == 3 else 6.0 * zone - 3),
    )
    one = every[rng.integers(len(every))]
    if rng.random() < 0.15:  # the header is that of the file it was copied from
        other = zone + int(rng.choice([-1, 1]))
        wrong = (
            StatedReference(source="header", zone=other),
            StatedReference(source="header", width=9 - width),  # type: ignore[arg-type]
            StatedReference(source="prj", text=_GRIDS[datum, width, prefix] + other),
            StatedReference(source="prj", text=_GRIDS[datum, width, not prefix] + zone),
            StatedReference(source="prj", text=4490),
        )
        return wrong[rng.integers(len(wrong))], True
    return one, False


def _offset_hint(rng: np.random.Generator, offset: str) -> tuple[Hints, str | None]:
    tag = {"gcj02": "GCJ-02", "bd09": "BD-09"}[offset]
    field_name = {"gcj02": "gcj02_lng", "bd09": "bd09_lng"}[offset]
    firm = {"gcj02": "高德导出.csv", "bd09": "百度坐标拾取.xlsx"}[offset]
    every = (
        (Hints(format="ovkml", ov_coord_types=(tag,)), None),
        (Hints(format="ovkml", file_name="选址.ovkml"), None),
        (Hints(file_name="奥维导出_选址.kml", format="kml"), None),
        (Hints(file_name=firm), None),
        (Hints(field_names=("id", "name", field_name)), None),
        (Hints(axis_words=(field_name, field_name.replace("lng", "lat"))), None),
        (Hints(), offset),
    )
    return every[rng.integers(len(every))]


def _add_region(rng: np.random.Generator, one: Sample, code: str) -> None:
    lying = one.lying
    choice = rng.choice(
        ["own", "second", "city", "province"] if lying else ["none", "own", "second", "city", "province"]
    )
    if choice == "none":
        return
    province = "150000" if code.startswith("15") else code[:4] + "00"  # others take seconds to measure
    wider = {"city": code[:4] + "00", "province": province}.get(str(choice), code)
    found = _boundary(wider, "tianditu" if choice == "second" else "amap") or _boundary(code, "amap")
    if found is None:
        return
    one.region, one.tolerance_m = found.geometry, found.accuracy_max_m
    one.must_hold = lying or bool(rng.integers(4))
    one.story += f", region {choice}{'' if one.must_hold else ' (likely)'}"
    if lying and one.stated is not None and one.stated.text != 4490:
        # A false zone that puts the file into the region all the same cannot be found out by anyone.
        for meridian in range(-9, 10, 3):
            hull = shapely.convex_hull(shapely.multipoints(one.truth.lon_lat + np.array([meridian, 0.0])))
            if meridian and shapely.dwithin(hull, one.region, max(one.tolerance_m, 5000) / 55_000 + 0.1):
                one.stated, one.lying, one.flawed = None, False, False
                break


def _add_noise(rng: np.random.Generator, one: Sample) -> None:
    """Names that mean nothing, or too much."""
    hints = one.hints
    if hints == Hints() and rng.random() < 0.3:
        names = (
            "选址范围.shp",
            "高德底图_选址.csv",
            "奥维.dxf",
            "2000坐标.txt",
            "红线39带.txt",
            "CM117.csv",
            "界址点80年代.csv",
        )
        one.hints = Hints(file_name=str(rng.choice(names)))
        one.flawed |= "39" in one.hints.file_name or "117" in one.hints.file_name
        one.story += f", called {one.hints.file_name}"


def _beyond(family: str, points: np.ndarray) -> Sample:
    middle = float(points[:, 0].mean())
    if family == "utm unstated":
        values = np.column_stack(pyproj.Proj(f"+proj=utm +zone={int(middle // 6) + 31} +ellps=WGS84")(*points.T))
    elif family == "degrees of Beijing 54":
        values = _old_degrees(points, "beijing54").round(7)
    elif family == "local meridian":
        values = np.column_stack(
            pyproj.Proj(f"+proj=tmerc +lon_0={round(middle * 4) / 4} +x_0=500000 +ellps=GRS80")(*points.T)
        )
    elif family == "DD.MMSS":
        minutes = (points % 1) * 60
        values = (np.floor(points) + np.floor(minutes) / 100 + (minutes % 1) * 60 / 10_000).round(8)
    else:
        values = wgs84_to_gcj02(points).round(7)
    truth = Truth(lon_lat=points, datum="cgcs2000", offset=None, tolerance_m=5.0)
    return Sample(family=family, coordinates=values, truth=truth, story=family)


def outcome_of(one: Sample) -> Outcome:
    """Rank a sample and judge what comes out."""
    found = rank(
        one.coordinates,
        stated=one.stated,
        hints=one.hints,
        region=one.region,
        datum=one.datum,
        region_tolerance_m=one.tolerance_m,
        region_must_hold=one.must_hold,
    )
    return judge(found, one.coordinates, one.truth)


def main(arguments: list[str]) -> int:
    count = next((int(word) for word in arguments if word.isdigit()), CASES)
    rows: dict[str, Counter[str]] = {family: Counter() for family in (*TRUTHS, *BEYOND)}
    made, seed = 0, 0
    seen = set()
    while made < count:
        one = sample(seed)
        seed += 1
        if one is None:
            continue
        made += 1
        seen.add(one.story.split(", ")[1])
        outcome = outcome_of(one)
        rows[one.family][outcome] += 1
        if outcome == "refused" and not one.flawed:
            rows[one.family]["sound"] += 1
        if outcome == "wrong":
            print("WRONG", one.story)
    for i, family in enumerate(BEYOND):
        for seed in range(200):
            one = sample(10_000_000 + 1000 * i + seed, family=family)
            if one is not None:
                rows[family][outcome_of(one)] += 1
    columns = ("settled", "offered", "refused", "sound", "wrong")
    title = f"{made} made files in {len(seen)} districts"
    lines = [(f, *(rows[f][c] for c in columns), rows[f].total() - rows[f]["sound"]) for f in TRUTHS]
    total = ("all", *(sum(line[i + 1] for line in lines) for i in range(6)))
    beyond = [(f"outside: {f}", *(rows[f][c] for c in columns), rows[f].total() - rows[f]["sound"]) for f in BEYOND]
    header = (
        "truth",
        "right and settled",
        "right among those offered",
        "refused",
        "refused though sound",
        "wrong",
        "files",
    )
    if "--markdown" in arguments:
        print(f"{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
        print("\n".join("| " + " | ".join(map(str, line)) + " |" for line in (*lines, total, *beyond)))
    else:
        table = Table(*header, title=title)
        for line in (*lines, total, *beyond):
            table.add_row(*map(str, line))
        Console().print(table)
    return 1 if total[5] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
