"""
What a page may hold of a layer: everything in the standard edition, generalised shapes in the public one.

The page must never be clearer than the engine on the same version. A generalised layer proves nothing, its shapes are
supersets, its coverage is a subset, and what else forbids ``clear`` is drawn out likewise (``Shown.columns``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from maps.phrases import clean
from maps.public_map.intakes import holds_intakes
from screening.findings import box_counts
from screening.words import word
from spatial.generalising import generalised, generalised_boxes, grid_for, narrowed
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.records import Standing
    from layers.version import OpenLayer
    from maps.public_map.edition import Edition
    from spatial.generalising import GeneralisingGrid

__all__ = ["Shown", "Withheld", "facts_left_out", "holds_intakes", "shown_of", "version_shown"]

_WITHIN = (1.0, 2.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """A line of what the file does not hold, or only coarsely; ``what`` and ``why`` in both languages."""

    layer: str
    what: Mapping[str, str]
    why: Mapping[str, str]
    ask: str | None

    def to_dict(self) -> dict[str, Any]:
        """As the page's document holds it."""
        ask = None if self.ask is None else clean(self.ask)
        return {"layer": clean(self.layer), "what": dict(self.what), "why": dict(self.why), "ask": ask}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """
    What a page may hold of one layer, before it is simplified for drawing. Geometry EPSG:4490.

    Of a generalised layer nothing else of the original may enter the file: no index chunk, no rejected box, no bounds,
    no digest (a digest, or eight digits of one, tells a right guess at a point from a wrong one: `version_shown`). Its
    finest level keeps every vertex of the shapes (tolerance 0, ``step=coordinate_step``): they may not shrink again.
    """

    geometries: NDArray[Any]
    """One a feature row; None where there is none."""
    coverage: BaseGeometry | None
    """Narrowed where the layer is generalised; then without what units past their date leave unknown."""
    precision: Literal["full", "generalised"]
    proves: bool
    """False where nothing may be proved a hit."""
    facts_withheld: frozenset[int]
    """Rows whose words (id, name, code, facts, the file's own class) are not shown."""
    withheld: tuple[Withheld, ...]
    coordinate_step: float | None
    """Every coordinate is a whole multiple of this, degrees, an exact power of two; None: any."""
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """
    What takes the place of columns worked out from the layer, by their names in ``FeatureColumns``
    (``maps/page/contract.ts``); empty at full precision.
    """
    draws_coverage: bool = True
    """False where its outline is an administrative boundary, which the edition does not draw; the judge reads it."""
    precision_m: float | None = None
    """The precision asked for; None at full precision."""
    withholds_places: bool = False
    """
    True where texts that state a place (`maps.public_map.giving_away.states_a_place`) are left out of names and facts,
    and counted in a line of `facts_left_out`.
    """


def shown_of(layer: OpenLayer, standing: Standing, edition: Edition) -> Shown:
    """
    What a page of this edition may hold of a layer.

    Parameters
    ----------
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    standing
        What its features are at the date of the page.
    edition
        For whom the page is made.
    """
    geometries = np.empty(layer.records.count, dtype=object)
    for row in range(len(geometries)):
        geometries[row] = layer.index.geometry(row)
    coverage = None if layer.coverage is None else layer.coverage.geometry(0)
    drawn = not (edition.public and layer.card.coverage_kind == "districts")
    intakes = edition.public and holds_intakes(layer)
    precision_m = edition.precision_of(layer.card, holds_intakes=intakes)
    if precision_m is None:
        return Shown(
            geometries=geometries,
            coverage=coverage,
            precision="full",
            proves=True,
            facts_withheld=frozenset(),
            withheld=(),
            coordinate_step=None,
            draws_coverage=drawn,
            withholds_places=edition.public,
        )
    grid = grid_for(precision_m)
    shapes = generalised(geometries, grid, about_centres=intakes or layer.card.kind == "water_sources")
    if coverage is not None:
        coverage = narrowed(_known(coverage, geometries, layer, standing), grid)
    return Shown(
        geometries=shapes,
        coverage=coverage,
        precision="generalised",
        proves=False,
        facts_withheld=frozenset(range(len(geometries))),
        withheld=_lines(layer, shapes, grid, precision_m, edition),
        coordinate_step=grid.coordinate_step,
        columns=_columns(layer, shapes, standing, grid),
        draws_coverage=drawn,
        precision_m=precision_m,
        withholds_places=True,
    )


def facts_left_out(layer: OpenLayer, count: int) -> Withheld:
    """The line for texts of an open layer that were left out because they state a place."""
    return Withheld(
        layer=layer.card.name,
        what=_both("withheld_facts", count=count),
        why=_both("why_quoted"),
        ask=layer.card.source,
    )


