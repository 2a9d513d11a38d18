"""Pages of scanned maps: what decodes, and everything that is refused because it may have lost a part."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    ReadingError,
    SourceNotFoundError,
    SourceTooLargeError,
    UnsupportedFormatError,
    WorkerRefusedError,
)
from spatial.raster.page import read_page

RED, GREEN, WHITE = [255, 0, 0], [0, 128, 0], [255, 255, 255]


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(width: int = 120, height: int = 90) -> Image.Image:
    values = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def pdf(content: str, *, across: int = 144, down: int = 72, pages: int = 1) -> bytes:
    """A PDF of pages that draw ``content``, y up from the bottom, in points."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(pages))
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>"]
    for i in range(pages):
        box = f"/MediaBox [0 0 {across} {down}]"
        bodies.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {4 + 2 * i} 0 R /Resources << >> >>")
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(out)
    size = len(bodies) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()


@pytest.fixture
def page_of(tmp_path):
    def read(data: bytes, name: str = "图 1.png", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return read_page(path, **options)

    return read


def test_first_row_of_pixels_is_the_top_and_columns_run_right(page_of):
    image = Image.new("RGB", (3, 2), tuple(WHITE))
    image.putpixel((2, 0), tuple(RED))
    page = page_of(saved(image, "PNG", dpi=(300, 300)))
    assert page.pixels.shape == (2, 3, 3)
    assert page.pixels[0, 2].tolist() == RED
    assert page.pixels[1, 2].tolist() == WHITE
    assert round(page.dpi) == 300
    assert (page.source_name, page.page, len(page.source_sha256)) == ("图 1.png", None, 64)


def test_pixels_of_a_page_cannot_be_overwritten(page_of):
    page = page_of(saved(noise(), "PNG"))
    with pytest.raises(ValueError, match="read-only"):
        page.pixels[0, 0] = 0


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("1", (2, 2), 0), [0, 0, 0]),
        (Image.new("L", (2, 2), 200), [200, 200, 200]),
        (Image.new("P", (2, 2), 0), [0, 0, 0]),
        (Image.new("I;16", (2, 2), 0x8040), [0x80, 0x80, 0x80]),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), WHITE),  # transparent is paper, not the red behind it
        (Image.new("LA", (2, 2), (0, 0)), WHITE),
    ],
    ids=["bits", "grey", "palette", "16 bits", "transparent", "transparent grey"],
)
def test_every_kind_of_pixel_becomes_red_green_and_blue(page_of, image, expected):
    assert page_of(saved(image, "PNG")).pixels[1, 1].tolist() == expected


def test_jpeg_and_tiff_are_told_by_content_and_not_by_name(page_of):
    image = Image.new("RGB", (40, 30), tuple(GREEN))
    assert page_of(saved(image, "TIFF", compression="tiff_lzw"), "a.png").pixels[5, 5].tolist() == GREEN
    near = page_of(saved(image, "JPEG", quality=95), "a.tif").pixels[5, 5].astype(int)
    assert abs(near - GREEN).max() <= 3


def test_a_page_of_a_tiff_is_counted_from_one(page_of):
    both = saved(
        Image.new("RGB", (4, 4), tuple(RED)),
        "TIFF",
        save_all=True,
        append_images=[Image.new("RGB", (6, 5), (0, 128, 0))],
    )
    page = page_of(both, "a.tif", page=2)
    assert (page.pixels.shape, page.pixels[0, 0].tolist(), page.page) == ((5, 6, 3), GREEN, 2)
    with pytest.raises(LayerChoiceError, match="there is no page 3; it has 2"):
        page_of(both, "a.tif", page=3)


def test_a_pdf_is_drawn_at_the_dots_asked_for_with_the_top_up(page_of):
    # a square of 36 points at the top left of a sheet of 144 x 72 points; 150 dpi: 300 x 150 pixels, square 75
    page = page_of(pdf("1 0 0 rg 0 36 36 36 re f"), "a.pdf", dpi=150)
    assert (page.pixels.shape, page.dpi, page.page) == ((150, 300, 3), 150.0, 1)
    assert page.pixels[2, 2].tolist() == page.pixels[72, 72].tolist() == RED
    assert page.pixels[78, 72].tolist() == page.pixels[72, 78].tolist() == WHITE


def test_a_pdf_page_that_is_not_there_is_named(page_of):
    data = pdf("1 0 0 rg 0 36 36 36 re f", pages=2)
    assert page_of(data, "a.pdf", page=2, dpi=72).page == 2
    with pytest.raises(LayerChoiceError, match="there is no page 3; it has 2"):
        page_of(data, "a.pdf", page=3)


