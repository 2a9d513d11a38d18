"""The control points of a map on its picture, each with its error as an arrow; what a look finds and a table hides."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw

    from spatial.raster.fitting import MapFit
    from spatial.raster.page import Page

__all__ = ["residual_plot"]

_WIDEST = 1600
_LEAST = 900
_FOOT = 112
_BLUE, _RED, _INK, _PAPER = (20, 84, 166), (200, 30, 30), (31, 39, 51), (255, 255, 255)
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
    "C:/Windows/Fonts/simsun.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
)
_METHODS = {
    "affine": ("仿射", "affine"),
    "projective": ("投影变换", "projective"),
    "polynomial2": ("二次多项式", "polynomial 2"),
    "polynomial3": ("三次多项式", "polynomial 3"),
    "thin_plate": ("薄板样条", "thin-plate spline"),
}


def residual_plot(page: Page, fit: MapFit) -> bytes:
    """
    A picture of the control points with their errors as arrows.

    An arrow leads from where the point was measured to where the fit puts its place on the Earth, many times too long;
    the foot of the picture says how many. Of a fit that has residuals they are drawn; of a thin plate, which has none,
    the leave-one-out errors, as bars up (their direction means nothing). The worst and the suspicious points are red.

    Parameters
    ----------
    page, fit
        The map and its fit.

    Returns
    -------
    png
        Bytes of a PNG at most 1,600 pixels wide or high, labels in Chinese and English; in English alone where this
        machine has no Chinese font.
    """
    from PIL import Image, ImageDraw

    scale = min(_WIDEST / max(page.width, page.height), 1.0)
    if max(page.width, page.height) < _LEAST:
        scale = _LEAST / max(page.width, page.height)
    size = max(1, round(page.width * scale)), max(1, round(page.height * scale))
    picture = Image.fromarray(page.pixels).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)
    faded = Image.blend(picture, Image.new("RGB", size, _PAPER), 0.45)
    sheet = Image.new("RGB", (max(size[0], _LEAST), size[1] + _FOOT), _PAPER)
    sheet.paste(faded, (0, 0))
    draw = ImageDraw.Draw(sheet)
    arrows, errors_m = _arrows(fit)
    longest = float(np.hypot(arrows[:, 0], arrows[:, 1]).max())
    times = _round((0.06 * max(size)) / (longest * scale)) if longest > 0 else 1.0
    marked = {fit.worst, *fit.suspicious}
    taken: list[tuple[float, float, float, float]] = []
    for point, arrow, error in zip(fit.points.points, arrows, errors_m, strict=True):
        colour = _RED if point.id in marked else _BLUE
        x, y = point.column * scale, point.row * scale
        end = (x + arrow[0] * times * scale, y + arrow[1] * times * scale)
        _arrow(draw, (x, y), end, colour, head=fit.method != "thin_plate")
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=colour, width=2)
        label = f"{point.id}  {_metres(error)}"
        _label(draw, (x, y), label, colour, taken=taken, room=(sheet.size[0], size[1]))
    _foot(draw, fit, times, size[1])
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _arrows(fit: MapFit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors in pixels of the picture, shape (n, 2), and their lengths in metres."""
    pixels = np.array([(point.column, point.row) for point in fit.points.points])
    if fit.method == "thin_plate":
        known = np.where(np.isfinite(fit.leave_one_out_m), fit.leave_one_out_m, 0.0)
        return np.column_stack([np.zeros(len(known)), -known / fit.pixel_m]), fit.leave_one_out_m
    # a residual is the model less the given place; the given place lies the other way
    ways = np.linalg.solve(fit.model.jacobian(pixels), -fit.residuals_m[:, :2, None])[:, :, 0]
    return np.asarray(ways, np.float64), fit.residuals_m[:, 2]


def _round(value: float) -> float:
    """Down to 1, 2 or 5 of its power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return power * max(step for step in (1, 2, 5) if step <= value / power + 1e-9)


def _metres(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f} m" if value >= 100 else f"{value:.1f} m" if value >= 1 else f"{value:.2f} m"


def _arrow(
    draw: ImageDraw, start: tuple[float, float], end: tuple[float, float], colour: tuple[int, int, int], *, head: bool
) -> None:
    draw.line((*start, *end), fill=colour, width=3)
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down)
    if not head or length < 8:
        return
    u, v = across / length, down / length
    barbs = [(end[0] - 9 * u - side * 5 * v, end[1] - 9 * v + side * 5 * u) for side in (-1, 1)]
    draw.polygon([end, *barbs], fill=colour)


def _label(
    draw: ImageDraw,
    at: tuple[float, float],
    text: str,
    colour: tuple[int, int, int],
    *,
    taken: list[tuple[float, float, float, float]],
    room: tuple[int, int],
) -> None:
    """Beside the point, where no other label is and the picture has not ended."""
    font = _font(15)[0]
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, tall = right - left, bottom - top
    places = [
        (at[0] + dx if dx > 0 else at[0] + dx - width, at[1] + dy - tall / 2)
        for dy in (14, -14, 30, -30, 46, -46)
        for dx in (8, -8)
    ]

    def box_of(place: tuple[float, float]) -> tuple[float, float, float, float]:
        x = min(max(place[0], 2), room[0] - width - 4)
        y = min(max(place[1], 2), room[1] - tall - 4)
        return (x - 2, y - 2, x + width + 2, y + tall + 2)

    boxes = [box_of(place) for place in places]
    free = [b for b in boxes if not any(b[0] < t[2] and t[0] < b[2] and b[1] < t[3] and t[1] < b[3] for t in taken)]
    box = (free or boxes)[0]
    taken.append(box)
    draw.rectangle(box, fill=_PAPER, outline=None)
    draw.text((box[0] + 2 - left, box[1] + 2 - top), text, fill=colour, font=font)


def _foot(draw: ImageDraw, fit: MapFit, times: float, top: int) -> None:
    accuracy = _metres(fit.accuracy_m) if fit.accuracy_m is not None else None
    plain = fit.method == "thin_plate"
    chinese, english = _METHODS[fit.method]
    foretold = _metres(fit.loo_rmse_m)
    rmse = ("0（必过各点）", "0 (exact at points)") if plain else (_metres(fit.rmse_m),) * 2
    zh = (
        (
            f"{chinese}，{len(fit.points)} 个控制点；中误差 {rmse[0]}，留一中误差 {foretold}，"
            f"精度（95%）{accuracy or '未知'}；像元 {_metres(fit.pixel_m)}"
        ),
        f"{'竖线为留一误差' if plain else '箭头为残差'}，放大 {times:g} 倍；红色：误差最大或可疑的点",
    )
    en = (
        (
            f"{english}, {len(fit.points)} control points; RMSE {rmse[1]}, leave-one-out {foretold}, "
            f"accuracy (95 %) {accuracy or 'unknown'}; pixel {_metres(fit.pixel_m)}"
        ),
        (
            f"{'bars: leave-one-out errors' if plain else 'arrows: residuals'}, {times:g} times too long; "
            "red: largest error, or suspicious"
        ),
    )
    font, is_chinese = _font(16)
    draw.line((0, top, draw.im.size[0], top), fill=_INK, width=1)
    for number, line in enumerate((*zh, *en) if is_chinese else en):
        draw.text((10, top + 8 + 25 * number), line, fill=_INK, font=font)


@lru_cache(maxsize=8)
def _font(size: int) -> tuple[Any, bool]:
    """A font, and whether it has Chinese characters."""
    from PIL import ImageFont

    for path in _FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size, index=2 if "CJK" in path else 0), True
    return ImageFont.load_default(size), False
