"""ZIP packages (DOCX, XLSX) that are the same every time, and links in them that every system reads."""

from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import quote

__all__ = ["link_target", "repacked"]

_DATE = (1980, 1, 1, 0, 0, 0)
_TARGET = re.compile(rb'(Target=")([^"]*)(" TargetMode="External")')


def repacked(content: bytes) -> bytes:
    """
    The same package with one date on every member, in place of the time of writing, and links with forward slashes.

    Backslashes, which some writers put into links to files, are read as such on Windows only.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, date_time=_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            data = old.read(name)
            if name.endswith(".rels"):
                data = _TARGET.sub(lambda found: found[1] + found[2].replace(b"\\", b"/") + found[3], data)
            new.writestr(member, data)
    return target.getvalue()


def link_target(path: str) -> str:
    """
    A relative path as the target of a link; letters beyond ASCII stay, as spreadsheets write them.

    Examples
    --------
    >>> link_target("离线 地图#1.html")
    '离线%20地图%231.html'
    """
    return "".join(character if ord(character) > 127 else quote(character, safe="/") for character in path)
