"""
What is asked: a site, what the project is, and the date. All that an answer depends on besides the workspace.

An inquiry can be kept as JSON and asked again years later. Its coordinates are those of the site snapped to 1e-9
degree (0.1 mm): last bits of a projection differ between processors, a snapped coordinate does not.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape

from screening.project import Project
from screening.site import Site, SitePart, united
from spatial.accuracy import AccuracyTerm, PositionalAccuracy

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = ["DECIMALS", "Inquiry", "RuleFile", "site_document", "site_from", "snapped"]

DECIMALS = 9
"""Decimals of a degree that are kept: 0.1 mm."""


@dataclass(frozen=True, kw_only=True)
class RuleFile:
    """A rule pack or an access list of the user's own, byte for byte, so that the same rules can be asked again."""

    name: str
    content: bytes

    @classmethod
    def at(cls, path: Path) -> RuleFile:
        """The file at a path."""
        return cls(name=path.name, content=path.read_bytes())

    def to_dict(self) -> dict[str, str]:
        """JSON of the file: its name, its digest, its bytes as base64."""
        return {
            "name": self.name,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "base64": base64.b64encode(self.content).decode("ascii"),
        }

    @classmethod
    def from_dict(cls, document: dict[str, str]) -> RuleFile:
        """The file of a document that `to_dict` wrote; raises ``ValueError`` where its bytes are not those digested."""
        content = base64.b64decode(document["base64"], validate=True)
        if hashlib.sha256(content).hexdigest() != document["sha256"]:
            raise ValueError(f"the bytes of {document['name']} are not those that were digested")
        return cls(name=document["name"], content=content)


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """
    One question to a workspace.

    Attributes
    ----------
    site
        Where; make it of a `snapped` site wherever the inquiry is kept or signed.
    as_of
        ISO date of the check (the acceptance date of the project); always stated here.
    project
        What; nothing stated by default.
    rules
        The user's own packs and access lists, as files; those shipped with the program are always asked.
    stability
        Also find how many metres of error would change the answer.
    """

    site: Site
    as_of: str
    project: Project = field(default_factory=Project)
    rules: tuple[RuleFile, ...] = ()
    stability: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON of the inquiry, from which `from_dict` makes an equal one."""
        return {
            "site": site_document(self.site),
            "as_of": self.as_of,
            "project": self.project.to_dict(),
            "rules": [file.to_dict() for file in self.rules],
            "stability": self.stability,
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Inquiry:
        """The inquiry of a document that `to_dict` wrote; raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        return cls(
            site=site_from(document["site"]),
            as_of=document["as_of"],
            project=Project.from_dict(document["project"]),
            rules=tuple(RuleFile.from_dict(file) for file in document["rules"]),
            stability=bool(document["stability"]),
        )


def snapped(site: Site) -> Site:
    """
    The same site with coordinates rounded to 1e-9 degree, parts and whole.

    A part that the rounding would empty keeps its coordinates (nothing of a site is ever lost).

    Examples
    --------
    >>> from screening.site import site_of
    >>> snapped(site_of(shapely.Point(117.12345678949, 49.5), accuracy_m=1)).geometry.x
    117.123456789
    """
    parts = tuple(replace(part, geometry=_snapped(part.geometry)) for part in site.parts)
    whole = parts[0].geometry if len(parts) == 1 else _snapped(united([p.geometry for p in parts]))
    return replace(site, parts=parts, geometry=whole)


def _snapped(geometry: BaseGeometry) -> BaseGeometry:
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
    if not rounded.is_valid:
        mended = shapely.set_precision(geometry, 10.0**-DECIMALS)
        rounded = shapely.transform(mended, lambda xy: np.round(xy, DECIMALS))
    same = not rounded.is_empty and rounded.is_valid
    same = same and shapely.get_dimensions(rounded) == shapely.get_dimensions(geometry)
    return rounded if same else geometry


def site_document(site: Site) -> dict[str, Any]:
    """JSON of a site: GeoJSON geometries of EPSG:4490, and all that its answer depends on."""
    return {
        "name": site.name,
        "parts": [
            {
                "id": part.id,
                "name": part.name,
                "use": part.use,
                "mode": part.mode,
                "declared_area_m2": part.declared_area_m2,
                "geometry": mapping(part.geometry),
            }
            for part in site.parts
        ],
        "geometry": None if len(site.parts) == 1 else mapping(site.geometry),
        "accuracy": {
            "basis": site.accuracy.basis,
            "assumed": site.accuracy.assumed,
            "terms": [{"code": term.code, "metres": float(term.metres)} for term in site.accuracy.terms],
            "metres": float(site.accuracy.metres),
        },
        "transformation_m": float(site.transformation_m),
        "radius_m": float(site.radius_m),
        "crs": site.crs,
        "crs_status": site.crs_status,
        "crs_evidence": [[code, value] for code, value in site.crs_evidence],
        "datum": site.datum,
        "rejected_parts": site.rejected_parts,
        "declared_area_m2": site.declared_area_m2,
    }


def site_from(document: dict[str, Any]) -> Site:
    """
    The site of a document that `site_document` wrote, coordinate for coordinate.

    Examples
    --------
    >>> from screening.site import site_of
    >>> site = site_of(shapely.Point(117.1, 49.5), accuracy_m=1)
    >>> site_from(site_document(site)) == site
    True
    """
    parts = tuple(
        SitePart(
            id=part["id"],
            geometry=shape(part["geometry"]),
            name=part["name"],
            use=part["use"],
            mode=part["mode"],
            declared_area_m2=part["declared_area_m2"],
        )
        for part in document["parts"]
    )
    accuracy = document["accuracy"]
    return Site(
        name=document["name"],
        geometry=parts[0].geometry if document["geometry"] is None else shape(document["geometry"]),
        parts=parts,
        accuracy=PositionalAccuracy(
            metres=accuracy["metres"],
            basis=accuracy["basis"],
            terms=tuple(AccuracyTerm(code=term["code"], metres=term["metres"]) for term in accuracy["terms"]),
            assumed=accuracy["assumed"],
        ),
        transformation_m=document["transformation_m"],
        radius_m=document["radius_m"],
        crs=document["crs"],
        crs_status=document["crs_status"],
        crs_evidence=tuple((code, value) for code, value in document["crs_evidence"]),
        datum=document["datum"],
        rejected_parts=document["rejected_parts"],
        declared_area_m2=document["declared_area_m2"],
    )
