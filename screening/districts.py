"""
A site by county: the share in each, the layers and versions that answer there, the units met in each.

Outlines are those of ``spatial.boundaries``: two publishers' drawings, none of them official, so every share comes with
the least and the most it can be, and a county whose border is within that accuracy is named as possible.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from layers.errors import DamagedVersionError
from layers.version import open_layer
from screening.covering import cover_of
from screening.district_pieces import DIGITS, DistrictPiece, PossibleDistrict, share_of, split_by_county
from screening.extent import Extent, common, extent_of
from screening.loaded import load
from screening.project import Project
from screening.rules.excerpt import excerpt_of
from screening.screen import judge
from spatial.errors import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    DataFileMissingError,
)
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layers.version import OpenLayer
    from layers.workspace.store import WorkspaceStore
    from screening.loaded import Loaded
    from screening.rules.model import Pack
    from screening.site import Site
    from screening.verdict import ContextLayer, Finding, Verdict

__all__ = ["districts_document"]

_NOT_BUILT = (BoundariesNotBuiltError, BoundariesDamagedError, DataFileMissingError)
_DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)
_TOWNSHIP = re.compile("乡镇|苏木|街道|township", re.IGNORECASE)


def districts_document(
    site: Site,
    verdict: Verdict,
    store: WorkspaceStore,
    *,
    project: Project | None = None,
    packs: Sequence[Pack] = (),
    built: Path | None = None,
) -> dict[str, Any]:
    """
    The site by county, each with its own answer, layers, versions and units.

    Use it beside a verdict; it moves no answer. The answer of a piece holds for the piece alone and does not take the
    place of that of the whole: cutting a site can lower what a hit stands on.

    Parameters
    ----------
    site
        The site that was judged, EPSG:4490.
    verdict
        Its verdict.
    store
        The workspace it came from.
    project
        What the project is, for the clauses of each piece; nothing stated by default.
    packs
        Rule packs of the user's own, beside those shipped.
    built
        Folder of the built boundaries; default: the project's own.

    Returns
    -------
    document
        JSON-ready. ``status``: ``one``, ``several``, ``outside`` (in no county of the store) or ``unavailable`` (the
        boundaries are not set up or damaged: then nothing is said about counties). What lies in none is
        ``uncovered``; counties whose border is within its accuracy are ``possible``. Of ``several``, each district has
        a ``ruling`` in short (`screening.rules.excerpt.excerpt_of`); otherwise None, and the whole's ruling is its own.
    """
    try:
        split = split_by_county(site, built=built)
    except _NOT_BUILT as trouble:
        return {
            "status": "unavailable",
            "detail": type(trouble).__name__,
            "source": None,
            "source_version": None,
            "districts": [],
            "possible": [],
            "uncovered": {"share": 1.0, **extent_of(site.geometry).to_dict()},
            "flags": ["boundaries_unavailable"],
        }
    layers = _open(verdict, store)
    several = len(split.pieces) > 1
    asked = (load(store, verdict.as_of), project or Project(), packs) if several else None
    flags = ["border_not_official"] if several or split.possible else []
    flags += ["near_border"] if split.possible else []
    flags += ["partly_in_no_county"] if split.uncovered is not None else []
    status = "several" if several else "one" if split.pieces else "outside"
    return {
        "status": status,
        "source": split.source,
        "source_version": split.source_version,
        "districts": [_district(piece, verdict, store, layers, asked) for piece in split.pieces],
        "possible": [_possible(one) for one in split.possible],
        "uncovered": None if split.uncovered is None else {"share": split.uncovered_share, **split.uncovered.to_dict()},
        "flags": flags,
    }


def _named(pair: tuple[str, str]) -> dict[str, str]:
    return {"code": pair[0], "name": pair[1]}


def _possible(one: PossibleDistrict) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "city": _named(one.city),
        "distance_m": round(one.distance_m, 3),
        "accuracy_m": one.accuracy_m,
    }


def _open(verdict: Verdict, store: WorkspaceStore) -> list[tuple[Mapping[str, Any], OpenLayer | None]]:
    """The layers of a verdict as they were; None for one that cannot be opened any more."""
    entries = {(entry.layer, entry.version): entry for entry in store.entries}
    found: list[tuple[Mapping[str, Any], OpenLayer | None]] = []
    for card in sorted(verdict.layers, key=lambda row: (row["kind"], row["name"])):
        entry = entries.get((card["name"], card["version"]))
        try:
            found.append((card, None if entry is None else open_layer(store, entry)))
        except _DAMAGE:
            found.append((card, None))
    return found


def _district(
    piece: DistrictPiece,
    verdict: Verdict,
    store: WorkspaceStore,
    layers: Sequence[tuple[Mapping[str, Any], OpenLayer | None]],
    asked: tuple[Loaded, Project, Sequence[Pack]] | None,
) -> dict[str, Any]:
    """One county; ``asked`` is None where the whole site is its piece."""
    own = verdict if asked is None else judge(piece.site, asked[0], only_deciding=True)
    between = piece.share_between
    # where the border is so inaccurate that the piece may lie wholly in the next county, its code settles nothing
    code = piece.code if between is not None and between[0] > 0 else None
    return {
        "code": piece.code,
        "name": piece.name,
        "city": _named(piece.city),
        "province": _named(piece.province),
        "townships": _townships(piece, verdict, layers),
        "share": piece.share,
        "length_share": piece.length_share,
        "share_at_least": None if between is None else between[0],
        "share_at_most": None if between is None else between[1],
        **piece.extent.to_dict(),
        "accuracy_m": piece.accuracy_m,
        "answer": own.answer,
        "kinds": dict(own.kinds),
        "layers": [_layer(piece, card, layer) for card, layer in layers]
        + [_lost(f.layer, f.kind, f.version) for f in verdict.findings if f.reasons[0].code == "layer_unreadable"],
        "units": _units(piece, verdict),
        "ruling": None
        if asked is None
        else excerpt_of(piece.site, own, asked[1], asked[2], store=store, district=code),
        "flags": ["border_accuracy_unknown"] if piece.accuracy_m is None else [],
    }


def _layer(piece: DistrictPiece, card: Mapping[str, Any], layer: OpenLayer | None) -> dict[str, Any]:
    """Whether a version answers in the county: how much of the piece its coverage holds."""
    covered: float | None = None
    status = "unreadable"
    try:
        if layer is not None and layer.coverage is None:
            status = "coverage_not_stated"
        elif layer is not None and layer.coverage is not None:
            covered = round(1.0 - cover_of(piece.site.geometry, layer.coverage).uncovered_share, DIGITS)
            status = "covers" if covered == 1.0 else "partly" if covered > 0 else "elsewhere"
    except _DAMAGE:
        covered, status = None, "unreadable"
    return {
        "layer": card["name"],
        "kind": card["kind"],
        "role": card["role"],
        "version": card["version"],
        "data_date": card["data_date"],
        "valid_until": card["valid_until"],
        "coverage": card["coverage"],
        "status": status,
        "covered_share": covered,
    }


def _lost(name: str | None, kind: str, version: str | None) -> dict[str, Any]:
    return {
        "layer": name,
        "kind": kind,
        "role": "protective",
        "version": version,
        "data_date": None,
        "valid_until": None,
        "coverage": None,
        "status": "unreadable",
        "covered_share": None,
    }


def _units(piece: DistrictPiece, verdict: Verdict) -> list[dict[str, Any]]:
    """Units of every class that the piece lies in, largest first."""
    owners: list[Finding | ContextLayer] = [*verdict.findings, *verdict.context]
    found = []
    for owner in (one for one in owners if one.kind == "control_units"):
        for feature in owner.features:
            pieces = [o.geometry for o in verdict.overlaps if (o.layer, o.feature_id) == (owner.layer, feature.id)]
            extent = common(piece.site.geometry, pieces) if pieces else Extent()
            if not extent.nothing:
                found.append(
                    {
                        "layer": owner.layer,
                        "id": feature.id,
                        "code": feature.code,
                        "name": feature.name,
                        "class": feature.class_,
                        "share": round(share_of(extent, piece.extent), DIGITS),
                        **extent.to_dict(),
                    }
                )
    return sorted(found, key=lambda unit: (-unit["share"], unit["layer"], unit["id"]))


def _townships(
    piece: DistrictPiece, verdict: Verdict, layers: Sequence[tuple[Mapping[str, Any], OpenLayer | None]]
) -> list[dict[str, Any]]:
    """Townships that the piece lies in, from layers of the workspace whose meaning says that they hold them."""
    named = {
        card["name"]
        for card, layer in layers
        if layer is not None and card["kind"] == "other" and _TOWNSHIP.search(f"{card['name']} {layer.card.meaning}")
    }
    found = []
    for context in verdict.context:
        for feature in context.features if context.layer in named else ():
            pieces = [o.geometry for o in verdict.overlaps if (o.layer, o.feature_id) == (context.layer, feature.id)]
            if pieces and not common(piece.site.geometry, pieces).nothing:
                found.append({"layer": context.layer, "code": feature.code, "name": feature.name or feature.id})
    return found
