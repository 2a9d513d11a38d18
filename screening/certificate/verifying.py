"""A certificate asked again: every file it names is checked, its question answered anew, and the two are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from layers.errors import DamagedVersionError, LayerError
from layers.leaves import recomputed_root
from screening.certificate.canonical import canonical, parsed
from screening.certificate.certificate import Certificate, certificate_of
from screening.certificate.comparison import DAMAGED_CODES, Comparison, Difference, differences_of
from screening.certificate.envelope import checked_envelope
from screening.certificate.merkle import features_checked
from screening.certificate.replay import named_versions, replayed
from screening.dossier import examine
from screening.errors import CertificateDamagedError, ScreeningError
from screening.inquiry import Inquiry
from spatial.errors import SpatialError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.certificate.replay import NamedVersions

__all__ = ["verify"]

_REJECTED = (
    ScreeningError,
    LayerError,
    SpatialError,
    shapely.errors.ShapelyError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What an inquiry raises that nobody asked: only of a certificate that was damaged, or made by hand."""


def verify(
    data: bytes,
    store: WorkspaceStore | None,
    *,
    features: bytes | None = None,
    public_key: bytes | None = None,
) -> Comparison:
    """
    Check a certificate: the file itself, every file of the layer versions it names, the answer, the features.

    Use it whenever an old answer is to be relied on. Neither ``sources/`` nor ``verdicts/`` of the workspace take part.

    Parameters
    ----------
    data
        The certificate file.
    store
        The workspace. None: only the file, its envelope and the features are checked, which needs no layer.
    features
        A features file (``sanxian prove``), to be proved against the content digests in the certificate.
    public_key
        32 raw bytes of the key that must have signed the envelope; None: any.

    Returns
    -------
    comparison
        ``identical`` only where nothing at all differs.

    Examples
    --------
    >>> verify(b"{}", None).outcome
    'damaged'
    """
    differences: list[Difference] = []
    certificate: Certificate | None
    try:
        certificate = Certificate.from_bytes(data)
    except CertificateDamagedError as trouble:
        differences.append(Difference(code=trouble.code, at=trouble.at))
        certificate = trouble.found if isinstance(trouble.found, Certificate) else None
    if certificate is None:
        return Comparison(outcome="damaged", differences=tuple(differences))
    intact = not differences
    troubles, signed_by = checked_envelope(certificate, public_key=public_key)
    differences += troubles
    proved = None
    if features is not None:
        wrong, proved = features_checked(certificate, features)
        differences += wrong
    notes: tuple[Difference, ...] = _expiring(certificate) if intact else ()
    again: Certificate | None = None
    if store is not None:
        found, more, again = _asked_again(certificate, store)
        differences += found
        notes += more
    damaged = [d for d in differences if d.code in DAMAGED_CODES]
    return Comparison(
        outcome="damaged" if damaged else "different" if differences else "identical",
        differences=(*damaged, *(d for d in differences if d.code not in DAMAGED_CODES)),
        notes=notes,
        sha256=certificate.sha256,
        rerun_sha256=None if again is None else again.sha256,
        answer=_answer(certificate),
        answer_now=None if again is None else _answer(again),
        signed_by=signed_by if intact else None,
        features_proved=proved,
    )


def _answer(certificate: Certificate) -> str | None:
    answer = certificate.body["result"].get("answer")
    return answer if isinstance(answer, str) else None


def _expiring(certificate: Certificate) -> tuple[Difference, ...]:
    return tuple(
        Difference(code="expiring", layer=row["layer"], at=row["valid_until"], now=row["days"])
        for row in certificate.body["expiring"]
    )


