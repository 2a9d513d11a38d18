"""Errors of river networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors.base import SpatialError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NetworkError", "UnknownRiverError"]


class NetworkError(SpatialError, ValueError):
    """
    Lines of which no river graph can be made, or a statement about it that does not fit.

    Parameters
    ----------
    code
        What is wrong, as a code.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    """

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class UnknownRiverError(NetworkError, LookupError):
    """
    A river of this name is not in the network.

    Parameters
    ----------
    name
        As it was given.
    known
        Names that are there.
    """

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        shown = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
        super().__init__(
            code="river_unknown",
            detail=f"no line is named {name!r}",
            remedy=f"the network has: {shown or 'no names at all'}",
        )
        self.name = name
        self.known = tuple(known)
