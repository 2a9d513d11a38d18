"""Files that a command leaves: whole or not at all, under the name the user gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.workspace.store import WorkspaceStore
    from screening.verdict import Verdict
    from screening.words import Language

__all__ = ["json_text", "map_of", "named", "write_bytes", "write_text"]


def named(given: str, result: Mapping[str, Any], *, suffix: str) -> Path:
    """The path as the user gave it; in a folder that is there, a name of ours, which says 内部使用 where it must."""
    from screening.export import export_name

    path = Path(given)
    return path / export_name(result, suffix=suffix) if path.is_dir() else path


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
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(content)
        return stage.commit([path.name], asked=[path.name])[0]


def map_of(verdict: Verdict, result: Mapping[str, Any], store: WorkspaceStore, *, language: Language) -> str:
    """The map of a verdict as HTML, with the layers of its workspace."""
    from maps.screening_map import draw
    from screening.outline import outlines_of

    outlines = outlines_of(result, store, site=verdict.geometry)
    return draw(result, site=verdict.geometry, overlaps=verdict.overlaps, layers=outlines, language=language)