def _asked_again(
    certificate: Certificate, store: WorkspaceStore
) -> tuple[list[Difference], tuple[Difference, ...], Certificate | None]:
    """What differs in the workspace and in the answer, what is worth knowing, and the certificate of the re-run."""
    if not store.manifest_readable:
        detail = "; ".join(d.detail for d in store.damages)
        return [Difference(code="workspace_unreadable", at=f"workspace.json: {detail}")], (), None
    versions = named_versions(certificate, store)
    found = _stored(certificate, store, versions)
    notes = _since(versions)
    whole = not any(d.code in {"version_missing", "version_damaged"} for d in found)
    if not whole:
        return found, notes, None
    replay = replayed(store, versions)
    known = {(d.layer, d.version) for d in found}
    seen = {(row["code"], row["layer"]) for row in certificate.body["workspace"]["damages"]}
    found += [
        Difference(code="workspace_damaged", layer=d.layer, version=d.version, at=f"{d.path}: {d.detail}")
        for d in replay.damages
        if (d.layer, d.version) not in known and (d.code, d.layer) not in seen
    ]
    try:
        again = certificate_of(examine(Inquiry.from_dict(certificate.body["inquiry"]), replay), replay)
    except DamagedVersionError as trouble:
        return [*found, _damage(trouble.entry, trouble)], notes, None
    except _REJECTED as trouble:
        return [*found, Difference(code="question_rejected", at=f"{type(trouble).__name__}: {trouble}")], notes, None
    was, now = (parsed(canonical(body)) for body in (certificate.body, again.body))
    return [*found, *differences_of(was, now), *_observed_otherwise(certificate, again, versions)], notes, again


def _stored(certificate: Certificate, store: WorkspaceStore, versions: NamedVersions) -> list[Difference]:
    """Every byte of every file of the versions that answered, and the root of what they hold."""
    digests = {row["name"]: row["content_digest"] for row in certificate.body["workspace"]["layers"]}
    found = [Difference(code="version_missing", layer=e.layer, version=e.version) for e in versions.missing.values()]
    unnamed = sorted({*digests} - {*versions.used} - {*versions.missing})  # no version is said to have answered
    found += [Difference(code="version_missing", layer=layer) for layer in unnamed]
    found += [
        Difference(code="version_rewritten", layer=e.layer, version=e.version, at="checksums.json")
        for e in versions.rewritten
    ]
    for layer, entry in sorted(versions.used.items()):
        try:
            stored = store.open_version(entry)
            stored.verify()
            root = recomputed_root(stored)
        except (DamagedVersionError, OSError) as trouble:
            found.append(_damage(entry, trouble))
            continue
        if root != digests.get(layer):
            code, version = "content_digest", entry.version
            found.append(Difference(code=code, layer=layer, version=version, was=digests.get(layer), now=root))
    return found


def _observed_otherwise(certificate: Certificate, again: Certificate, versions: NamedVersions) -> Iterator[Difference]:
    """What was seen of the very versions that are still there, and is not seen now; ``observed`` has no other check."""
    elsewhere = {version for then, now in versions.again for version in ((then.layer, then.version), _named(now))}
    elsewhere |= {_named(entry) for entry in versions.rewritten}
    seen = {(row["layer"], row["version"]): row for row in again.observed["versions"]}
    for row in certificate.observed["versions"]:
        key = (row["layer"], row["version"])
        if key not in elsewhere:
            for one in differences_of(row, seen.get(key, {})):
                at = f"observed.versions[{row['version']}].{one.at}"
                yield replace(one, code="workspace", layer=row["layer"], version=row["version"], at=at)


def _named(entry: VersionEntry) -> tuple[str, str]:
    return entry.layer, entry.version


def _damage(entry: VersionEntry, trouble: Exception) -> Difference:
    at = str(trouble)
    if isinstance(trouble, DamagedVersionError):
        block = "" if trouble.block is None else f" (64 KiB block {trouble.block}, counted from 0)"
        at = f"{trouble.file}{block}: {trouble.detail}"
    return Difference(code="version_damaged", layer=entry.layer, version=entry.version, at=at)


def _since(versions: NamedVersions) -> tuple[Difference, ...]:
    named = {e.layer for e in versions.entries}
    found = [
        Difference(code="imported_again", layer=then.layer, was=then.version, now=now.version)
        for then, now in versions.again
    ]
    for entry in versions.later:
        code = "newer_version" if entry.layer in named else "layer_added"
        found.append(Difference(code=code, layer=entry.layer, version=entry.version))
    return tuple(found)
