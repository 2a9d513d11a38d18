"""What a parser has found so far, and how it becomes a `Reading`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import IncompleteSourceError, SourceTooLargeError
from spatial.reading.limits import Limits
from spatial.reading.model import Evidence, Hints, Problem, UnreadableFeature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.accuracy import Notation, SourceKind
    from spatial.coordinates import Coordinate, PairKind, Place
    from spatial.reading.model import Box

__all__ = ["Draft", "note_notation"]

_LIMITS = Limits()


@dataclass(kw_only=True)
class Draft:
    """
    Features and facts of one source, as its parser meets them.

    What is said about the CRS: ``crs_text`` is what the file states (a WKT, a code); ``kinds`` and ``zones`` are what
    the sizes of the numbers show; ``header_zone``, ``header_width`` (3 or 6) and ``header_datum`` come from words.
    ``offset`` is ``gcj02`` or ``bd09`` where a mark or the name of a column says so. ``header_words``,
    ``ov_coord_types``, ``axis_words`` and ``dates`` are hints for the forensics.
    """

    file: str
    format: str
    source_kind: SourceKind
    encoding: str = "UTF-8"
    encoding_evidence: list[Evidence] = field(default_factory=list)
    crs_text: str | int | None = None
    crs_evidence: list[Evidence] = field(default_factory=list)
    kinds: set[PairKind] = field(default_factory=set)
    zones: set[int] = field(default_factory=set)
    header_zone: int | None = None
    header_width: int | None = None
    header_datum: str | None = None
    offset: str | None = None
    header_words: list[str] = field(default_factory=list)
    ov_coord_types: list[str] = field(default_factory=list)
    axis_words: tuple[str, str] | None = None
    dates: list[str] = field(default_factory=list)
    notation: Notation | None = None
    decimals: int | None = None
    layers: list[str] = field(default_factory=list)
    geometries: list[BaseGeometry] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    keys: list[tuple[str, int]] = field(default_factory=list)
    lost: list[tuple[str, int, Box | None, Problem]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    declared: dict[str, int] = field(default_factory=dict)
    vertices: int = 0
    met: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    def open_layer(self, layer: str) -> None:
        """Make a layer known, also one without features."""
        if layer not in self.layers:
            self.layers.append(layer)
            self.met[layer] = 0

    def _next(self, layer: str) -> int:
        self.open_layer(layer)
        self.met[layer] += 1
        if self.met[layer] > _LIMITS.features:
            self._too_large(f"more than {_LIMITS.features} features")
        return self.met[layer]

    def _too_large(self, detail: str) -> None:
        remedy = "Cut the file into smaller ones"
        raise SourceTooLargeError(file=self.file, code="too_large", detail=detail, remedy=remedy)

    def warn(
        self,
        code: str,
        *,
        layer: str | None = None,
        record: int | None = None,
        point: str | None = None,
        detail: str = "",
        remedy: str = "",
    ) -> None:
        """Note something that is not fatal."""
        self.problems.append(
            Problem(code=code, file=self.file, layer=layer, record=record, point=point, detail=detail, remedy=remedy)
        )

    def lose(
        self,
        code: str,
        *,
        layer: str,
        record: int | None = None,
        point: str | None = None,
        detail: str = "",
        box: Box | None = None,
        remedy: str = "repair_feature",
    ) -> None:
        """Note a feature that could not be read; it keeps its place in the numbering."""
        number = self._next(layer)
        problem = Problem(
            code=code,
            file=self.file,
            layer=layer,
            record=number if record is None else record,
            point=point,
            detail=detail,
            remedy=remedy,
        )
        self.lost.append((layer, number, box, problem))

    def add(
        self, geometry: BaseGeometry | None, attributes: dict[str, Any], *, layer: str, record: int | None = None
    ) -> None:
        """Note a feature; one without geometry, or with a coordinate that is not finite, is lost."""
        if geometry is None or geometry.is_empty:
            code = "no_geometry" if geometry is None else "empty_geometry"
            self.lose(code, layer=layer, record=record)
            return
        if geometry.has_z or getattr(geometry, "has_m", False):
            geometry = shapely.force_2d(geometry)
        coordinates = shapely.get_coordinates(geometry)
        if not np.isfinite(coordinates).all():
            self.lose("not_finite", layer=layer, record=record)
            return
        if _hollow(geometry):
            low, high = coordinates.min(axis=0), coordinates.max(axis=0)
            box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
            self.lose("empty_geometry", layer=layer, record=record, box=box, detail="a part of it is empty")
            return
        if _flat(geometry):
            low, high = coordinates.min(axis=0), coordinates.max(axis=0)
            box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
            self.lose("zero_area", layer=layer, record=record, box=box, detail=f"{geometry.area:.3g} in its own units")
            return
        self.vertices += len(coordinates)
        if self.vertices > _LIMITS.vertices:
            self._too_large(f"more than {_LIMITS.vertices} vertices")
        self.keys.append((layer, self._next(layer)))
        self.geometries.append(geometry)
        self.attributes.append(attributes)

    def add_plain(self, shapes: NDArray[np.object_], attributes: list[dict[str, Any]], *, layer: str) -> None:
        """Note features that `spatial.reading.sound.plain` vouches for."""
        self.open_layer(layer)
        first = self.met[layer] + 1
        self.met[layer] += len(shapes)
        if self.met[layer] > _LIMITS.features:
            self._too_large(f"more than {_LIMITS.features} features")
        self.vertices += int(shapely.get_num_coordinates(shapes).sum())
        if self.vertices > _LIMITS.vertices:
            self._too_large(f"more than {_LIMITS.vertices} vertices")
        self.keys += [(layer, number) for number in range(first, first + len(shapes))]
        self.geometries += shapes.tolist()
        self.attributes += attributes

    def note(self, place: Place) -> None:
        """Take in what the size of a pair of numbers shows."""
        self.kinds.add(place.kind)
        if place.zone is not None:
            self.zones.add(place.zone)

    def gathered_hints(self) -> Hints:
        """What the source lets slip about its coordinate system, for the forensics."""
        fields = [str(name) for row in self.attributes[:1] + self.attributes[-1:] for name in row]
        return Hints(
            format=self.format,
            file_name=self.file,
            field_names=tuple(dict.fromkeys(fields)),
            header_words=tuple(dict.fromkeys([*self.header_words, *self.layers[:50]])),
            ov_coord_types=tuple(self.ov_coord_types),
            axis_words=self.axis_words,
            dates=tuple(self.dates),
        )

    def check_counts(self) -> None:
        """Refuse a source that holds another number of features than it declares."""
        for layer, declared in self.declared.items():
            read = self.met.get(layer, 0)
            if read != declared:
                raise IncompleteSourceError(
                    file=self.file,
                    layer=layer,
                    code="count",
                    detail=f"it declares {declared} features and {read} were found",
                    remedy="Get the file again from its source; part of it is missing",
                )

    def ids(self) -> tuple[tuple[str, ...], tuple[UnreadableFeature, ...]]:
        """Ids of what was read, and the features that were not."""
        many = len(self.layers) > 1

        def name(layer: str, number: int) -> str:
            return f"{layer}/{number}" if many else str(number)

        unreadable = tuple(
            UnreadableFeature(id=name(layer, number), layer=layer, box=box, problem=problem)
            for layer, number, box, problem in self.lost
        )
        return tuple(name(*key) for key in self.keys), unreadable


def _hollow(geometry: BaseGeometry) -> bool:
    """Whether a part of a collection is empty: it was something once."""
    parts = getattr(geometry, "geoms", None)
    return parts is not None and any(part.is_empty or _hollow(part) for part in parts)


def _flat(geometry: BaseGeometry) -> bool:
    """Whether a polygon is but a line: its mean width is below a hundredth of a millimetre (or of 1e-9 degrees)."""
    if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        return False
    west, south, east, north = geometry.bounds
    least = 1e-10 if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90 else 1e-5
    if 2 * abs(geometry.area) > least * geometry.length:
        return False
    hull = geometry.convex_hull  # a ring that crosses itself has no area either, but encloses some
    return 2 * float(hull.area) <= least * float(hull.length)


def note_notation(written: Sequence[Coordinate], draft: Draft) -> None:
    """How coordinates are written, and the most decimals of their last unit; ``draft.kinds`` is known."""
    if not written:
        return
    units = {one.unit for one in written}
    if draft.kinds and draft.kinds != {"degrees"}:
        draft.notation = "projected"
    elif "minute" in units:  # the coarsest way of writing decides
        draft.notation = "dm"
    else:
        draft.notation = "dms" if "second" in units else "degrees"
    unit = {"dms": "second", "dm": "minute"}.get(draft.notation, "number")
    draft.decimals = max((one.decimals for one in written if one.unit == unit), default=0)
