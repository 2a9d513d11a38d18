"""What follows from a coordinate system: accuracy, columns exchanged, an offset undone, a datum shifted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial import edges
from spatial.accuracy import AccuracyTerm, PositionalAccuracy, assumed_accuracy
from spatial.crs import identify, to_geographic
from spatial.ellipsoid import metres_per_degree
from spatial.errors import SpatialError
from spatial.forensics.placing import without_datum
from spatial.offsets import bd09_to_wgs84, gcj02_to_wgs84
from spatial.reading.model import Evidence, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.accuracy import DatumKnown
    from spatial.crs import CoordinateSystem
    from spatial.datum_shift import Shift
    from spatial.forensics import Hypothesis
    from spatial.forensics.hypotheses import Offset
    from spatial.reading.draft import Draft
    from spatial.reading.model import Box, DatumStatus, Reading

__all__ = ["SHIFT_STATED_M", "accuracy_of", "moved", "under"]

SHIFT_STATED_M = 10.0
"""Metres that parameters of a datum shift add whose quality nobody states; control points give their own figure."""
_DEGREE_M = 111_320.0


def accuracy_of(
    source: Draft | Reading,
    system: CoordinateSystem | None,
    known: DatumStatus,
    *,
    offset: str | None = None,
    shift_m: float | None = None,
) -> PositionalAccuracy:
    """Positional accuracy of a source, assumed by its form (see `spatial.accuracy.assumed_accuracy`)."""
    notation = source.notation or "degrees"
    if system is not None and not system.is_geographic:
        notation = "projected"
    datum: DatumKnown = "cgcs2000"
    if known == "assumed":
        datum = "unknown_projected" if notation == "projected" else "wgs84_assumed"
    elif system is not None and system.datum == "wgs84":
        datum = "wgs84"
    found = assumed_accuracy(
        source=source.source_kind,
        notation=notation,
        decimals=source.decimals or 0,
        datum=datum,
        offset_undone=offset is not None,
    )
    if shift_m is None:
        return found
    terms = (*found.terms, AccuracyTerm(code="datum_shift", metres=shift_m))
    return replace(found, metres=math.hypot(*(term.metres for term in terms)), terms=terms)


def moved(
    reading: Reading,
    *,
    system: CoordinateSystem,
    swapped: bool = False,
    offset: Offset | None = None,
    shift: Shift | None = None,
    shift_m: float = SHIFT_STATED_M,
) -> Reading:
    """
    A reading in a system: columns exchanged, offset undone, datum shifted, as the case demands.

    Parameters
    ----------
    reading
        As parsed.
    system
        Of its coordinates as they stand.
    swapped, offset
        What is to be undone.
    shift
        To CGCS2000; taken only where ``system`` is of its datum.
    shift_m
        What it adds to the accuracy, metres.

    Returns
    -------
    reading
        With ``crs`` set: EPSG:4490 after an offset or a shift, else ``system``. Problems say what was done.

    Raises
    ------
    OutsideWorkingAreaError, OffsetUndefinedError
        If a coordinate has no place.
    """
    shifts = shift is not None and shift.datum == system.datum
    accuracy = accuracy_of(reading, system, reading.datum, offset=offset, shift_m=shift_m if shifts else None)
    result = replace(reading, crs=system, accuracy=accuracy)
    if not (swapped or offset or shifts):
        return result

    def carried(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        if swapped:
            geometries = shapely.transform(geometries, lambda xy: xy[:, ::-1])
        if shifts and shift is not None:
            from spatial import datum_shift

            geometries = datum_shift.to_geographic(geometries, system, shift)
        elif offset:
            geometries = to_geographic(geometries, without_datum(system))
        if offset:
            undo = gcj02_to_wgs84 if offset == "gcj02" else bd09_to_wgs84

            def project(
                x: NDArray[np.float64], y: NDArray[np.float64]
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
                placed = undo(np.column_stack([x, y]))
                return placed[:, 0], placed[:, 1]

            geometries = edges.carry(geometries, project, source_m=_DEGREE_M, scale=metres_per_degree)
        return geometries

    def box_of(box: Box | None) -> Box | None:
        if box is None:
            return None
        outline: NDArray[np.object_] = np.empty(1, dtype=object)
        outline[0] = (
            shapely.box(*box) if box[0] < box[2] and box[1] < box[3] else shapely.LineString([box[:2], box[2:]])
        )
        try:
            west, south, east, north = carried(outline)[0].bounds
        except SpatialError:
            return None
        return float(west), float(south), float(east), float(north)

    done = [("columns_exchanged", swapped, ""), ("offset_undone", offset is not None, str(offset))]
    done.append(("datum_shifted", shifts, system.datum))
    return replace(
        result,
        geometries=carried(reading.geometries) if len(reading.geometries) else reading.geometries,
        unreadable=tuple(replace(one, box=box_of(one.box)) for one in reading.unreadable),
        crs=identify(4490) if offset or shifts else system,
        offset=offset,
        problems=(
            *reading.problems,
            *(Problem(code=code, file=reading.source_name, detail=detail) for code, true, detail in done if true),
        ),
    )


def under(
    reading: Reading, hypothesis: Hypothesis, *, shift: Shift | None = None, shift_m: float = SHIFT_STATED_M
) -> Reading:
    """
    A reading whose CRS is open, as it were under one of its hypotheses.

    Use it to give the answer under each hypothesis that is alive; nothing about it is proved.

    Parameters
    ----------
    reading
        With ``crs`` None, as `spatial.reading.read` gave it.
    hypothesis
        One of ``reading.hypotheses`` with a system.
    shift, shift_m
        As for `moved`.

    Returns
    -------
    reading
        With ``crs`` set and status ``given``; its last evidence is ``hypothesis``.

    Raises
    ------
    ValueError
        If the reading has a CRS already, or the hypothesis is a family without a system.
    OutsideWorkingAreaError, OffsetUndefinedError
        If a coordinate has no place under it.

    Examples
    --------
    >>> from spatial.reading import read_text
    >>> reading = read_text("5453252.01, 482918.45")
    >>> [under(reading, one).crs.code for one in reading.hypotheses if one.code == "cgcs2000_3:40"]
    ['EPSG:4549']
    """
    if reading.crs is not None:
        raise ValueError(f"{reading.source_name} is known to be in {reading.crs.code}")
    if hypothesis.system is None:
        raise ValueError(f"{hypothesis.code} is a family of systems, not one")
    placed = moved(
        reading,
        system=hypothesis.system,
        swapped=hypothesis.swapped,
        offset=hypothesis.offset,
        shift=shift,
        shift_m=shift_m,
    )
    evidence = (*reading.crs_evidence, Evidence(code="hypothesis", value=hypothesis.code))
    return replace(placed, crs_status="given", crs_evidence=evidence)
