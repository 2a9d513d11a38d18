"""The tables of an export: the site with its answer, the overlaps, the findings, the layer cards.

Made from the JSON of a verdict and nothing else, so that a layer that failed or is missing is in every one of
them. Codes stay codes (``ANSWER``, ``REASON``); the words beside them are in the language asked for. What a
column is called stands in ``export_fields.toml``; `screening.export_columns` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screening.export_columns import (
    answer_cells,
    area_cells,
    percent_cell,
    table_of,
    text_cell,
    warnings_cell,
    words_cell,
)
from screening.words import word
from spatial.writing.model import Field, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.overlap import Overlap
    from screening.words import Language
    from spatial.writing.model import FieldType, Value

__all__ = [
    "INTERNAL",
    "UNIT_CODE_BYTES",
    "UNIT_DIGITS",
    "Marks",
    "features_table",
    "findings_table",
    "layers_table",
    "marks_of",
    "overlaps_table",
    "parts_table",
    "site_table",
]

INTERNAL = "内部使用"
UNIT_CODE_BYTES = 13
"""ZH + 6 + 1 + 4."""
UNIT_DIGITS = {"priority": "1", "key": "2", "general": "3"}
"""The digit of a unit's class in its code and in ``GKDYFLDM``."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What must be said on the face of an export, of the whole or of one layer."""

    restricted: bool = False
    synthetic: bool = False
    indicative: bool = False

    def text(self, language: Language) -> str:
        """The marks in words; 内部使用 stays in Chinese in both languages. Empty if there is none."""
        said = []
        if self.restricted:
            said.append(INTERNAL if language == "zh" else f"{INTERNAL} {word('note.restricted', 'en')}")
        said += [word(f"note.{c}", language) for c in ("synthetic", "indicative") if getattr(self, c)]
        return "；".join(said) if language == "zh" else "; ".join(said)


def marks_of(cards: Sequence[Mapping[str, Any] | None]) -> Marks:
    """The marks of these layer cards together; a card that is lost or does not say counts as restricted."""
    return Marks(
        restricted=any(card is None or card.get("restricted") is not False for card in cards),
        synthetic=any(card is not None and bool(card.get("synthetic")) for card in cards),
        indicative=any(card is not None and bool(card.get("indicative")) for card in cards),
    )


def site_table(result: Mapping[str, Any], site: BaseGeometry, *, zbx: str, language: Language, marks: Marks) -> Table:
    """One row: the site, what is asked of it, and the layers behind each answer. Geometry in EPSG:4490."""
    facts = result["site"]
    layers = {
        answer: [_layer_name(f, language) for f in result["findings"] if f["answer"] == answer]
        for answer in ("hit", "uncertain", "unknown")
    }
    row: dict[str, Value] = {
        "XMMC": text_cell(facts.get("name")),
        **answer_cells(result["answer"], language),
        "IN_ZONE": text_cell(result.get("in_priority_zone")),
        "IN_UNIT": text_cell(result.get("in_priority_unit")),
        "IN_REDLINE": text_cell(result.get("in_red_line")),
        "IN_PROTECT": text_cell(result.get("in_protected_area")),
        "IN_WATER": text_cell(result.get("in_water_source_zone")),
        "HIT_LYR": text_cell(layers["hit"]),
        "UNCERT_LYR": text_cell(layers["uncertain"]),
        "UNKNWN_LYR": text_cell(layers["unknown"]),
        "NOT_CHECK": text_cell(result.get("not_checked")),
        "CHECKTIME": text_cell(result["as_of"]),
        "SCOPE": text_cell(facts.get("scope")),
        **area_cells("MJ", facts.get("area_m2")),
        "TYMJ_M2": facts.get("area_planar_m2"),
        "SBMJ_M2": facts.get("declared_area_m2"),
        "LENGTH_M": facts.get("length_m"),
        "RADIUS_M": facts.get("radius_m"),
        "ACC_M": facts.get("accuracy_m"),
        "ACC_BASIS": text_cell(facts.get("accuracy_basis")),
        "REJ_PARTS": facts.get("rejected_parts"),
        "ZBX": zbx,
        "SRC_CRS": text_cell(facts.get("crs")),
        "CRS_STAT": text_cell(facts.get("crs_status")),
        "DATUM": text_cell(facts.get("datum")),
        "WARNINGS": warnings_cell(result.get("warnings"), language),
        "NOTICE": word("note.not_permission", language),
        "MARK": marks.text(language) or None,
    }
    return table_of("site", row, [row], (site,))


def _layer_name(finding: Mapping[str, Any], language: Language) -> str:
    """The layer of a finding; of a required kind with no layer, the kind."""
    return text_cell(finding.get("layer")) or words_cell("kind", finding.get("kind"), language) or "?"


