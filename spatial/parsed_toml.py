"""
TOML files of the project, kept a second time as JSON, which is read thirty times as fast.

Reading TOML is a tenth of the time in which a check answers, and the files change with a release. `build` runs in
set-up. What it writes is named after the digest of the TOML it was made from and states its own: a file that was
changed since, and a form that was damaged, are never used; then the TOML itself is read.

This module imports nothing of the project, so that set-up can load it on its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FOLDER", "build", "form_of", "parsed", "written"]

FOLDER = "parsed"
"""Below ``data/``; nothing in it is in the repository."""
_KEPT = (("data", "rules"), ("data", "boundaries"), ("layers",), ("screening",))
"""Folders whose TOML is kept, with what lies below them."""
_DATE = "date:"


def form_of(content: bytes) -> str:
    """
    The name of the parsed form of a TOML file.

    Examples
    --------
    >>> form_of(b"a = 1")[:13]
    'b5bc1ffd90912'
    """
    return f"{hashlib.sha256(content).hexdigest()}.json"


def parsed(content: bytes, folder: Path) -> dict[str, Any] | None:
    """
    The tables of a TOML file from its parsed form.

    Parameters
    ----------
    content
        Bytes of the TOML file.
    folder
        Where parsed forms lie.

    Returns
    -------
    tables
        As ``tomllib`` gives them; None where there is no form of this very content, or it is damaged.
    """
    name = form_of(content)
    try:
        digest, _, form = (folder / name).read_bytes().partition(b"\n")
    except OSError:
        return None
    if digest != _digest(name, form):
        return None
    tables: dict[str, Any] = json.loads(form, object_hook=_with_date)
    return tables


def written(content: bytes) -> bytes | None:
    """
    The parsed form of a TOML file, with its digest in the line before; None where JSON cannot hold it.

    Raises
    ------
    tomllib.TOMLDecodeError, UnicodeDecodeError
        If the file is no TOML.
    """
    import tomllib

    tables = tomllib.loads(content.decode("utf-8-sig"))
    try:
        form = json.dumps(tables, default=_of_date, ensure_ascii=False, separators=(",", ":")).encode()
    except TypeError:  # a time, or a date with one
        return None
    same = json.loads(form, object_hook=_with_date)
    return _digest(form_of(content), form) + b"\n" + form if repr(same) == repr(tables) else None


def build(root: Path) -> Path:
    """
    Write the parsed forms of a clone's files, and remove those of files that are no more.

    Parameters
    ----------
    root
        The clone.

    Returns
    -------
    folder
        ``data/parsed``.
    """
    folder = root / "data" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    sources = [path for parts in _KEPT for path in sorted(root.joinpath(*parts).rglob("*.toml"))]
    forms = {form_of(content): written(content) for content in (path.read_bytes() for path in sources)}
    for name, form in forms.items():
        if form is not None and not _holds(folder / name, form):
            draft = folder / f"{name}.{os.getpid()}.tmp"
            draft.write_bytes(form)
            draft.replace(folder / name)
    for path in folder.iterdir():
        if path.suffix == ".json" and forms.get(path.name) is None:
            path.unlink(missing_ok=True)
    return folder


def _holds(path: Path, form: bytes) -> bool:
    return path.is_file() and path.read_bytes() == form


def _digest(name: str, form: bytes) -> bytes:
    """Of the name as well, so that a form under another file's name is none."""
    return hashlib.sha256(name.encode() + b"\n" + form).hexdigest().encode()


def _of_date(value: object) -> dict[str, str]:
    if type(value) is not date:
        raise TypeError(type(value).__name__)
    return {_DATE: value.isoformat()}


def _with_date(table: dict[str, Any]) -> Any:
    return date.fromisoformat(table[_DATE]) if len(table) == 1 and _DATE in table else table
