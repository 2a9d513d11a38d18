"""
Regular patterns in a set of pixels: parallel strokes at one gap, as hatching is printed, unlike lettering and outlines.

With *phase* a pixel's place across the strokes in periods, strokes of the period all have the same phase and, counted
by twice the period, two opposite ones. So *regularity* is the length of the mean phase vector (in circular statistics
the mean resultant length R) of the period, less that of twice the period: near 1 for thin strokes, 0 for a lone line
(both lengths are 1), and small for lettering (both are).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float64]

__all__ = ["Grating", "gratings", "regularity"]

_TILES_MM = (8.0, 20.0)  # about 5 periods of fine, and of coarse hatching
_LEAST_PERIOD = 3.5  # pixels: below that strokes and gaps are one blend
_LEAST_MASS, _MOST_MASS = 0.02, 0.6  # share of a tile
_ALIKE = 0.15  # of the frequency


@dataclass(frozen=True, kw_only=True)
class Grating:
    """
    Parallel strokes at one gap.

    Parameters
    ----------
    across
        Unit vector (column, row) from stroke to stroke.
    period
        From the middle of a stroke to that of the next, pixels.
    weight
        Pixels of strokes in the tiles of the page that showed it, each times the third power of how regular it was.
    """

    across: tuple[float, float]
    period: float
    weight: float


def gratings(strokes: Mask, *, dpi: float, least: float = 0.4, count: int = 3) -> tuple[Grating, ...]:
    """
    The regular patterns of a page's strokes, that of the most pixels first.

    Parameters
    ----------
    strokes
        Pixels that may be strokes.
    dpi
        Of the page; periods are sought from 3.5 pixels to 6 mm.
    least
        Regularity of a tile that counts: lettering seldom has 0.4; each family of strokes that cross has some 0.37.
    count
        At most so many.

    Returns
    -------
    found
        None twice: their frequencies differ by 15 % or more, or by 9 degrees.

    Examples
    --------
    >>> strokes = np.zeros((200, 200), dtype=bool)
    >>> strokes[::8] = strokes[1::8] = True
    >>> [(g.across, round(g.period)) for g in gratings(strokes, dpi=150)]
    [((0.0, 1.0), 8)]
    """
    shown = [row for mm in _TILES_MM for row in _shown(strokes, max(24, round(mm * dpi / 25.4)), least)]
    left = np.array(shown, dtype=float).reshape(-1, 3)
    found: list[Grating] = []
    while len(left) and len(found) < count:
        size = np.hypot(left[:, 0], left[:, 1])
        apart = np.hypot(left[:, 0, None] - left[None, :, 0], left[:, 1, None] - left[None, :, 1])
        other = np.hypot(left[:, 0, None] + left[None, :, 0], left[:, 1, None] + left[None, :, 1])
        alike = np.minimum(apart, other) < _ALIKE * size[:, None]
        best = int(np.argmax(alike @ left[:, 2]))
        group = left[alike[best]]
        turned = group[:, :2] * np.where(group[:, :2] @ left[best, :2] < 0, -1, 1)[:, None]
        fx, fy = np.average(turned, axis=0, weights=group[:, 2])
        length = math.hypot(fx, fy)
        sign = -1.0 if (fx, fy) < (0, 0) else 1.0
        found.append(
            Grating(
                across=(float(sign * fx / length) + 0.0, float(sign * fy / length) + 0.0),
                period=float(1 / length),
                weight=float(group[:, 2].sum()),
            )
        )
        left = left[~alike[best]]
    return tuple(found)


def _shown(strokes: Mask, side: int, least: float) -> list[tuple[float, float, float]]:
    """Frequency (column, row; per pixel) and weight of each tile's most regular pattern."""
    from scipy import fft

    size = 2 * side  # twice as fine, so that half of every frequency is there
    window = np.outer(*(np.hanning(side + 2)[1:-1],) * 2).astype(np.float32)
    fx, fy = np.meshgrid(np.arange(0, side // 2 + 1), np.arange(-(side // 2) + 1, side // 2 + 1))
    length = np.hypot(fx, fy) / side
    able = (length <= 1 / _LEAST_PERIOD) & (length >= 3 / side) & ((fx > 0) | (fy > 0))
    fx, fy = fx[able], fy[able]
    step = max(1, side // 2)
    found = []
    for top in range(0, max(1, strokes.shape[0] - step), step):
        for left in range(0, max(1, strokes.shape[1] - step), step):
            tile = strokes[top : top + side, left : left + side]
            mass = int(tile.sum())
            if not _LEAST_MASS * side * side <= mass <= _MOST_MASS * side * side:
                continue
            weighed = tile * window[: tile.shape[0], : tile.shape[1]]
            size_of = np.abs(fft.rfft2(weighed, s=(size, size)))
            if not size_of[0, 0]:
                continue
            score = (size_of[2 * fy, 2 * fx] - size_of[fy, fx]) / size_of[0, 0]
            best = int(np.argmax(score))
            if score[best] >= least:
                found.append((fx[best] / side, fy[best] / side, float(score[best]) ** 3 * mass))
    return found


def regularity(strokes: Mask, grating: Grating, *, periods: float = 1.2) -> NDArray[np.float32]:
    """
    How regular the strokes around each pixel are, at most 1; see the module.

    Parameters
    ----------
    strokes
        Pixels that may be strokes.
    grating
        The pattern looked for.
    periods
        Strokes so many periods away count e^-0.5 of those at the place.

    Returns
    -------
    regularity
        The shape of ``strokes``, stepwise constant over a third of a period.

    Examples
    --------
    >>> strokes = np.zeros((120, 120), dtype=bool)
    >>> strokes[:60:8] = strokes[90] = True
    >>> found = regularity(strokes, Grating(across=(0.0, 1.0), period=8.0, weight=1.0))
    >>> bool(found[32, 60] > 0.9), bool(found[90, 60] < 0.2)
    (True, True)
    """
    from scipy.ndimage import gaussian_filter

    block = max(1, round(grating.period / 3))
    shape = tuple(-(-n // block) for n in strokes.shape)
    rows, columns = np.nonzero(strokes)
    place = (rows // block) * shape[1] + columns // block
    phase = 2 * np.pi / grating.period * (columns * grating.across[0] + rows * grating.across[1])

    def smooth(weights: Floats) -> Floats:
        sums = np.bincount(place, weights, shape[0] * shape[1]).reshape(shape)
        result: Floats = gaussian_filter(sums, periods * grating.period / block, mode="constant", truncate=3)
        return result

    mass = np.maximum(smooth(np.ones(len(place))), 1e-9)
    whole, half = (np.hypot(smooth(np.cos(part * phase)), smooth(np.sin(part * phase))) / mass for part in (1.0, 0.5))
    coarse = (whole - half).astype(np.float32)
    fine = np.repeat(np.repeat(coarse, block, axis=0), block, axis=1)
    return fine[: strokes.shape[0], : strokes.shape[1]]