def _feature(
    owner: Mapping[str, Any],
    feature: Mapping[str, Any],
    *,
    language: Language,
    card: Mapping[str, Any] | None,
) -> dict[str, Value]:
    kind, code, name = owner.get("kind"), text_cell(feature.get("code")), text_cell(feature.get("name"))
    class_words = words_cell("class", feature.get("class"), language)
    unit = kind == "control_units"
    whole = code is not None and len(code.encode("utf-8", "replace")) <= UNIT_CODE_BYTES
    facts = card or {}
    return {
        "LAYER": text_cell(owner.get("layer")),
        "KIND": text_cell(kind),
        "KIND_T": words_cell("kind", kind, language),
        "ROLE": text_cell(owner.get("role")),
        "FEATURE_ID": text_cell(feature.get("id")),
        "CODE": code,
        "NAME": name,
        "HJGKDYBM": code if unit and whole else None,
        "HJGKDYMC": name if unit else None,
        "GKDYFL": class_words if unit else None,
        "GKDYFLDM": UNIT_DIGITS.get(str(feature.get("class"))) if unit else None,
        "CLASS": text_cell(feature.get("class")),
        "CLASS_T": class_words,
        "CLASS_LBL": text_cell(feature.get("class_label")),
        "FLAGS": text_cell(feature.get("flags") or None),
        "FLAGS_T": text_cell([words_cell("flag", flag, language) or "" for flag in feature.get("flags") or ()]),
        "RELATION": text_cell(feature.get("relation")),
        "RELATION_T": words_cell("relation", feature.get("relation"), language),
        **area_cells("CDMJ", feature.get("overlap_m2")),
        "TYMJ_M2": feature.get("overlap_planar_m2"),
        "ZB_PCT": percent_cell(feature.get("share")),
        "LENGTH_M": feature.get("length_m"),
        "DIST_M": feature.get("distance_m"),
        "BEARING": feature.get("bearing_deg"),
        "ACC_M": feature.get("accuracy_m"),
        **answer_cells(owner.get("answer"), language),
        "SOURCE": text_cell(facts.get("source")),
        "SJRQ": text_cell(facts.get("data_date")),
        "SJBB": text_cell(owner.get("version", facts.get("version"))),
        "MARK": marks_of([card]).text(language) or None,
    }


def _card_of(result: Mapping[str, Any], layer: Any, version: Any = None) -> Mapping[str, Any] | None:
    named: list[Mapping[str, Any]] = [card for card in result["layers"] if card.get("name") == layer]
    exact = [card for card in named if version is None or card.get("version") == version]
    return next(iter(exact or named), None)


