"""
Models from pixels to a plane: polynomials, projective, thin plate; each solved by least squares about its own middle.

Every model gives map coordinates, their derivatives, and the errors it makes at points it was not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["NEEDED", "PARAMETERS", "Method", "Model", "left_out", "solve"]

Method = Literal["affine", "polynomial2", "polynomial3", "projective", "thin_plate"]

NEEDED: dict[Method, int] = {"affine": 3, "projective": 4, "polynomial2": 6, "polynomial3": 10, "thin_plate": 3}
"""Points that determine each model."""

PARAMETERS: dict[Method, int] = {"affine": 6, "projective": 8, "polynomial2": 12, "polynomial3": 20}
"""Numbers that each model adjusts; a thin plate adjusts one a measurement."""

_DEGREES: dict[Method, int] = {"affine": 1, "polynomial2": 2, "polynomial3": 3}
_RANK = 1e-7  # least to greatest singular value of a design that still determines its numbers
_CHUNK = 4_000_000  # distances at once


class Model(Protocol):
    """A solved model."""

    def forward(self, pixels: Floats) -> Floats:
        """Map coordinates of pixels, both of shape (n, 2)."""

    def jacobian(self, pixels: Floats) -> Floats:
        """Derivatives d(x, y)/d(column, row), shape (n, 2, 2)."""


def solve(method: Method, pixels: Floats, places: Floats) -> Model:
    """
    The model that fits the points best.

    Parameters
    ----------
    method
        Which.
    pixels, places
        Column, row and x, y of the points, shape (n, 2), with n at least `NEEDED`.

    Returns
    -------
    model
        Least sum of squares of map residuals; a thin plate has none.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the points do not determine the model: on one line; for a polynomial of second degree on one conic.
    """
    if method == "projective":
        return _Projective.solved(pixels, places)
    if method == "thin_plate":
        return _ThinPlate.solved(pixels, places)
    return _Polynomial.solved(pixels, places, _DEGREES[method])


def left_out(method: Method, pixels: Floats, places: Floats) -> Floats:
    """
    Error at each point of the model solved without it, shape (n, 2): model less given, map units.

    Of the models that are linear in their numbers the errors follow exactly from one solution (Cook and Weisberg 1982
    for least squares, Rippa 1999 for radial functions); the projective one is solved again for each point.
    Infinite where the other points do not determine the model.
    """
    if method == "projective":
        return _refitted(method, pixels, places)
    if method == "thin_plate":
        return _ThinPlate.left_out(pixels, places)
    return _Polynomial.left_out(pixels, places, _DEGREES[method])


def _refitted(method: Method, pixels: Floats, places: Floats) -> Floats:
    errors = np.full(pixels.shape, np.inf)
    for i in range(len(pixels)):
        others = np.arange(len(pixels)) != i
        if others.sum() < NEEDED[method]:
            continue
        try:
            model = solve(method, pixels[others], places[others])
        except np.linalg.LinAlgError:
            continue
        found = model.forward(pixels[i : i + 1])[0]
        if np.isfinite(found).all():
            errors[i] = found - places[i]
    return errors


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Coordinates about their middle, in units of their spread: well-conditioned numbers."""

    middle: Floats
    spread: float

    @classmethod
    def of(cls, points: Floats) -> _Frame:
        middle = points.mean(axis=0)
        spread = float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean()))
        if not spread > 0:
            raise np.linalg.LinAlgError("all points are in one place")
        return cls(middle=middle, spread=spread)

    def inside(self, points: Floats) -> Floats:
        return (points - self.middle) / self.spread

    def outside(self, points: Floats) -> Floats:
        return points * self.spread + self.middle


def _full_rank(design: Floats) -> None:
    values = np.linalg.svd(design, compute_uv=False)
    if not values[-1] > _RANK * values[0]:
        raise np.linalg.LinAlgError("the points do not determine the model")


