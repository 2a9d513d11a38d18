"""Errors of scanned maps: their fit, their drawing in a plane, their legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors.base import SpatialError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ClassNotOnMapError", "FoldedMapError", "LegendError", "MapFitError", "MapWarpError"]


class MapFitError(SpatialError, ValueError):
    """
    Control points from which no trustworthy fit of a scanned map follows.

    Parameters
    ----------
    code
        What is wrong, as a code: ``too_few``, ``duplicate_points``, ``collinear``, ``degenerate``, ``mirrored``,
        ``folds``, ``no_plane``, ``ticks``. Words are made elsewhere.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    points
        Ids of the control points at fault, if they are known.
    """

    def __init__(self, *, code: str, detail: str, remedy: str, points: Sequence[str] = ()) -> None:
        where = f"control point {', '.join(points)}: " if points else ""
        super().__init__(f"{where}{detail}. {remedy}.")
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.points = tuple(points)


class MapWarpError(SpatialError, ValueError):
    """
    A scanned map that cannot be drawn in the plane asked for.

    Parameters
    ----------
    code
        ``too_large`` or ``outside``.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    """

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}. {remedy}.")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class FoldedMapError(SpatialError, ValueError):
    """
    The fit lays two parts of the page over each other, so that shapes come out crossed.

    Parameters
    ----------
    method
        Of the fit.
    column, row
        A place on the page where it does, pixels.
    """

    def __init__(self, *, method: str, column: float, row: float) -> None:
        super().__init__(
            f"the {method} fit folds the page near column {column:.0f}, row {row:.0f}; correct the control points "
            "there, add some, or take a stiffer method (affine, projective)"
        )
        self.method = method
        self.column = column
        self.row = row


class LegendError(SpatialError, ValueError):
    """
    The legend of a scanned map cannot be used.

    Parameters
    ----------
    file
        Name of the legend file.
    entry
        The class or key it stumbles over; empty for the file as a whole.
    detail
        One English line with the next step.
    """

    def __init__(self, *, file: str, entry: str, detail: str) -> None:
        super().__init__(f"{file}{f', {entry}' if entry else ''}: {detail}")
        self.file = file
        self.entry = entry
        self.detail = detail


class ClassNotOnMapError(LegendError):
    """
    No area of the map has the colours of a class.

    ``found`` are the main colours it has; areas narrower than ``narrowest_px`` pixels are not told from lines.
    """

    def __init__(
        self, *, file: str, entry: str, colours: Sequence[str], found: Sequence[str], narrowest_px: int
    ) -> None:
        super().__init__(
            file=file,
            entry=entry,
            detail=f"no area of {narrowest_px} pixels or more across has {', '.join(colours)}; the main colours of the "
            f"map are {', '.join(found) or 'none'}. Pick the colour from the page itself, widen the tolerance, scan "
            "finer if the areas are narrow, or take the class out of the legend",
        )
        self.colours = tuple(colours)
        self.found = tuple(found)
        self.narrowest_px = narrowest_px
