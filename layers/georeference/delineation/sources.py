"""What a rule is applied to: points, lines and polygons out of readings, and the layer that comes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DelineationError
from layers.fields import FieldAliases, text_of
from layers.georeference.model import Georeferenced, features_reading
from layers.placing import placed_features
from spatial.accuracy import UNSTATED_LAYER, AccuracyTerm, PositionalAccuracy, restated
from spatial.reading.model import Problem, UnreadableFeature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.georeference.delineation.rules import Numbers
    from spatial.reading.model import Reading

__all__ = [
    "ZONE_WORDS",
    "Thing",
    "delineated",
    "joined_accuracy",
    "position_accuracy",
    "require_whole",
    "spacing_m",
    "things_of",
    "unreadable_of",
]

ZONE_WORDS = {1: "一级保护区", 2: "二级保护区"}
"""What the zones are called in the column ``zone``."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """
    One feature that a rule is applied to.

    ``geometry`` is EPSG:4490, None where it has no place; ``name``, ``source_name`` and ``code`` as its columns say;
    ``accuracy_m`` is its own 95 % figure with what the datum adds, None where no column states one.
    """

    id: str
    geometry: Any
    name: str | None
    source_name: str | None
    code: str | None
    accuracy_m: float | None

    @property
    def label(self) -> str:
        """What it is called in messages and names of zones."""
        return self.source_name or self.name or self.id


def things_of(reading: Reading, *, dimensions: frozenset[int], what: str, kind: str = "water_sources") -> list[Thing]:
    """
    The features of a reading that a rule is to be applied to, in EPSG:4490.

    Parameters
    ----------
    reading
        Read from a file, CRS known.
    dimensions
        Of the geometries the rule can use: 0 points, 1 lines, 2 polygons.
    what
        What they are, for messages.
    kind
        Whose column names hold.

    Raises
    ------
    DelineationError
        If the CRS is open, there is no feature, or one is of another dimension.
    """
    if reading.crs is None and len(reading.geometries):
        raise DelineationError(
            detail=f"{reading.source_name}: its coordinate system is not known", remedy="state it: --crs EPSG:4528"
        )
    placed = placed_features(reading)
    if not len(placed.geometries) and not placed.rejected:
        raise DelineationError(detail=f"{reading.source_name} holds no {what}", remedy="give the right file")
    aliases = FieldAliases.load()
    found = []
    for geometry, row, name in zip(placed.geometries, placed.rows, placed.ids, strict=True):
        if geometry is not None and int(shapely.get_dimensions(geometry)) not in dimensions:
            raise DelineationError(
                detail=f"{reading.source_name}, feature {name}: it is a {geometry.geom_type}, which is no {what}",
                remedy="give the right file, or state what its points make: --geometry",
            )
        view = aliases.view(row, kind=kind)  # type: ignore[arg-type]
        own = view.lengths_m("accuracy_m")
        found.append(
            Thing(
                id=name,
                geometry=geometry,
                name=text_of(view.get("name")),
                source_name=text_of(next(iter(view.texts("source_name")), None)),
                code=text_of(view.get("code")),
                accuracy_m=restated(reading.accuracy, max(own)).metres if own else None,
            )
        )
    return found


def unreadable_of(reading: Reading) -> tuple[UnreadableFeature, ...]:
    """
    The features of a reading that cannot be used, without a box: where the zone of a lost well lies nobody knows.

    They go on to the layer, which is then nowhere ``clear``.
    """
    lost = [replace(u, box=None) for u in reading.unreadable]
    for rejected in placed_features(reading).rejected:
        if rejected.id not in {u.id for u in lost}:
            problem = Problem(code="no_geometry", file=reading.source_name, record=None, detail=rejected.detail)
            lost.append(UnreadableFeature(id=rejected.id, layer=reading.source_name, box=None, problem=problem))
    return tuple(lost)


def require_whole(reading: Reading, what: str) -> None:
    """Refuse lines or polygons of which a part could not be read: a zone cut short would look like a whole one."""
    lost = unreadable_of(reading)
    if lost:
        raise DelineationError(
            detail=f"{reading.source_name}: {len(lost)} of its features cannot be used "
            f"({', '.join(u.id for u in lost[:5])}), and a {what} with a part missing makes a wrong zone",
            remedy="mend the file",
        )


def position_accuracy(
    reading: Reading, stated_m: float | None, *, code: str, drawn: bool = False
) -> list[AccuracyTerm]:
    """
    The share of a source in the accuracy of a zone, as one term called ``code``.

    What is stated (``stated_m``, metres, 95 %) goes before the reading's own accuracy; of lines and polygons of which
    nobody says how they were drawn (``drawn``), 25 m as of any such layer. What the datum adds stays, in squares.
    """
    if stated_m is not None:
        metres = restated(reading.accuracy, stated_m).metres
    elif drawn:
        metres = restated(reading.accuracy, UNSTATED_LAYER.metres).metres
    else:
        metres = reading.accuracy.metres
    return [AccuracyTerm(code=code, metres=metres)]


def joined_accuracy(terms: Sequence[AccuracyTerm], *, assumed: bool) -> PositionalAccuracy:
    """Terms as one accuracy, in squares; those of nought are left out."""
    kept = tuple(term for term in terms if term.metres > 0) or tuple(terms[:1])
    return PositionalAccuracy(
        metres=math.hypot(*(t.metres for t in kept)), basis=kept[0].code, terms=kept, assumed=assumed
    )


def delineated(
    geometries: Sequence[Any],
    attributes: Sequence[dict[str, Any]],
    *,
    accuracy: PositionalAccuracy,
    numbers: Numbers,
    rule: str,
    parameters: dict[str, Any],
    made_from: Sequence[Reading],
    unreadable: Sequence[UnreadableFeature] = (),
    problems: Sequence[Problem] = (),
) -> Georeferenced:
    """The layer that a rule makes: always indicative, its numbers all named, what was lost still counted."""
    numbers.require_all_used()
    reading = features_reading(
        list(geometries),
        list(attributes),
        accuracy=accuracy,
        source_name=made_from[0].source_name,
        fmt="delineation",
        problems=problems,
    )
    if unreadable:
        counts = {name: count + len(unreadable) for name, count in reading.declared_counts.items()}
        reading = replace(reading, unreadable=tuple(unreadable), declared_counts=counts)
    listed = numbers.listed()
    about: dict[str, Any] = {
        "rule": rule,
        "standard": numbers.rules.standard if any(n["mark"] != "U" or "default_value" in n for n in listed) else None,
        "defaults": listed,
        "default_codes": [n["code"] for n in listed if n["default"]],
        "sources": [{"file": r.source_name, "sha256": r.source_sha256} for r in made_from],
        **parameters,
    }
    return Georeferenced(
        reading=reading, method="delineation_rule", accuracy=accuracy, indicative=True, parameters=about
    )


def spacing_m(points: Sequence[Any]) -> Any:
    """Geodesic metres between every two points, shape (n, n)."""
    from spatial.measure import distance_bearing

    xy = np.array([(p.x, p.y) for p in points])
    return distance_bearing(xy[:, None, 0], xy[:, None, 1], xy[None, :, 0], xy[None, :, 1])[0]
