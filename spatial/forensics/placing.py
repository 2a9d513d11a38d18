"""Where the data lie under a hypothesis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.crs import to_geographic
from spatial.errors import DatumShiftUnknownError
from spatial.offsets import bd09_to_wgs84, gcj02_to_wgs84

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spatial.datum_shift import Shift
    from spatial.forensics.hypotheses import Hypothesis
    from spatial.systems import CoordinateSystem

__all__ = ["place", "without_datum"]


def place(coordinates: ArrayLike, hypothesis: Hypothesis, *, shift: Shift | None = None) -> NDArray[np.float64]:
    """
    Longitude and latitude of the rows of a source under one hypothesis.

    Use it to give the answer under each hypothesis that is alive. For lines and areas turn the geometries with
    ``spatial.crs.to_geographic`` instead, which keeps their edges where they were.

    Parameters
    ----------
    coordinates
        As found, first and second column, shape (n, 2).
    hypothesis
        From `rank`.
    shift
        From the hypothesis' datum to CGCS2000, for Xi'an 80 and Beijing 54.

    Returns
    -------
    lon_lat
        Degrees of EPSG:4490, shape (n, 2).

    Raises
    ------
    ValueError
        If the hypothesis is a family without a system, or ``coordinates`` have another shape.
    DatumShiftUnknownError
        If its datum needs a shift and none, or that of another datum, is given.
    OutsideWorkingAreaError, OffsetUndefinedError
        If a coordinate has no place under it.

    Examples
    --------
    >>> from spatial.forensics import rank
    >>> rows = [[5453252.0109, 40482918.4554]]
    >>> found = rank(rows)
    >>> place(rows, found.chosen).round(6).tolist()
    [[119.765558, 49.212189]]
    """
    values = np.asarray(coordinates, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(f"coordinates come in shape (n, 2), not {values.shape}")
    if hypothesis.system is None:
        raise ValueError(f"{hypothesis.code} is a family of systems, not one")
    east_north = values[:, ::-1] if hypothesis.swapped else values
    if hypothesis.datum in ("cgcs2000", "wgs84"):
        # a zone of WGS 84 is that of CGCS2000 (0.1 mm), and a word or a user may have corrected what a .prj says
        placed = to_geographic(shapely.points(east_north), without_datum(hypothesis.system))
        lon_lat = np.asarray(shapely.get_coordinates(placed), dtype=np.float64)
    else:
        if shift is None or shift.datum != hypothesis.datum:
            raise DatumShiftUnknownError(system=hypothesis.system.code, datum=hypothesis.datum)
        from spatial import datum_shift

        placed = datum_shift.to_geographic(shapely.points(east_north), hypothesis.system, shift)
        lon_lat = np.asarray(shapely.get_coordinates(placed), dtype=np.float64)
    if hypothesis.offset == "gcj02":
        return gcj02_to_wgs84(lon_lat)
    if hypothesis.offset == "bd09":
        return bd09_to_wgs84(lon_lat)
    return lon_lat


def without_datum(system: CoordinateSystem) -> CoordinateSystem:
    """The same projection, its own longitudes and latitudes taken for those of CGCS2000 (some 100 m at most)."""
    return system if system.datum in ("cgcs2000", "wgs84") else replace(system, datum="cgcs2000")
