"""A certificate: everything a verdict rests on, as canonical bytes with their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from layers.leaves import feature_rows, stored_leaves
from screening.certificate.canonical import MAX_BYTES, canonical, parsed, plain, quantised, sha256_of
from screening.certificate.findings import named_ids, settled_result
from screening.errors import CertificateDamagedError
from screening.inquiry import DECIMALS, snapped
from spatial.accuracy import PositionalAccuracy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.certificate.envelope import Envelope
    from screening.dossier import Dossier
    from screening.inquiry import Inquiry

__all__ = [
    "ENGINE",
    "EXPIRING_DAYS",
    "FORMAT",
    "Certificate",
    "certificate_of",
    "libraries",
    "settled",
    "write_certificate",
]

FORMAT = "sanxian-certificate-1"
ENGINE = 1
"""Number of the engine: it grows whenever the same question to the same layers may get another answer."""
EXPIRING_DAYS = 90
_KEYS = {"format", "body", "sha256", "observed", "observed_sha256"}


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """
    One answer, and what is needed to find it again.

    Attributes
    ----------
    body
        What is hashed: inquiry, workspace (layers by content digest), rule packs, parameters, libraries, result. No
        word, path, time of run, nor anything that depends on the order of rows.
    observed
        What was seen in this workspace, with a digest of its own: names and checksums of the versions, file names, the
        ids of features. The same data imported elsewhere, or in another order, has another one.
    envelope
        Who vouches (`Envelope.to_dict`); None where nobody does.
    """

    body: dict[str, Any]
    observed: dict[str, Any]
    envelope: dict[str, Any] | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical bytes of ``body``: the number that a report quotes."""
        return sha256_of(self.body)

    @property
    def observed_sha256(self) -> str:
        """SHA-256 of the canonical bytes of ``observed``."""
        return sha256_of(self.observed)

    def to_bytes(self) -> bytes:
        """The file: one line of canonical JSON."""
        document = {
            "format": FORMAT,
            "body": self.body,
            "sha256": self.sha256,
            "observed": self.observed,
            "observed_sha256": self.observed_sha256,
        }
        return canonical(document if self.envelope is None else {**document, "envelope": self.envelope}) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Certificate:
        """
        A certificate as it was written, to the byte.

        Raises
        ------
        CertificateDamagedError
            With the code of what is wrong; ``found`` holds what could be read all the same, None where nothing could.
        """
        if len(data) > MAX_BYTES:
            raise CertificateDamagedError(code="certificate_too_large", at=f"{len(data)} > {MAX_BYTES}")
        try:
            document = parsed(data)
        except ValueError as trouble:
            raise CertificateDamagedError(code="certificate_unreadable", at=str(trouble)) from None
        if not isinstance(document, dict) or not {*document} >= _KEYS or not {*document} <= {*_KEYS, "envelope"}:
            raise CertificateDamagedError(code="certificate_unreadable", at="format")
        if document["format"] != FORMAT:
            raise CertificateDamagedError(code="certificate_format", at=str(document["format"]))
        if not all(isinstance(document[key], dict) for key in ("body", "observed", *({*document} & {"envelope"}))):
            raise CertificateDamagedError(code="certificate_unreadable", at="body")
        found = cls(body=document["body"], observed=document["observed"], envelope=document.get("envelope"))
        if not _has_shape(found):
            raise CertificateDamagedError(code="certificate_unreadable", at="body")
        for code, stated, made in (
            ("certificate_digest", document["sha256"], found.sha256),
            ("observed_digest", document["observed_sha256"], found.observed_sha256),
        ):
            if stated != made:
                raise CertificateDamagedError(code=code, at=str(stated), found=found)
        expected = found.to_bytes()
        if expected != data:
            at = next(
                (i for i, (a, b) in enumerate(zip(expected, data, strict=False)) if a != b),
                min(len(expected), len(data)),
            )
            raise CertificateDamagedError(code="certificate_spelling", at=str(at), found=found)
        return found


