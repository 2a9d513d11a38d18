"""What control points must be before a fit of them is believed, and which of them is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import MapFitError
from spatial.raster.transforms import NEEDED, PARAMETERS, Method, Model, left_out, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MORE", "adjusted_rmse", "require_points", "require_upright", "suspicious_points"]

MORE = "Measure more control points, in all parts of the map"
_FLAT = 1e-3  # points whose spread across is less than this share of their spread along are on one line
_SAME_PIXEL = 0.5
_CANDIDATES = 5
_CHANCE = 0.05  # that the worst of points without a mistake is called suspicious


def require_points(pixels: Floats, places: Floats, names: list[str], method: Method) -> None:
    """Enough of them, no two in one place, not all on one line; else a `MapFitError`."""
    if method not in NEEDED:
        raise ValueError(f"method is one of {', '.join(NEEDED)}, not {method!r}")
    if len(pixels) < NEEDED[method]:
        detail = f"{len(pixels)} control points, {method} needs {NEEDED[method]}, one more to be checked by"
        raise MapFitError(code="too_few", detail=detail, remedy=f"{MORE}, or choose a simpler method")
    # a place on the Earth twice is as bad as a pixel twice; half a pixel there, by the spread of all
    spread = np.ptp(places, axis=0).max() / max(float(np.ptp(pixels, axis=0).max()), 1.0)
    for values, least, what in ((pixels, _SAME_PIXEL, "pixel"), (places, _SAME_PIXEL * spread, "place")):
        shapes = np.atleast_1d(np.asarray(shapely.points(values)))
        first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=max(least, 1e-9))
        twice = first < second
        if twice.any():
            pair = names[first[twice][0]], names[second[twice][0]]
            detail = f"they are one {what}"
            remedy = "Keep one of them, with the right numbers"
            raise MapFitError(code="duplicate_points", detail=detail, remedy=remedy, points=pair)
    for values in (pixels, places):
        along, across = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)[:2]
        if across < _FLAT * along:
            raise MapFitError(code="collinear", detail="all control points lie on one line", remedy=MORE)


def require_upright(model: Model, pixels: Floats, places: Floats, worst: str) -> None:
    """Rows count down and north is up: of every map seen from above the derivative has a negative determinant."""
    plain = solve("affine", pixels, places).jacobian(pixels[:1])[0]
    if np.linalg.det(plain) > 0:
        raise MapFitError(
            code="mirrored",
            detail="the picture would be a mirror image of the map",
            remedy="Look whether x and y (or column and row) are exchanged, or rows are counted from the bottom",
        )
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    grid = np.stack(np.meshgrid(*(np.linspace(a, b, 41) for a, b in zip(low, high, strict=True))), axis=-1)
    flat = grid.reshape(-1, 2)
    hull = shapely.convex_hull(shapely.MultiPoint(pixels))
    flat = np.vstack([flat[shapely.intersects_xy(hull, flat)], pixels])
    slopes = model.jacobian(flat)
    size = slopes[:, 0, 0] * slopes[:, 1, 1] - slopes[:, 0, 1] * slopes[:, 1, 0]
    if not (size < 0).all():
        at = flat[int(np.argmax(~(size < 0)))]
        raise MapFitError(
            code="folds",
            detail=f"the fit folds the map over itself near pixel ({at[0]:.0f}, {at[1]:.0f})",
            remedy="Look at that point and its neighbours, or choose a simpler method",
            points=(worst,),
        )


def adjusted_rmse(method: Method, lengths: Floats) -> float:
    """Root mean square for the degrees of freedom; 0 of a thin plate, which goes through every point."""
    if method not in PARAMETERS:
        return 0.0
    free = len(lengths) - PARAMETERS[method] / 2
    return float(np.sqrt((lengths**2).sum() / free)) if free > 0 else math.inf


def suspicious_points(
    method: Method, pixels: Floats, places: Floats, foretold: Floats, names: list[str]
) -> tuple[str, ...]:
    """
    The one point without which all others agree.

    Its removal drops the root mean square (of a thin plate the leave-one-out one) by more than half. Of a few points
    the worst is often that bad by chance: with d degrees of freedom the sum of squares falls to a share s or
    less with probability s^((d - 2) / 2) at any one point (an F test with 2 and d - 2 degrees), n times that at some.
    """
    n = len(pixels)
    if n - 1 <= NEEDED[method]:
        return ()
    found: list[tuple[float, str]] = []
    before = _spread_of(method, pixels, places)
    for i in np.argsort(-np.where(np.isfinite(foretold), foretold, np.inf))[:_CANDIDATES]:
        others = np.arange(n) != i
        try:
            after = _spread_of(method, pixels[others], places[others])
        except np.linalg.LinAlgError:
            continue
        if not after < before / 2:
            continue
        free = 2 * n - PARAMETERS.get(method, 6)
        share = (after / before) ** 2 * (free - 2) / free if before else 1.0
        if n * share ** ((free - 2) / 2) < _CHANCE:
            found.append((after, names[int(i)]))
    return (min(found)[1],) if found else ()


def _spread_of(method: Method, pixels: Floats, places: Floats) -> float:
    if method == "thin_plate":
        return float(np.sqrt(np.mean((left_out(method, pixels, places) ** 2).sum(axis=1))))
    residuals = solve(method, pixels, places).forward(pixels) - places
    return adjusted_rmse(method, np.hypot(residuals[:, 0], residuals[:, 1]))