def _owned(result: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every feature of a verdict with the finding or context entry it belongs to."""
    owners = [*result["findings"], *({"role": "context", **c} for c in result.get("context") or ())]
    return [(owner, feature) for owner in owners for feature in owner.get("features") or ()]


def overlaps_table(
    result: Mapping[str, Any], overlaps: Sequence[Overlap], *, zbx: str, language: Language
) -> tuple[Table, tuple[int, ...]]:
    """
    One row a piece of the site in a feature, and the rows (from 1) whose feature the result does not list.

    Such a piece is still written, with its layer and id; its numbers are null. Geometry in EPSG:4490.
    """
    known = {(o.get("layer"), f.get("id")): (o, f) for o, f in reversed(_owned(result))}
    about = {"XMMC": text_cell(result["site"].get("name")), "CHECKTIME": text_cell(result["as_of"]), "ZBX": zbx}
    rows: list[dict[str, Value]] = []
    unlisted = []
    for number, piece in enumerate(overlaps, start=1):
        found = known.get((piece.layer, piece.feature_id))
        if found is None:
            unlisted.append(number)
            found = ({"layer": piece.layer, "kind": piece.kind}, {"id": piece.feature_id})
        card = _card_of(result, piece.layer, found[0].get("version"))
        rows.append({**about, **_feature(*found, language=language, card=card)})
    template = {**about, **_feature({}, {}, language=language, card=None)}
    return table_of("overlaps", template, rows, tuple(p.geometry for p in overlaps)), tuple(unlisted)


def features_table(result: Mapping[str, Any], *, language: Language) -> Table:
    """Every feature met, or the nearest where none is, without geometry."""
    rows = [
        _feature(o, f, language=language, card=_card_of(result, o.get("layer"), o.get("version")))
        for o, f in _owned(result)
    ]
    return table_of("features", _feature({}, {}, language=language, card=None), rows)


def findings_table(result: Mapping[str, Any], *, language: Language) -> Table:
    """
    One row a layer, also when nothing is met, it failed, or it is missing; then what was not checked.

    The order is that of the result: findings, context layers, layers that are in neither (``unknown``), and
    last the classes not checked, which have no answer.
    """
    context = [{"role": "context", **entry} for entry in result.get("context") or ()]
    names = {entry.get("layer") for entry in [*result["findings"], *context]}
    lost = [
        {"layer": card["name"], "kind": card.get("kind"), "version": card.get("version"), "answer": "unknown"}
        for card in result["layers"]
        if card["name"] not in names
    ]
    unchecked = [{"layer": text, "role": "not_checked"} for text in result.get("not_checked") or ()]
    entries = [*result["findings"], *context, *lost, *unchecked]
    rows = [_finding(entry, result, language) for entry in entries]
    return table_of("findings", _finding({}, result, language), rows)


def _finding(entry: Mapping[str, Any], result: Mapping[str, Any], language: Language) -> dict[str, Value]:
    features: Sequence[Mapping[str, Any]] = entry.get("features") or ()
    nearest = _nearest(features)
    card = _card_of(result, entry.get("layer"), entry.get("version"))
    facts = card or {}
    role, reason = entry.get("role"), entry.get("reason")
    role_words = word("export.not_checked", language) if role == "not_checked" else words_cell("role", role, language)
    reasons = [str(r.get("code")) if isinstance(r, dict) else str(r) for r in entry.get("reasons") or ()]
    accuracy = entry.get("accuracy_parts") or {}
    return {
        "LAYER": text_cell(entry.get("layer")),
        "KIND": text_cell(entry.get("kind")),
        "KIND_T": words_cell("kind", entry.get("kind"), language),
        "THEME": text_cell(entry.get("theme")),
        "ROLE": text_cell(role),
        "ROLE_T": role_words,
        **answer_cells(entry.get("answer"), language),
        "REASON": text_cell(reason),
        "REASON_T": words_cell("reason", reason, language),
        "REASONS": text_cell(reasons),
        "GAP_M": entry.get("gap_m"),
        "HOLD_M": entry.get("hold_at_least_m"),
        "DIST_M": nearest.get("distance_m"),
        "DIST_MIN_M": entry.get("distance_at_least_m"),
        "BEARING": nearest.get("bearing_deg"),
        "NEAREST": text_cell(nearest.get("name") or nearest.get("id")),
        "N_FEATURES": len(features),
        **area_cells("CDMJ", entry.get("overlap_m2")),
        "ZB_PCT": percent_cell(entry.get("share")),
        "LENGTH_M": entry.get("overlap_length_m"),
        "UNCOV_PCT": percent_cell(entry.get("uncovered_share")),
        "ACC_M": entry.get("accuracy_m"),
        "ACC_SITE": accuracy.get("site"),
        "ACC_LAYER": accuracy.get("layer"),
        "ACC_TRANS": accuracy.get("transformation"),
        "SJBB": text_cell(entry.get("version", facts.get("version"))),
        "SJRQ": text_cell(facts.get("data_date")),
        "SOURCE": text_cell(facts.get("source")),
        "METHOD": text_cell(facts.get("georeference_method")),
        "COVERAGE": text_cell(facts.get("coverage")),
        "REPAIRED": facts.get("repaired"),
        "REJECTED": facts.get("rejected"),
        "SHA256": text_cell(facts.get("sha256")),
        "WARNINGS": warnings_cell(facts.get("warnings"), language),
        "MARK": marks_of([card]).text(language) or None if card is not None else None,
    }


def _nearest(features: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The feature at the least stated distance; the first where none is stated."""
    empty: Mapping[str, Any] = {}
    return min(features, key=lambda f: (f.get("distance_m") is None, f.get("distance_m") or 0), default=empty)


_CARD_KEYS = [
    *(
        "name",
        "kind",
        "version",
        "data_date",
        "valid_from",
        "valid_until",
        "source",
        "sha256",
        "content_digest",
    ),
    *("coverage", "coverage_accuracy_m", "accuracy_m", "georeference_method", "indicative", "synthetic"),
    *("restricted", "repaired", "rejected", "warnings"),
]
_PART_KEYS = ["id", "name", "use", "mode", "area_m2", "declared_area_m2", "answer", "answers"]
_NUMBERS = {"coverage_accuracy_m", "accuracy_m", "area_m2", "declared_area_m2"}
_COUNTS = {"repaired", "rejected"}


def layers_table(result: Mapping[str, Any]) -> Table:
    """The layer cards as they stand in the result, keys as column names; for formats with long names."""
    return _plain("layers", _CARD_KEYS, result["layers"])


def parts_table(result: Mapping[str, Any]) -> Table:
    """The parts of the site, each with its own answers; for formats with long names."""
    return _plain("parts", _PART_KEYS, result.get("parts") or [])


def _plain(name: str, known: Sequence[str], items: Sequence[Mapping[str, Any]]) -> Table:
    keys = [*known, *sorted({key for item in items for key in item} - set(known))]
    kinds: dict[str, FieldType] = {
        key: "number" if key in _NUMBERS else "integer" if key in _COUNTS else "text" for key in keys
    }
    fields = tuple(Field(name=key, long_name_zh=key, long_name_en=key, type=kinds[key]) for key in keys)
    rows = tuple(
        tuple(text_cell(item.get(key)) if kinds[key] == "text" else item.get(key) for key in keys) for item in items
    )
    return Table(name=name, fields=fields, rows=rows)
