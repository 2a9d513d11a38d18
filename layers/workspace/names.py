"""Names of layers, folders and files that every file system the workspace may be copied to can hold."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["fold", "folder_name", "is_plain_folder", "is_plain_path", "normal_ext", "normal_layer_name"]

MAX_FOLDER_CHARS = 60  # Windows counts a whole path's 260; ext4 255 bytes a name, a Chinese character being 3
_FORBIDDEN = set('\\/:*?"<>|%')  # % because it is our escape mark
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)", re.IGNORECASE)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-%")
"""What most names of files are made of: the rest is looked at one by one."""
_EXT = re.compile(r"[a-z0-9]{1,16}(\.[a-z0-9]{1,16}){0,2}\Z")


def normal_layer_name(name: str) -> str:
    """
    Bring a layer's name to NFC, in which names are compared and kept.

    Raises
    ------
    ValueError
        If it is blank or has no UTF-8 form.
    """
    normal = unicodedata.normalize("NFC", name)
    if not normal.strip():
        raise ValueError("a layer needs a name")
    try:
        normal.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"the layer name {name!r} is no valid text") from None
    return normal


def fold(name: str) -> str:
    """Give the form in which two names are the same folder on some disk (Windows and macOS ignore case)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def folder_name(layer: str, *, taken: Iterable[str] = ()) -> str:
    """
    Spell a layer's name as a folder that Windows, macOS and Linux can hold.

    Characters that some system forbids become ``%XX``; what is long is cut; a
    name that some disk takes for one of ``taken`` gets ``~2``, ``~3`` ... The way
    back is the manifest, which keeps the layer's name beside the folder's.

    Examples
    --------
    >>> folder_name("满洲里 红线")
    '满洲里 红线'
    >>> folder_name("a/b?"), folder_name("CON"), folder_name("x. ")
    ('a%2Fb%3F', '%43ON', 'x%2E%20')
    >>> folder_name("Lakes", taken=["lakes"])
    'Lakes~2'
    """
    units = [_escape(char) if _is_unsafe(char) else char for char in normal_layer_name(layer)]
    for end in (range(len(units) - 1, -1, -1), range(len(units))):  # dots and blanks at either end
        for at in end:
            if units[at] not in {".", " "}:
                break
            units[at] = _escape(units[at])
    if _RESERVED.match("".join(units)):
        units[0] = _escape(units[0])
    if sum(map(len, units)) > MAX_FOLDER_CHARS:
        mark = "~" + hashlib.sha256(layer.encode("utf-8")).hexdigest()[:8]
        while sum(map(len, units)) > MAX_FOLDER_CHARS - len(mark):
            units.pop()
        units.append(mark)
    base = "".join(units)
    used = {fold(name) for name in taken}
    folder, number = base, 2
    while fold(folder) in used:
        folder, number = f"{base}~{number}", number + 1
    return folder


def _is_unsafe(char: str) -> bool:
    # controls, marks that print nothing, line separators, halves of characters
    category = unicodedata.category(char)
    return char in _FORBIDDEN or category in {"Cc", "Cf", "Zl", "Zp", "Cs"}


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8"))


def is_plain_folder(name: str) -> bool:
    """Whether a name from a file may be joined to a path: one part, none of the characters disks forbid."""
    return (
        bool(name)
        and name == unicodedata.normalize("NFC", name)
        and not any(map(_is_unsafe, set(name) - _PLAIN))
        and name[0] not in ". "
        and name[-1] not in ". "
        and not _RESERVED.match(name)
    )


def is_plain_path(name: str) -> bool:
    """Whether a file's name in a version is ``name`` or ``folder/name``, each part plain."""
    parts = name.split("/")
    return len(parts) <= 2 and all(map(is_plain_folder, parts))


def normal_ext(ext: str) -> str:
    """
    Bring a file's ending to lower case without its dot: ``.ZIP`` becomes ``zip``.

    Raises
    ------
    ValueError
        If it is not letters and digits (up to three parts, as in ``shp.zip``).
    """
    normal = ext.lower().removeprefix(".")
    if not _EXT.match(normal):
        raise ValueError(f"{ext!r} is no file ending")
    return normal
