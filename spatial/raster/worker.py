"""
The child process that turns pictures and PDF pages into pixels, with Pillow, PDFium and GDAL.

Run by ``spatial.raster.page`` over the boundary of ``spatial.reading.boundary``, whose frames it speaks and whose
request it takes (see ``spatial/reading/worker.py``, loaded by its path; nothing else of this project is imported).
The member ``request.json`` says which page and how many dots an inch; the answer is one frame L (width, height, dpi)
and one frame A, which here holds no Arrow but the bytes of the pixels: rows from the top, red, green, blue.

A decoder that goes on after an error leaves grey or white where the map was, and white is where nothing is protected.
So JPEG data are decoded a second time by GDAL, which can be told to stop there.
"""

from __future__ import annotations

import importlib.util
import io
import json
import math
import os
import sys
import warnings
from pathlib import Path
from typing import Any

_PICTURES = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF"}


def _reading() -> Any:
    path = Path(__file__).parent.parent / "reading" / "worker.py"
    spec = importlib.util.spec_from_file_location("_reading_worker", path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path} is not installed")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


READING = _reading()


def _require_size(width: int, height: int, most: int) -> None:
    if width * height > most:
        detail = f"it has {width} x {height} pixels, at most {most} are read"
        raise READING.Refusal("too_large", detail)
    if width < 1 or height < 1:
        raise READING.Refusal("damaged", f"it has {width} x {height} pixels")


def read_picture(path: str, kind: str, page: int, most: int) -> tuple[dict[str, Any], bytes]:
    """A PNG, a JPEG or a page of a TIFF."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is decoded
    try:
        with Image.open(path, formats=[_PICTURES[kind]]) as image:
            pages = int(getattr(image, "n_frames", 1)) if kind == "tiff" else 1
            if not 1 <= page <= pages:
                raise READING.Refusal("page_unknown", f"there is no page {page}; it has {pages}")
            if page > 1:
                image.seek(page - 1)
            _require_size(image.width, image.height, most)
            turned = image.getexif().get(0x0112, 1)
            if turned not in (0, 1):
                detail = "it is stored lying and only marked as turned, so programs disagree where its first pixel is"
                raise READING.Refusal("turned", detail)
            dpi = _dpi(image.info.get("dpi"))
            pixels = _rgb(image)
    except UnidentifiedImageError:
        raise READING.Refusal("damaged", "it is no picture, or its head is damaged") from None
    except (OSError, SyntaxError, EOFError) as error:
        raise READING.Refusal("damaged", f"its pixels end early or are damaged: {error}") from None
    if kind in {"jpeg", "tiff"}:
        _decode_again(path, kind, page)
    height, width = pixels.shape[:2]
    return {"width": width, "height": height, "dpi": dpi, "pages": pages}, pixels.tobytes()


def _dpi(given: Any) -> float | None:
    if not isinstance(given, tuple) or len(given) != 2:
        return None
    across, down = float(given[0]), float(given[1])
    usable = math.isfinite(across) and 20 <= across <= 10_000 and abs(across - down) < 0.02 * across
    return across if usable else None


def _rgb(image: Any) -> Any:
    """Pixels as red, green and blue; what is transparent is paper, white."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if image.mode in {"I", "F"}:
        raise READING.Refusal("not_a_picture", f"its pixels are numbers ({image.mode}), no colours")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        above = image.convert("RGBA")
        paper = Image.new("RGBA", above.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, above)
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))


