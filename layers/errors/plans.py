"""Errors of the plans of cities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors.base import LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PlanFileError", "UnknownCityError"]


class PlanFileError(LayerError, ValueError):
    """A file of ``data/plans`` is missing or wrong; ``entry`` is the table at fault (empty: the whole file)."""

    def __init__(self, *, path: Path, entry: str, detail: str) -> None:
        where = f"{path}, {entry}" if entry else f"{path}"
        super().__init__(f"{where}: {detail}; its shape is that of data/plans/README.md")
        self.path = path
        self.entry = entry
        self.detail = detail


class UnknownCityError(LayerError, LookupError):
    """No plan is held of a city called so; ``known`` are those there are."""

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no plan is held of {name!r}; there are those of {', '.join(known)}")
        self.name = name
        self.known = tuple(known)
