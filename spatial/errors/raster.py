"""Errors of rasters that figures are asked of."""

from __future__ import annotations

from spatial.errors.base import SpatialError

__all__ = [
    "RasterError",
    "RasterKindError",
    "RasterNotPlacedError",
    "RasterSizeError",
    "RasterUnreadableError",
    "ZonalLibraryMissingError",
]


class RasterError(SpatialError):
    """
    Base of what keeps a raster from being used.

    Parameters
    ----------
    file
        Its name.
    code
        What is wrong, as a code: words are made elsewhere.
    detail, remedy
        One English line each: the facts, and the next step.
    """

    def __init__(self, *, file: str, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{file}: {detail}. {remedy}.")
        self.file = file
        self.code = code
        self.detail = detail
        self.remedy = remedy


class RasterUnreadableError(RasterError):
    """It is no raster that is read here, or part of it is damaged."""


class RasterNotPlacedError(RasterError, ValueError):
    """It has no coordinate system, or its pixels do not lie north up in it."""


class RasterKindError(RasterError, ValueError):
    """It has no such band, or values that do not fit what is asked of them."""


class RasterSizeError(RasterError, ValueError):
    """More pixels or classes than one answer may have."""


class ZonalLibraryMissingError(SpatialError, ImportError):
    """A library that figures over rasters need is not installed; ``library`` names it."""

    def __init__(self, *, library: str, detail: str) -> None:
        super().__init__(
            f"figures over rasters need {library} ({detail}): pip install {library}. Where it has no wheel "
            "(exactextract on Linux for ARM), run it on another machine; everything else works without it."
        )
        self.library = library
