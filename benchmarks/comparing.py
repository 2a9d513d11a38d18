"""Whether two engines found the same: pairs exactly; areas and distances as far as the plane of the peers allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.engines import Answer
from benchmarks.engines.trees import geometries

if TYPE_CHECKING:
    from benchmarks.data import Data

__all__ = ["agrees", "densified_areas_agree"]

SLIVER_M2 = 0.01
"""Overlaps below it may be there for one engine and not for another: a cut line moves a crossing by some nanometres."""
SCALE = 2e-3
"""How much the plane of the peers stretches a distance at most, over the area of the data."""


def agrees(task: str, found: Answer, reference: Answer, count: int, data: Data) -> bool:
    """Whether an answer for the first ``count`` sites is that of the reference, as far as that one goes."""
    kind, _, layer = task.partition("_")
    count = min(count, _reach(reference))
    found, reference = _first(found, count), _first(reference, count)
    if kind == "points":
        return bool(np.array_equal(np.sort(_keys(found)), np.sort(_keys(reference))))
    if kind == "areas":
        return bool(np.allclose(_value(found), _value(reference), rtol=1e-6, atol=0)) and densified_areas_agree(data)
    if kind == "nearest":
        return _distances_agree(found, reference)
    square = _square_metres(data)
    theirs = _value(reference) * square[reference.site]
    ours = _value(found) * (1.0 if found.metres else square[found.site])
    if len(found.zone) and (found.zone == -1).all():  # a sum for each site, of priority units where zones are units
        counted = reference.zone % 3 == 0 if layer == "units" else np.ones(len(theirs), dtype=bool)
        return _sums_agree(found.site, ours, reference.site[counted], theirs[counted])
    tolerance = 2e-4 if found.metres else 1e-6
    large, big = ours > SLIVER_M2, theirs > SLIVER_M2
    ours_keys, their_keys = _keys(found)[large], _keys(reference)[big]
    a, b = ours[large], theirs[big]
    common, i, j = np.intersect1d(ours_keys, their_keys, return_indices=True)
    if len(common) == 0 and len(ours_keys) + len(their_keys):
        return False
    lone = np.concatenate([np.delete(a, i), np.delete(b, j)])  # only what straddles the limit may be in one alone
    return bool((lone < 2 * SLIVER_M2).all() and np.allclose(a[i], b[j], rtol=tolerance, atol=SLIVER_M2))


def _distances_agree(found: Answer, reference: Answer) -> bool:
    ours, theirs = np.full((2, max(_reach(found), _reach(reference))), np.nan)
    ours[found.site], theirs[reference.site] = _value(found), _value(reference)
    exact = bool((found.zone == -1).all())  # on the ellipsoid
    tolerance = 1.0 + SCALE * theirs if exact else 1e-3 + 1e-6 * theirs
    return bool((np.abs(ours - theirs) <= tolerance).all() and ((ours == 0) == (theirs == 0)).all())


def _sums_agree(site: Any, value: Any, other: Any, theirs: Any) -> bool:
    count = int(max(np.max(site, initial=-1), np.max(other, initial=-1))) + 1
    a, b = np.bincount(site, value, count), np.bincount(other, theirs, count)
    return bool(np.allclose(a, b, rtol=2e-4, atol=2 * SLIVER_M2))


def densified_areas_agree(data: Data, sample: int = 20) -> bool:
    """
    Whether areas equal those of geodesic polygons within 1e-9, edges cut so short that no path is left to choose.

    Of protected areas: ``Geod`` sums each edge down to the equator, with 1e-4 m² of noise: too much for parcels.
    """
    from pyproj import Geod

    from benchmarks.engines.ours import areas

    geod = Geod(a=6_378_137.0, rf=298.257222101)
    whole = geometries(data.path("protected"), "zone")[0][:sample]
    cut = shapely.orient_polygons(shapely.segmentize(whole, 2e-4))
    theirs = [geod.geometry_area_perimeter(one)[0] for one in cut]
    return bool(np.allclose(areas(cut), theirs, rtol=1e-9, atol=0))


def _square_metres(data: Data) -> Any:
    """Square metres in a square degree, at each parcel."""
    sites, _ = geometries(data.path("parcels"), "site")
    lat = np.radians(shapely.get_y(shapely.centroid(sites)))
    e2 = 0.006694380022900788
    root = np.sqrt(1 - e2 * np.sin(lat) ** 2)
    a = 6_378_137.0
    return (a / root * np.cos(lat)) * (a * (1 - e2) / root**3) * np.radians(1) ** 2


def _value(answer: Answer) -> Any:
    assert answer.value is not None
    return answer.value


def _reach(answer: Answer) -> int:
    return int(answer.site.max()) + 1 if len(answer.site) else 0


def _first(answer: Answer, count: int) -> Answer:
    keep = answer.site < count
    value = None if answer.value is None else answer.value[keep]
    return Answer(site=answer.site[keep], zone=answer.zone[keep], value=value, metres=answer.metres)


def _keys(answer: Answer) -> Any:
    return answer.site.astype("i8") * 2**32 + answer.zone
