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

from pathlib import Path

from spatial.errors import DataFileMissingError

__all__ = ["data_file", "data_root"]

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
