"""The layers of a workspace as they are handed over: every feature with what it means, and where the layers end."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DamagedVersionError
from layers.leaves import stored_features
from layers.model import Feature, in_force
from layers.version import open_layer, version_at
from maps.delivery.cards import card_line, marks_asked
from maps.delivery.model import CardLine, Delivery, Sheet, apart, sheets_of
from maps.errors import DeliveryLayerError, DeliverySourceError
from screening.export_columns import table_of, text_cell, words_cell
from screening.export_tables import UNIT_CODE_BYTES, UNIT_DIGITS, marks_of
from screening.words import word
from spatial.crs import gauss_kruger, zone3
from spatial.measure import ellipsoidal_area, geodesic_length, planar_areas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from layers.version import OpenLayer
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.words import Language
    from spatial.writing.model import Note, Value

__all__ = ["layers_delivery"]

OWN_COLUMNS: dict[str, dict[str, str]] = {
    "control_units": {"PROV": "province", "CITY": "city", "COUNTY": "county"},
    "protected_areas": {
        "BHDLX": "protected_area_type",
        "GNFQ": "zone",
        "BHDJB": "level",
        "FLZT": "status",
        "SUCCESSOR": "successor",
    },
    "water_sources": {"BHQJB": "zone", "JB": "level", "SYDMC": "source_name"},
    "element_zones": {"HJYS": "element", "YSXL": "subtype", "LYMC": "basin", "HDMC": "reach"},
    "monitoring_sections": {
        "DMJB": "section_level",
        "DMLX": "section_type",
        "SZMB": "target_class",
        "SZLB": "observed_class",
    },
    "sensitive_targets": {"JB": "level"},
}
"""Column -> meaning, of the fields that only one kind has."""
_NO_FEATURE = Feature(id="", code=None, name=None, class_="other", counts=False)
_COVERAGE = "coverage.gpkg"
_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)
_REQUIREMENTS = {
    "KJBJYS": "spatial_layout",
    "WRWPFGK": "pollutant_control",
    "HJFXFK": "risk_control",
    "ZYKFXLYQ": "resource_efficiency",
}


def layers_delivery(
    store: WorkspaceStore, *, as_of: str, layers: Sequence[str] = (), language: Language = "zh"
) -> Delivery:
    """
    The layers of a workspace as a delivery.

    Every byte that goes out was checked against what was imported; a layer that is damaged stops the delivery, since
    what lacks a layer looks complete.

    Parameters
    ----------
    store
        An open workspace.
    as_of
        ISO date: of each layer the version that answers then.
    layers
        Names; all layers if empty.
    language
        Of the words beside codes.

    Returns
    -------
    delivery
        A sheet for each layer and kind of geometry in it, and one of the coverages.

    Raises
    ------
    DeliveryLayerError
        If a name is not that of a layer.
    DeliverySourceError
        If the workspace has no layer, or its list cannot be read.
    DamagedVersionError
        If a layer is not what was imported.

    Examples
    --------
    >>> import tempfile
    >>> from layers.workspace import FolderStore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FolderStore.create(f"{folder}/ws", required_kinds=["red_lines"], region=None)
    ...     layers_delivery(store, as_of="2026-11-22")
    Traceback (most recent call last):
    ...
    maps.errors.DeliverySourceError: ...
    """
    opened = [open_layer(store, entry) for entry in _entries(store, as_of, layers)]
    sheets: list[Sheet] = []
    notes: list[Note] = []
    cards: list[CardLine] = []
    for layer in opened:
        made, said = _sheets(layer, as_of, language)
        sheets += made
        notes += said
        cards.append(card_line(layer.card, layer.entry, as_of))
    covered = _coverage(opened, as_of, language)
    title = opened[0].card.name if len(opened) == 1 else store.name
    return Delivery(
        title=title,
        as_of=as_of,
        sheets=apart([*sheets, *covered]),
        cards=tuple(cards),
        statements=((word("delivery.of_layers", "zh"), word("delivery.of_layers", "en")),),
        marks=marks_of([marks_asked(layer.card) for layer in opened]),
        notes=tuple(notes),
        language=language,
    )


def _entries(store: WorkspaceStore, as_of: str, layers: Sequence[str]) -> list[VersionEntry]:
    if not store.manifest_readable:
        raise DeliverySourceError(
            source=str(store.root),
            why="its list of layers cannot be read",
            remedy="run `sanxian layers WS` to see what is damaged, and import again",
        )
    versions: dict[str, list[VersionEntry]] = {}
    for entry in store.entries:
        versions.setdefault(entry.layer, []).append(entry)
    if not versions:
        raise DeliverySourceError(
            source=str(store.root), why="the workspace has no layer", remedy="import one with `sanxian import`"
        )
    for name in layers:
        if name not in versions:
            raise DeliveryLayerError(name=name, names=sorted(versions))
    wanted = list(dict.fromkeys(layers)) or list(versions)
    return [version_at(versions[name], as_of)[0] for name in wanted]


def _sheets(layer: OpenLayer, as_of: str, language: Language) -> tuple[tuple[Sheet, ...], tuple[Note, ...]]:
    card = layer.card
    shapes = np.empty(layer.records.count, dtype=object)
    for stored in stored_features(layer.stored):
        shapes[stored.row] = shapely.from_wkb(stored.wkb) if stored.wkb else None
    features = [layer.records.feature(row) for row in range(layer.records.count)]
    marks = marks_of([marks_asked(card)])
    fixed = _fixed(layer, as_of, language, mark=marks.text(language) or None)
    sizes = _sizes(shapes)
    rows = [
        _row(feature, sizes[number], fixed, as_of=as_of, language=language) for number, feature in enumerate(features)
    ]
    blank = _row(_NO_FEATURE, {}, fixed, as_of=as_of, language=language)
    if not rows:
        return (), ()
    table = table_of("layer_features", blank, rows, tuple(shapes), title=card.name)
    return sheets_of(table, kind=card.kind, class_field="CLASS", label_field="NAME", id_field="FEATURE_ID", marks=marks)


def _row(
    feature: Feature, size: Mapping[str, Value], fixed: Mapping[str, Value], *, as_of: str, language: Language
) -> dict[str, Value]:
    kind = str(fixed["KIND"])
    unit = kind == "control_units"
    code = feature.code
    short = code is not None and len(code.encode("utf-8", "replace")) <= UNIT_CODE_BYTES
    class_words = words_cell("class", feature.class_, language)
    own = {column: feature.own_fields.get(meaning) for column, meaning in OWN_COLUMNS.get(kind, {}).items()}
    units: dict[str, Value] = {
        "HJGKDYBM": code if short else None,
        "HJGKDYMC": feature.name,
        "GKDYFL": class_words if feature.class_ in UNIT_DIGITS else feature.class_label,
        "GKDYFLDM": UNIT_DIGITS.get(feature.class_),
    }
    requirements = {column: feature.requirements.get(meaning) for column, meaning in _REQUIREMENTS.items()}
    return {
        "FEATURE_ID": feature.id,
        "CODE": code,
        "NAME": feature.name,
        **(units if unit else {}),
        **own,
        "CLASS": feature.class_,
        "CLASS_T": class_words,
        "CLASS_LBL": feature.class_label,
        "FLAGS": ",".join(feature.flags) or None,
        "FLAGS_T": text_cell([words_cell("flag", flag, language) or "" for flag in feature.flags]),
        "COUNTS": int(feature.counts),
        "IN_FORCE": int(in_force(feature.valid_from, feature.valid_until, as_of)),
        "VALID_FROM": feature.valid_from,
        "VALID_TO": feature.valid_until,
        "ACCURACY": feature.accuracy_m,
        "INFLUENCE": feature.influence_m,
        **{column: size.get(column) for column in ("TQMJ_M2", "TQMJ_HM2", "TYMJ_M2", "LENGTH_M")},
        **requirements,
        **fixed,
        "ATTRS": json.dumps(feature.attributes, ensure_ascii=False, sort_keys=True, default=str),
    }


def _fixed(layer: OpenLayer, as_of: str, language: Language, *, mark: str | None) -> dict[str, Value]:
    """What is the same in every row of a layer, so that a row that is taken out still says what it is."""
    card = layer.card
    return {
        "LAYER": card.name,
        "KIND": card.kind,
        "KIND_T": words_cell("kind", card.kind, language),
        "ROLE": card.role,
        "METHOD": card.georeference_method,
        "SOURCE": card.source,
        "SJRQ": card.data_date,
        "SJBB": layer.entry.version,
        "LYR_ACC_M": card.accuracy_m,
        "AS_OF": as_of,
        "ZBX": None,  # the writer says in which CRS a file is
        "MARK": mark,
    }


def _sizes(shapes: NDArray[np.object_]) -> list[dict[str, Value]]:
    """Areas of polygons, lengths of lines; nothing for what has no such size."""
    found: list[dict[str, Value]] = [{} for _ in shapes]
    if not len(shapes):
        return found
    dimensions = np.where(shapely.is_missing(shapes), -1, shapely.get_dimensions(shapes))
    areas = np.flatnonzero(dimensions == 2)
    ellipsoidal = ellipsoidal_area(shapes[areas])
    zones = np.array([zone3(float(x)) for x in shapely.get_x(shapely.centroid(shapes[areas]))], dtype=int)
    planar = np.zeros(len(areas))
    for zone in np.unique(zones):
        of_zone = zones == zone
        planar[of_zone] = planar_areas(shapes[areas][of_zone], gauss_kruger(int(zone)))
    for at, row in enumerate(areas):
        square = round(float(ellipsoidal[at]), 2)
        found[row] = {"TQMJ_M2": square, "TQMJ_HM2": square / 10_000, "TYMJ_M2": round(float(planar[at]), 2)}
    lines = np.flatnonzero(dimensions == 1)
    for row, metres in zip(lines, geodesic_length(shapes[lines]), strict=True):
        found[row] = {"LENGTH_M": round(float(metres), 3)}
    return found


def _coverage(opened: Sequence[OpenLayer], as_of: str, language: Language) -> tuple[Sheet, ...]:
    """Where each layer claims to be complete, one row a layer; none where no layer states it."""
    rows, shapes, cards = [], [], []
    for layer in opened:
        if layer.coverage is None:
            continue
        card = layer.card
        rows.append(
            {
                "LAYER": card.name,
                "KIND": card.kind,
                "LABEL": card.coverage_label,
                "COV_SRC": card.coverage_source,
                "COV_ACC_M": card.coverage_accuracy_m,
                "SJBB": layer.entry.version,
                "AS_OF": as_of,
                "ZBX": None,
                "MARK": marks_of([marks_asked(card)]).text(language) or None,
            }
        )
        shapes.append(_covered(layer))
        cards.append(marks_asked(card))
    if not rows:
        return ()
    table = table_of("coverage", rows[0], rows, tuple(shapes), title=word("delivery.coverage", language))
    sheets, _ = sheets_of(
        table, kind="coverage", class_field=None, label_field="LAYER", id_field="LAYER", marks=marks_of(cards)
    )
    return sheets


def _covered(layer: OpenLayer) -> Any:
    """The coverage of a layer as it was published; every byte is checked first."""
    try:
        data = layer.stored.read(_COVERAGE)
        with closing(sqlite3.connect(":memory:")) as db:
            db.deserialize(data)
            blobs = [blob for (blob,) in db.execute("SELECT geom FROM coverage ORDER BY fid") if blob is not None]
        shapes = [shapely.from_wkb(blob[8 + 8 * _ENVELOPE_DOUBLES[(blob[3] >> 1) & 0b111] :]) for blob in blobs]
    except (sqlite3.Error, shapely.GEOSException, IndexError, KeyError) as trouble:
        raise DamagedVersionError(entry=layer.entry, file=_COVERAGE, block=None, detail=str(trouble)) from trouble
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
