"""What open layers of a public edition give away of generalised ones: shared vertices, neighbours, quoted places."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

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
_DMS = re.compile(r"\d{1,3}\s*(?:°|度|º)\s*\d{1,2}(?:\.\d+)?\s*(?:['′’分]|\s*\d)")
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
        An open layer whose vertices are also vertices of a generalised one (three or more: an edge in common is
        hardly chance), and an open layer with a point or line within 200 m of an intake, or a zone around it.
    """
    full = [(layer, shown) for layer, shown in pages if shown.precision == "full"]
    hidden = [layer for layer, shown in pages if shown.precision == "generalised"]
    found = []
    for secret in hidden:
        theirs = _original(secret)
        vertices = shapely.get_coordinates(theirs)
        intakes = theirs[shapely.get_dimensions(theirs) <= 1] if secret.card.kind == "water_sources" else theirs[:0]
        for layer, shown in full:
            mine = shown.geometries[~shapely.is_missing(shown.geometries)]
            drawn = [mine] if shown.coverage is None else [mine, np.array([shown.coverage], dtype=object)]
            shared = max(_shared(shapely.get_coordinates(shapes), vertices) for shapes in drawn)
            beside = _beside(mine, intakes, around=layer.card.kind == "water_sources")
            names = {"layer": layer.card.name, "restricted": secret.card.name}
            if shared >= 3:
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
    >>> [states_a_place(t) for t in ("面积15.478 km²，占比 12.345%", "2024-01-01", "ZH15078110001", "距岸线 1000 米")]
    [False, False, False, False]
    """
    plain = unicodedata.normalize("NFKC", text)
    return any(pattern.search(plain) for pattern in (_DMS, _DEGREES, _LETTER, _WORDS, _PLANE))


def _original(layer: OpenLayer) -> NDArray[Any]:
    index = layer.index
    rows = np.arange(len(index.feature_dimension))
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
