"""Errors of administrative boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors.base import SpatialError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "BoundariesDamagedError",
    "BoundariesNotBuiltError",
    "BoundaryError",
    "UnknownDistrictError",
    "UnmeasuredDistrictError",
]


class BoundaryError(SpatialError):
    """Base of what goes wrong with administrative boundaries."""


class BoundariesNotBuiltError(BoundaryError, FileNotFoundError):
    """
    The administrative boundaries were never built here.

    Parameters
    ----------
    folder
        Where they would lie.
    """

    def __init__(self, *, folder: Path) -> None:
        super().__init__(f"no administrative boundaries in {folder}: run `make setup`")
        self.folder = folder


class BoundariesDamagedError(BoundaryError):
    """
    The built boundaries are not what set-up wrote; none of them is used.

    Parameters
    ----------
    file
        The file at fault.
    detail
        What is wrong, one English line.
    remedy
        What to do about it.
    """

    def __init__(self, *, file: Path, detail: str, remedy: str = "delete the folder and run `make setup`") -> None:
        super().__init__(f"{file}: {detail}; {remedy}")
        self.file = file
        self.detail = detail


class UnknownDistrictError(BoundaryError, LookupError):
    """
    A code that no boundary is known for.

    Parameters
    ----------
    code
        The code as it was given.
    candidates
        Codes and names that may have been meant, the likeliest first.
    """

    def __init__(self, *, code: str, candidates: Sequence[tuple[str, str]]) -> None:
        meant = ", ".join(f"{known} {name}" for known, name in candidates) or "none is like it"
        super().__init__(
            f"no boundary for district code {code!r}; known: {meant}. For other provinces name them in "
            "data/boundaries/registry.toml and run `make setup`, or state the area by a file"
        )
        self.code = code
        self.candidates = tuple(candidates)


class UnmeasuredDistrictError(BoundaryError):
    """
    A boundary that only one source has: how accurate it is cannot be said.

    Parameters
    ----------
    codes
        The codes the second source lacks.
    source, second
        The source that has them, and the one that has not.
    """

    def __init__(self, *, codes: Sequence[str], source: str, second: str) -> None:
        super().__init__(
            f"district code {', '.join(codes)} is in {source} but not in {second}, so its accuracy is not "
            "measured: state the area by a file with an accuracy of its own, or by the code of its city"
        )
        self.codes = tuple(codes)
        self.source = source
        self.second = second
