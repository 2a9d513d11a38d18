"""The nearest points of pairs of short edges, exact on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import A_M, E2
from spatial.overlay.nearest_many.space import SAG, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.nearest_many.space import Spheres

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["Feet", "crossing", "feet", "least_in_space"]

ROUNDS = 4
"""Of settling a foot: each leaves d/R of its error, d the distance, R the radius of the Earth."""


@dataclass(frozen=True, kw_only=True)
class Feet:
    """Nearest points, degrees: on the sites' edges and on the boundary's; the metres between them, in space."""

    lon: Floats
    lat: Floats
    lon_foot: Floats
    lat_foot: Floats
    chord: Floats


def least_in_space(ours: Spheres, half: Floats, theirs: Spheres, half_theirs: Floats) -> tuple[Floats, Floats]:
    """
    How far the ends of edges lie from the other edge, metres, both taken as chords in space.

    Parameters
    ----------
    ours, half, theirs, half_theirs
        Of `spatial.overlay.nearest_many.space.chords`, the halves as (k, 3).

    Returns
    -------
    metres, off
        (3, k): from the beginning of ours to theirs, and from both ends of theirs to ours. (k,): by how much these
        may be off, because edges leave their chords.
    """
    between = np.stack([theirs.x - ours.x, theirs.y - ours.y, theirs.z - ours.z])
    mine, other = np.ascontiguousarray(half.T), np.ascontiguousarray(half_theirs.T)
    length2, width2 = (mine * mine).sum(axis=0), (other * other).sum(axis=0)
    metres = np.stack(
        [
            _to_chord(between + mine, other, width2),
            _to_chord(between - other, mine, length2),
            _to_chord(between + other, mine, length2),
        ]
    )
    return metres, 4 * SAG * (length2 + width2) + 1e-6


def _to_chord(middle: Floats, half: Floats, half2: Floats) -> Floats:
    """From the origin to chords known by their middles and halves; the sign of the middle does not matter."""
    t = np.clip((middle * half).sum(axis=0) / np.maximum(half2, 1e-12), -1.0, 1.0)
    nearest = middle - t * half
    return np.asarray(np.sqrt((nearest * nearest).sum(axis=0)))


def crossing(ours: Floats, theirs: Floats) -> NDArray[np.bool_]:
    """Which pairs of edges (k, 4) cross inside of both; those that only touch are at no distance anyway."""
    return np.asarray(_parts(ours, theirs) & _parts(theirs, ours))


def _parts(edge: Floats, other: Floats) -> NDArray[np.bool_]:
    """Whether the ends of the other lie on different sides of the edge's line."""
    dx, dy = edge[:, 2] - edge[:, 0], edge[:, 3] - edge[:, 1]
    one = dx * (other[:, 1] - edge[:, 1]) - dy * (other[:, 0] - edge[:, 0])
    two = dx * (other[:, 3] - edge[:, 1]) - dy * (other[:, 2] - edge[:, 0])
    return np.asarray(((one < 0) & (two > 0)) | ((one > 0) & (two < 0)))


def feet(lon: Floats, lat: Floats, edges: Floats) -> tuple[Floats, Floats, Floats]:
    """
    The nearest point of an edge to a point, in space, which to 1e-5 m at 10 km is the nearest on the ellipsoid.

    Parameters
    ----------
    lon, lat
        Points, degrees, length k.
    edges
        (k, 4): straight in longitude and latitude between their ends.

    Returns
    -------
    lon, lat, metres
        Of the foot, and the straight line to it through space.
    """
    px, py, pz = place(lon, lat)
    lon1, lat1, lon2, lat2 = edges.T
    dlon, dlat = lon2 - lon1, lat2 - lat1
    t = np.zeros(len(lon))
    for _ in range(ROUNDS):
        along, up = np.radians(lon1 + dlon * t), np.radians(lat1 + dlat * t)
        sine, cosine, sa, ca = np.sin(up), np.cos(up), np.sin(along), np.cos(along)
        w2 = 1 - E2 * sine * sine
        normal = A_M / np.sqrt(w2)
        x, y, z = normal * cosine * ca - px, normal * cosine * sa - py, normal * ((1 - E2) * sine) - pz
        east = (np.pi / 180) * normal * cosine * dlon  # metres that the edge goes east and north for t from 0 to 1
        north = (np.pi / 180) * normal * ((1 - E2) / w2) * dlat
        slope = east * (y * ca - x * sa) + north * (z * cosine - sine * (x * ca + y * sa))
        t = np.clip(t - slope / np.maximum(east * east + north * north, 1e-12), 0.0, 1.0)
    foot_lon = np.where(t == 1.0, lon2, lon1 + dlon * t)
    foot_lat = np.where(t == 1.0, lat2, lat1 + dlat * t)
    x, y, z = place(foot_lon, foot_lat)
    return foot_lon, foot_lat, np.sqrt((x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2)
