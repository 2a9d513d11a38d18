"""What a re-run shows: identical, or where exactly it differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from screening.certificate.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DAMAGED_CODES", "DIFFERENCE_CODES", "NOTE_CODES", "Comparison", "Difference", "differences_of"]

Outcome = Literal["identical", "different", "damaged"]

DAMAGED_CODES = (
    "certificate_unreadable",
    "certificate_too_large",
    "certificate_format",
    "certificate_digest",
    "certificate_spelling",
    "observed_digest",
    "envelope_digest",
    "envelope_signature",
    "workspace_unreadable",
    "workspace_damaged",
    "version_damaged",
    "features_unreadable",
    "features_altered",
    "features_proof",
)
"""Something is not what was written."""
DIFFERENCE_CODES = (
    "envelope_unsigned",
    "envelope_other_key",
    "version_missing",
    "version_rewritten",
    "content_digest",
    "pack",
    "library",
    "inquiry",
    "workspace",
    "result",
    "expiring",
    "parameters",
    "question_rejected",
    "features_missing",
    "features_not_used",
)
"""Everything is whole, and yet it differs."""
NOTE_CODES = ("imported_again", "newer_version", "layer_added", "expiring")
"""Worth knowing; no difference."""
_LABELS = ("layer", "clause", "name", "code", "kind", "id", "leaf")
MOST = 50


@dataclass(frozen=True, kw_only=True)
class Difference:
    """
    One thing that differs, or one note.

    Attributes
    ----------
    code
        One of `DAMAGED_CODES`, `DIFFERENCE_CODES` or `NOTE_CODES`.
    layer, version
        Where that can be told.
    at
        File, file and block, byte, key path or clause.
    was, now
        Values, as in the certificate and now.
    """

    code: str
    layer: str | None = None
    version: str | None = None
    at: str | None = None
    was: Any = None
    now: Any = None

    def to_dict(self) -> dict[str, Any]:
        """JSON of it, without what is not known."""
        values = {"layer": self.layer, "version": self.version, "at": self.at, "was": self.was, "now": self.now}
        return {"code": self.code, **{key: value for key, value in values.items() if value is not None}}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """
    The outcome of `screening.certificate.verify`.

    Attributes
    ----------
    outcome
        ``identical``, ``different``, or ``damaged`` where something is not what was written.
    differences
        Everything that was found, damage first; empty exactly where the outcome is ``identical``.
    notes
        What is worth knowing and changes nothing.
    sha256
        Of the certificate as it is; None where it could not be read.
    rerun_sha256
        Of the certificate that the re-run gives; None where there was none.
    answer, answer_now
        The certificate's answer and that of the re-run.
    signed_by
        SHA-256 of the public key whose signature holds; None where there is none. Whose key that is must be known
        otherwise.
    features_proved
        How many features were proved to be in their layers; None where that was not asked.
    """

    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    notes: tuple[Difference, ...] = ()
    sha256: str | None = None
    rerun_sha256: str | None = None
    answer: str | None = None
    answer_now: str | None = None
    signed_by: str | None = None
    features_proved: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON of the comparison."""
        return {
            "outcome": self.outcome,
            "sha256": self.sha256,
            "rerun_sha256": self.rerun_sha256,
            "answer": self.answer,
            "answer_now": self.answer_now,
            "signed_by": self.signed_by,
            "features_proved": self.features_proved,
            "differences": [d.to_dict() for d in self.differences],
            "notes": [n.to_dict() for n in self.notes],
        }


def differences_of(was: Any, now: Any) -> tuple[Difference, ...]:
    """
    Where two bodies differ, by key path; rows of a list are matched by what they are called.

    Examples
    --------
    >>> was = {"result": {"findings": [{"layer": "甲", "gap_m": 1.5}]}}
    >>> now = {"result": {"findings": [{"layer": "甲", "gap_m": 1.6}]}}
    >>> [(d.code, d.layer, d.at, d.was, d.now) for d in differences_of(was, now)]
    [('result', '甲', 'result.findings[甲].gap_m', 1.5, 1.6)]
    """
    found: list[Difference] = []
    for path, layer, before, after in _unequal(was, now, "", None):
        if len(found) == MOST:
            break
        top = path.partition(".")[0].partition("[")[0]
        code = {"libraries": "library", "packs": "pack"}.get(top, top)
        code = code if code in DIFFERENCE_CODES else "result"
        found.append(Difference(code=code, layer=layer, at=path, was=before, now=after))
    return tuple(found)


_ABSENT = object()


def _unequal(was: Any, now: Any, path: str, layer: str | None) -> Iterator[tuple[str, str | None, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        named = was.get("layer", was.get("name") if "content_digest" in was else None)
        inside = named if isinstance(named, str) else layer
        for key in sorted({*was, *now}):
            below = f"{path}.{key}" if path else key
            yield from _unequal(was.get(key, _ABSENT), now.get(key, _ABSENT), below, inside)
    elif isinstance(was, list) and isinstance(now, list):
        old, new = _labelled(was), _labelled(now)
        for label in [*old, *(label for label in new if label not in old)]:
            yield from _unequal(old.get(label, _ABSENT), new.get(label, _ABSENT), f"{path}[{label}]", layer)
        if list(old) != list(new) and sorted(old) == sorted(new):
            yield path, layer, list(old), list(new)
    elif was is _ABSENT or now is _ABSENT or canonical(was) != canonical(now):
        row = was if isinstance(was, dict) else now if isinstance(now, dict) else {}
        own = row.get("layer", row.get("name") if "content_digest" in row else None)
        yield (
            path,
            own if isinstance(own, str) else layer,
            None if was is _ABSENT else was,
            None if now is _ABSENT else now,
        )


def _labelled(rows: list[Any]) -> dict[str, Any]:
    """Rows by what they are called; by number where names are missing or not distinct."""
    for key in _LABELS:
        names = [row.get(key) if isinstance(row, dict) else None for row in rows]
        if rows and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return dict(zip(map(str, names), rows, strict=True))
    return {str(number): row for number, row in enumerate(rows)}
