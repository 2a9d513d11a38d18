"""Errors of gazetteers and of places looked up in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors.base import LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PlaceFileError", "PlaceNotFoundError", "PlaceUnclearError"]


class PlaceFileError(LayerError, ValueError):
    """A gazetteer cannot be used; ``place`` is the entry at fault."""

    def __init__(self, *, file: str, place: str, detail: str) -> None:
        super().__init__(f"{file}, place {place!r}: {detail}; its shape is that of data/places/README.md")
        self.file = file
        self.place = place
        self.detail = detail


class PlaceNotFoundError(LayerError, LookupError):
    """No gazetteer says where a place is; ``city`` is the plan whose own entries were looked at, if one."""

    def __init__(self, *, name: str, city: str | None) -> None:
        super().__init__(
            f"no gazetteer says where {name!r} is{'' if city is None else f' ({city})'}: it stays declared, not "
            "located; give its point and who says so (--point LON,LAT --point-accuracy-m M --point-source TEXT), "
            "or a gazetteer of your own (--gazetteer FILE)"
        )
        self.name = name
        self.city = city


class PlaceUnclearError(LayerError, LookupError):
    """Several places bear the name; ``places`` are those found."""

    def __init__(self, *, name: str, places: Sequence[str]) -> None:
        super().__init__(
            f"{len(places)} places are called {name!r}: {'; '.join(places)}; name the city (--city), or give the point"
        )
        self.name = name
        self.places = tuple(places)
