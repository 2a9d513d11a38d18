"""The plane in which a site is moved: a transverse Mercator projection of its own, true to scale around the site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely import affinity

from screening.inquiry import snapped
from screening.site import united
from spatial.crs import from_geographic, identify, to_geographic
from spatial.overlay.frame import bounds_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from screening.site import Site
    from spatial.systems import CoordinateSystem

__all__ = ["LocalPlane", "replaced"]


@dataclass(frozen=True, kw_only=True)
class LocalPlane:
    """
    Metres around one place on CGCS2000: x east, y north, the origin at the middle of a site.

    Its meridian runs through the site, so that a shape keeps its area when it is moved: the scale is 1 on the meridian
    and 1 + x²/2R² beside it (a Gauss-Krüger zone 130 km from its meridian would change an area by 3e-6 in 500 m).

    Examples
    --------
    >>> import shapely
    >>> plane = LocalPlane.of(shapely.box(117.0, 49.0, 117.02, 49.02))
    >>> [round(float(v), 3) for v in shapely.get_coordinates(plane.to_plane(shapely.Point(117.01, 49.01)))[0]]
    [0.0, 0.0]
    """

    system: CoordinateSystem

    @classmethod
    def of(cls, geometry: BaseGeometry) -> LocalPlane:
        """The plane around the middle of a geometry of EPSG:4490, the middle rounded to 1e-6 degree."""
        from pyproj import CRS
        from pyproj.crs import ProjectedCRS
        from pyproj.crs.coordinate_operation import TransverseMercatorConversion

        west, south, east, north = bounds_of(geometry)
        conversion = TransverseMercatorConversion(
            latitude_natural_origin=round((south + north) / 2, 6),
            longitude_natural_origin=round((west + east) / 2, 6),
        )
        return cls(system=identify(ProjectedCRS(conversion, geodetic_crs=CRS.from_epsg(4490)).to_wkt()))

    def to_plane(self, geometry: BaseGeometry) -> Any:
        """One geometry of EPSG:4490 in metres, edges where they were."""
        return from_geographic(geometry, self.system)[0]

    def to_degrees(self, geometry: BaseGeometry) -> Any:
        """One geometry of this plane in EPSG:4490, edges where they were."""
        return to_geographic(geometry, self.system)[0]

    def moved(
        self, site: Site, *, east_m: float, north_m: float, rotation_deg: float = 0.0, about: tuple[float, float]
    ) -> Site:
        """
        The site turned about a point of the plane, then shifted; all its parts together.

        Parameters
        ----------
        site
            EPSG:4490.
        east_m, north_m
            Of the shift, metres of the plane.
        rotation_deg
            Anticlockwise, degrees.
        about
            x and y of the point that the site is turned about.

        Returns
        -------
        site
            Snapped to 1e-9 degree (0.1 mm; of a parcel of 20 m that alone is 3e-6 of its area); but for that, areas
            are kept within 1e-6. The declared areas stay.
        """
        angle = np.radians(rotation_deg)
        cos, sin = float(np.cos(angle)), float(np.sin(angle))
        x0, y0 = about
        matrix = [cos, -sin, sin, cos, x0 - cos * x0 + sin * y0 + east_m, y0 - sin * x0 - cos * y0 + north_m]
        found = [
            self.to_degrees(affinity.affine_transform(self.to_plane(part.geometry), matrix)) for part in site.parts
        ]
        return replaced(site, found)


def replaced(site: Site, geometries: list[Any]) -> Site:
    """The site with other geometries of its parts, EPSG:4490, snapped to 1e-9 degree; None leaves a part out."""
    parts = tuple(
        replace(part, geometry=geometry)
        for part, geometry in zip(site.parts, geometries, strict=True)
        if geometry is not None
    )
    whole = parts[0].geometry if len(parts) == 1 else united([part.geometry for part in parts])
    return snapped(replace(site, parts=parts, geometry=whole))
