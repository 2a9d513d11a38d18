"""Whether a finding is right, given the truth: what the score and the tests count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spatial.ellipsoid import metres_per_degree
from spatial.errors import SpatialError
from spatial.forensics.placing import place

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spatial.forensics.hypotheses import Forensics, Hypothesis, Offset
    from spatial.systems import Datum

__all__ = ["Outcome", "Truth", "judge"]

_OLD_DATUM_M = 150.0

Outcome = Literal["settled", "offered", "refused", "wrong"]
"""Given or proved, and right; ambiguous with the truth among the alive; refused; or wrong."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """
    Where the rows of a file really lie.

    Parameters
    ----------
    lon_lat
        EPSG:4490 degrees, shape (n, 2).
    datum
        What the coordinates were written in.
    offset
        The offset they carry.
    tolerance_m
        What the digits in the file leave open, metres.
    """

    lon_lat: NDArray[np.float64]
    datum: Datum
    offset: Offset | None
    tolerance_m: float


def judge(finding: Forensics, coordinates: ArrayLike, truth: Truth) -> Outcome:
    """
    Right, offered, refused or wrong.

    A place is right if it lies within the digits of the file, and the metre of WGS 84 where that is a term. Where the
    truth is Xi'an 80 or Beijing 54 it is right only if the finding marks the datum assumed, carries its 100 m, and
    lies within 150 m (100 m is a 95 % figure). The 10 m of an undone offset forgive nothing, since the made files carry
    the very offset that is undone. An ambiguous finding without the truth among the alive is wrong too: all of them
    might agree on an answer.

    Parameters
    ----------
    finding
        From `rank`.
    coordinates
        What `rank` was given, shape (n, 2).
    truth
        What is known.

    Examples
    --------
    >>> from spatial.forensics import rank
    >>> rows = np.array([[40482918.4554, 5453252.0109]])
    >>> truth = Truth(
    ...     lon_lat=np.array([[119.765558, 49.212189]]), datum="cgcs2000", offset=None, tolerance_m=0.1
    ... )
    >>> judge(rank(rows), rows, truth)
    'settled'
    """
    if finding.status == "refused":
        return "refused"
    if finding.chosen is not None:
        return "settled" if _right(finding, finding.chosen, coordinates, truth) else "wrong"
    return "offered" if any(_right(finding, one, coordinates, truth) for one in finding.alive) else "wrong"


def _right(finding: Forensics, one: Hypothesis, coordinates: ArrayLike, truth: Truth) -> bool:
    try:
        found = place(coordinates, one)
    except SpatialError:
        return False
    kx, ky = metres_per_degree(truth.lon_lat[:, 1])
    away = (found - truth.lon_lat) * np.column_stack([kx, ky])
    farthest = float(np.hypot(away[:, 0], away[:, 1]).max())
    terms = {term.code: term.metres for term in one.accuracy_terms}
    if truth.datum in ("xian80", "beijing54"):
        return finding.datum == "assumed" and terms.get("datum_unstated", 0) >= 100 and farthest <= _OLD_DATUM_M
    metre = max((metres for code, metres in terms.items() if code.startswith("datum_wgs84")), default=0.0)
    return farthest <= truth.tolerance_m + metre