def test_a_blank_page_is_refused_since_blank_is_where_nothing_is_protected(page_of):
    with pytest.raises(WorkerRefusedError, match=r"page 1 is blank.*Name the page that shows the map"):
        page_of(pdf("q Q"), "a.pdf")


def test_a_pdf_with_a_password_is_refused(page_of):
    plain = pdf("1 0 0 rg 0 36 36 36 re f")
    lock = b"<< /Filter /Standard /V 1 /R 2 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> /P -4 >>"
    data = plain.replace(b"/Root 1 0 R", b"/Root 1 0 R /ID [<00><00>] /Encrypt " + lock)
    with pytest.raises(WorkerRefusedError, match="take the password off"):
        page_of(data, "a.pdf")


@pytest.mark.parametrize("name", ["png", "jpeg", "tiff", "pdf"])
def test_a_file_that_ends_early_is_refused_and_never_filled_with_white(page_of, name):
    image = noise()
    whole = {
        "png": lambda: saved(image, "PNG"),
        "jpeg": lambda: saved(image, "JPEG"),
        "tiff": lambda: saved(image, "TIFF", compression="tiff_adobe_deflate"),
        "pdf": lambda: saved(image, "PDF"),
    }[name]()
    assert page_of(whole, f"a.{name}").pixels.std() > 10
    with pytest.raises(ReadingError, match=r"end|damaged|decode|Get the file again|save it as PNG"):
        page_of(whole[: len(whole) * 2 // 3], f"a.{name}")


def test_a_jpeg_damaged_within_is_refused_where_libraries_only_warn(page_of):
    data = bytearray(saved(noise(400, 300), "JPEG", quality=90))
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xff\xd9" + bytes(62)  # an end mark in the middle of the pixels
    with pytest.raises(IncompleteSourceError, match="Get the file again"):
        page_of(bytes(data), "a.jpg")


def test_a_picture_in_a_pdf_that_does_not_decode_is_refused(page_of):
    data = bytearray(saved(noise(400, 300), "PDF"))
    start = data.index(b"\xff\xd8\xff")
    data[start : start + 400] = b"\0" * 400
    with pytest.raises(ReadingError, match="a picture on page 1 does not decode"):
        page_of(bytes(data), "a.pdf")


def test_a_small_file_of_a_huge_picture_is_refused_before_it_is_decoded(page_of):
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(SourceTooLargeError, match="60000 x 60000 pixels, at most 150000000"):
        page_of(data)


def test_a_huge_sheet_of_a_pdf_is_refused_before_it_is_drawn(page_of):
    data = pdf("1 0 0 rg 0 36 36 36 re f", across=14_400, down=14_400)
    with pytest.raises(SourceTooLargeError, match=r"6000. x 6000. pixels"):
        page_of(data, "a.pdf", dpi=300)


def test_a_photo_only_marked_as_turned_is_refused(page_of):
    image = noise()
    exif = image.getexif()
    exif[0x0112] = 6
    with pytest.raises(WorkerRefusedError, match="Turn it upright"):
        page_of(saved(image, "JPEG", exif=exif), "a.jpg")


def test_numbers_are_no_picture(page_of):
    with pytest.raises(WorkerRefusedError, match="no colours"):
        page_of(saved(Image.new("F", (4, 4), 0.5), "TIFF"), "a.tif")


def test_what_is_no_picture_is_told_what_to_save_it_as(page_of, tmp_path):
    with pytest.raises(UnsupportedFormatError, match="Save or scan the map as PNG, TIFF or PDF"):
        page_of(b"col,row\n1,2\n", "a.png")
    with pytest.raises(IncompleteSourceError, match="only zeros"):
        page_of(bytes(500))
    with pytest.raises(SourceNotFoundError, match="no such file"):
        read_page(tmp_path / "none.png")


def test_bytes_changed_at_random_end_as_a_page_or_a_named_error(page_of):
    rng = np.random.default_rng(11)
    sources = [
        (saved(noise(), "JPEG"), "a.jpg"), (saved(noise(), "TIFF", compression="tiff_lzw"), "a.tif"),
        (saved(noise(), "PNG"), "a.png"), (saved(noise(), "PDF"), "a.pdf"),
    ]  # fmt: skip
    for data, name in sources:
        for _ in range(2):
            broken = bytearray(data)
            for place in rng.integers(8, len(data), 6):
                broken[place] = rng.integers(0, 256)
            with contextlib.suppress(ReadingError):  # anything else fails the test
                assert page_of(bytes(broken), name).pixels.ndim == 3
