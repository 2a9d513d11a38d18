"""
TOML files of the project, kept a second time as JSON, which is read thirty times as fast.

Reading TOML is a tenth of the time in which a check answers, and the files change with a release. `build` runs in
set-up. What it writes is named after the digest of the TOML it was made from and states its own: a file that was
changed since, and a form that was damaged, are never used; then the TOML itself is read.

Beside that stands a list of the digests of all TOML that the project ships, ``data/shipped.sha256``, which is in the
repository: a shipped file that is not what the list says is refused (`spatial.datafiles.toml_tables`), because a rule,
a width or a word that was lost would not be missed by anyone. In a clone of the repository `build` writes the list as
well; run ``python -m spatial.parsed_toml`` after changing such a file.

This module imports nothing of the project, so that set-up can load it on its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "SHIPPED", "build", "digest_of", "form_of", "parsed", "shipped", "write_shipped", "written"]

FOLDER = "parsed"
"""Below ``data/``; nothing in it is in the repository."""
_KEPT = (("data", "rules"), ("data", "boundaries"), ("layers",), ("screening",))
"""Folders whose TOML is kept, with what lies below them."""
SHIPPED = "shipped.sha256"
"""Below ``data/``: the digest and the name of every TOML file that is shipped, as ``sha256sum`` writes them."""
_SHIPPING = ("data", "spatial", "layers", "screening", "maps")
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
    if (root / ".git").exists():  # elsewhere the list is what was shipped
        write_shipped(root)
    return folder


def digest_of(content: bytes) -> str:
    """SHA-256 of a text file, whether its lines end as on Windows or not: git may change that."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def shipped(content: bytes) -> dict[str, str]:
    """
    Digests by name, of the content of a list.

    Examples
    --------
    >>> shipped(b"ab  data/rules/classes.toml")
    {'data/rules/classes.toml': 'ab'}
    """
    lines = (line.partition("  ") for line in content.decode("utf-8", "replace").splitlines())
    return {name: digest for digest, _, name in lines}


def write_shipped(root: Path) -> None:
    """Write the list of a clone, where it is another than the one that is there."""
    files = {p.relative_to(root).as_posix(): p for top in _SHIPPING for p in (root / top).rglob("*.toml")}
    lines = (f"{digest_of(files[name].read_bytes())}  {name}\n" for name in sorted(files))
    content = "".join(lines).encode()
    if not _holds(root / "data" / SHIPPED, content):
        (root / "data" / SHIPPED).write_bytes(content)


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


if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1])