def _has_shape(certificate: Certificate) -> bool:
    """Whether it holds what a re-run asks of it; its digest being right says nothing of who made it."""
    body = certificate.body
    try:
        layers, versions = body["workspace"]["layers"], certificate.observed["versions"]
        texts = [row[key] for row in layers for key in ("name", "kind", "content_digest")]
        texts += [leaf for row in layers for leaf in row["features_used"]]
        texts += [row["code"] for row in body["workspace"]["damages"]]
        texts += [row[key] for row in body["expiring"] for key in ("layer", "valid_until")]
        texts += [row["id"] for row in body["packs"]]
        texts.append(body["inquiry"]["as_of"])
        for row in versions:
            texts += [row[key] for key in ("layer", "version", "kind", "theme", "role", "checksums_sha256")]
            texts += [row[key] for key in ("valid_from", "valid_until") if row[key] is not None]
        numbers = [row["sequence"] for row in versions] + [row["days"] for row in body["expiring"]]
        return (
            all(isinstance(text, str) for text in texts)
            and all(type(number) is int for number in numbers)
            and all(type(row["used"]) is bool for row in versions)
            and all("layer" in row for row in body["workspace"]["damages"])
            and all(isinstance(body[key], dict) for key in ("result", "libraries", "parameters"))
        )
    except (KeyError, TypeError, AttributeError):
        return False


def settled(inquiry: Inquiry) -> Inquiry:
    """
    The inquiry with numbers that are the same on every machine: examine this one where a certificate is wanted.

    Coordinates are snapped to 1e-9 degree; accuracies, the radius and declared areas are rounded to 1e-6 m and 0.01 m².
    """

    def metres(value: float) -> float:
        return round(float(value), 6)

    def area(value: float | None) -> float | None:
        return None if value is None else round(float(value), 2)

    site = snapped(inquiry.site)
    accuracy = PositionalAccuracy(
        metres=metres(site.accuracy.metres),
        basis=site.accuracy.basis,
        terms=tuple(replace(term, metres=metres(term.metres)) for term in site.accuracy.terms),
        assumed=site.accuracy.assumed,
    )
    return replace(
        inquiry,
        site=replace(
            site,
            accuracy=accuracy,
            transformation_m=metres(site.transformation_m),
            radius_m=metres(site.radius_m),
            declared_area_m2=area(site.declared_area_m2),
            parts=tuple(replace(part, declared_area_m2=area(part.declared_area_m2)) for part in site.parts),
        ),
    )


def certificate_of(
    dossier: Dossier,
    store: WorkspaceStore,
    *,
    envelope: Envelope | None = None,
) -> Certificate:
    """
    The certificate of a dossier.

    Use it right after `screening.dossier.examine`, with the same store.

    Parameters
    ----------
    dossier
        Made of a `settled` inquiry.
    store
        The workspace it was made with.
    envelope
        Who vouches, signed or not.

    Returns
    -------
    certificate
        The same inquiry, layers, packs and libraries give the same ``body``, whatever the order of rows, of imports
        or of threads.

    Raises
    ------
    ValueError
        If the inquiry is not settled.
    DamagedVersionError
        If a layer was damaged since the dossier was made.

    Examples
    --------
    >>> import tempfile, shapely
    >>> from layers.workspace import FolderStore
    >>> from screening.dossier import examine
    >>> from screening.inquiry import Inquiry
    >>> from screening.site import site_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FolderStore.create(f"{folder}/ws", required_kinds=["red_lines"], region=None)
    ...     asked = settled(Inquiry(site=site_of(shapely.Point(117, 49), accuracy_m=5), as_of="2026-11-22"))
    ...     made = certificate_of(examine(asked, store), store)
    >>> made.body["result"]["answer"], len(made.sha256), Certificate.from_bytes(made.to_bytes()) == made
    ('unknown', 64, True)
    """
    if settled(dossier.inquiry) != dossier.inquiry:
        raise ValueError("the inquiry is not settled: examine settled(inquiry), then certify that")
    document = dossier.to_dict()
    summaries = {row["name"]: row for row in document["layers"]}
    entries = {(e.layer, e.version): e for e in store.entries}
    ids = named_ids(document)
    leaves: dict[str, dict[str, str]] = {}
    for name, row in summaries.items():
        stored = store.open_version(entries[name, row["version"]])
        wanted = ids.get(name, set())
        rows = feature_rows(stored, wanted) if wanted else {}
        hashes = stored_leaves(stored) if rows else []
        leaves[name] = {feature: hashes[at].hex() for feature, at in rows.items()}
    body = {
        "inquiry": dossier.inquiry.to_dict(),
        "workspace": {
            "required_kinds": list(store.required_kinds),
            "region": store.region,
            "layers": [_layer(summaries[name], leaves[name]) for name in sorted(summaries)],
            "damages": sorted(
                ({"code": d.code, "layer": d.layer, "kind": d.kind} for d in store.damages), key=canonical
            ),
        },
        "packs": [
            {"id": pack.id, "sha256": pack.sha256} for pack in sorted(dossier.ruling.packs, key=lambda pack: pack.id)
        ],
        "parameters": {
            "as_of": dossier.inquiry.as_of,
            "stability": dossier.inquiry.stability,
            "crs": "EPSG:4490",
            "coordinate_decimals": DECIMALS,
            "area_decimals": 2,
            "length_decimals": 3,
        },
        "libraries": libraries(),
        "expiring": _expiring(document["layers"], dossier.inquiry.as_of),
        "result": settled_result(quantised(document), leaves),
    }
    observed = {"versions": [_version(e, summaries.get(e.layer), leaves.get(e.layer, {})) for e in store.entries]}
    bare = Certificate(body=parsed(canonical(body)), observed=parsed(canonical(observed)))
    return bare if envelope is None else replace(bare, envelope=plain(envelope.sealed(bare)))


