"""The local metric frame of ``docs/contract/verdict.md`` §3: degrees scaled to metres around one point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import metres_per_degree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["Frame"]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """
    x = kx·(lon − lon0), y = ky·(lat − lat0), in metres.

    Use it inside one window of a few kilometres: shapes keep straight edges (the map is affine), and distances
    are those of the ellipsoid up to tan(lat)·Δ/R, Δ the distance from the centre.

    Examples
    --------
    >>> frame = Frame.at(117.5, 49.5)
    >>> x, y = frame.to_plane(shapely.Point(117.5, 49.51)).coords[0]
    >>> round(y, 2)
    1112.19
    """

    lon0: float
    lat0: float
    kx: float
    ky: float

    @classmethod
    def at(cls, lon: float, lat: float) -> Frame:
        """The frame around a point: centre rounded to 1e-9 degree, scales to 1e-6 metre per degree."""
        return _frame_at(round(float(lon), 9), round(float(lat), 9))

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float]) -> Frame:
        """The frame at the centre of (west, south, east, north) in degrees."""
        west, south, east, north = bounds
        return cls.at((west + east) / 2, (south + north) / 2)

    @cached_property
    def _origin(self) -> NDArray[np.float64]:
        return np.array([self.lon0, self.lat0])

    @cached_property
    def _scale(self) -> NDArray[np.float64]:
        return np.array([self.kx, self.ky])

    def to_plane(self, geometry: Any) -> Any:
        """Geometry or array of geometries, degrees to metres of this frame."""
        origin, scale = self._origin, self._scale
        return shapely.transform(geometry, lambda xy: (xy - origin) * scale)

    def to_degrees(self, geometry: Any) -> Any:
        """Geometry or array of geometries, metres of this frame to degrees."""
        return shapely.transform(geometry, self.degrees_of)

    def degrees_of(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates (n, 2), metres of this frame to longitude and latitude."""
        return np.asarray(xy / self._scale + self._origin)

    def box(self, bounds: tuple[float, float, float, float], margin_m: float) -> tuple[float, float, float, float]:
        """Bounds in degrees widened by ``margin_m`` on every side."""
        west, south, east, north = bounds
        dx, dy = margin_m / self.kx, margin_m / self.ky
        return west - dx, south - dy, east + dx, north + dy


@lru_cache(maxsize=256)
def _frame_at(lon0: float, lat0: float) -> Frame:
    kx, ky = metres_per_degree(lat0)
    return Frame(lon0=lon0, lat0=lat0, kx=round(float(kx), 6), ky=round(float(ky), 6))


@lru_cache(maxsize=256)
def widened(bounds: tuple[float, float, float, float], margin_m: float) -> tuple[float, float, float, float]:
    """
    A box in degrees that holds every point within ``margin_m`` of the given box, with 1 % to spare.

    Boxes are (west, south, east, north).

    Examples
    --------
    >>> west, south, east, north = widened((117.0, 49.0, 117.0, 49.0), 1000.0)
    >>> 0.0136 < east - 117.0 < 0.0140
    True
    """
    west, south, east, north = bounds
    margin = 1.01 * margin_m + 0.01
    _, ky = metres_per_degree(min(abs(south), abs(north)))
    dy = margin / float(ky)
    kx, _ = metres_per_degree(min(89.0, max(abs(south), abs(north)) + dy))
    dx = margin / float(kx)
    return west - dx, south - dy, east + dx, north + dy


def boxes_meet(boxes: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Which of the boxes (n, 4) meet one box; touching counts."""
    west, south, east, north = box
    return np.asarray(
        (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south), dtype=np.bool_
    )


def bounds_of(geometry: BaseGeometry) -> tuple[float, float, float, float]:
    """(west, south, east, north) as plain floats."""
    west, south, east, north = (float(v) for v in geometry.bounds)
    return west, south, east, north
