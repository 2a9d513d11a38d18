"""
Scanned maps as pixels: PNG, JPEG, TIFF, or a page of a PDF.

Decoders of pictures have a long history of faults, and a small file can unpack to a huge one. So the bytes are decoded
in a child process (``spatial/raster/worker.py``) behind the same boundary as foreign vector formats.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    SourceNotFoundError,
    SourceTooLargeError,
    UnsupportedFormatError,
    WorkerError,
    WorkerRefusedError,
)
from spatial.reading.boundary import Job, Limits, run

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

__all__ = ["MAX_PIXELS", "Page", "read_page"]

MAX_PIXELS = 150_000_000
"""Pixels of one page: A0 at 300 dots an inch has 139 million."""

_MAX_BYTES = 512 << 20
_SMALLER = "Save the map with fewer pixels (A0 at 300 dpi is the most), or cut out the part that is meant"
_RESAVE = "Open it in a picture viewer, look whether all of the map is there, and save it as PNG"
_AGAIN = "Get the file again from its source; part of it is missing"
_REMEDIES = {
    "turned": "Turn it upright in a picture editor and save it, then measure the control points there",
    "password": "Open it, take the password off and save it",
    "not_a_picture": "Save it as a picture of 8 bits a colour",
    "blank_page": "Name the page that shows the map",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """
    One picture of a map.

    Parameters
    ----------
    pixels
        Red, green, blue, shape (height, width, 3), uint8; row 0 is the top. Not to be written to. What was
        transparent is white.
    dpi
        Dots an inch: as asked for of a PDF, as stated in a picture, else None.
    source_name, source_sha256
        File name and digest of its bytes.
    page
        Page of a PDF or of a TIFF of several, from 1; None for a picture that has no pages.
    """

    pixels: NDArray[np.uint8]
    dpi: float | None
    source_name: str
    source_sha256: str
    page: int | None

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])


def read_page(
    path: str | os.PathLike[str],
    *,
    page: int = 1,
    dpi: int = 300,
    max_pixels: int = MAX_PIXELS,
    limits: Limits | None = None,
) -> Page:
    """
    Pixels of a scanned map.

    Pixel coordinates count from the top left corner of the picture: the middle of the first pixel is (0.5, 0.5).

    Parameters
    ----------
    path
        A PNG, JPEG, TIFF or PDF on this machine; content decides, not the name. Bits, greys, palettes, 16 bits a
        colour, CMYK and transparency become 8 bits of red, green and blue.
    page
        Which page of a PDF or TIFF, from 1.
    dpi
        Dots an inch at which a page of a PDF is drawn; pictures keep their pixels.
    max_pixels
        The most pixels; counted before anything is decoded.
    limits
        What decoding may cost in time and memory.

    Returns
    -------
    page
        The picture. A georeference the file may carry is not looked at.

    Raises
    ------
    SourceNotFoundError
        There is no such file.
    UnsupportedFormatError
        It is no such picture.
    SourceTooLargeError
        Too many bytes or pixels.
    IncompleteSourceError
        It ends early, or does not decode without an error: a decoder that goes on leaves white where a zone was.
    LayerChoiceError
        It has no such page.
    WorkerError
        The decoder crashed, hung, or refused it (a password; a blank page; a photo only marked as turned).

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 3), (255, 0, 0)).save(folder + "/map.png", dpi=(300, 300))
    ...     found = read_page(folder + "/map.png")
    >>> found.pixels.shape, found.pixels[0, 0].tolist(), round(found.dpi)
    ((3, 4, 3), [255, 0, 0], 300)
    """
    if page < 1:
        raise ValueError(f"pages count from 1, not {page}")
    if not 36 <= dpi <= 2400:
        raise ValueError(f"a page is drawn at 36 to 2400 dots an inch, not {dpi}")
    data, name = _bytes(Path(path))
    kind = _kind(data, name)
    suffix = {"jpeg": ".jpg", "tiff": ".tif"}.get(kind, f".{kind}")
    wanted = {"page": page, "dpi": dpi, "max_pixels": max_pixels}
    job = Job(
        source_name=name,
        format=kind,
        drivers=(),
        members={"request.json": json.dumps(wanted).encode(), f"source{suffix}": data},
        open=f"source{suffix}",
    )
    try:
        answer = run(job, limits=limits, program=_program())
    except WorkerRefusedError as error:
        raise _refused(error) from None
    except SourceTooLargeError as error:
        raise SourceTooLargeError(file=name, code=error.code, detail=error.detail, remedy=_SMALLER) from None
    except IncompleteSourceError as error:
        raise IncompleteSourceError(file=name, code=error.code, detail=error.detail, remedy=_AGAIN) from None
    except WorkerError as error:
        raise type(error)(file=name, code=error.code, detail=error.detail, remedy=_RESAVE) from None
    facts, raw = answer.layers[0].facts, answer.layers[0].arrow
    assert raw is not None
    shape = (int(facts["height"]), int(facts["width"]), 3)
    if len(raw) != shape[0] * shape[1] * 3:
        raise IncompleteSourceError(file=name, code="damaged", detail="pixels were lost on the way", remedy=_AGAIN)
    return Page(
        pixels=np.frombuffer(memoryview(raw).toreadonly(), dtype=np.uint8).reshape(shape),
        dpi=facts["dpi"],
        source_name=name,
        source_sha256=hashlib.sha256(data).hexdigest(),
        page=page if kind == "pdf" or int(facts["pages"]) > 1 else None,
    )


def _program() -> tuple[str, ...]:
    return (sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("worker.py")))


def _bytes(path: Path) -> tuple[bytes, str]:
    if not path.is_file():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(path), code="not_found", detail="there is no such file", remedy=remedy)
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise SourceTooLargeError(
            file=path.name, code="too_large", detail=f"more than {_MAX_BYTES >> 20} MB", remedy=_SMALLER
        )
    return data, path.name


def _kind(data: bytes, name: str) -> str:
    for start, kind in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"II+\0", "tiff"),
        (b"MM\0+", "tiff"),
    ):
        if data.startswith(start):
            return kind
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if not data.strip(b"\0 \t\r\n"):
        raise IncompleteSourceError(file=name, code="empty", detail="it is empty or holds only zeros", remedy=_AGAIN)
    raise UnsupportedFormatError(
        file=name,
        code="not_a_picture",
        detail="it is no PNG, JPEG, TIFF or PDF",
        remedy="Save or scan the map as PNG, TIFF or PDF",
    )


def _refused(error: WorkerRefusedError) -> Exception:
    if error.code == "page_unknown":
        remedy = "Name one of its pages"
        return LayerChoiceError(file=error.file, code=error.code, detail=error.detail, remedy=remedy)
    remedy = _REMEDIES.get(error.code, _RESAVE)
    return WorkerRefusedError(file=error.file, code=error.code, detail=error.detail, remedy=remedy)
