"""
A result without anything that depends on the order of rows or of imports.

Features are named by their leaf (what they are) instead of their id (often a row number); the names of versions and the
digests of imported files, both of which change with the order of rows, are left to ``observed``; lists whose order is a
matter of import are sorted. Words are left out: they are made of codes, and the texts of clauses stand in packs with
digests of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from screening.certificate.canonical import canonical
from screening.reasons import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["named_ids", "settled_result"]

_VERSION = re.compile(r"v[0-9]{4,9}-[0-9a-f]{8}\Z")
_FEATURE_KEYS = frozenset({"feature", "feature_id", "feature_ids", "features"})
_OF_A_FILE = ("sha256", "source_file")


def named_ids(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Ids by layer of every feature that a result names, anywhere in it."""
    found: dict[str, set[str]] = {}

    def walk(value: Any, layer: str | None, key: str) -> None:
        if isinstance(value, dict):
            own = value.get("layer")
            inside = own if isinstance(own, str) else layer
            if inside is not None and _is_feature(value, key):
                found.setdefault(inside, set()).add(value["id"])
            for name, item in value.items():
                walk(item, inside, name)
        elif isinstance(value, list | tuple):
            for item in value:
                walk(item, layer, key)
        elif isinstance(value, str) and layer is not None and key in _FEATURE_KEYS:
            found.setdefault(layer, set()).add(value)

    walk(document, None, "")
    return found


def settled_result(document: Mapping[str, Any], leaves: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """
    The result as it is hashed.

    Parameters
    ----------
    document
        JSON of a dossier, quantised.
    leaves
        By layer, the leaf of each feature that is named, by its id.
    """
    found: dict[str, Any] = _walked(document, leaves, None, "")
    for key, order in (
        ("layers", lambda row: (row["name"], canonical(row))),
        ("warnings", canonical),
        ("context", lambda row: (row["kind"], row["layer"], canonical(row))),
        ("findings", lambda row: (ANSWERS.index(row["answer"]), row["kind"], row["layer"] or "", canonical(row))),
    ):
        if isinstance(found.get(key), list):
            found[key] = sorted(found[key], key=order)
    certainty = found.get("certainty") or {}
    for finding in found.get("findings", []):
        _by_code(finding["reasons"])
    for finding in certainty.get("findings", []):
        _by_code(finding["settles"])
    return found


def _by_code(rows: list[dict[str, Any]]) -> None:
    """Those of one code together, in an order that is theirs: what they came from were rows of a layer."""
    codes = [row["code"] for row in rows]
    rows.sort(key=lambda row: (codes.index(row["code"]), canonical(row)))


def _walked(value: Any, leaves: Mapping[str, Mapping[str, str]], layer: str | None, key: str) -> Any:
    if isinstance(value, dict):
        own = value.get("layer")
        inside = own if isinstance(own, str) else layer
        made = {}
        for name, item in value.items():
            if name == "version" and isinstance(item, str) and _VERSION.match(item):
                continue
            if (name in _OF_A_FILE and "content_digest" in value) or _is_words(name):
                continue
            if name == "id" and _is_feature(value, key) and item in leaves.get(inside or "", {}):
                made["leaf"] = leaves[inside or ""][item]
                continue
            made[name] = _walked(item, leaves, inside, name)
        return made
    if isinstance(value, list | tuple):
        rows = [_walked(item, leaves, layer, key) for item in value]
        unordered = key in {"features", "feature_ids"} or any(
            isinstance(row, dict) and isinstance(row.get("leaf"), str) for row in rows
        )
        return sorted(rows, key=_feature_order) if unordered else rows
    if isinstance(value, str) and layer is not None and key in _FEATURE_KEYS:
        return leaves.get(layer, {}).get(value, value)
    return value


def _is_words(key: str) -> bool:
    """Whether a key holds words in one language; texts of clauses count through the digests of their packs."""
    return key in {"zh", "en", "quote"} or key.endswith(("_zh", "_en"))


def _is_feature(value: Mapping[str, Any], key: str) -> bool:
    """Whether an object is a feature: one of ``features``, or one that says of which layer it is."""
    return isinstance(value.get("id"), str) and (key == "features" or isinstance(value.get("layer"), str))


def _feature_order(row: Any) -> tuple[float, float, float, bytes]:
    """Largest overlap first, then longest, nearest; of equals, by what they are."""
    own = row if isinstance(row, dict) else {}
    sizes = [own.get(key) or 0.0 for key in ("overlap_m2", "length_m", "distance_m")]
    return -float(sizes[0]), -float(sizes[1]), float(sizes[2]), canonical(row)
