"""What open layers of a public edition give away of generalised ones: shared vertices, neighbours, quoted places."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from maps.public_map.intakes import intake_rows
from spatial.ellipsoid import metres_per_degree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.version import OpenLayer
    from maps.public_map.shown import Shown

__all__ = ["GivenAway", "given_away", "states_a_place"]

SAME_VERTEX_DEG = 1e-6
"""Vertices within about a tenth of a metre are the same."""
BESIDE_M = 200.0
"""A point or line of an open layer so near an intake stands for it (a section, a pump)."""
ALONG = 3
"""So many vertices in turn on a border are hardly chance."""
ALONG_DEG = 1e-5
"""A vertex no farther than this, about a metre, from a line lies on it."""
ALONG_FOR_DEG = 2e-4
"""Some 20 m: where lines with a vertex every half metre merely cross, more than three lie near."""
_DMS = re.compile(r"\d{1,3}\s*(?:°|度|º)\s*\d{1,2}(?:\.\d+)?\s*(?:['′’分]|\s*\d)")
_SEXAGESIMAL = re.compile(r"(?<![\d.-])(?:[6-9]\d|1[0-4]\d)([\s:-])[0-5]?\d\1[0-5]?\d(?:\.\d+)?(?![\d-])")
_CHINESE_DEGREES = re.compile(r"[一二三四五六七八九十百零〇]度[一二三四五六七八九十零〇]+分")
_APART = r"[^\d元吨亩人万t%平]{1,12}"
_NORTH, _EAST = r"[1-6]\d{6}(?:\.\d*)?", r"(?:\d{2})?[1-9]\d{5}(?:\.\d*)?"
_PAIR = re.compile(
    rf"(?<![\d.])(?:{_NORTH}{_APART}{_EAST}|{_EAST}{_APART}{_NORTH})(?!\d|\s*(?:元|吨|亩|人|万|t|平|k?m|米))"
)
_DEGREES = re.compile(r"(?<![\d.])(?:[1-9]\d|1[0-4]\d|\d)\.\d{3,}(?!\d*\s*(?:%|k?m|公里|米|公顷|亩|平方|吨|万|h))")
_LETTER = re.compile(
    r"(?:\d{1,3}\.\d+\s*°?\s*[NESW](?![a-z])|(?<![a-z])[NESW]\s*\d{1,3}(?:\.\d+|[\s:-]\d{1,2}[\s:-]\d{1,2}))",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?:经度|纬度|东经|北纬|坐标|lon(?:gitude)?|lat(?:itude)?|coordinates?)\D{0,12}\d", re.IGNORECASE)
_PLANE = re.compile(r"(?<![\d.])(?:\d{2})?[1-9]\d{5,6}\.\d{1,4}(?!\d*\s*(?:%|k?m|公里|米|公顷|亩|平方|吨|万|元))")


@dataclass(frozen=True, kw_only=True)
class GivenAway:
    """
    That an open layer shows something of a generalised one; a warning when the page is made.

    ``code`` names the words (``public_edition.<code>``), ``count`` its vertices or features.
    """

    code: Literal["shared_boundary_shown", "shown_beside_withheld"]
    layer: str
    restricted: str
    count: int

    @property
    def facts(self) -> dict[str, object]:
        """For the words of ``code``."""
        counted = "vertices" if self.code == "shared_boundary_shown" else "features"
        return {"layer": self.layer, "restricted": self.restricted, counted: self.count}


def given_away(pages: Sequence[tuple[OpenLayer, Shown]]) -> tuple[GivenAway, ...]:
    """
    What the layers shown in full give away of those that are not.

    Use it when a public edition is made: none of it can be hidden by generalising the restricted layer alone.

    Parameters
    ----------
    pages
        Every layer of the edition with what is shown of it.

    Returns
    -------
    given_away
        An open layer with three vertices in turn along some 20 m of a border of a generalised one, or the other way
        round (that is hardly chance), with three vertices in common anywhere, or one of its points; and an open layer
        with a point or line within 200 m of an intake, or a zone around it.
    """
    full = [(layer, shown) for layer, shown in pages if shown.precision == "full"]
    hidden = [layer for layer, shown in pages if shown.precision == "generalised"]
    found = []
    for secret in hidden:
        theirs = _original(secret)
        vertices = shapely.get_coordinates(theirs)
        points = shapely.get_coordinates(theirs[shapely.get_dimensions(theirs) == 0])
        intakes = _original(secret, intake_rows(secret))
        borders = _Borders(theirs)
        for layer, shown in full:
            mine = shown.geometries[~shapely.is_missing(shown.geometries)]
            drawn = [mine] if shown.coverage is None else [mine, np.array([shown.coverage], dtype=object)]
            shared = max(_shared(shapely.get_coordinates(shapes), vertices) for shapes in drawn)
            alone = max(_shared(shapely.get_coordinates(shapes), points) for shapes in drawn)
            shared = max(shared if shared >= ALONG else alone, *(borders.along(shapes) for shapes in drawn))
            beside = _beside(mine, intakes, around=layer.card.kind == "water_sources")
            names = {"layer": layer.card.name, "restricted": secret.card.name}
            if shared:
                found.append(GivenAway(code="shared_boundary_shown", count=shared, **names))
            if beside:
                found.append(GivenAway(code="shown_beside_withheld", count=beside, **names))
    return tuple(found)


def states_a_place(text: str) -> bool:
    """
    Whether a text quotes coordinates: degrees, degrees and minutes, or metres of a projection.

    Use it for attributes of open layers in a public edition; in doubt they are left out. Lengths, areas and shares with
    their unit, dates and codes are none.

    Examples
    --------
    >>> [states_a_place(t) for t in ("取水口位于东经117°28′12″", "117.4012,49.6023", "X=5487213.25 Y=39527311.4")]
    [True, True, True]
    >>> [states_a_place(t) for t in ("117:28:12 49:36:08", "X=5487213, Y=39527311", "东经一百一十七度二十八分")]
    [True, True, True]
    >>> [states_a_place(t) for t in ("面积15.478 km²，占比 12.345%", "2024-01-01", "ZH15078110001", "距岸线 1000 米")]
    [False, False, False, False]
    """
    plain = unicodedata.normalize("NFKC", text)
    patterns = (_DMS, _SEXAGESIMAL, _CHINESE_DEGREES, _DEGREES, _LETTER, _WORDS, _PLANE, _PAIR)
    return any(pattern.search(plain) for pattern in patterns)


def _original(layer: OpenLayer, chosen: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    index = layer.index
    rows = np.arange(len(index.feature_dimension)) if chosen is None else np.flatnonzero(chosen)
    shapes = np.array([index.geometry(int(row)) for row in rows], dtype=object)
    return shapes[~shapely.is_missing(shapes)] if len(shapes) else shapes


def _shared(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> int:
    """Vertices of one that are vertices of the other as well: within one cell of either of two shifted grids."""
    if not len(mine) or not len(theirs):
        return 0
    same = np.zeros(len(theirs), dtype=bool)
    for shift in (0.0, 0.5):
        keys = [_keys(xy, shift) for xy in (mine, theirs)]
        same |= np.isin(keys[1], keys[0])
    return len(np.unique(theirs[same], axis=0))


class _Borders:
    """The vertices and edges of some geometries, asked whether others run along them."""

    def __init__(self, shapes: NDArray[Any]) -> None:
        self._vertices, self._edges = _drawn(shapes)
        self._box = shapely.box(*shapely.total_bounds(shapes)) if len(shapes) else None
        self._tree = shapely.STRtree(self._edges)

    def along(self, shapes: NDArray[Any]) -> int:
        """Vertices of either that lie on edges of the other, in turn for some 20 m; 0 where there are none."""
        if self._box is None or not len(shapes):
            return 0
        reach = shapely.buffer(self._box, 2 * ALONG_DEG)
        vertices, edges = _drawn(shapes[shapely.intersects(shapely.box(*shapely.bounds(shapes).T), reach)])
        edges = edges[shapely.intersects(shapely.box(*shapely.bounds(edges).T), reach)] if len(edges) else edges
        return max(_in_turn(vertices, self._tree), _in_turn(self._vertices, shapely.STRtree(edges)))


def _drawn(shapes: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """The vertices of lines and rings in turn, and their edges as lines."""
    areal = shapely.get_dimensions(shapes) == 2
    lines = shapely.get_parts(shapes[shapely.get_dimensions(shapes) == 1])
    lines = np.concatenate([shapely.get_rings(shapely.get_parts(shapes[areal])), lines])
    xy, of = shapely.get_coordinates(lines, return_index=True)
    same = of[1:] == of[:-1]
    return xy, np.asarray(shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1)))


def _in_turn(vertices: NDArray[np.float64], edges: shapely.STRtree) -> int:
    if not len(vertices) or not len(edges.geometries):
        return 0
    near = np.zeros(len(vertices), dtype=bool)
    near[np.unique(edges.query(shapely.points(vertices), predicate="dwithin", distance=ALONG_DEG)[0])] = True
    ends = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]])))
    runs = np.zeros(len(near), dtype=bool)
    for start, end in ends.reshape(-1, 2):
        if end - start >= ALONG and np.ptp(vertices[start:end], axis=0).max() >= ALONG_FOR_DEG:
            runs[start:end] = True
    return len(np.unique(vertices[runs], axis=0))


def _keys(xy: NDArray[np.float64], shift: float) -> NDArray[np.int64]:
    cells = np.floor(xy / SAME_VERTEX_DEG + shift).astype(np.int64)
    return np.asarray(cells[:, 0] * 1_000_000_000 + cells[:, 1], dtype=np.int64)


def _beside(mine: NDArray[Any], intakes: NDArray[Any], *, around: bool) -> int:
    """Points and lines near an intake; of a layer of water sources also the areas that hold one."""
    if not len(mine) or not len(intakes):
        return 0
    south = min(abs(shapely.bounds(shape)[1]) for shape in intakes)
    north = max(abs(shapely.bounds(shape)[3]) for shape in intakes)
    kx, ky = metres_per_degree(max(south, north))
    reach = BESIDE_M / min(float(kx), float(ky))
    areal = shapely.get_dimensions(mine) == 2
    thin = mine[~areal]
    count = (
        len(np.unique(shapely.STRtree(thin).query(intakes, predicate="dwithin", distance=reach)[1])) if len(thin) else 0
    )
    if around and areal.any():
        count += len(np.unique(shapely.STRtree(mine[areal]).query(intakes, predicate="intersects")[1]))
    return count
