"""Synthetic tilings with rough borders, as `benchmarks.public_map` and the tests of levels draw them."""

from __future__ import annotations

import math

import numpy as np
import shapely


def rough(a, b, vertices, rng, *, swing=0.45):
    """Chains (k, vertices + 1, 2) from a to b: each the graph of a rough function over its chord, so it is simple."""
    depth = max(0, math.ceil(math.log2(vertices)))
    height, size = np.zeros((len(a), 2)), 1.0
    for _ in range(depth):
        finer = np.empty((len(a), 2 * height.shape[1] - 1))
        finer[:, ::2] = height
        finer[:, 1::2] = (height[:, :-1] + height[:, 1:]) / 2
        finer[:, 1::2] += size * rng.standard_normal((len(a), height.shape[1] - 1))
        height, size = finer, size * 2**-0.8
    along = np.arange(vertices + 1) / vertices
    height = np.tanh(height[:, : vertices + 1]) * swing * np.minimum(along, 1 - along)
    chord = b - a
    aside = np.stack([-chord[:, 1], chord[:, 0]], axis=-1)
    chain = a[:, None] + along[None, :, None] * chord[:, None] + height[..., None] * aside[:, None]
    chain[:, 0], chain[:, -1] = a, b
    return chain


def tiling(count, vertices, *, west=116.0, south=30.0, side=4.0, seed=3):
    """``count`` areas of about ``vertices`` vertices that share their borders, a square of ``side`` degrees."""
    rng = np.random.default_rng(seed)
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    i, j = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij")
    shift = rng.uniform(-0.12, 0.12, (2, *i.shape))
    x = i + np.where((i > 0) & (i < columns), shift[0], 0)
    y = j + np.where((j > 0) & (j < rows), shift[1], 0)
    corner = np.stack([west + x * side / columns, south + y * side / rows], axis=-1)
    per = max(1, vertices // 4)
    level = rough(corner[:-1].reshape(-1, 2), corner[1:].reshape(-1, 2), per, rng).reshape(columns, rows + 1, -1, 2)
    upright = rough(corner[:, :-1].reshape(-1, 2), corner[:, 1:].reshape(-1, 2), per, rng)
    upright = upright.reshape(columns + 1, rows, -1, 2)
    areas = []
    for number in range(count):
        c, r = divmod(number, rows)
        ring = [level[c, r][:-1], upright[c + 1, r][:-1], level[c, r + 1][::-1][:-1], upright[c, r][::-1]]
        areas.append(shapely.Polygon(np.concatenate(ring)))
    return np.array(areas, dtype=object)


def blob(lon, lat, radius, vertices, rng):
    """An area around a place whose border is rough; radius in degrees."""
    angle = np.linspace(0, 2 * np.pi, max(3, vertices), endpoint=False)
    wave = sum(rng.normal(0, 0.15 / k) * np.sin(k * angle + rng.uniform(0, 7)) for k in range(2, 12))
    reach = radius * (1 + wave + rng.normal(0, 0.01, len(angle)))
    ring = np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])
    made = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
    return max(shapely.get_parts(made), key=lambda part: part.area)