def write_certificate(
    dossier: Dossier,
    store: WorkspaceStore,
    path: Path,
    *,
    envelope: Envelope | None = None,
) -> Certificate:
    """
    Write the certificate of a dossier in one step; parameters and errors as `certificate_of`.

    Raises
    ------
    NotWritableError, OutputInUseError
        If the folder is not there or the file cannot be replaced; nothing has changed then.
    """
    from spatial.writing.staging import staging

    made = certificate_of(dossier, store, envelope=envelope)
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(made.to_bytes())
        stage.commit([path.name], asked=[path.name])
    return made


def libraries() -> dict[str, Any]:
    """The versions that an answer may depend on."""
    from importlib.metadata import PackageNotFoundError, version

    import numpy as np
    import pyproj
    import shapely

    try:
        own = version("sanxian")
    except PackageNotFoundError:
        own = "0"
    return {
        "sanxian": own,
        "engine": ENGINE,
        "numpy": np.__version__,
        "shapely": shapely.__version__,
        "geos": shapely.geos_version_string,
        "pyproj": pyproj.__version__,
        "proj": pyproj.proj_version_str,
    }


def _layer(summary: Mapping[str, Any], leaves: Mapping[str, str]) -> dict[str, Any]:
    own = {key: summary[key] for key in ("name", "kind", "role", "theme", "content_digest")}
    return {**own, "features_used": sorted(set(leaves.values()))}


def _version(entry: VersionEntry, summary: Mapping[str, Any] | None, leaves: Mapping[str, str]) -> dict[str, Any]:
    used = summary is not None and summary["version"] == entry.version
    return {
        "layer": entry.layer,
        "version": entry.version,
        "kind": entry.kind,
        "theme": entry.theme,
        "role": entry.role,
        "sequence": entry.sequence,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "checksums_sha256": entry.checksums_sha256,
        "used": used,
        "source_file": summary["source_file"] if used and summary else None,
        "source_sha256": summary["sha256"] if used and summary else None,
        "features": dict(sorted(leaves.items())) if used else {},
    }


def _expiring(layers: Sequence[Mapping[str, Any]], as_of: str) -> list[dict[str, Any]]:
    day = date.fromisoformat(as_of)
    found = []
    for row in layers:
        if row["valid_until"] is not None:
            days = (date.fromisoformat(row["valid_until"]) - day).days
            if 0 <= days <= EXPIRING_DAYS:
                found.append({"layer": row["name"], "valid_until": row["valid_until"], "days": days})
    return sorted(found, key=lambda row: (row["days"], row["layer"]))
