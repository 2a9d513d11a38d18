"""A path to bytes: single files, folders, ZIPs; what they hold is told by content, and nothing is unpacked to disk."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    SourceNotFoundError,
    SourceTooLargeError,
    UnsafeArchiveError,
    UnsupportedFormatError,
)
from spatial.reading.formats import sniff
from spatial.reading.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bundle", "load"]

_LIMITS = Limits()
_MAX_ENTRIES = 5_000
_MAX_RATIO = 300  # an all-zero table packs 1000 : 1, but hardly one of 64 MB
_RATIO_FROM = 64 << 20

_MAIN = {
    ".shp", ".gpkg", ".kml", ".ovkml", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".gml", ".tab", ".mif",
    ".gpx", ".dxf", ".csv", ".tsv", ".txt", ".dat", ".xlsx", ".xls", ".xlsb", ".ods", ".dwg", ".kmz",
    ".ovkmz",
}  # fmt: skip
_SIDE = {
    ".csv",
    ".tsv",
    ".txt",
    ".dat",
    ".xlsx",
    ".xls",
    ".xlsb",
    ".ods",
    ".json",
    ".dwg",
}  # often beside the drawing, as its documentation
# what the readers call the main file, whatever its name was
_SUFFIXES = {
    "shapefile": ".shp", "gpkg": ".gpkg", "flatgeobuf": ".fgb", "geoparquet": ".parquet", "gml": ".gml", "dxf": ".dxf",
    "xls": ".xls",
}  # fmt: skip
_COMPANIONS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".gpkg": (".gpkg-wal",),
}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """
    The bytes of one source.

    Parameters
    ----------
    name
        File name for messages.
    format
        What the content is.
    members
        Extension (with dot, lower case), or for a FileGDB the file name, -> bytes.
    sha256
        Of the file (of a ZIP, of the ZIP); of several, over their sorted names and digests.
    chosen
        Whether ``layer`` named this file among several, and so means no layer in it.
    """

    name: str
    format: str
    members: dict[str, bytes]
    sha256: str
    chosen: bool = False


@dataclass(kw_only=True)
class _Files:
    """Files by inner name, opened when asked for, up to a number of bytes in all."""

    name: str
    openers: dict[str, Callable[[int], bytes]]
    left: int = _LIMITS.input_bytes

    def read(self, inner: str) -> bytes:
        data = self.openers[inner](self.left)
        self.left -= len(data)
        return data


def load(source: str | os.PathLike[str], *, layer: str | None = None) -> Bundle:
    """
    Bytes and format of a source.

    Parameters
    ----------
    source
        A file, a folder (of a shapefile or a FileGDB), or a ZIP with any inner folders.
    layer
        Stem of the file meant, where a folder or ZIP holds several.

    Returns
    -------
    bundle
        All of it in memory.

    Raises
    ------
    SourceNotFoundError, UnsupportedFormatError, SourceTooLargeError, UnsafeArchiveError, LayerChoiceError,
    IncompleteSourceError
        See there.
    """
    path = Path(source)
    name = path.name or str(path)
    if not path.exists():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(source), code="not_found", detail="there is no such file", remedy=remedy)
    if path.is_dir():
        return _choose(_folder(path), name, layer)
    head = _head(path)
    if head.startswith(b"PK"):
        return _zip(path, name, layer)
    files = _Files(name=name, openers={name: _opener(path)})
    for other in _companions_on_disk(path):
        files.openers[other.name] = _opener(other)
    return _bundle(files, name, name)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _opener(path: Path) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise _too_large(path.name)
        return data

    return read


def _too_large(name: str) -> SourceTooLargeError:
    return SourceTooLargeError(
        file=name,
        code="too_large",
        detail=f"more than {_LIMITS.input_bytes >> 20} MB",
        remedy="Cut the file into smaller ones",
    )


def _companions_on_disk(path: Path) -> list[Path]:
    wanted = _COMPANIONS.get(path.suffix.lower())
    if wanted is None:
        return []
    stem = path.stem.lower()
    return [
        other
        for other in sorted(path.parent.iterdir())
        if other.suffix.lower() in wanted and other.stem.lower() == stem and other.is_file()
    ]


def _folder(path: Path) -> _Files:
    files = _Files(name=path.name, openers={})
    if path.suffix.lower() == ".gdb" or any(path.glob("*.gdbtable")):
        for inner in sorted(path.iterdir()):
            if inner.is_file():
                files.openers[f"{path.stem}.gdb/{inner.name}"] = _opener(inner)
        return files
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            inner = Path(folder, name)
            files.openers[inner.relative_to(path).as_posix()] = _opener(inner)
            if len(files.openers) > _MAX_ENTRIES:
                raise _too_large(path.name)
    return files


def _zip(source: Path | bytes, name: str, layer: str | None, *, inner: bool = False) -> Bundle:
    """The one source in a ZIP, which may be a workbook or a KMZ itself."""
    try:
        archive = _open_zip(source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise IncompleteSourceError(
            file=name, code="zip", detail=f"the ZIP cannot be opened: {error}", remedy="Get the file again"
        ) from None
    with archive:
        files = _Files(name=name, openers={})
        members = [info for info in archive.infolist() if not info.is_dir()]
        if len(members) > _MAX_ENTRIES:
            raise SourceTooLargeError(
                file=name,
                code="too_many_files",
                detail=f"it holds {len(members)} files, at most {_MAX_ENTRIES} are read",
                remedy="Unpack it and give the one file that is meant",
            )
        for info in members:
            member = info.filename.replace("\\", "/")
            pure = PurePosixPath(member)
            if pure.is_absolute() or ".." in pure.parts or re.match(r"[A-Za-z]:", member) or "\0" in member:
                raise UnsafeArchiveError(
                    file=name,
                    code="unsafe_name",
                    detail=f"a member is named {member!r}, which leaves the folder",
                    remedy="Do not use this archive, or pack the files again",
                )
            if pure.parts and not (pure.parts[0] == "__MACOSX" or pure.name.startswith("._")):
                files.openers[member] = _member(archive, info, name)
        if kind := _workbook_kind(files):
            from spatial.reading.spreadsheet import check_parts

            # through the caps, before anybody unpacks them
            check_parts({member: files.read(member) for member in files.openers}, file=name)
            data = source if isinstance(source, bytes) else source.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            return Bundle(name=name, format=kind, members={f".{kind}": data}, sha256=digest)
        if inner and not name.lower().endswith((".kmz", ".ovkmz")):
            raise _zip_in_zip(name)
        bundle = _choose(files, name, layer)
        if isinstance(source, bytes):
            return replace(bundle, sha256=hashlib.sha256(source).hexdigest())
        with source.open("rb") as file:
            return replace(bundle, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _workbook_kind(files: _Files) -> str | None:
    if "[Content_Types].xml" in files.openers:
        found = (
            kind for kind, part in (("xlsx", "xl/workbook.xml"), ("xlsb", "xl/workbook.bin")) if part in files.openers
        )
        return next(found, None)
    if "mimetype" in files.openers and "content.xml" in files.openers:
        # the first part of every OpenDocument says what it is
        return "ods" if b"opendocument.spreadsheet" in files.openers["mimetype"](1 << 20) else None
    return None


def _zip_in_zip(name: str) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        file=name, code="zip_in_zip", detail="an archive inside an archive", remedy="Unpack the outer one"
    )


def _open_zip(source: Path | bytes) -> zipfile.ZipFile:
    # names without the UTF-8 flag are GBK where these people work; the default would be CP437
    for encoding in ("gb18030", None):
        try:
            opened = io.BytesIO(source) if isinstance(source, bytes) else source
            return zipfile.ZipFile(opened, metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
    raise zipfile.BadZipFile("names of its members cannot be decoded")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        if info.flag_bits & 1:
            raise UnsafeArchiveError(
                file=name, code="password", detail="the ZIP needs a password", remedy="Unpack it and read the folder"
            )
        parts: list[bytes] = []
        size = 0
        try:
            with archive.open(info) as member:
                # what comes out counts, not what the header says
                while part := member.read(1 << 20):
                    size += len(part)
                    if size > limit:
                        raise _too_large(name)
                    if size > _RATIO_FROM and size > _MAX_RATIO * max(info.compress_size, 1):
                        raise UnsafeArchiveError(
                            file=name,
                            code="zip_bomb",
                            detail=f"{info.filename} unpacks to more than {_MAX_RATIO} times its size",
                            remedy="Do not use this archive, or unpack it and read the folder",
                        )
                    parts.append(part)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError) as error:
            raise IncompleteSourceError(
                file=name,
                code="zip",
                detail=f"{info.filename} cannot be unpacked: {error}",
                remedy="Get the file again",
            ) from None
        return b"".join(parts)

    return read


def _choose(files: _Files, name: str, layer: str | None) -> Bundle:
    """The one source among the files."""
    bases = sorted({_geodatabase(inner) for inner in files.openers} - {""})
    plain = [inner for inner in files.openers if not _geodatabase(inner)]
    found = bases + sorted(inner for inner in plain if PurePosixPath(inner).suffix.lower() in _MAIN)
    drawn = [inner for inner in found if PurePosixPath(inner).suffix.lower() not in _SIDE]
    tables = {PurePosixPath(i).with_suffix("").as_posix().lower() for i in drawn if i.lower().endswith(".tab")}
    candidates = drawn or [i for i in found if PurePosixPath(i).with_suffix("").as_posix().lower() not in tables]
    several = len(candidates) > 1
    if several and layer is not None:
        candidates = [inner for inner in candidates if PurePosixPath(inner).stem == layer] or candidates
    if not candidates:
        packed = [i for i in files.openers if i.lower().endswith((".zip", ".rar", ".7z", ".gz", ".tar"))]
        if packed:
            raise _zip_in_zip(packed[0])
        raise UnsupportedFormatError(
            file=name,
            code="nothing_inside",
            detail="it holds no file that is read here",
            remedy="Give a shapefile, GeoPackage, GeoJSON, KML, DXF, FileGDB, CSV, XLSX or survey TXT",
        )
    if len(candidates) > 1:
        raise LayerChoiceError(
            file=name,
            code="several_files",
            detail=f"it holds several: {', '.join(candidates[:10])}",
            remedy="Name one of them as the layer, or read it by itself",
        )
    return replace(_bundle(files, candidates[0], name), chosen=several)


def _geodatabase(inner: str) -> str:
    parts = PurePosixPath(inner).parts
    for depth, part in enumerate(parts[:-1], start=1):
        if part.lower().endswith(".gdb"):
            return "/".join(parts[:depth])
    return ""


def _bundle(files: _Files, main: str, name: str) -> Bundle:
    if main.lower().endswith(".gdb") and main not in files.openers:
        members = {inner.rsplit("/", 1)[1]: files.read(inner) for inner in files.openers if _geodatabase(inner) == main}
        return Bundle(name=name, format="filegdb", members=members, sha256=_digest(members))
    pure = PurePosixPath(main)
    data = files.read(main)
    kind = sniff(data, name=pure.name)
    if kind == "zip":
        return _zip(data, pure.name, None, inner=True)
    suffix = _SUFFIXES.get(kind, pure.suffix.lower() or ".bin")
    members = {suffix: data}
    for inner in files.openers:
        other = PurePosixPath(inner)
        if (
            inner != main
            and other.parent == pure.parent
            and other.stem.lower() == pure.stem.lower()
            and other.suffix.lower() in _COMPANIONS.get(suffix, ())
        ):
            members[other.suffix.lower()] = files.read(inner)
    return Bundle(name=pure.name, format=kind, members=members, sha256=_digest(members))


def _digest(members: dict[str, bytes]) -> str:
    if len(members) == 1:
        return hashlib.sha256(next(iter(members.values()))).hexdigest()
    lines = "".join(f"{name} {hashlib.sha256(data).hexdigest()}\n" for name, data in sorted(members.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
