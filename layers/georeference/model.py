"""What every way of georeferencing ends in: features, the way they came to be, and how good that is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import shapely

from spatial.crs import identify
from spatial.reading.model import Evidence, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.accuracy import PositionalAccuracy
    from spatial.reading.model import Problem

__all__ = ["METHODS", "Georeferenced", "Method", "features_reading"]

Method = Literal[
    "official_vector",
    "notice_text",
    "published_extent",
    "scanned_map",
    "delineation_rule",
    "described_place",
    "section_coordinates",
    "river_chainage",
    "river_and_place",
    "declared",
]
"""How a layer's geometry came to be; ``declared`` is a feature that is known by name and has no place."""

METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, kw_only=True)
class Georeferenced:
    """
    Features made from something that is no vector file, ready for ``layers.importing.import_layer``.

    Parameters
    ----------
    reading
        The features; a geometry is None where the feature has no place.
    method
        How most of the features came to be; a feature may say its own in the column ``georeference_method``.
    accuracy
        Of the layer, 95 %, with its terms; None where each feature carries its own (``accuracy_m``) or import's
        default holds.
    indicative
        Whether the shapes only show roughly what an approved boundary would show; stays with every output.
    parameters
        What the shapes depend on (rule, numbers and where each comes from, control points and residuals …): plain
        values, kept on the layer's card.
    """

    reading: Reading
    method: Method
    accuracy: PositionalAccuracy | None = None
    indicative: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a method that is none, and parameters that a card cannot hold."""
        if self.method not in METHODS:
            raise ValueError(f"{self.method!r} is none of {', '.join(METHODS)}")
        json.dumps(self.parameters, allow_nan=False)


def features_reading(
    geometries: Sequence[Any],
    attributes: Sequence[dict[str, Any]],
    *,
    accuracy: PositionalAccuracy,
    source_name: str,
    fmt: str,
    source_sha256: str | None = None,
    ids: Sequence[str] | None = None,
    problems: Sequence[Problem] = (),
) -> Reading:
    """
    Features at hand, as a reading.

    Parameters
    ----------
    geometries
        2D, EPSG:4490, length n; None for a feature that has no place.
    attributes
        One a geometry; columns as ``layers/fields.toml`` names them.
    accuracy
        Of positions whose feature states none of its own.
    source_name, source_sha256
        What the features were made from; the digest defaults to that of the features themselves.
    fmt
        Name of the way (``delineation``, ``place`` …).
    ids
        By default 1 … n.
    problems
        What the user should know of how they were made.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> from spatial.accuracy import stated_accuracy
    >>> made = features_reading(
    ...     [shapely.Point(117.5, 49.5), None],
    ...     [{"name": "甲"}, {"name": "乙"}],
    ...     accuracy=stated_accuracy(100),
    ...     source_name="plan",
    ...     fmt="place",
    ... )
    >>> made.crs.code, made.ids, sorted(made.without_place)
    ('EPSG:4490', ('1', '2'), ['2'])
    """
    if len(geometries) != len(attributes) or (ids is not None and len(ids) != len(geometries)):
        raise ValueError(f"{len(geometries)} geometries, {len(attributes)} records: one of each is needed")
    names = tuple(ids) if ids is not None else tuple(str(i + 1) for i in range(len(geometries)))
    array = np.empty(len(geometries), dtype=object)
    array[:] = [None if g is None or g.is_empty else shapely.force_2d(g) for g in geometries]
    return Reading(
        source_name=source_name,
        source_sha256=source_sha256 or _digest(array, attributes),
        format=fmt,
        encoding="UTF-8",
        encoding_evidence=(),
        layer_names=(source_name,),
        geometries=array,
        attributes=tuple(dict(row) for row in attributes),
        ids=names,
        feature_layers=(source_name,) * len(array),
        unreadable=(),
        crs=identify(4490),
        crs_status="given",
        crs_evidence=(Evidence(code="made_here", value="EPSG:4490"),),
        datum="stated",
        notation="degrees",
        decimals=None,
        source_kind="geopackage",
        accuracy=accuracy,
        problems=tuple(problems),
        declared_counts={source_name: len(array)},
        without_place=frozenset(n for n, g in zip(names, array, strict=True) if g is None),
    )


def _digest(geometries: Any, attributes: Sequence[dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for geometry, row in zip(geometries, attributes, strict=True):
        digest.update(b"-" if geometry is None else shapely.to_wkb(geometry, byte_order=1))
        digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True, default=str).encode())
    return digest.hexdigest()
