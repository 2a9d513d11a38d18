"""
Places on the ellipsoid as points of space, metres from its centre, and spheres around what lies together.

Nothing is distorted there: the straight line between two points grows with the geodesic between them, so whatever is
nearer in space is nearer on the ground (among directions to within 1e-9 at 10 km, 1e-5 at 1,000 km).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import A_M, E2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["SAG", "Spheres", "apart", "chords", "chords_between", "longest", "order_by_place", "place"]

SAG = 0.5 / 6_335_439.0
"""
An edge straight in longitude and latitude leaves its chord by at most this share of its length squared, below 60°N.

It sinks by 1/8R and bends aside by 1.09 tan(lat)/8R at most, R the smallest radius of curvature: by 0.27/R in all.
"""


_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
"""Of a number's bits with zeros between them: each step doubles how many zeros."""


@dataclass(frozen=True, kw_only=True)
class Spheres:
    """Spheres in space, metres: centres and radii, each of length n."""

    x: Floats
    y: Floats
    z: Floats
    r: Floats

    def __len__(self) -> int:
        return len(self.r)

    def take(self, rows: Indices) -> Spheres:
        """Some of them, in that order."""
        return Spheres(x=self.x.take(rows), y=self.y.take(rows), z=self.z.take(rows), r=self.r.take(rows))


def apart(one: Spheres, other: Spheres) -> Floats:
    """Metres between the centres; shapes broadcast."""
    dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
    dx *= dx
    dy *= dy
    dz *= dz
    dx += dy
    dx += dz
    return np.asarray(np.sqrt(dx, out=dx))


def place(lon: Floats, lat: Floats) -> tuple[Floats, Floats, Floats]:
    """Points of the ellipsoid, degrees, as x, y, z in metres; arrays of any shape."""
    along, up = np.radians(lon), np.radians(lat)
    sine = np.sin(up)
    normal = A_M / np.sqrt(1 - E2 * sine * sine)
    out = normal * np.cos(up)
    return out * np.cos(along), out * np.sin(along), normal * ((1 - E2) * sine)


def longest(edges: Floats) -> Floats:
    """Metres that edges (k, 4) in degrees are long at most."""
    wide, high = np.abs(edges[:, 2] - edges[:, 0]), np.abs(edges[:, 3] - edges[:, 1])
    south = np.minimum(np.abs(edges[:, 1]), np.abs(edges[:, 3]))
    return np.asarray(111_700.0 * np.hypot(wide * np.cos(np.radians(south)), high))


def chords(edges: Floats) -> tuple[Spheres, Floats]:
    """
    Edges (k, 4) in degrees as chords in space.

    Returns
    -------
    spheres, half
        The spheres that hold the edges, around the middles of their chords; (3, k) from there to the second end.
    """
    return chords_between(np.stack(place(edges[:, 0], edges[:, 1])), np.stack(place(edges[:, 2], edges[:, 3])))


def chords_between(one: Floats, two: Floats) -> tuple[Spheres, Floats]:
    """What `chords` says of edges whose ends (3, k) in space are known."""
    half = (two - one) / 2
    length2 = 4 * (half * half).sum(axis=0)
    r = np.sqrt(length2) / 2 + SAG * length2 + 1e-6
    x, y, z = (one + two) / 2
    return Spheres(x=x, y=y, z=z, r=r), half


def order_by_place(lon: Floats, lat: Floats) -> Indices:
    """Order along a Z curve of 2^24 cells a side, so that what lies together comes together."""
    cells = []
    for values in (lon, lat):
        low, high = float(values.min()), float(values.max())
        cell = ((values - low) * (0xFFFFFF / (high - low) if high > low else 0.0)).astype(np.uint64)
        for shift, mask in (
            (16, 0xFFFF0000FFFF),
            (8, 0xFF00FF00FF00FF),
            (4, 0xF0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
        ):
            cell = (cell | (cell << np.uint64(shift))) & np.uint64(mask)
        cells.append((cell | (cell << np.uint64(1))) & np.uint64(0x5555555555555555))
    return np.argsort(cells[0] | (cells[1] << np.uint64(1)), kind="stable")
