"""
Fits: from control points to a model between the picture and the plane, and how far it may be trusted.

A fit is done in metres. Its residuals say how well the model follows the points it was made of; the leave-one-out
errors say how well it foretells a point it has not seen, which is what counts for everything between the points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import MapFitError
from spatial.raster.planes import planar, plane_of, unit_m
from spatial.raster.point_checks import MORE, adjusted_rmse, require_points, require_upright, suspicious_points
from spatial.raster.transforms import NEEDED, Method, Model, left_out, solve
from spatial.reading.model import Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spatial.raster.control_points import ControlPoints
    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["RADIUS_95", "MapFit", "Method", "MethodRow", "MethodTable", "best_method", "fit"]

RADIUS_95 = math.sqrt(-math.log(0.05))
"""1.7308: radius that holds 95 % of a circular normal distribution, in its root mean square radius (Rayleigh)."""

_MUCH = 0.2  # share of a picture outside the points that is worth a warning


@dataclass(frozen=True, kw_only=True, eq=False)
class MapFit:
    """
    A model from the picture to a plane.

    Parameters
    ----------
    method
        Which model.
    plane
        The projected system of `to_map`, metres.
    points
        The control points it was made of.
    places
        Their x and y in ``plane``, shape (n, 2).
    residuals_m
        Model less given at each point, shape (n, 3): dx, dy and their length, metres. A thin plate has none.
    rmse_m
        Root mean square of the lengths.
    leave_one_out_m
        Length of the error at each point of the fit made without it, shape (n,); infinite where the other points
        determine no fit.
    loo_rmse_m
        Root mean square of those.
    pixel_m
        Ground size of a pixel in the middle of the points, metres.
    worst
        Id of the point with the largest leave-one-out error (of the largest residual, where those are infinite).
    suspicious
        Ids of points that disagree with all others: without one the root mean square error drops by more
        than half, and by more than chance does.
    redundancy
        Points more than the model needs.
    accuracy_m
        95 % radius of a place between the points; see `fit`. None where no point is left to check by.
    problems
        ``no_redundancy``, ``suspicious_point``, and those of the points.
    model
        The solved model itself.
    """

    method: Method
    plane: CoordinateSystem
    points: ControlPoints
    places: Floats
    residuals_m: Floats
    rmse_m: float
    leave_one_out_m: Floats
    loo_rmse_m: float
    pixel_m: float
    worst: str
    suspicious: tuple[str, ...]
    redundancy: int
    accuracy_m: float | None
    problems: tuple[Problem, ...]
    model: Model

    def to_map(self, column: ArrayLike, row: ArrayLike) -> tuple[Floats, Floats]:
        """
        Places in `plane` of pixel coordinates.

        Parameters
        ----------
        column, row
            Continuous, of one shape; the middle of the first pixel is (0.5, 0.5).

        Returns
        -------
        x, y
            Metres, of that shape. Not a number beyond the horizon of a projective fit.
        """
        columns, rows = np.broadcast_arrays(np.asarray(column, np.float64), np.asarray(row, np.float64))
        found = self.model.forward(np.column_stack([columns.ravel(), rows.ravel()]))
        return found[:, 0].reshape(columns.shape), found[:, 1].reshape(columns.shape)

    def to_pixel(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """
        Pixel coordinates of places in `plane`: the inverse of `to_map`, by Newton's steps to 1e-7 of a pixel.

        Parameters
        ----------
        x, y
            Metres, of one shape.

        Returns
        -------
        column, row
            Of that shape. Not a number where the steps find no pixel, far outside the points.
        """
        xs, ys = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        wanted = np.column_stack([xs.ravel(), ys.ravel()])
        pixels = _pixels(self.points)
        back = solve("affine", self.places, pixels)
        found = back.forward(wanted)
        open_ = np.arange(len(wanted))
        done = np.zeros(len(wanted), dtype=bool)
        for _ in range(40):
            off = wanted[open_] - self.model.forward(found[open_])
            with np.errstate(all="ignore"):
                slope = self.model.jacobian(found[open_])
                size = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
                step = np.column_stack(
                    [
                        (slope[:, 1, 1] * off[:, 0] - slope[:, 0, 1] * off[:, 1]) / size,
                        (slope[:, 0, 0] * off[:, 1] - slope[:, 1, 0] * off[:, 0]) / size,
                    ]
                )
            found[open_] += step
            near = np.abs(step).max(axis=1) < 1e-7
            done[open_[near]] = True
            open_ = open_[~near & np.isfinite(step).all(axis=1)]
            if not len(open_):
                break
        found[~done] = np.nan
        return found[:, 0].reshape(xs.shape), found[:, 1].reshape(xs.shape)

    def extrapolates(self, box: tuple[float, float, float, float]) -> float:
        """
        Share of a part of the picture that lies outside the hull of the control points, 0 to 1.

        Parameters
        ----------
        box
            Left, top, right, bottom in pixels; the whole picture is (0, 0, width, height).
        """
        part = shapely.box(*box)
        hull = shapely.convex_hull(shapely.MultiPoint(_pixels(self.points)))
        return float(1 - shapely.intersection(part, hull).area / part.area)

    def page_problems(self, width: int, height: int) -> tuple[Problem, ...]:
        """`problems`, and ``fit_extrapolates`` where more than 20 % of the picture is outside the points."""
        share = self.extrapolates((0, 0, width, height))
        if share <= _MUCH:
            return self.problems
        found = Problem(code="fit_extrapolates", file=self.points.source_name, detail=f"{share:.0%}")
        return (*self.problems, found)


def fit(points: ControlPoints, method: Method, *, plane: CoordinateSystem | None = None) -> MapFit:
    """
    Fit a model to control points by least squares.

    Use ``affine`` for a flat scan drawn in the plane, ``projective`` for a photograph, ``polynomial2`` or
    ``polynomial3`` for paper that stretched or a map in another projection, ``thin_plate`` for many points on uneven
    paper; `best_method` shows what each makes of the points.

    Parameters
    ----------
    points
        At least 3 (``affine``, ``thin_plate``), 4 (``projective``), 6 or 10 (polynomials); more to know how good it
        is. Their own accuracies weigh nothing in the fit.
    method
        Which model.
    plane
        A projected system in metres; by default the points' own, or the Gauss-Krüger zone of their middle.

    Returns
    -------
    fit
        Its ``accuracy_m`` is 1.7308 · max(m, l), in squares with the largest accuracy stated of a point: m the root
        mean square residual for the degrees of freedom, √(Σr² / (n − p/2)) with p numbers adjusted; l the
        leave-one-out root mean square. It holds between the points, where a place is off by less than a foretold
        point, and takes the errors of the points to be independent. None if n is what the method needs.

    Raises
    ------
    MapFitError
        Too few points; two in one place; all on one line (or, for a polynomial, on one curve); a mirrored picture,
        as after exchanged columns; a model that folds the map over itself.

    References
    ----------
    Rayleigh: the 95 % radius is √(−ln 0.05) = 1.7308 times the root mean square radius.

    Examples
    --------
    >>> from spatial.raster.control_points import ControlPoint, ControlPoints
    >>> from spatial.systems import identify
    >>> places = [(0, 0, 500000, 5450000), (1000, 0, 510000, 5450000), (0, 1000, 500000, 5440000),
    ...           (1000, 1000, 510000, 5440002)]
    >>> found = fit(ControlPoints(points=tuple(ControlPoint(id=str(i), column=c, row=r, x=x, y=y)
    ...     for i, (c, r, x, y) in enumerate(places)), crs=identify(4549)), "affine")
    >>> found.residuals_m.round(3)[:, 1].tolist(), round(found.loo_rmse_m, 3), round(found.pixel_m, 3)
    ([-0.5, 0.5, 0.5, -0.5], 2.0, 9.999)
    >>> [round(float(v), 2) for v in found.to_map(500, 500)]
    [505000.0, 5445000.5]
    """
    pixels, places, plane = _arrays(points, plane)
    names = [point.id for point in points.points]
    require_points(pixels, places, names, method)
    model, residuals = _solved(method, pixels, places)
    lengths = np.hypot(residuals[:, 0], residuals[:, 1])
    foretold = np.hypot(*left_out(method, pixels, places).T)
    redundancy = len(points) - NEEDED[method]
    foretold_rmse = float(np.sqrt(np.mean(foretold**2)))
    worst = names[int(np.argmax(foretold if np.isfinite(foretold).all() else lengths))]
    require_upright(model, pixels, places, worst)
    suspicious = suspicious_points(method, pixels, places, foretold, names)
    problems = list(points.problems)
    accuracy: float | None = None
    if redundancy >= 1 and math.isfinite(foretold_rmse):
        adjusted = adjusted_rmse(method, lengths)
        stated = max((point.accuracy_m for point in points.points if point.accuracy_m is not None), default=0.0)
        accuracy = math.hypot(RADIUS_95 * max(adjusted, foretold_rmse), stated)
    else:
        problems.append(Problem(code="no_redundancy", file=points.source_name, detail=f"{len(points)}: {method}"))
    for name in suspicious:
        at = names.index(name)
        detail = f"{foretold[at]:.1f} m" if math.isfinite(foretold[at]) else f"{lengths[at]:.1f} m"
        problems.append(Problem(code="suspicious_point", file=points.source_name, point=name, detail=detail))
    slope = model.jacobian(pixels.mean(axis=0)[None])[0]
    return MapFit(
        method=method,
        plane=plane,
        points=points,
        places=places,
        residuals_m=np.column_stack([residuals, lengths]),
        rmse_m=float(np.sqrt(np.mean(lengths**2))),
        leave_one_out_m=foretold,
        loo_rmse_m=foretold_rmse,
        pixel_m=float(math.sqrt(abs(np.linalg.det(slope)))),
        worst=worst,
        suspicious=suspicious,
        redundancy=redundancy,
        accuracy_m=accuracy,
        problems=tuple(problems),
        model=model,
    )


def _pixels(points: ControlPoints) -> Floats:
    return np.array([(point.column, point.row) for point in points.points], dtype=np.float64).reshape(-1, 2)


def _arrays(points: ControlPoints, plane: CoordinateSystem | None) -> tuple[Floats, Floats, CoordinateSystem]:
    if not points.points:
        raise MapFitError(code="too_few", detail="no control points", remedy=MORE)
    pixels = _pixels(points)
    x = np.array([point.x for point in points.points], dtype=np.float64)
    y = np.array([point.y for point in points.points], dtype=np.float64)
    chosen = plane or plane_of(x, y, points.crs)
    if chosen.is_geographic or unit_m(chosen) != 1.0:
        raise MapFitError(
            code="no_plane",
            detail=f"{chosen.code} ({chosen.name}) has no metres",
            remedy="Name a projected system in metres",
        )
    places = np.column_stack(planar(x, y, points.crs, chosen))
    bad = ~(np.isfinite(pixels).all(axis=1) & np.isfinite(places).all(axis=1))
    if bad.any():
        name = points.points[int(np.argmax(bad))].id
        detail = f"it has no place in {chosen.code}"
        raise MapFitError(code="no_plane", detail=detail, remedy="Look at its numbers", points=(name,))
    return pixels, places, chosen


def _solved(method: Method, pixels: Floats, places: Floats) -> tuple[Model, Floats]:
    try:
        model = solve(method, pixels, places)
    except np.linalg.LinAlgError as error:
        raise MapFitError(
            code="degenerate", detail=f"the points determine no {method} fit: {error}", remedy=MORE
        ) from None
    found = model.forward(pixels)
    if not np.isfinite(found).all():
        raise MapFitError(code="degenerate", detail=f"the {method} fit has no finite numbers", remedy=MORE)
    return model, found - places


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """
    What one method makes of the points.

    Parameters
    ----------
    method, needed
        The model and the points it takes.
    rmse_m, loo_rmse_m, accuracy_m
        As in `MapFit`; None where there is no fit. A small ``rmse_m`` beside a large ``loo_rmse_m`` is an overfit.
    error
        Why there is no fit.
    """

    method: Method
    needed: int
    rmse_m: float | None
    loo_rmse_m: float | None
    accuracy_m: float | None
    error: MapFitError | None


@dataclass(frozen=True, kw_only=True)
class MethodTable:
    """
    Every method side by side, the simplest first.

    Parameters
    ----------
    rows
        One a method.
    recommended
        The simplest whose leave-one-out error is within 10 % of the least; None where none has a redundant point.
    """

    rows: tuple[MethodRow, ...]
    recommended: Method | None


def best_method(points: ControlPoints, *, plane: CoordinateSystem | None = None) -> MethodTable:
    """
    Compare the methods on the same points.

    Parameters
    ----------
    points, plane
        As for `fit`.

    Returns
    -------
    table
        A method that does not fit has a row with its error.

    Examples
    --------
    >>> from spatial.raster.control_points import ControlPoint, ControlPoints
    >>> from spatial.systems import identify
    >>> grid = [(c, r) for c in (0, 400, 800) for r in (0, 300, 600)]
    >>> points = ControlPoints(points=tuple(ControlPoint(id=f"{c}-{r}", column=c, row=r, x=500000 + 10 * c,
    ...     y=5450000 - 10 * r + (c * 7 + r) % 5) for c, r in grid), crs=identify(4549))
    >>> table = best_method(points)
    >>> table.recommended, [row.method for row in table.rows if row.accuracy_m is None]
    ('affine', ['polynomial3'])
    """
    rows = []
    for method in NEEDED:
        try:
            found = fit(points, method, plane=plane)
        except MapFitError as error:
            row = MethodRow(
                method=method, needed=NEEDED[method], rmse_m=None, loo_rmse_m=None, accuracy_m=None, error=error
            )
        else:
            row = MethodRow(
                method=method,
                needed=NEEDED[method],
                rmse_m=found.rmse_m,
                loo_rmse_m=found.loo_rmse_m,
                accuracy_m=found.accuracy_m,
                error=None,
            )
        rows.append(row)
    known = [row for row in rows if row.accuracy_m is not None and row.loo_rmse_m is not None]
    least = min((row.loo_rmse_m or 0.0 for row in known), default=0.0)
    near = [row.method for row in known if (row.loo_rmse_m or 0.0) <= 1.1 * least + 1e-6]
    return MethodTable(rows=tuple(rows), recommended=near[0] if near else None)
