"""Two versions of a sequence laid side by side: what stands in both, in the same order, and what does not."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

__all__ = ["in_order", "paired", "unpaired"]


def paired(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """
    Places of equal keys in both sequences, the first with the first, sorted by the old place.

    Examples
    --------
    >>> paired("abca", "cab")
    [(0, 1), (1, 2), (2, 0)]
    """
    waiting: dict[Hashable, list[int]] = {}
    for place in range(len(new) - 1, -1, -1):
        waiting.setdefault(new[place], []).append(place)
    found = []
    for place, key in enumerate(old):
        left = waiting.get(key)
        if left:
            found.append((place, left.pop()))
    return found


def in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """
    The longest run of pairs that stand in the same order on both sides (pairs sorted by the first place).

    Examples
    --------
    >>> in_order([(0, 1), (1, 2), (2, 0)])
    [(0, 1), (1, 2)]
    """
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for place, (_, new) in enumerate(pairs):
        at = bisect_left(ends, new)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(new)
            last.append(place)
        else:
            ends[at], last[at] = new, place
    found = []
    place = last[-1] if last else -1
    while place >= 0:
        found.append(pairs[place])
        place = before[place]
    return found[::-1]


def unpaired(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Places of either sequence that have no equal in the other at the same place in the order.

    Examples
    --------
    >>> [places.tolist() for places in unpaired("abcd", "acxd")]
    [[1], [2]]
    """
    kept = in_order(paired(old, new))
    return _others(len(old), [a for a, _ in kept]), _others(len(new), [b for _, b in kept])


def _others(count: int, kept: list[int]) -> NDArray[np.int64]:
    left = np.ones(count, dtype=bool)
    left[np.array(kept, dtype=np.int64)] = False
    return np.flatnonzero(left)
