"""
A verdict's document in two parts: what all sites checked against one state of a workspace share, and the site's own.

When a layer gets a new version, the name of that version changes in every document and little else does; the shared
part is kept once, so that a site which the change does not reach needs no writing.
"""

from __future__ import annotations

import json
from typing import Any

from layers.workspace.canonical_json import canonical_json

__all__ = ["brief", "joined", "layer_part", "parted", "plain"]

SHARED = ("schema_version", "as_of", "required_kinds", "layers", "not_checked")
SITE_WARNINGS = frozenset({"datum_assumed", "site_part_rejected", "pooling_missing"})
"""Warnings that speak of the site; all others speak of the workspace."""
SAME_VERSION = "="
"""In place of a finding's version where it is the one that the shared part names for its layer."""


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """The document as JSON reads it back: lists for tuples, text for keys."""
    found: dict[str, Any] = json.loads(canonical_json(document))
    return found


def parted(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    The shared part and the own part of a document; `joined` puts them together again without loss.

    Parameters
    ----------
    document
        `screening.verdict.Verdict.to_dict`.

    Returns
    -------
    shared, own
        JSON values; the argument is left as it is.
    """
    own = plain(document)
    shared = {key: own.pop(key) for key in SHARED}
    warnings = own.pop("warnings")
    first = next((i for i, one in enumerate(warnings) if one["code"] in SITE_WARNINGS), len(warnings))
    shared["warnings"], own["warnings"] = warnings[:first], warnings[first:]
    versions = _versions(shared)
    for finding in own["findings"]:
        if finding["version"] is not None and versions.get(finding["layer"]) == finding["version"]:
            finding["version"] = SAME_VERSION
    return shared, own


def joined(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """
    The document of a shared and an own part.

    Examples
    --------
    >>> shared = {"layers": [{"name": "A", "version": "v0002"}], "warnings": []}
    >>> joined(shared, {"findings": [{"layer": "A", "version": "="}], "warnings": []})["findings"]
    [{'layer': 'A', 'version': 'v0002'}]
    """
    versions = _versions(shared)
    findings = [
        {**finding, "version": versions[finding["layer"]]} if finding["version"] == SAME_VERSION else finding
        for finding in own["findings"]
    ]
    return {**shared, **own, "warnings": [*shared["warnings"], *own["warnings"]], "findings": findings}


def brief(document: dict[str, Any]) -> dict[str, Any]:
    """
    The answer in short: overall, by kind, and per finding its answer, reasons, features and distances.

    Parameters
    ----------
    document
        A document or its own part.
    """
    return {
        "answer": document["answer"],
        "kinds": document["kinds"],
        "findings": [
            {
                "layer": finding["layer"],
                "kind": finding["kind"],
                "answer": finding["answer"],
                "reasons": [reason["code"] for reason in finding["reasons"]],
                "features": [feature["id"] for feature in finding["features"]],
                "gap_m": finding["gap_m"],
                "overlap_m2": finding["overlap_m2"],
                "distance_at_least_m": finding["distance_at_least_m"],
            }
            for finding in document["findings"]
        ],
    }


def layer_part(own: dict[str, Any], layer: str) -> dict[str, Any]:
    """What a document says of one layer: its finding and its context."""
    return {
        "findings": [{**f, "version": None} for f in own["findings"] if f["layer"] == layer],
        "context": [c for c in own["context"] if c["layer"] == layer],
    }


def _versions(shared: dict[str, Any]) -> dict[str, str]:
    return {layer["name"]: layer["version"] for layer in shared["layers"]}