def _decode_again(path: str, kind: str, page: int) -> None:
    """Every pixel once more by GDAL, which stops where libjpeg only warns."""
    import rasterio
    from rasterio.errors import RasterioError

    warnings.simplefilter("ignore")
    source = f"GTIFF_DIR:{page}:{path}" if kind == "tiff" and page > 1 else path
    driver = "GTiff" if kind == "tiff" else "JPEG"
    options = {"GDAL_ERROR_ON_LIBJPEG_WARNING": "YES", "GTIFF_HONOUR_NEGATIVE_SCALEY": "NO"}
    try:
        with rasterio.Env(**options), rasterio.open(source, driver=driver, sharing=False) as picture:
            step = max(1, (1 << 24) // max(1, picture.width * picture.count))
            for top in range(0, picture.height, step):
                window = ((top, min(top + step, picture.height)), (0, picture.width))
                picture.read(window=window)
    except (RasterioError, OSError) as error:
        raise READING.Refusal("damaged", f"its pixels do not decode without an error: {error}") from None


def read_pdf(path: str, page: int, dpi: int, most: int) -> tuple[dict[str, Any], bytes]:
    """A page of a PDF, drawn by PDFium on white."""
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    data = Path(path).read_bytes()
    if b"%%EOF" not in data[-2048:]:
        # PDFium mends a file that ends early and leaves out what is lost
        raise READING.Refusal("damaged", "the PDF ends early: its end mark is missing")
    try:
        document = pdfium.PdfDocument(io.BytesIO(data))
    except pdfium.PdfiumError as error:
        code = "password" if "password" in str(error).lower() else "damaged"
        raise READING.Refusal(code, f"PDFium: {error}") from None
    try:
        pages = len(document)
        if not 1 <= page <= pages:
            raise READING.Refusal("page_unknown", f"there is no page {page}; it has {pages}")
        sheet = document[page - 1]
        across, down = sheet.get_size()
        scale = dpi / 72
        _require_size(math.ceil(across * scale), math.ceil(down * scale), most)
        for thing in sheet.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
            try:  # a picture that does not decode is left out of the page without a word
                thing.get_bitmap().close()
            except pdfium.PdfiumError as error:
                raise READING.Refusal("damaged", f"a picture on page {page} does not decode: {error}") from None
        drawn = sheet.render(scale=scale, rev_byteorder=True, fill_color=(255, 255, 255, 255), prefer_bgrx=False)
        pixels = drawn.to_numpy()[:, :, :3]
        if (pixels == pixels[0, 0]).all():
            raise READING.Refusal("blank_page", f"page {page} is blank")
        facts = {"width": pixels.shape[1], "height": pixels.shape[0], "dpi": float(dpi), "pages": pages}
        return facts, pixels.tobytes()
    except pdfium.PdfiumError as error:
        raise READING.Refusal("damaged", f"PDFium: {error}") from None
    finally:
        document.close()


def main() -> int:
    """Answer one request."""
    os.environ.update(READING._QUIET)  # noqa: SLF001 - the same silence
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the answer
    answer = READING.Answer(stdout, 1 << 62)
    folder = str(Path.cwd())
    try:
        request = READING.receive(stdin, folder)
        answer.left = int(request["max_output"])
        sys.path[:] = [entry for entry in request["sys_path"] if Path(entry).is_absolute()]
        READING.limit(int(request["max_memory"]), int(request["max_seconds"]))
        wanted = json.loads(Path(folder, "request.json").read_text(encoding="utf-8"))
        path, kind = str(Path(folder, request["open"])), request["format"]
        if kind == "pdf":
            facts, pixels = read_pdf(path, wanted["page"], wanted["dpi"], wanted["max_pixels"])
        else:
            facts, pixels = read_picture(path, kind, wanted["page"], wanted["max_pixels"])
        answer.fact(b"L", facts)
        answer.frame(b"A", pixels)
        answer.fact(b"E", {"ok": True})
    except READING.Refusal as refusal:
        answer.fact(b"X", {"code": refusal.code, "detail": refusal.detail.replace(folder, "")[:500]})
    except MemoryError:
        answer.fact(b"X", {"code": "memory", "detail": "out of memory"})
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is an answer for the parent
        detail = f"{type(error).__name__}: {error}".replace(folder, "")
        answer.fact(b"X", {"code": "parser", "detail": detail[:500]})
    finally:
        stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
