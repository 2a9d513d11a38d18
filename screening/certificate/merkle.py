"""
The features that an answer used, each with a proof that it is in its layer: for somebody who may not have the layer.

The file is GeoJSON, so that it can be looked at; what is hashed stands beside it, as bytes and text, so that any
language can check it: leaf = SHA-256(00, WKB, 00, attributes), then up the path.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping

from layers.errors import DamagedVersionError
from layers.leaves import stored_features
from layers.merkle import climbed, leaf_hash, path_to, root_of
from layers.workspace.canonical_json import canonical_json, parse_json
from screening.certificate.canonical import MAX_BYTES
from screening.certificate.comparison import Difference
from screening.certificate.replay import named_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from layers.merkle import Step
    from layers.workspace.store import WorkspaceStore
    from screening.certificate.certificate import Certificate

__all__ = ["features_checked", "features_document", "write_features"]

FORMAT = "sanxian-features-1"
_BROKEN = (KeyError, TypeError, ValueError, AttributeError, RecursionError, shapely.errors.ShapelyError)


def features_document(certificate: Certificate, store: WorkspaceStore) -> dict[str, Any]:
    """
    The features that a certificate used, with their proofs.

    Parameters
    ----------
    certificate
        As read or made.
    store
        A workspace that holds the layers it names.

    Returns
    -------
    document
        GeoJSON (EPSG:4490), to be written by `write_features`.

    Raises
    ------
    DamagedVersionError
        If a layer is damaged, lost, or not the one that the certificate names.
    """
    rows: list[dict[str, Any]] = []
    versions = named_versions(certificate, store)
    for layer in certificate.body["workspace"]["layers"]:
        if not layer["features_used"]:
            continue
        entry = versions.used.get(layer["name"])
        if entry is None:
            lost = versions.missing[layer["name"]]
            raise DamagedVersionError(entry=lost, file="", block=None, detail="the workspace has no such version")
        features = stored_features(store.open_version(entry))
        leaves = [feature.leaf for feature in features]
        if root_of(leaves).hex() != layer["content_digest"]:
            detail = "its features are not those of the certificate"
            raise DamagedVersionError(entry=entry, file="features.gpkg", block=None, detail=detail)
        at = {leaf.hex(): row for row, leaf in enumerate(leaves)}
        for leaf in layer["features_used"]:
            own = features[at[leaf]]
            path = path_to(leaves, bytes.fromhex(leaf))
            rows.append(_row(layer["name"], layer["content_digest"], wkb=own.wkb, text=own.text, path=path))
    return _document(certificate.sha256, rows)


def write_features(document: dict[str, Any], path: Path) -> None:
    """Write a features file in one step; ``NotWritableError`` or ``OutputInUseError`` where it cannot be."""
    from spatial.writing.staging import staging

    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(_spelled(document))
        stage.commit([path.name], asked=[path.name])


def features_checked(certificate: Certificate, data: bytes) -> tuple[tuple[Difference, ...], int]:
    """
    What is wrong with a features file, and how many of its features are proved to be in their layers.

    Everything in the file is made anew from what was hashed, so that a byte that was altered anywhere shows: the
    geometry that is looked at is the one that is proved.
    """
    if len(data) > MAX_BYTES:
        return (Difference(code="features_unreadable", at=f"{len(data)} > {MAX_BYTES}"),), 0
    wanted = {
        (layer["name"], leaf): layer["content_digest"]
        for layer in certificate.body["workspace"]["layers"]
        for leaf in layer["features_used"]
    }
    found: list[Difference] = []
    made: list[dict[str, Any]] = []
    proved: set[tuple[str, str]] = set()
    try:
        document = parse_json(data)
        if document["format"] != FORMAT:
            return (Difference(code="features_unreadable", at=str(document["format"])),), 0
        for row in document["features"]:
            proof = row["proof"]
            name, wkb, text = proof["layer"], bytes.fromhex(proof["wkb"]), proof["attributes"]
            path: list[Step] = [(_side(side), bytes.fromhex(other)) for side, other in proof["path"]]
            leaf = leaf_hash(wkb, text)
            digest = wanted.get((name, leaf.hex()), proof["content_digest"])
            made.append(_row(name, digest, wkb=wkb, text=text, path=path))
            if (name, leaf.hex()) not in wanted:
                found.append(Difference(code="features_not_used", layer=name, at=leaf.hex()))
            elif climbed(leaf, path).hex() != digest:
                found.append(Difference(code="features_proof", layer=name, at=leaf.hex()))
            else:
                proved.add((name, leaf.hex()))
        expected = _spelled(_document(certificate.sha256, made))
    except _BROKEN as trouble:
        return (*found, Difference(code="features_unreadable", at=f"{type(trouble).__name__}: {trouble}")), len(proved)
    if expected != data:
        at = next(
            (i for i, (a, b) in enumerate(zip(expected, data, strict=False)) if a != b), min(len(expected), len(data))
        )
        found.append(Difference(code="features_altered", at=str(at)))
    found += [Difference(code="features_missing", layer=name, at=leaf) for name, leaf in sorted(wanted.keys() - proved)]
    return tuple(found), len(proved)


def _side(text: str) -> Any:
    if text not in {"left", "right"}:
        raise ValueError(f"no side: {text!r}")
    return text


def _row(layer: str, digest: str, *, wkb: bytes, text: str, path: Iterable[Step]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": mapping(shapely.from_wkb(wkb)) if wkb else None,
        "properties": {"layer": layer, **json.loads(text, parse_constant=lambda _: None)},
        "proof": {
            "layer": layer,
            "content_digest": digest,
            "leaf": leaf_hash(wkb, text).hex(),
            "wkb": wkb.hex(),
            "attributes": text,
            "path": [[side, other.hex()] for side, other in path],
        },
    }


def _document(sha256: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: (row["proof"]["layer"], row["proof"]["leaf"]))
    return {
        "type": "FeatureCollection",
        "format": FORMAT,
        "coordinates": "EPSG:4490",
        "certificate_sha256": sha256,
        "features": ordered,
    }


def _spelled(document: dict[str, Any]) -> bytes:
    return canonical_json(document) + b"\n"
