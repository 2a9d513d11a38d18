"""Files that a command leaves: whole or not at all, under the name the user gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layers.workspace.store import WorkspaceStore
    from screening.dossier import Dossier
    from screening.verdict import Verdict
    from screening.words import Language

__all__ = ["Outputs", "json_text", "kept", "map_of", "named", "write_bytes", "write_text"]


def named(given: str, result: Mapping[str, Any], *, suffix: str) -> Path:
    """The path as the user gave it; in a folder that is there, a name of ours, which says 内部使用 where it must."""
    from screening.export import export_name

    path = Path(given)
    return path / export_name(result, suffix=suffix) if path.is_dir() else path


def kept(result: Mapping[str, Any], dossier: Dossier) -> dict[str, Any]:
    """A result as its JSON keeps it: with what was asked, so that it can be asked again without the site's file."""
    return {**result, "inquiry": dossier.inquiry.to_dict()}


def json_text(result: Mapping[str, Any]) -> str:
    """A result as JSON with its last line ended."""
    return f"{json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False)}\n"


def write_text(path: Path, text: str) -> Path:
    """
    Write UTF-8 text in one step; a lone surrogate becomes an escape.

    Raises
    ------
    NotWritableError, OutputInUseError
        If the folder is not there or a file cannot be replaced; nothing has changed then.
    """
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, content: bytes) -> Path:
    """
    Write a file in one step.

    Raises
    ------
    NotWritableError, OutputInUseError
        If the folder is not there or a file cannot be replaced; nothing has changed then.
    """
    from spatial.writing.staging import staging

    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(content)
        return stage.commit([path.name], asked=[path.name])[0]


def map_of(verdict: Verdict, result: Mapping[str, Any], store: WorkspaceStore, *, language: Language) -> str:
    """The map of a verdict as HTML, with the layers of its workspace."""
    from maps.screening_map import draw
    from screening.outline import outlines_of

    outlines = outlines_of(result, store, site=verdict.geometry)
    return draw(result, site=verdict.geometry, overlaps=verdict.overlaps, layers=outlines, language=language)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The files that a check is to leave; each None where it was not asked for."""

    json_to: str | None = None
    map_to: str | None = None
    export_to: str | None = None
    reports: tuple[str, ...] = ()
    certificate: str | None = None
    sign: Path | None = None
    envelope: Path | None = None

    def require_suffixes(self) -> None:
        """Refuse before any work what could not be written after it."""
        if (self.map_to, self.export_to, self.certificate, self.reports) == (None, None, None, ()):
            self._require_certificate()
            return  # what writes them is not loaded for nothing
        from maps.report import FORMATS
        from screening.export import EXPORT_SUFFIXES

        endings: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
            ("--map", self.map_to, (".html", ".htm")),
            ("--export", self.export_to, EXPORT_SUFFIXES),
            *(("--report", given, tuple(FORMATS)) for given in self.reports),
            ("--certificate", self.certificate, (".json",)),
        )
        for option, given, known in endings:
            if given is not None and not Path(given).is_dir() and Path(given).suffix.lower() not in known:
                said = ", ".join(known)
                raise click.UsageError(f"{option} {given}: 应以下列之一结尾 / must end in one of {said}")
        self._require_certificate()
        for given in self.reports:
            if Path(given).is_dir():
                raise click.UsageError(f"--report {given}: 请给出文件名 / name a file")

    def _require_certificate(self) -> None:
        if self.certificate is None and (self.sign is not None or self.envelope is not None):
            raise click.UsageError("--sign、--envelope 须与 --certificate 同用 / they belong to --certificate")

    def write(
        self, dossier: Dossier, result: Mapping[str, Any], store: WorkspaceStore, language: Language
    ) -> Iterator[str]:
        """Write each, reports last, for they name the others; one line a file, and one for what a format lost."""
        from screening.words import word

        verdict, written = dossier.verdict, []
        if self.json_to not in (None, "-"):
            path = write_text(named(str(self.json_to), result, suffix=".json"), json_text(kept(result, dossier)))
            written.append(path)
            yield word("cli.wrote_json", language, path=path)
        if self.map_to is not None:
            page = map_of(verdict, result, store, language=language)
            path = write_text(named(self.map_to, result, suffix=".html"), page)
            written.append(path)
            yield word("cli.wrote_map", language, path=path)
        if self.export_to is not None:
            from screening.export import export

            target = named(self.export_to, result, suffix=".zip")
            made = export(target, result, site=verdict.geometry, overlaps=verdict.overlaps, language=language)
            written += made.paths
            yield word("cli.wrote_export", language, path=made.paths[0], count=len(made.paths))
            yield from (f"  {note.file}: {note.zh if language == 'zh' else note.en}" for note in made.notes)
        sealed = None
        if self.certificate is not None:
            path, sha256 = self._certify(named(self.certificate, result, suffix=".json"), dossier, store)
            sealed = {"file": path.name, "sha256": sha256}
            written.append(path)
            yield word("certificate.wrote", language, path=path, sha256=sha256)
        if self.reports:
            from maps.report import write_report
            from screening.outline import outlines_of

            layers = outlines_of(result, store, site=verdict.geometry)
            for given in self.reports:
                path = write_report(
                    Path(given),
                    result,
                    geometry=verdict.geometry,
                    overlaps=verdict.overlaps,
                    layers=layers,
                    language=language,
                    certificate=sealed,
                    siblings=written,
                )
                yield word("cli.wrote_report", language, path=path)

    def _certify(self, path: Path, dossier: Dossier, store: WorkspaceStore) -> tuple[Path, str]:
        from screening.certificate import read_envelope, write_certificate

        envelope = None
        if self.sign is not None or self.envelope is not None:
            layers = tuple(row["name"] for row in dossier.verdict.layers)
            envelope = read_envelope(self.envelope, key=self.sign, layers=layers)
        return path, write_certificate(dossier, store, path, envelope=envelope).sha256
