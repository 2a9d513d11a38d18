"""What is drawn in the window of a static map: shapes and their styles, entries of the legend, names that find room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import shapely

from maps.figure.plane import path_data
from maps.markup import tag
from maps.style import STANDARD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from maps.figure.lettering import Labels
    from maps.figure.plane import Plane
    from maps.legend import LegendEntry
    from maps.markup import Html
    from maps.style import FeatureStyle, StyleSheet

__all__ = ["Drawing", "ink_of"]

_LONGEST_NAME = 18
_L = TypeVar("_L", bound=str)
"""The languages a map may be in: one for a report, both for a sheet."""


@dataclass(kw_only=True)
class Drawing(Generic[_L]):
    """
    A map while it is drawn.

    Attributes
    ----------
    plane
        The window; shapes are in its units.
    language
        Of its words.
    shapes
        SVG elements, the lowest first.
    styles
        Styles used, by key: their hatches must be defined in the picture.
    entries
        What the legend has to explain.
    names
        (x, y, name, colour, rank): those of the lowest rank are written first.
    points
        (x, y, radius) of the points drawn, which names should not hide.
    sheet
        How kinds, classes and the map's own lines look.
    """

    plane: Plane
    language: _L
    sheet: StyleSheet = STANDARD
    shapes: list[Html] = field(default_factory=list)
    styles: dict[str, FeatureStyle] = field(default_factory=dict)
    entries: list[LegendEntry] = field(default_factory=list)
    names: list[tuple[float, float, str, str, float]] = field(default_factory=list)
    points: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, geometry: BaseGeometry, style: FeatureStyle, *, outline: bool = False) -> str | None:
        """Draw what of a geometry (units of the picture) is in the window; its shape, None where nothing is."""
        if geometry.is_empty:
            return None
        parts = shapely.get_parts(geometry)
        dimensions = shapely.get_dimensions(parts)
        dimension = int(dimensions.max())
        if (dimensions < dimension).any():  # a route beside parcels is no area: it would be filled from end to end
            kinds = [parts[dimensions == d] for d in (2, 1, 0) if (dimensions == d).any()]
            first, *_ = [self.add(shapely.geometrycollections(some), style, outline=outline) for some in kinds]
            return first
        self.styles[style.key] = style
        dash = {"stroke_dasharray": style.dash} if style.dash else {}
        line: dict[str, Any] = {"stroke": style.colour, "stroke_width": f"{style.weight:g}", **dash}
        if dimension == 0:
            line.pop("stroke_dasharray", None)
            for x, y in shapely.get_coordinates(geometry):
                self.points.append((float(x), float(y), style.radius))
                self.shapes.append(
                    tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{style.radius * 0.8:g}", fill=style.fill, **line)
                )
            return "point"
        if dimension == 1 and style.solid_hatch:
            line |= {"stroke": style.fill, "stroke_width": "9"}
        fills = dimension == 2 and not outline
        fill = {"fill": style.paint if fills else "none"}
        if fills and not style.hatch:
            fill["fill_opacity"] = f"{style.fill_opacity:g}"
        self.shapes.append(
            tag("path", d=path_data(geometry), fill_rule="evenodd", stroke_linejoin="round", **fill, **line)
        )
        return "outline" if outline else ("area" if dimension == 2 else "line")

    def add_specks(self, places: NDArray[np.float64], style: FeatureStyle) -> None:
        """Dots for what is smaller than a dot, as wide as the line of its style."""
        self.styles[style.key] = style
        dots = "".join(f"M{x:.1f} {y:.1f}h.1" for x, y in places)
        wide = f"{max(style.weight, 1.6):g}"
        line = {"stroke": style.colour, "stroke_width": wide, "stroke_linecap": "round"}
        self.shapes.append(tag("path", d=dots, fill="none", **line))

    def written(self, labels: Labels) -> list[Html]:
        """The names that find room, those of the lowest rank first, each once; the others are not written."""
        written, seen = [], set()
        for x, y, name, colour, _ in sorted(self.names, key=lambda one: (one[4], one[2], one[0], one[1])):
            if name in seen:
                continue
            short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
            for dy in (0.0, 13.0, -13.0, 26.0, -26.0):
                label = labels.place(x, y + dy, short, 9.5, fill=colour)
                if label is not None:
                    written.append(label)
                    seen.add(name)
                    break
        return written


def ink_of(colour: str) -> str:
    """
    A colour of the map as ink: dark enough to be read on the fill of the same colour.

    Examples
    --------
    >>> ink_of("#fba66a")
    '#9b6641'
    """
    return "#" + "".join(f"{int(int(colour[k : k + 2], 16) * 0.62):02x}" for k in (1, 3, 5))