@dataclass(frozen=True, kw_only=True)
class _Polynomial:
    source: _Frame
    target: _Frame
    powers: tuple[tuple[int, int], ...]
    coefficients: Floats

    @classmethod
    def _design(cls, pixels: Floats, degree: int) -> tuple[_Frame, tuple[tuple[int, int], ...], Floats]:
        source = _Frame.of(pixels)
        powers = tuple((i, total - i) for total in range(degree + 1) for i in range(total, -1, -1))
        u = source.inside(pixels)
        design = np.column_stack([u[:, 0] ** i * u[:, 1] ** j for i, j in powers])
        _full_rank(design)
        return source, powers, design

    @classmethod
    def solved(cls, pixels: Floats, places: Floats, degree: int) -> _Polynomial:
        source, powers, design = cls._design(pixels, degree)
        target = _Frame.of(places)
        coefficients = np.asarray(np.linalg.lstsq(design, target.inside(places), rcond=None)[0], np.float64)
        return cls(source=source, target=target, powers=powers, coefficients=coefficients)

    @classmethod
    def left_out(cls, pixels: Floats, places: Floats, degree: int) -> Floats:
        design = cls._design(pixels, degree)[2]
        leverage = (np.linalg.qr(design)[0] ** 2).sum(axis=1)
        residuals = cls.solved(pixels, places, degree).forward(pixels) - places
        free = 1 - leverage
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(free[:, None] > 1e-9, residuals / free[:, None], np.inf)

    def forward(self, pixels: Floats) -> Floats:
        u = self.source.inside(pixels)
        found = np.zeros_like(u)
        for (i, j), (a, b) in zip(self.powers, self.coefficients, strict=True):
            term = u[:, 0] ** i * u[:, 1] ** j
            found[:, 0] += a * term
            found[:, 1] += b * term
        return self.target.outside(found)

    def jacobian(self, pixels: Floats) -> Floats:
        u = self.source.inside(pixels)
        found = np.zeros((len(u), 2, 2))
        for (i, j), pair in zip(self.powers, self.coefficients, strict=True):
            if i:
                found[:, :, 0] += np.outer(i * u[:, 0] ** (i - 1) * u[:, 1] ** j, pair)
            if j:
                found[:, :, 1] += np.outer(j * u[:, 0] ** i * u[:, 1] ** (j - 1), pair)
        return found * (self.target.spread / self.source.spread)


@dataclass(frozen=True, kw_only=True)
class _Projective:
    source: _Frame
    target: _Frame
    matrix: Floats

    @classmethod
    def solved(cls, pixels: Floats, places: Floats) -> _Projective:
        source, target = _Frame.of(pixels), _Frame.of(places)
        u, v = source.inside(pixels), target.inside(places)
        ones, zeros = np.ones(len(u)), np.zeros((len(u), 3))
        h = np.column_stack([u, ones])
        # x (g u + h v + 1) = a u + b v + c: linear, but weighs far points more; a start for the steps below
        rows = np.vstack([np.hstack([h, zeros, -h * v[:, :1]]), np.hstack([zeros, h, -h * v[:, 1:]])])
        _, values, vectors = np.linalg.svd(rows)
        if not values[7] > _RANK * values[0]:
            raise np.linalg.LinAlgError("the points do not determine the model")
        matrix = vectors[8].reshape(3, 3)
        if abs(matrix[2, 2]) < 1e-6:
            raise np.linalg.LinAlgError("the horizon of the picture runs through the points")
        matrix = matrix / matrix[2, 2]
        for _ in range(30):
            below = h @ matrix[2]
            if not (np.abs(below) > 1e-6).all() or np.ptp(np.sign(below)):
                raise np.linalg.LinAlgError("the horizon of the picture runs through the points")
            found = (h @ matrix[:2].T) / below[:, None]
            scaled = h / below[:, None]
            slope = np.vstack(
                [
                    np.hstack([scaled, zeros, -scaled[:, :2] * found[:, :1]]),
                    np.hstack([zeros, scaled, -scaled[:, :2] * found[:, 1:]]),
                ]
            )
            step = np.linalg.lstsq(slope, (v - found).T.ravel(), rcond=None)[0]
            matrix = (matrix.ravel() + np.append(step, 0.0)).reshape(3, 3)
            if np.abs(step).max() < 1e-14:
                break
        return cls(source=source, target=target, matrix=matrix)

    def _parts(self, pixels: Floats) -> tuple[Floats, Floats]:
        h = np.column_stack([self.source.inside(pixels), np.ones(len(pixels))])
        below = h @ self.matrix[2]
        below = np.where(below > 1e-9, below, np.nan)  # beyond the horizon there is no place
        return (h @ self.matrix[:2].T) / below[:, None], below

    def forward(self, pixels: Floats) -> Floats:
        return self.target.outside(self._parts(pixels)[0])

    def jacobian(self, pixels: Floats) -> Floats:
        found, below = self._parts(pixels)
        slope = (self.matrix[None, :2, :2] - found[:, :, None] * self.matrix[None, None, 2, :2]) / below[:, None, None]
        return np.asarray(slope * (self.target.spread / self.source.spread))


