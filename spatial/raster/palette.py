"""The colours of a page, each taken for the nearest of a few given ones in CIELAB, or for none."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spatial.raster.colour import lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.raster.colour import Colour

    Labels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

__all__ = ["BLENDS", "NONE", "averaged", "colours_of", "is_blend", "nearest", "nearest_group", "softened", "uneven"]

NONE = 255
"""No colour of the palette is near."""

BLENDS = 19
"""Steps of a blend of two colours."""

_BITS = 6  # of each band in the table of nearest colours: a step of 4 levels, below the noise of any scan
_EVEN = 24  # levels


@lru_cache(maxsize=1)
def _cube() -> NDArray[np.float64]:
    """CIELAB of the middle of every cell of a coarse cube of colours."""
    levels = np.arange(1 << _BITS) * (256 >> _BITS) + (128 >> _BITS) - 0.5
    return lab(np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1))


def nearest(palette: list[Colour], tolerance: float) -> Labels:
    """Index of the palette for every cell of the cube, or `NONE`."""
    from scipy.spatial import cKDTree

    distance, found = cKDTree(lab(palette)).query(_cube())
    return np.where(distance <= tolerance, found, NONE).astype(np.uint8)


def nearest_group(colours: NDArray[np.float64], first: int, tolerance: float) -> Labels:
    """For every cell of the cube 0 if the nearest is among the ``first`` so many, 1 if among the others, or `NONE`."""
    from scipy.spatial import cKDTree

    distance, found = cKDTree(lab(colours)).query(_cube(), distance_upper_bound=tolerance)
    return np.where(np.isfinite(distance), found >= first, NONE).astype(np.uint8)


def softened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The page with the noise of single pixels taken out; edges stay where they are, lines of one pixel go."""
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(3)))


def averaged(pixels: NDArray[np.uint8], window: int) -> NDArray[np.uint8]:
    """The mean colour of the window around each pixel."""
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.BoxBlur(window // 2)))


def uneven(pixels: NDArray[np.uint8]) -> Mask:
    """Where a band changes by more than noise does from pixel to pixel: edges, lettering, fine patterns."""
    from PIL import Image, ImageFilter

    image = Image.fromarray(pixels)
    high, low = (np.asarray(image.filter(f(3))) for f in (ImageFilter.MaxFilter, ImageFilter.MinFilter))
    found: Mask = (high - low).max(axis=2) > _EVEN
    return found


def colours_of(pixels: NDArray[np.uint8], table: Labels) -> Labels:
    """What a table of `nearest` says of each pixel."""
    coarse = pixels >> (8 - _BITS)
    found: Labels = table[coarse[..., 0], coarse[..., 1], coarse[..., 2]]
    return found


def is_blend(colour: Colour, palette: list[Colour], tolerance: float) -> bool:
    """Whether a blend of two other colours could be taken for it."""
    others = np.array([c for c in palette if c != colour], dtype=float)
    part = np.linspace(0, 1, BLENDS)[:, None, None, None]
    blends = others[:, None] * part + others[None] * (1 - part)
    return bool((np.linalg.norm(lab(blends) - lab(colour), axis=-1) <= tolerance).any())
