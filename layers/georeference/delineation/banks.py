"""
What lies along or around something: within 1 km of a river, 5 km of a works, 20 km of a landfill.

Screening measures to the thing itself (a stated influence distance, ``docs/contract/verdict.md`` §1), which is right
to the millimetre and says in every finding how far the thing is. So what is written is the source's own geometry with
the column ``influence_m``; import it as a layer of kind ``other`` with a role and a meaning, or as water sources. The
polygon of the same outline (``drawn=True``) is for drawing and for programs that know no influence distance: as a
layer it answers the same within its construction error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import shapely

from layers.errors import DelineationError
from layers.georeference.delineation.rules import Numbers, usable
from layers.georeference.delineation.sources import (
    delineated,
    joined_accuracy,
    position_accuracy,
    things_of,
    unreadable_of,
)
from spatial.accuracy import AccuracyTerm
from spatial.buffers import buffer_error_m, geodesic_buffer

if TYPE_CHECKING:
    from layers.georeference.model import Georeferenced
    from spatial.reading.model import Reading

__all__ = ["MeasureFrom", "bank", "ring"]

MeasureFrom = Literal["bank", "centreline"]
"""From the water's edge, or from the line in its middle."""


def bank(
    reading: Reading,
    metres: float,
    *,
    measure_from: MeasureFrom,
    half_width_m: float | None = None,
    half_width_error_m: float = 0.0,
    drawn: bool = False,
    position_accuracy_m: float | None = None,
    error_m: float | None = None,
) -> Georeferenced:
    """
    The land along a water: every point within a distance of it, the water with it.

    Parameters
    ----------
    reading
        Lines or polygons of the water, CRS known. A feature without a place stays one without geometry, one that
        cannot be read keeps the layer from ``clear`` everywhere.
    metres
        Geodesic.
    measure_from
        ``bank``: from the edge of a polygon, from a line that is the bank itself, or from ``half_width_m`` beside a
        line in the middle. ``centreline``: from a line in the middle, whatever the width.
    half_width_m, half_width_error_m
        Of the water around a line in its middle, and how far that may be off, 95 %; only with ``bank``.
    drawn
        A polygon instead of the thing with its influence distance.
    position_accuracy_m
        Of the lines or polygons, 95 %; default 25 m with what the datum adds, as for any layer of which nobody says
        how it was drawn.
    error_m
        Of a drawn outline.

    Returns
    -------
    georeferenced
        Indicative, method ``delineation_rule``. Accuracy: position, half width and construction, in squares: an outline
        at a distance from a line moves with the line and no farther.

    Raises
    ------
    DelineationError
        What is measured from cannot be told: a polygon has no middle line, points no bank.
    """
    numbers = Numbers()
    usable("metres", metres, unit="m")
    things = things_of(reading, dimensions=frozenset({1, 2}), what="line or polygon", kind="other")
    areal = [t.id for t in things if t.geometry is not None and shapely.get_dimensions(t.geometry) == 2]
    if areal and (measure_from == "centreline" or half_width_m is not None):
        raise DelineationError(
            detail=f"feature {areal[0]} is a polygon, which has an edge and no line in its middle",
            remedy="measure from the bank without a half width, or give the line in the middle",
        )
    if half_width_m is not None and measure_from == "centreline":
        raise DelineationError(
            detail="a distance from the line in the middle does not depend on the width",
            remedy="leave out --half-width-m, or measure from the bank",
        )
    numbers.given("bank.distance", metres, "m", zh="沿岸距离", en="distance along the bank")
    reach = metres
    if half_width_m is not None:
        reach += numbers.given("bank.half_width", half_width_m, "m", zh="水面半宽", en="half the width of the water")
    notes: dict[str, Any] = {"measured_from": measure_from, "within_m": reach, "half_width_error_m": half_width_error_m}
    notes["line_taken_as"] = None if areal else "centreline" if measure_from == "centreline" or half_width_m else "bank"
    return _around(
        reading,
        things,
        reach,
        numbers=numbers,
        rule="bank",
        notes=notes,
        drawn=drawn,
        terms=[
            *position_accuracy(reading, position_accuracy_m, code="position", drawn=True),
            AccuracyTerm(code="half_width", metres=usable("half_width_error_m", half_width_error_m, zero=True)),
        ],
        assumed=position_accuracy_m is None,
        error_m=error_m,
    )


def ring(
    reading: Reading,
    metres: float,
    *,
    inner_m: float = 0.0,
    drawn: bool = False,
    position_accuracy_m: float | None = None,
    error_m: float | None = None,
) -> Georeferenced:
    """
    Every point within a distance of something, the thing itself with it.

    Parameters
    ----------
    reading
        Points, lines or polygons, CRS known.
    metres
        Geodesic.
    inner_m
        What lies within this distance is left out (a ring of its own beside another); the ring is then a polygon.
    drawn, position_accuracy_m, error_m
        As for `bank`; the accuracy of points defaults to that of the reading.

    Returns
    -------
    georeferenced
        As `bank`.

    Raises
    ------
    DelineationError
        If ``inner_m`` is not below ``metres``.
    """
    numbers = Numbers()
    usable("metres", metres, unit="m")
    if not 0 <= inner_m < metres:
        raise DelineationError(
            detail=f"a ring from {inner_m!r} to {metres:g} m", remedy="give an inner distance of at least 0 and below"
        )
    things = things_of(reading, dimensions=frozenset({0, 1, 2}), what="point, line or polygon", kind="other")
    points = all(t.geometry is None or shapely.get_dimensions(t.geometry) == 0 for t in things)
    numbers.given("ring.distance", metres, "m", zh="距离", en="distance")
    if inner_m:
        numbers.given("ring.inner", inner_m, "m", zh="内侧距离", en="inner distance")
    return _around(
        reading,
        things,
        metres,
        numbers=numbers,
        rule="ring",
        notes={"within_m": metres, "beyond_m": inner_m},
        drawn=drawn or inner_m > 0,
        terms=position_accuracy(reading, position_accuracy_m, code="position", drawn=not points),
        assumed=position_accuracy_m is None,
        error_m=error_m,
        inner_m=inner_m,
    )


def _around(
    reading: Reading,
    things: Any,
    reach_m: float,
    *,
    numbers: Numbers,
    rule: str,
    notes: dict[str, Any],
    drawn: bool,
    terms: list[AccuracyTerm],
    assumed: bool,
    error_m: float | None,
    inner_m: float = 0.0,
) -> Georeferenced:
    construction = buffer_error_m(reach_m, error_m) if drawn else 0.0
    terms = [*terms, AccuracyTerm(code="construction", metres=construction)]
    shapes, rows = [], []
    for thing in things:
        shape = thing.geometry
        row: dict[str, Any] = {"name": thing.name or thing.source_name, "code": thing.code}
        if drawn and shape is not None:
            shape = geodesic_buffer(shape, reach_m, error_m=error_m)
            if inner_m:
                shape = shapely.difference(shape, geodesic_buffer(thing.geometry, inner_m, error_m=error_m))
        elif not drawn:
            row["influence_m"] = reach_m
        if thing.accuracy_m is not None:
            row["accuracy_m"] = math.hypot(thing.accuracy_m, *(t.metres for t in terms[1:]))
        shapes.append(shape)
        rows.append(row)
    return delineated(
        shapes,
        rows,
        accuracy=joined_accuracy(terms, assumed=assumed),
        numbers=numbers,
        rule=rule,
        parameters={**notes, "geometry": "drawn" if drawn else "influence_distance"},
        made_from=[reading],
        unreadable=unreadable_of(reading),
    )
