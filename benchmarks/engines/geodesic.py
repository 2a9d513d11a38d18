"""pyproj: the area of each polygon by ``Geod.geometry_area_perimeter``, in a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.data import parcels
from benchmarks.engines import Answer

if TYPE_CHECKING:
    from benchmarks.data import Data

SEED = 23


class Geodesic:
    def __init__(self, data: Data, count: int) -> None:
        self.most = data.sizes.polygons
        self.count = count

    def load(self) -> None:
        self.polygons: Any = shapely.orient_polygons(parcels(self.most, SEED)[: self.count])

    def prepare(self) -> None:
        from pyproj import Geod

        self.geod = Geod(a=6_378_137.0, rf=298.257222101)

    def run(self) -> Answer:
        area = np.array([self.geod.geometry_area_perimeter(one)[0] for one in self.polygons])
        rows = np.arange(len(area))
        return Answer(site=rows, zone=np.zeros_like(rows), value=area, metres=True)

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def racer(_variant: str, _task: str, data: Data, count: int) -> Geodesic:
    return Geodesic(data, count)
