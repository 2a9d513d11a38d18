"""Sites at combs, stripes, cracks, rings and tilings with holes have together the rows that each has alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box

from screening.batch import settling
from screening.findings import answer_of
from screening.site import site_of
from spatial.overlay.frame import Frame
from tests.judge_worlds import feature
from tests.page_harness import layer_of, loaded_of
from tests.properties.test_crowds import assert_same, rows_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PLACE = Frame.at(134.9995, 49.4)
ACCURACY_M = 10.0
SITES = 40


def comb(rng: np.random.Generator, wide: float, high: float, deep: float) -> Polygon:
    """A bar whose upper edge has teeth of some depth."""
    teeth = int(rng.integers(4, 40))
    x, even = np.linspace(-wide, wide, 2 * teeth + 1), np.arange(2 * teeth + 1) % 2 == 0
    return Polygon([(-wide, -high), (wide, -high), *zip(x[::-1], np.where(even, high, high - deep)[::-1], strict=True)])


def zones(shape: str, rng: np.random.Generator) -> list[Any]:
    """Zones in metres, a few times as wide as what is known of them."""
    u = ACCURACY_M * 10 ** rng.uniform(-0.3, 0.4)
    if shape == "comb":
        return [comb(rng, 4 * u, 2 * u, u * rng.uniform(0.1, 3))]
    if shape == "stripes":
        return [box(i * u, -4 * u, i * u + u * rng.uniform(0.05, 0.95), 4 * u) for i in range(-3, 4)]
    if shape == "crack":
        return [box(-3 * u, -3 * u, 0, 3 * u), box(10 ** rng.uniform(-4, 0), -3 * u, 3 * u, 3 * u)]
    if shape == "ring":
        return [
            box(-3 * u, -3 * u, 3 * u, 3 * u) - shapely.Point(rng.uniform(-u, u, 2)).buffer(u * rng.uniform(0.1, 1))
        ]
    cells = [(i, j) for i in range(-2, 2) for j in range(-2, 2) if rng.random() < 0.7 or i == j == 0]
    return [box(i * u, j * u, (i + 1) * u, (j + 1) * u) for i, j in cells]


def at_a_corner(rng: np.random.Generator, corners: np.ndarray[Any, Any]) -> BaseGeometry:
    """A bar, a comb, two parts or a frame, in metres, somewhere about a corner of a zone."""
    x, y = rng.choice(corners) + rng.normal(0, ACCURACY_M, 2) * rng.choice([0.3, 1])
    size = ACCURACY_M * 10 ** rng.uniform(-0.4, 0.4)
    shape = (
        box(-3 * size, -ACCURACY_M * rng.uniform(0.4, 1.5), 3 * size, ACCURACY_M),
        comb(rng, size, size / 2, 0.7 * size),
        MultiPolygon([box(-size, -size, 0, 0), box(size / 2, size / 2, 2 * size, 2 * size)]),
        box(-2 * size, -2 * size, 2 * size, 2 * size) - box(-size * rng.uniform(0.2, 1.9), -size, size, size),
    )[int(rng.integers(4))]
    return affinity.translate(affinity.rotate(shape, rng.choice([0, 90, rng.uniform(0, 180)])), x, y)


@pytest.mark.parametrize("shape", ["comb", "stripes", "crack", "ring", "tiling"])
def test_sites_at_odd_zones_are_answered_together_as_each_alone(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(31)
    drawn = zones(shape, rng)
    land = PLACE.to_degrees(box(-20_000, -20_000, 20_000, 20_000))
    features = [feature(f"线{n}") for n in range(len(drawn))]
    shapes = [PLACE.to_degrees(zone) for zone in drawn]
    layer = layer_of(features, shapes, kind="red_lines", accuracy_m=ACCURACY_M, coverage=land)
    corners = np.concatenate([shapely.get_coordinates(zone) for zone in drawn])
    sites = [site_of(PLACE.to_degrees(at_a_corner(rng, corners)), accuracy_m=1.0) for _ in range(SITES)]
    loaded = loaded_of([(layer, None)], "red_lines")
    alone = rows_of(loaded, sites, one_by_one=True)
    asked: list[Any] = []

    def counted(question: Any, *rest: Any, **named: Any) -> Any:
        asked.append(question)
        return answer_of(question, *rest, **named)

    monkeypatch.setattr(settling, "answer_of", counted)
    together = rows_of(loaded, sites, one_by_one=False)
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)
    assert {row["answer"] for row in alone} >= {"hit", "uncertain"}
    assert len(asked) < SITES / 3, "most are settled together"
