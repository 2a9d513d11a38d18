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
FEW_PAIRS = 8
"""So many are followed to the end at once."""
_RADIAN = math.pi / 180
_GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), axis=-1).reshape(-1, 2)
"""Places around one on two edges: on ours first, then on theirs."""
_STEPS = np.linspace(0.0, 1.0, 9)
_HALVES = 0.5 ** np.arange(2 * ZOOMS + 1)[:, None]
_ZOOMED_FIRST = np.concatenate([_STEPS * 8.0**-zoom for zoom in range(1, ZOOMS)])
_ZOOMED_LAST = np.concatenate([1 - 8.0**-zoom + _STEPS * 8.0**-zoom for zoom in range(1, ZOOMS)])
"""Where on an edge all zooms but the first look, where its first place, or its last, is the least in each of them."""
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
    length = _metres(ours[:, :2], ours[:, 2:])
    still = not length.any()  # a point: wherever along its edge, it is the same place
    best, metre, at = _zoomed(ours, theirs, length, still=still)
    one, other = ours[best], theirs[best]
    return *_moved_freely(one, other, metre, at, still=still), best


def _zoomed(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], length: NDArray[np.float64], *, still: bool
) -> tuple[int, float, NDArray[np.float64]]:
    """The pair that is nearest, its metres and its places: nine on each edge, drawn together around the least."""
    left = np.arange(len(ours))
    low, high = np.zeros(len(ours)), np.ones(len(ours))
    asked = False
    for zoom in range(1 if still else ZOOMS):
        s = low[:, None] + (high - low)[:, None] * (_STEPS[:1] if still else _STEPS)
        t, metres = _tried(ours[left], theirs[left], s)
        n, least = np.arange(len(left)), np.argmin(metres, axis=1)
        nearest, at = metres[n, least], np.column_stack([s[n, least], t[n, least]])
        reach = (high - low) / 8
        low, high = np.maximum(0.0, at[:, 0] - reach), np.minimum(1.0, at[:, 0] + reach)
        # on its way along an edge a distance changes by no more than the way: pairs that cannot win any more are left
        alive = nearest * (1 - ASTRAY) - 1.5 * (high - low) * length[left] <= nearest.min()
        left, low, high, nearest, at = left[alive], low[alive], high[alive], nearest[alive], at[alive]
        last = at[:, 0] == 1.0
        at_ends = len(left) <= FEW_PAIRS and bool((last | (at[:, 0] == 0.0)).all()) and zoom + 1 < ZOOMS
        if at_ends and not (still or asked) and (high - low == 8.0 ** -(zoom + 1)).all():
            asked = True
            if _stays_at_ends(ours[left], theirs[left], last, zoom):
                break
    winner = int(np.argmin(nearest))
    return int(left[winner]), float(nearest[winner]), at[winner]


def _tried(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of places along each of our edges (k, m): those of their feet on theirs, and the metres between."""
    start, span = theirs[:, None, :2], (theirs[:, 2:] - theirs[:, :2])[:, None]
    p = ours[:, None, :2] + (ours[:, 2:] - ours[:, :2])[:, None] * s[:, :, None]
    t = _feet(p, start, span)
    return t, _metres(p, start + span * t[..., None])


def _stays_at_ends(ours: NDArray[np.float64], theirs: NDArray[np.float64], last: NDArray[np.bool_], zoom: int) -> bool:
    """
    Whether pairs nearest at the first or last place of ours so far are so in every later zoom, all tried at once.

    Most are: a corner is nearest. Where it stays the least its metres stay the same, and so does the pair that wins.
    """
    seen = zoom * len(_STEPS)
    s = np.where(last[:, None], _ZOOMED_LAST[seen:], _ZOOMED_FIRST[seen:])
    least = np.argmin(_tried(ours, theirs, s)[1].reshape(len(last), -1, len(_STEPS)), axis=2)
    return bool((least == np.where(last, len(_STEPS) - 1, 0)[:, None]).all())


def _moved_freely(
    one: NDArray[np.float64], other: NDArray[np.float64], metre: float, at: NDArray[np.float64], *, still: bool
) -> tuple[float, float, float, float]:
    """
    Both places moved to the least of those around them, each time half as far; where they stay, nothing changes.

    Several moves are tried at once as if the places stayed, and those behind one that did not are tried anew.
    """
    lengths = np.array([float(_metres(e[:2], e[2:])) for e in (one, other)])
    reach = np.minimum(1.0, 0.01 * metre / np.maximum(lengths, 1e-9))
    (x1, y1, dx1, dy1), (x2, y2, dx2, dy2) = (
        np.concatenate([edge[:2], edge[2:] - edge[:2]]).tolist() for edge in (one, other)
    )
    grid = _GRID[2::5] if still else _GRID
    left, ahead = 2 * ZOOMS, 2 * ZOOMS
    while True:
        tried = np.minimum(np.maximum(at + grid * (reach * _HALVES[: min(ahead, left)])[:, None], 0.0), 1.0)
        s, t = tried[..., 0], tried[..., 1]
        px, py, qx, qy = x1 + dx1 * s, y1 + dy1 * s, x2 + dx2 * t, y2 + dy2 * t
        kx, ky = _scales((py + qy) / 2)
        cells = np.argmin(np.hypot((qx - px) * kx, (qy - py) * ky), axis=1)
        found = tried[np.arange(len(cells)), cells]
        moves = np.flatnonzero((found != at).any(axis=1))
        last = int(moves[0]) if len(moves) else len(cells) - 1
        at, cell, left = found[last], int(cells[last]), left - last - 1
        if left == 0:
            return float(px[last, cell]), float(py[last, cell]), float(qx[last, cell]), float(qy[last, cell])
        reach = reach * _HALVES[last + 1, 0]
        ahead = 1 if len(moves) else 2 * ahead


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
        before = t
        t = np.minimum(np.maximum((x * kx + y * ky) / np.maximum(dx2 * kx + dy2 * ky, 1e-30), 0.0), 1.0)
        if (t == before).all():  # at ends of the edge, where every further turn leaves them
            break
    return t


def _scales(lat_deg: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`spatial.ellipsoid.metres_per_degree` of an array, to the last bits, in fewer steps: it is asked for often."""
    lat = lat_deg * _RADIAN
    sine = np.sin(lat)
    w2 = 1 - E2 * sine * sine
    w = np.sqrt(w2)
    return np.cos(lat) * (A_M * _RADIAN) / w, (A_M * (1 - E2) * _RADIAN) / (w2 * w)
