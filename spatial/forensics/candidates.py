"""Every system that could give such numbers, placed: what the ranking weighs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial.crs import identify
from spatial.ellipsoid import metres_per_degree
from spatial.forensics.evidence import Evidence
from spatial.forensics.numbers import Numbers, china, forms, outline_on_earth

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.systems import CoordinateSystem, Datum

    Floats = NDArray[np.float64]

__all__ = [
    "Candidate",
    "Form",
    "by_numbers",
    "code_of",
    "counterpart",
    "dead_families",
    "grid",
    "of_system",
    "share_in",
    "too_far",
    "utm",
]

Form = Literal["degrees", "zone_prefix", "no_prefix", "web_mercator", "utm", "stated"]

# EPSG code less zone number: 3 degrees with prefix and without, 6 degrees with prefix and without.
_GRIDS: dict[str, tuple[int, int, int, int]] = {
    "cgcs2000": (4488, 4509, 4478, 4489),
    "xian80": (2324, 2345, 2314, 2325),
    "beijing54": (2376, 2397, 21400, 21440),
}
_GEOGRAPHIC = {"cgcs2000": 4490, "wgs84": 4326, "xian80": 4610, "beijing54": 4214}
_ZONES: dict[int, range] = {3: range(25, 46), 6: range(13, 24)}
_UTM_ZONES = range(43, 54)
_REFERENCE_ZONE = 35  # meridian 105: the middle of the working area
_FURTHEST_DEG = 3.75
"""Further than this from its meridian no file is taken to lie whose zone only the region tells."""
_UTM_SCALE = 0.9996


@dataclass(kw_only=True)
class Candidate:
    """A hypothesis in the making; ``meridian`` is None where there is no zone."""

    form: Form
    code: str
    system: CoordinateSystem
    datum: Datum
    swapped: bool
    outline: Floats
    width: int | None = None
    zone: int | None = None
    meridian: float | None = None
    reach_deg: float = 0.0
    dead: bool = False
    by_words: bool = False
    pro: list[Evidence] = field(default_factory=list)
    contra: list[Evidence] = field(default_factory=list)

    def kill(self, code: str, value: str = "", *, by_words: bool = False) -> None:
        """Dead, and why; ``by_words`` if only a statement speaks against it, not the numbers."""
        self.dead, self.by_words = True, by_words
        self.contra.append(Evidence(code=code, value=value))

    @property
    def hull(self) -> BaseGeometry:
        """Convex hull of the place, degrees."""
        return shapely.MultiPoint(self.outline).convex_hull

    @property
    def typical(self) -> bool:
        """Whether all lies inside the zone it would be drawn in."""
        return self.width is None or self.reach_deg <= self.width / 2


def grid(datum: Datum, width: int, zone: int, *, prefix: bool) -> CoordinateSystem:
    """System of a Gauss-Krüger zone; WGS 84 has none of its own and takes that of CGCS2000 (0.1 mm)."""
    base = _GRIDS.get(datum, _GRIDS["cgcs2000"])
    return identify(zone + base[(0 if width == 3 else 2) + (0 if prefix else 1)])


def code_of(system: CoordinateSystem, datum: Datum) -> str:
    """The name a hypothesis carries (see `Hypothesis`)."""
    if system.is_geographic:
        return datum if datum != "unknown" else system.code.lower()
    if system.code == "EPSG:3857":
        return "web_mercator"
    if system.code.startswith("EPSG:326") and len(system.code) == 10:
        return f"utm:{int(system.code[-2:])}"
    if system.zone_width is None or system.central_meridian is None:
        return system.code.lower()
    zone = round(system.central_meridian / 3 if system.zone_width == 3 else (system.central_meridian + 3) / 6)
    return f"{datum}_{system.zone_width}{'_prefix' if system.has_zone_prefix else ''}:{zone}"


def counterpart(system: CoordinateSystem, datum: Datum) -> CoordinateSystem:
    """The same zone, or degrees, of another datum; the system itself where there is none."""
    if datum in (system.datum, "unknown"):
        return system
    if system.is_geographic:
        return identify(_GEOGRAPHIC[datum])
    if system.zone_width is None or system.central_meridian is None or datum == "wgs84":
        return system
    width = system.zone_width
    zone = round(system.central_meridian / 3 if width == 3 else (system.central_meridian + 3) / 6)
    return grid(datum, width, zone, prefix=system.has_zone_prefix)


def by_numbers(numbers: Numbers, datum: Datum) -> list[Candidate]:
    """All that the sizes of the numbers allow, in both orders of the columns; places outside China are dead."""
    found: list[Candidate] = []
    for swapped, turned in ((False, numbers), (True, numbers.turned)):
        for form, zone in forms(turned).items():
            if form == "degrees":
                found.append(_degrees(turned, datum, swapped=swapped))
            elif form == "zone_prefix":
                found.extend(_with_prefix(turned, zone, datum, swapped=swapped))
            elif form == "no_prefix":
                found.extend(_without_prefix(turned, datum, swapped=swapped))
            elif form == "web_mercator":
                found.extend(_web_mercator(turned, swapped=swapped))
    return found


def _degrees(numbers: Numbers, datum: Datum, *, swapped: bool) -> Candidate:
    system = identify(_GEOGRAPHIC[datum]) if datum in _GEOGRAPHIC else identify(4490)
    one = Candidate(form="degrees", code=datum, system=system, datum=datum, swapped=swapped, outline=numbers.outline)
    one.pro.append(Evidence(code="degrees"))
    _compare_with_china(one, kill=False)
    return one


def _with_prefix(numbers: Numbers, zone: int, datum: Datum, *, swapped: bool) -> list[Candidate]:
    width = 3 if zone >= 25 else 6
    system = grid(datum, width, zone, prefix=True)
    outline = outline_on_earth(numbers, system)
    if outline is None:
        return []
    one = _of_zone("zone_prefix", system, datum, zone, outline, swapped=swapped)
    one.pro.append(Evidence(code="zone_prefix", value=str(zone)))
    _compare_with_china(one)
    return [one]


def _without_prefix(numbers: Numbers, datum: Datum, *, swapped: bool) -> list[Candidate]:
    """Latitude and distance from the meridian are the same under every zone: one projection serves them all."""
    outline = outline_on_earth(numbers, identify(4509 + _REFERENCE_ZONE))
    if outline is None:
        return []
    found = []
    for width, zones in _ZONES.items():
        for zone in zones:
            meridian = 3 * zone if width == 3 else 6 * zone - 3
            placed = outline + np.array([meridian - 3 * _REFERENCE_ZONE, 0.0])
            system = grid(datum, width, zone, prefix=False)
            one = _of_zone("no_prefix", system, datum, zone, placed, swapped=swapped)
            one.pro.append(Evidence(code="no_prefix"))
            _compare_with_china(one)
            found.append(one)
    return found


def _of_zone(
    form: Form, system: CoordinateSystem, datum: Datum, zone: int, outline: Floats, *, swapped: bool
) -> Candidate:
    width, meridian = system.zone_width, system.central_meridian
    assert width is not None
    assert meridian is not None
    reach = float(np.abs(outline[:, 0] - meridian).max())
    one = Candidate(
        form=form,
        code=f"{datum}_{width}{'_prefix' if system.has_zone_prefix else ''}:{zone}",
        system=system,
        datum=datum,
        swapped=swapped,
        outline=outline,
        width=width,
        zone=zone,
        meridian=meridian,
        reach_deg=reach,
    )
    where = one.pro if one.typical else one.contra
    where.append(Evidence(code="within_zone" if one.typical else "beyond_zone", value=f"{reach:.2f}"))
    return one


def _web_mercator(numbers: Numbers, *, swapped: bool) -> list[Candidate]:
    system = identify(3857)
    outline = outline_on_earth(numbers, system)
    if outline is None:
        return []
    one = Candidate(
        form="web_mercator", code="web_mercator", system=system, datum="wgs84", swapped=swapped, outline=outline
    )
    one.pro.append(Evidence(code="web_mercator_size"))
    _compare_with_china(one)
    return [one]


def utm(numbers: Numbers) -> list[Candidate]:
    """UTM zones over China, in both orders of the columns; only where something names UTM."""
    found = []
    for swapped, turned in ((False, numbers), (True, numbers.turned)):
        if "no_prefix" not in forms(turned):
            continue
        outline = outline_on_earth(turned, _utm_system(48))
        for zone in _UTM_ZONES if outline is not None else ():
            meridian = 6.0 * zone - 183
            assert outline is not None
            placed = outline + np.array([meridian - 105, 0.0])
            one = Candidate(
                form="utm",
                code=f"utm:{zone}",
                system=_utm_system(zone),
                datum="wgs84",
                swapped=swapped,
                outline=placed,
                width=6,
                zone=zone,
                meridian=meridian,
                reach_deg=float(np.abs(placed[:, 0] - meridian).max()),
            )
            _compare_with_china(one)
            found.append(one)
    return found


@lru_cache(maxsize=16)
def _utm_system(zone: int) -> CoordinateSystem:
    return identify(32600 + zone)


def of_system(numbers: Numbers, system: CoordinateSystem, datum: Datum, *, by_format: bool) -> list[Candidate]:
    """
    A stated system in both orders of the columns; those the numbers cannot be of are dead.

    ``by_format`` says that the format puts east first, which settles the order where sizes do not (a conical
    projection, say). The place is not held against China: what is stated may lie anywhere in the working area.
    """
    found = []
    for swapped, turned in ((False, numbers), (True, numbers.turned)):
        outline = outline_on_earth(turned, system)
        one = Candidate(
            form="stated",
            code=code_of(system, datum),
            system=counterpart(system, datum),
            datum=datum,
            swapped=swapped,
            outline=np.empty((0, 2)) if outline is None else outline,
            width=system.zone_width,
            meridian=system.central_meridian,
        )
        if outline is None or not _sizes_fit(system, turned) or (swapped and by_format and _any_order(system)):
            one.kill("size", _extremes(turned))
        else:
            _compare_with_china(one, kill=False)
            if system.central_meridian is not None:
                one.reach_deg = float(np.abs(outline[:, 0] - system.central_meridian).max())
        found.append(one)
    return found


def _sizes_fit(system: CoordinateSystem, numbers: Numbers) -> bool:
    """Degrees are no metres, and eastings with a zone number are not those of a zone without."""
    degrees = max(map(abs, (*numbers.east, *numbers.north))) <= 180
    if system.is_geographic or degrees:
        return system.is_geographic and degrees
    if system.zone_width is None:
        return True
    known = forms(numbers)
    if not system.has_zone_prefix:
        return "no_prefix" in known
    number = code_of(system, "cgcs2000").rpartition(":")[2]
    return str(known.get("zone_prefix")) == number


def _any_order(system: CoordinateSystem) -> bool:
    return not system.is_geographic and system.zone_width is None and system.code != "EPSG:3857"


def _compare_with_china(one: Candidate, *, kill: bool = True) -> None:
    hull = one.hull
    if not china().intersects(hull):
        middle = hull.centroid
        where = f"{middle.x:.2f} {middle.y:.2f}"
        if kill:
            one.kill("outside_china", where)
        else:
            one.contra.append(Evidence(code="outside_china", value=where))
    elif not china().contains(hull):
        one.contra.append(Evidence(code="partly_outside_china"))


def too_far(one: Candidate) -> bool:
    """Whether it lies further from its meridian than work in zones goes."""
    return one.form in ("no_prefix", "utm") and one.reach_deg > _FURTHEST_DEG


def _extremes(numbers: Numbers) -> str:
    return f"{numbers.east[0]:g}..{numbers.east[1]:g}, {numbers.north[0]:g}..{numbers.north[1]:g}"


def dead_families(numbers: Numbers, datum: Datum) -> list[tuple[str, bool, Datum, Evidence]]:
    """What the sizes exclude, a row a family and order: code, swapped, datum, evidence."""
    rows: list[tuple[str, bool, Datum, Evidence]] = []
    for swapped, turned in ((False, numbers), (True, numbers.turned)):
        known = forms(turned)
        size = Evidence(code="size", value=_extremes(turned))
        prefix = known.get("zone_prefix", 0)
        excluded = {
            datum: "degrees" in known,
            f"{datum}_3_prefix": prefix >= 25,
            f"{datum}_6_prefix": 13 <= prefix <= 23,
            f"{datum}_3": "no_prefix" in known,
            f"{datum}_6": "no_prefix" in known,
            "web_mercator": "web_mercator" in known,
        }
        rows.extend((code, swapped, datum, size) for code, fits in excluded.items() if not fits)
        if "no_prefix" in known:
            away = (1 - _UTM_SCALE) * sum(turned.north) / 2
            rows.append(("utm", swapped, "wgs84", Evidence(code="utm_not_stated", value=f"{away:.0f} m")))
    return rows


def share_in(one: Candidate, region: BaseGeometry, tolerance_m: float) -> float | None:
    """Share of its outline that lies in a region, or None if no part of its hull comes within the tolerance."""
    north = min(float(one.outline[:, 1].max()) + 1.0, 80.0)
    reach = tolerance_m / float(metres_per_degree(north)[0])
    hull = one.hull
    if not shapely.dwithin(region, hull, reach):
        return None
    return float(np.mean(shapely.contains_xy(region, one.outline)))