def _kernel(squared: Floats) -> Floats:
    """r² log r² of squared distances; 0 at 0."""
    return squared * np.log(np.where(squared > 0, squared, 1.0))


@dataclass(frozen=True, kw_only=True)
class _ThinPlate:
    source: _Frame
    target: _Frame
    knots: Floats
    weights: Floats
    plane: Floats

    @classmethod
    def _system(cls, u: Floats) -> Floats:
        n = len(u)
        system = np.zeros((n + 3, n + 3))
        system[:n, :n] = _kernel(((u[:, None] - u[None]) ** 2).sum(axis=2))
        system[:n, n] = system[n, :n] = 1.0
        system[:n, n + 1 :] = u
        system[n + 1 :, :n] = u.T
        _full_rank(np.column_stack([np.ones(n), u]))
        return system

    @classmethod
    def solved(cls, pixels: Floats, places: Floats) -> _ThinPlate:
        source, target = _Frame.of(pixels), _Frame.of(places)
        u = source.inside(pixels)
        known = np.vstack([target.inside(places), np.zeros((3, 2))])
        found = np.asarray(np.linalg.solve(cls._system(u), known), np.float64)
        return cls(source=source, target=target, knots=u, weights=found[: len(u)], plane=found[len(u) :])

    @classmethod
    def left_out(cls, pixels: Floats, places: Floats) -> Floats:
        source, target = _Frame.of(pixels), _Frame.of(places)
        n = len(pixels)
        if n <= NEEDED["thin_plate"]:
            return np.full((n, 2), np.inf)
        inverse = np.linalg.inv(cls._system(source.inside(pixels)))
        weights = inverse[:n, :n] @ target.inside(places)
        own = np.diag(inverse)[:n]
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = np.where(np.abs(own[:, None]) > 1e-12, -weights / own[:, None], np.inf)
        return errors * target.spread

    def forward(self, pixels: Floats) -> Floats:
        u = self.source.inside(pixels)
        found = self.plane[0] + u @ self.plane[1:]
        step = max(1, _CHUNK // len(self.knots))
        for start in range(0, len(u), step):
            part = u[start : start + step]
            squared = (part[:, None, 0] - self.knots[:, 0]) ** 2 + (part[:, None, 1] - self.knots[:, 1]) ** 2
            found[start : start + step] += _kernel(squared) @ self.weights
        return self.target.outside(found)

    def jacobian(self, pixels: Floats) -> Floats:
        u = self.source.inside(pixels)
        found = np.repeat(self.plane[1:].T[None], len(u), axis=0)
        step = max(1, _CHUNK // len(self.knots))
        for start in range(0, len(u), step):
            apart = u[start : start + step, None, :] - self.knots[None]
            squared = (apart**2).sum(axis=2)
            growth = 2 * (np.log(np.where(squared > 0, squared, 1.0)) + 1)  # d(s log s)/ds = log s + 1, ds = 2 apart
            for axis in (0, 1):
                found[start : start + step, :, axis] += (growth * apart[:, :, axis]) @ self.weights
        return found * (self.target.spread / self.source.spread)
