"""
What a crowded map has beside its zones, all of it in ink: a town with its names and blocks, roads, contour lines, a
scale bar and a north arrow. None of it is an area, and much of it is dark, dense or parallel, as hatching is.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["crowd"]

NAMES = ("生态环境局", "第一中学", "人民医院", "火车站", "东山街道", "热电厂", "污水处理厂", "口岸货场")
ENGLISH = ("Environment Bureau", "School No 1", "Hospital", "Station", "East Street", "Power plant", "Sewage", "Port")


def crowd(draw, *, unit, low, far, ink, font, english):
    """Draw it on a map from ``low`` to ``far`` on both axes; ``unit`` is a millimetre, ``font`` takes millimetres."""
    side = far - low

    def at(x, y):
        return low + x * side, low + y * side

    small = max(1, round(0.18 * unit))
    names = ENGLISH if english else NAMES
    # a town on several tints: blocks of houses, and names close together
    for x0, y0 in ((0.38, 0.40), (0.05, 0.05)):
        left, top = at(x0, y0)
        for i in range(9):
            for j in range(7):
                x, y = left + i * 4.3 * unit, top + j * 3.4 * unit
                if (i + 2 * j) % 3:
                    draw.rectangle([x, y, x + (2.2 + (i % 3) * 0.5) * unit, y + (1.4 + (j % 2) * 0.8) * unit],
                                   outline=ink, width=small)  # fmt: skip
        for n in range(14):
            where = (left + (n % 2) * 17 * unit, top + (n // 2) * 3.4 * unit + 0.4 * unit)
            draw.text(where, names[n % len(names)] + names[(n + 3) % len(names)][:3], font=font(2.2 + n % 3 * 0.4),
                      fill=ink)  # fmt: skip
    # roads: two lines each; a railway with its sleepers
    for x0, y0, x1, y1 in ((0.30, 0.02, 0.45, 0.98), (0.02, 0.42, 0.98, 0.36), (0.6, 0.02, 0.98, 0.30)):
        (ax, ay), (bx, by) = at(x0, y0), at(x1, y1)
        long = math.hypot(bx - ax, by - ay)
        nx, ny = -(by - ay) / long, (bx - ax) / long
        for off in (-0.45 * unit, 0.45 * unit):
            draw.line([ax + off * nx, ay + off * ny, bx + off * nx, by + off * ny], fill=ink, width=small)
    (ax, ay), (bx, by) = at(0.02, 0.66), at(0.98, 0.62)
    draw.line([ax, ay, bx, by], fill=ink, width=small)
    for part in np.arange(0, 1, 1.4 * unit / side):
        x, y = ax + part * (bx - ax), ay + part * (by - ay)
        draw.line([x, y - 0.7 * unit, x, y + 0.7 * unit], fill=ink, width=small)
    # contour lines of a hill: parallel over short ways only
    for x0, y0 in ((0.87, 0.2), (0.62, 0.55)):
        x, y = at(x0, y0)
        for n in range(1, 8):
            angle = np.linspace(0, 2 * np.pi, 120)
            reach = n * 1.1 * unit * (1 + 0.18 * np.cos(3 * angle + 0.3 * n) + 0.1 * np.sin(2 * angle))
            ring = np.column_stack([x + 1.5 * reach * np.cos(angle), y + reach * np.sin(angle)])
            draw.line(ring.ravel().tolist(), fill=ink, width=small)
    # scale bar
    x, y = at(0.70, 0.965)
    for n in range(8):
        draw.rectangle([x + n * 4 * unit, y, x + (n + 1) * 4 * unit, y + 1.2 * unit],
                       fill=ink if n % 2 else None, outline=ink, width=small)  # fmt: skip
        draw.text((x + n * 4 * unit, y - 0.5 * unit), str(n), font=font(2.2), fill=ink, anchor="ms")
    # north arrow
    x, y = at(0.95, 0.06)
    draw.polygon([x, y - 7 * unit, x - 2.4 * unit, y + 3 * unit, x, y + 1 * unit], fill=ink)
    draw.line([x, y - 7 * unit, x + 2.4 * unit, y + 3 * unit, x, y + 1 * unit], fill=ink, width=small)
    draw.text((x, y - 7.4 * unit), "N", font=font(4), fill=ink, anchor="ms")