def version_shown(version: str, shown: Shown) -> str:
    """
    The version of a layer as a page may name it: in a public edition without the digits of its content.

    They are a digest of everything in the layer: of an open one too, with the texts that are left out.

    Examples
    --------
    >>> full = Shown(
    ...     geometries=np.array([]),
    ...     coverage=None,
    ...     precision="full",
    ...     proves=True,
    ...     facts_withheld=frozenset(),
    ...     withheld=(),
    ...     coordinate_step=None,
    ... )
    >>> from dataclasses import replace
    >>> version_shown("v0001-0a1b2c3d", full), version_shown("v0001-0a1b2c3d", replace(full, precision="generalised"))
    ('v0001-0a1b2c3d', 'v0001')
    """
    return version.partition("-")[0] if shown.withholds_places or shown.precision != "full" else version


def _known(coverage: BaseGeometry, geometries: NDArray[Any], layer: OpenLayer, standing: Standing) -> BaseGeometry:
    """A coverage without what units past their date leave: their generalised neighbours would hide that hole."""
    if layer.card.kind != "control_units":
        return coverage
    areal = shapely.get_dimensions(geometries) == 2
    ended, now = geometries[areal & ~standing.in_force], geometries[areal & standing.in_force]
    if len(ended) == 0:
        return coverage
    hole = shapely.difference(shapely.union_all(ended), shapely.union_all(now))
    return shapely.difference(coverage, hole)


def _columns(
    layer: OpenLayer, shapes: NDArray[Any], standing: Standing, grid: GeneralisingGrid
) -> dict[str, NDArray[Any]]:
    dimension = shapely.get_dimensions(shapes).astype(np.int32)
    area = np.zeros(len(shapes))
    if (dimension == 2).any():
        area[dimension == 2] = ellipsoidal_area(shapes[dimension == 2])
    boxes = np.array(layer.rejected_boxes, dtype=np.float64).reshape(-1, 4)
    coverage = None if layer.coverage is None else layer.coverage.feature_bounds[0]
    for row, box in enumerate(boxes):
        if coverage is None or not box_counts(box, coverage):
            boxes[row] = np.nan  # it keeps the whole layer from clear, and must go on doing so
    return {
        "dimension": dimension,
        "area_m2": area,
        "bounds": shapely.bounds(shapes).reshape(-1, 4),
        "without_extent_m": np.array([_rounded_up(metres) for metres in standing.without_extent_m], dtype=np.float64),
        "rejected_boxes": generalised_boxes(boxes, grid),
    }


def _rounded_up(metres: float) -> float:
    """
    The next of 1, 2, 5, 10 …: a reach may follow from a declared area, which says which feature it is.

    Examples
    --------
    >>> [_rounded_up(metres) for metres in (5000.0, 5000.1, 0.3, float("inf"))], _rounded_up(float("nan"))
    ([5000.0, 10000.0, 0.5, inf], nan)
    """
    if not np.isfinite(metres) or metres <= 0:
        return metres
    scale = 10.0 ** np.floor(np.log10(metres))
    for times in (*_WITHIN, 10.0, 20.0):
        if times * scale >= metres:
            return float(times * scale)
    raise AssertionError(metres)  # pragma: no cover - one of them is more than ten times the scale


def _lines(
    layer: OpenLayer, shapes: NDArray[Any], grid: GeneralisingGrid, precision_m: float, edition: Edition
) -> tuple[Withheld, ...]:
    card = layer.card
    asked = card.name in edition.precision_m
    intakes = holds_intakes(layer)
    why = "restricted" if card.restricted else "asked" if asked else "intake"
    south = shapely.bounds(shapes).reshape(-1, 4)[:, 1]  # of what is shown: nothing here follows from more than that
    side = _two_figures(grid.side_m(float(np.nanmin(south)) if np.isfinite(south).any() else 0.0))
    facts: dict[str, object] = {"count": layer.records.count, "side": f"{side:,.0f}", "precision": f"{precision_m:g}"}
    codes = ["shapes", *(["centres"] if intakes or card.kind == "water_sources" else []), "words"]
    codes += ["coverage"] if layer.coverage is not None else []
    codes += ["rejected"] if len(layer.rejected_boxes) else []
    return tuple(
        Withheld(layer=card.name, what=_both(f"withheld_{code}", **facts), why=_both(f"why_{why}"), ask=card.source)
        for code in codes
    )


def _two_figures(metres: float) -> float:
    return float(f"{metres:.1e}")


def _both(code: str, **facts: object) -> dict[str, str]:
    return {"zh": word(f"public_edition.{code}", "zh", **facts), "en": word(f"public_edition.{code}", "en", **facts)}
