"""Colours as printed: ``#rrggbb``, and CIELAB, in which equal distances look equally different."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Colour", "colour_of", "hexadecimal", "lab"]

Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue; 0-255, sRGB."""

_SIX = re.compile(r"#?([0-9a-fA-F]{6})")
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def colour_of(text: object) -> Colour:
    """
    A colour written ``#rrggbb``.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> colour_of("#C03030")
    (192, 48, 48)
    """
    found = _SIX.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no colour; write it as #rrggbb, as in #c03030")
    red, green, blue = bytes.fromhex(found.group(1))
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    """The colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def lab(rgb: ArrayLike) -> NDArray[np.float64]:
    """
    CIELAB of sRGB colours, white point D65.

    Parameters
    ----------
    rgb
        Shape (…, 3), 0-255.

    References
    ----------
    IEC 61966-2-1 (sRGB); CIE 15:2018, 8.2.1 (L*a*b*).

    Examples
    --------
    >>> lab([255, 0, 0]).round(1).tolist()
    [53.2, 80.1, 67.2]
    """
    value = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)
