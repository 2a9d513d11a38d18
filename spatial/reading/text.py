"""Bytes of a text file to text, with the evidence for the encoding."""

from __future__ import annotations

import codecs

from spatial.errors import MalformedSourceError
from spatial.reading.model import Evidence

__all__ = ["decode", "encoding_of_cells", "named_encoding"]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHINESE = {"936", "CP936", "MS936", "GBK", "GB2312", "GB18030", "ANSI936", "X-GBK", "EUC-CN"}


def decode(data: bytes, *, file: str) -> tuple[str, str, tuple[Evidence, ...]]:
    """
    Text of a file: by its mark, else strict UTF-8, else GB18030 (Big5 if only so it holds words of survey tables).

    Parameters
    ----------
    data
        The whole file.
    file
        For the error.

    Returns
    -------
    text, encoding, evidence
        Text without the mark.

    Raises
    ------
    MalformedSourceError
        If it is none of these.

    Examples
    --------
    >>> decode("地块".encode("gbk"), file="a.txt")[:2]
    ('地块', 'gb18030')
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding, (Evidence(code="bom", value=encoding),)
            except UnicodeDecodeError as error:
                raise _undecodable(file, f"{encoding} by its mark, but byte {error.start} is not") from None
    for encoding, odd in (("utf-16-le", 1), ("utf-16-be", 0)):  # UTF-16 without its mark
        if data[odd : odd + 1] == b"\0" and data[1 - odd : 2 - odd] != b"\0" and len(data) % 2 == 0:
            try:
                return data.decode(encoding), encoding, (Evidence(code="zero_bytes", value=encoding),)
            except UnicodeDecodeError:
                continue
    for encoding, code in (("utf-8", "strict_utf8"), ("gb18030", "not_utf8")):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isascii():
            return text, encoding, (Evidence(code="ascii", value=encoding),)
        if encoding == "gb18030" and (traditional := _traditional(data, text)) is not None:
            return traditional, "big5", (Evidence(code="big5_words", value="big5"),)
        return text, encoding, (Evidence(code=code, value=encoding),)
    raise _undecodable(file, "it is neither UTF-8, UTF-16 nor GB18030")


_BIG5_WORDS = ("點號", "經度", "緯度", "座標", "坐標", "地塊", "面積", "編號", "名稱")


def _traditional(data: bytes, text: str) -> str | None:
    """The text as Big5, if only so it holds words of survey tables; nearly every Big5 file is GB18030 too."""
    try:
        big5 = data.decode("cp950")
    except UnicodeDecodeError:
        return None
    held = any(word in big5[:65536] for word in _BIG5_WORDS)
    return big5 if held and not any(word in text[:65536] for word in ("点", "度", "坐标", "面", "名称")) else None


def _undecodable(file: str, detail: str) -> MalformedSourceError:
    return MalformedSourceError(
        file=file, code="encoding", detail=f"its text cannot be decoded: {detail}", remedy="Save it as UTF-8"
    )


def named_encoding(name: str) -> str | None:
    """
    A codec for the name in a .cpg file, or None where the name says nothing (``OEM``, ``ANSI``).

    Examples
    --------
    >>> named_encoding("ANSI 936"), named_encoding("65001"), named_encoding("OEM")
    ('gb18030', 'utf-8', None)
    """
    plain = name.strip().strip("\0").upper().replace(" ", "").replace("_", "-")
    if plain in _CHINESE:
        return "gb18030"
    if plain in {"65001", "UTF-8", "UTF8"}:
        return "utf-8"
    plain = {"88591": "ISO-8859-1", "1252": "CP1252", "ANSI1252": "CP1252", "950": "CP950"}.get(plain, plain)
    try:
        return codecs.lookup(plain).name
    except (LookupError, ValueError):
        return None


def encoding_of_cells(cells: list[bytes]) -> str:
    """
    UTF-8 if every cell is (a last character cut off by the field's width is allowed), else GB18030.

    Examples
    --------
    >>> encoding_of_cells(["内蒙古".encode()[:-1]]), encoding_of_cells(["内蒙古".encode("gbk")])
    ('utf-8', 'gb18030')
    """
    for cell in cells:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(cell, final=False)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"
