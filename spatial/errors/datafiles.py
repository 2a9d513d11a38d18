"""Errors of the project's own files and of packed arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors.base import SpatialError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["DataFileMissingError", "PackedDataError", "ShippedListError"]


class DataFileMissingError(SpatialError, FileNotFoundError):
    """
    A file of ``data/`` is not where the project keeps it.

    Parameters
    ----------
    name
        Path below ``data/``.
    places
        Folders that were looked in.
    """

    def __init__(self, *, name: str, places: Sequence[Path]) -> None:
        looked = ", ".join(map(str, places))
        super().__init__(f"data file {name} not found in {looked}: install the project again")
        self.name = name
        self.places = tuple(places)


class ShippedListError(SpatialError):
    """
    A list that the project ships (words, rules, names of columns, widths) is not what was shipped.

    Nothing is answered from it: what was lost from it would not be missed.

    Parameters
    ----------
    file
        The list.
    detail
        What is wrong with it.
    """

    def __init__(self, *, file: Path, detail: str) -> None:
        super().__init__(
            f"{file}: {detail}; install the project again, or, if it was changed on purpose in a clone of the "
            "repository, run: python -m spatial.parsed_toml"
        )
        self.file = file
        self.detail = detail


class PackedDataError(SpatialError, ValueError):
    """Packed arrays cannot be written or read; ``name`` is the array, None for the block as a whole."""

    def __init__(self, *, name: str | None, why: str) -> None:
        what = "the packed block" if name is None else f"packed array {name!r}"
        super().__init__(f"{what}: {why}; make it again from its source")
        self.name = name
        self.why = why
