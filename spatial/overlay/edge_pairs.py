"""The nearest points of pairs of edges, each pair measured at its own latitude.

`spatial.overlay.distance` asks it where a plane could have missed the nearest pair.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import A_M, E2

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nearest_on"]

ZOOMS = 10
_RADIAN = math.pi / 180
_GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), axis=-1).reshape(-1, 2)
"""Places around one on two edges: on ours first, then on theirs."""
ASTRAY = 1e-3
"""By what share of itself a distance to a foot, which is a plane's, is off at most."""


def nearest_on(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, float, float, float, int]:
    """
    The nearest points of the nearest of some pairs of edges, (lon, lat) on ours and on theirs, and which pair it is.

    Metres are those of the middle latitude of the two points, 1.4 mm off at 10 km. Along our edge the distance to
    theirs is convex, so nine places are drawn together around the least; the foot on theirs is a plane's, so both are
    moved once more, freely, by up to 1 % of the distance.

    Parameters
    ----------
    ours, theirs
        (n, 4) edges, a row of each a pair: longitude and latitude of the start, then of the end, EPSG:4490; n >= 1.

    Examples
    --------
    A point, and an edge along the meridian east of it:

    >>> nearest_on(np.array([[117.0, 49.0, 117.0, 49.0]]), np.array([[117.1, 48.9, 117.1, 49.0]]))
    (117.0, 49.0, 117.1, 49.0, 0)
    """
    left = np.arange(len(ours))
    low, high = np.zeros(len(ours)), np.ones(len(ours))
    length = _metres(ours[:, :2], ours[:, 2:])
    still = not length.any()  # a point: wherever along its edge, it is the same place
    steps = np.zeros(1) if still else np.linspace(0.0, 1.0, 9)
    for _ in range(1 if still else ZOOMS):
        mine, start, span = ours[left], theirs[left, None, :2], (theirs[left, 2:] - theirs[left, :2])[:, None]
        s = low[:, None] + (high - low)[:, None] * steps
        p = mine[:, None, :2] + (mine[:, 2:] - mine[:, :2])[:, None] * s[:, :, None]
        t = _feet(p, start, span)
        metres = _metres(p, start + span * t[..., None])
        n, least = np.arange(len(left)), np.argmin(metres, axis=1)
        nearest, at = metres[n, least], np.column_stack([s[n, least], t[n, least]])
        reach = (high - low) / 8
        low, high = np.maximum(0.0, at[:, 0] - reach), np.minimum(1.0, at[:, 0] + reach)
        # on its way along an edge a distance changes by no more than the way: pairs that cannot win any more are left
        alive = nearest * (1 - ASTRAY) - 1.5 * (high - low) * length[left] <= nearest.min()
        left, low, high, nearest, at = left[alive], low[alive], high[alive], nearest[alive], at[alive]
    winner = int(np.argmin(nearest))
    best, metre, at = int(left[winner]), nearest[winner], at[winner]
    one, other = ours[best], theirs[best]
    lengths = np.array([float(_metres(e[:2], e[2:])) for e in (one, other)])
    reach = np.minimum(1.0, 0.01 * metre / np.maximum(lengths, 1e-9))
    (x1, y1, dx1, dy1), (x2, y2, dx2, dy2) = (
        np.concatenate([edge[:2], edge[2:] - edge[:2]]).tolist() for edge in (one, other)
    )
    grid = _GRID[2::5] if still else _GRID
    for _ in range(2 * ZOOMS):
        tried = np.minimum(np.maximum(at + grid * reach, 0.0), 1.0)
        s, t = tried.T
        px, py, qx, qy = x1 + dx1 * s, y1 + dy1 * s, x2 + dx2 * t, y2 + dy2 * t
        kx, ky = _scales((py + qy) / 2)
        cell = int(np.argmin(np.hypot((qx - px) * kx, (qy - py) * ky)))
        at, reach = tried[cell], reach / 2
    return float(px[cell]), float(py[cell]), float(qx[cell]), float(qy[cell]), best


def _metres(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    kx, ky = _scales((p[..., 1] + q[..., 1]) / 2)
    return np.hypot((q[..., 0] - p[..., 0]) * kx, (q[..., 1] - p[..., 1]) * ky)


def _feet(p: NDArray[np.float64], start: NDArray[np.float64], span: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where along an edge the foot of each point lies, 0 … 1, each in the plane of its own middle latitude."""
    t = np.full(p.shape[:-1], 0.5)
    dx, dy = span[..., 0], span[..., 1]
    x, y = (p[..., 0] - start[..., 0]) * dx, (p[..., 1] - start[..., 1]) * dy
    south, dx2, dy2 = p[..., 1] + start[..., 1], dx * dx, dy * dy
    for _ in range(3):
        kx, ky = _scales((south + dy * t) / 2)
        kx *= kx
        ky *= ky
        t = np.minimum(np.maximum((x * kx + y * ky) / np.maximum(dx2 * kx + dy2 * ky, 1e-30), 0.0), 1.0)
    return t


def _scales(lat_deg: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`spatial.ellipsoid.metres_per_degree` of an array, to the last bits, in fewer steps: it is asked for often."""
    lat = lat_deg * _RADIAN
    sine = np.sin(lat)
    w2 = 1 - E2 * sine * sine
    w = np.sqrt(w2)
    return np.cos(lat) * (A_M * _RADIAN) / w, (A_M * (1 - E2) * _RADIAN) / (w2 * w)
