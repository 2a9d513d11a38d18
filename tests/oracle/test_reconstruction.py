"""
An outsider with the file of a public edition tries to find an intake, and a restricted boundary.

He has the whole file, so he may ask whatever he likes as often as he likes. Two figures are told apart:

* *sure*: the least circle that holds every place which gives the very same file, and so the very same answer to every
  question. Nobody, however he asks, can be sure of the place to better than its radius. It must not be below the
  precision that is promised, for any secret.
* *guessed*: how far off his best guess (the middle of those places) turns out to be. Half of the guesses must be off by
  the precision or more; the best of many guesses is good by luck, and he cannot tell which one that was.

Both are printed (``pytest -s``) and stand in ``docs/reference/public-edition.md``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
import shapely.affinity

from layers.model import Feature
from maps.public_map.edition import AREA_PRECISION_M, INTAKE_PRECISION_M, Edition
from screening.findings import answer_of
from screening.question import Question
from spatial.generalising import GeneralisingGrid, generalised, grid_for
from tests.building import layer_in_memory
from tests.restricted import AS_OF, CENTRE, PUBLIC, as_page, in_degrees, in_metres, intakes, jagged, shown_by

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer

P_AREA, P_INTAKE = AREA_PRECISION_M, INTAKE_PRECISION_M
COUNTY = in_degrees(shapely.box(-40_000, -40_000, 40_000, 40_000))


def water(shapes: list[BaseGeometry], **options: Any) -> OpenLayer:
    """A restricted layer of water sources in memory; points are intakes without extent, or with ``influence_m``."""
    features = [
        Feature(
            id=str(row + 1),
            code=None,
            name=f"水厂{row}取水口",
            class_="intake" if shape.geom_type == "Point" else "zone_1",
            counts=True,
            **({"without_extent_m": 5000.0} if shape.geom_type == "Point" and not options else options),
        )
        for row, shape in enumerate(shapes)
    ]
    layer = layer_in_memory(features, shapes, accuracy_m=5.0, coverage=COUNTY)
    layer.card = replace(layer.card, kind="water_sources", restricted=True)
    return layer


def places_alike(make: Any, place: BaseGeometry, *, reach_m: float, steps: int = 25) -> np.ndarray:
    """Places on a lattice around a secret, metres about it, whose file is the same to the last byte."""
    own = make(place)
    offsets = np.linspace(-reach_m, reach_m, steps)
    dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    at = in_metres(place)
    tried = in_degrees(shapely.MultiPoint(np.column_stack([at.x + dx, at.y + dy])))
    same = [make(other) == own for other in shapely.get_parts([tried])]
    return np.column_stack([dx, dy])[np.array(same)]


def errors_of(alike: np.ndarray) -> tuple[float, float]:
    """Radius of the circle around all places alike, and how far its middle is from the secret (which is at 0, 0)."""
    cloud = shapely.MultiPoint(alike)
    return float(shapely.minimum_bounding_radius(cloud)), float(
        shapely.distance(shapely.centroid(shapely.minimum_bounding_circle(cloud)), shapely.Point(0, 0))
    )


def told(what: str, promised: float, sure: list[float], guessed: list[float]) -> None:
    """The figures for the docs."""
    print(
        f"\n{what}: promised {promised:.0f} m; sure to {np.median(sure):.0f} m (median), {min(sure):.0f} m (best); "
        f"guessed {np.median(guessed):.0f} m off (median), {min(guessed):.1f} m (best of {len(guessed)}, by luck)"
    )


class TestIntakes:
    def test_nobody_can_be_sure_of_an_intake_to_better_than_the_precision(self):
        grid = grid_for(P_INTAKE)

        def file_of(place: BaseGeometry) -> bytes:
            return bytes(generalised(np.array([place], dtype=object), grid, about_centres=True)[0].wkb)

        figures = [
            errors_of(places_alike(file_of, place, reach_m=2_600)) for place in intakes(np.random.default_rng(7), 20)
        ]
        sure, guessed = [list(column) for column in zip(*figures, strict=True)]
        told("an intake", P_INTAKE, sure, guessed)
        assert min(sure) >= 4 * P_INTAKE
        assert np.median(guessed) >= P_INTAKE

    def test_an_intake_with_all_its_round_zones_gives_away_no_more(self):
        """Circles of 300 to 2400 m about it, as the zones of a well are: a circle fitted to their rims has no hold."""
        grid = grid_for(P_INTAKE)

        def file_of(place: BaseGeometry) -> bytes:
            zones = [in_degrees(in_metres(place).buffer(radius)) for radius in (300, 800, 1_600)]
            shapes = np.array([place, *zones], dtype=object)
            return b"".join(shape.wkb for shape in generalised(shapes, grid, about_centres=True))

        figures = [
            errors_of(places_alike(file_of, place, reach_m=2_600, steps=17))
            for place in intakes(np.random.default_rng(8), 6)
        ]
        sure, guessed = [list(column) for column in zip(*figures, strict=True)]
        told("an intake in three round zones", P_INTAKE, sure, guessed)
        assert min(sure) >= P_INTAKE
        assert np.median(guessed) >= P_INTAKE

    @pytest.mark.parametrize("options", [{}, {"influence_m": 800.0}], ids=["without extent", "with influence"])
    def test_repeated_questions_get_the_same_answers_wherever_in_its_cell_the_intake_is(self, options: dict[str, Any]):
        """120 sites, points, routes and parcels with accuracies from 0.05 m and radii, asked of both ends of a cell."""
        rng = np.random.default_rng(9)
        grid = grid_for(P_INTAKE)
        cell = np.floor(grid.to_cells(np.array(in_degrees(shapely.Point(0, 0)).coords[0])))
        corners = [
            shapely.Point((cell + offset) * np.array([grid.lon_step, grid.lat_step]))
            for offset in ((0.001, 0.001), (0.999, 0.999), (0.999, 0.001))
        ]
        pages = [as_page(layer, shown_by(layer)) for layer in (water([corner], **options) for corner in corners)]
        apart = shapely.distance(in_metres(corners[0]), in_metres(corners[1]))
        answers = set()
        for _ in range(120):
            x, y = rng.uniform(-6_000, 6_000, 2)
            shape = [
                shapely.Point(x, y),
                shapely.box(x, y, x + 50, y + 20),
                shapely.LineString([(x, y), (x + 900, y - 400)]),
            ][rng.integers(3)]
            asked = Question(
                geometry=in_degrees(shape),
                accuracy_m=float(rng.choice([0.05, 1.0, 200.0])),
                radius_m=float(rng.choice([0.0, 500.0])) if shape.geom_type == "Point" else 0.0,
                as_of=AS_OF,
            )
            found = [answer_of(asked, page) for page in pages]
            seen = {(one.answer, one.reasons, one.gap_m, one.cover, one.met) for one in found}
            assert len(seen) == 1
            answers.add(found[0].answer)
        print(f"\n120 questions, {sorted(answers)}: the same of intakes {apart:.0f} m apart")
        assert len(answers) > 1  # the questions do tell one place from another
        assert apart / 2 >= 4 * P_INTAKE

    def test_two_editions_of_different_precision_say_no_more_than_the_finer(self):
        fine, coarse = grid_for(P_INTAKE), grid_for(3 * P_INTAKE)
        for place in intakes(np.random.default_rng(10), 6):

            def of(grid: GeneralisingGrid, point: BaseGeometry) -> bytes:
                return bytes(generalised(np.array([point], dtype=object), grid)[0].wkb)

            both = places_alike(lambda p: of(fine, p) + of(coarse, p), place, reach_m=2_600, steps=15)
            one = places_alike(lambda p: of(fine, p), place, reach_m=2_600, steps=15)
            assert both.tolist() == one.tolist()

    def test_the_same_source_in_two_layers_lies_in_the_same_cell_of_both(self):
        for place in intakes(np.random.default_rng(11), 20):
            first = shown_by(water([place])).geometries[0]
            second = shown_by(water([shapely.Point(place.x + 1, place.y), place])).geometries[1]
            assert first.wkb == second.wkb

    def test_a_digest_or_a_version_would_tell_a_right_guess_from_a_wrong_one(self):
        """Why neither may be in the file: of all places in a cell, written with six decimals, one has that digest."""
        from layers.digest import content_digest
        from maps.public_map.shown import version_shown

        layer = water([shapely.Point(117.4012, 49.6023)])
        feature = layer.records.feature(0)
        guesses = [shapely.Point(round(117.4 + 1e-4 * i, 6), 49.6023) for i in range(20)]
        digests = [content_digest([feature], np.array([guess])) for guess in guesses]
        assert len(set(digests)) == 20
        assert version_shown(f"v0001-{digests[12][:8]}", shown_by(layer)) == "v0001"


class TestSmallThings:
    """Who knows that a thing is small must not know where it is because it lies on a corner of cells."""

    @pytest.mark.parametrize(
        ("what", "shape_about", "precision_m", "about"),
        [
            ("a patch of 30 m", lambda p: p.buffer(15), P_AREA, False),
            (
                "an intake of two pipes 30 m apart",
                lambda p: shapely.MultiPoint([p, (p.x + 25, p.y + 17)]),
                P_INTAKE,
                True,
            ),
            ("a pipe of 40 m", lambda p: shapely.LineString([p, (p.x + 30, p.y - 27)]), P_INTAKE, True),
        ],
        ids=["patch", "pipes", "pipe"],
    )
    def test_nobody_can_be_sure_of_something_small_to_better_than_the_precision(
        self, what: str, shape_about: Any, precision_m: float, about: bool
    ):
        grid = grid_for(precision_m)
        sides = np.array([grid.lon_step, grid.lat_step])
        corner = in_metres(shapely.Point(np.floor(grid.to_cells(np.array(CENTRE))) * sides))
        rng = np.random.default_rng(16)

        def file_of(place: BaseGeometry) -> bytes:
            shape = in_degrees(shape_about(in_metres(place)))
            return bytes(generalised(np.array([shape], dtype=object), grid, about_centres=about)[0].wkb)

        places = [shapely.Point(corner.x + dx, corner.y + dy) for dx, dy in rng.uniform(-12, 2, (6, 2))]
        figures = [
            errors_of(places_alike(file_of, in_degrees(place), reach_m=13 * precision_m, steps=27)) for place in places
        ]
        sure, guessed = [list(column) for column in zip(*figures, strict=True)]
        told(f"{what} on a corner of cells", precision_m, sure, guessed)
        assert min(sure) >= 4 * precision_m
        assert np.median(guessed) >= precision_m


class TestBoundaries:
    def guesses(self, true: BaseGeometry, *, smooth_m: float) -> np.ndarray:
        """Distances of a guessed boundary, at 400 places along it, from the true one: the rim's middle, smoothed."""
        grid = grid_for(P_AREA)
        lat = in_degrees(true).bounds[1]
        shown = in_metres(generalised(np.array([in_degrees(true)], dtype=object), grid)[0])
        middle = shapely.buffer(shown, -(grid.margin_m(lat) + 0.55 * grid.side_m(lat)), join_style="mitre")
        if smooth_m:
            middle = middle.buffer(-smooth_m).buffer(2 * smooth_m).buffer(-smooth_m)
        line = middle.boundary
        places = shapely.line_interpolate_point(line, np.linspace(0, line.length, 400))
        return np.asarray(shapely.distance(places, true.boundary))

    @pytest.mark.parametrize("smooth_m", [0.0, 600.0], ids=["middle of the rim", "smoothed"])
    def test_half_of_the_guesses_at_a_red_line_are_off_by_the_precision_or_more(self, smooth_m: float):
        rng = np.random.default_rng(12)
        off = np.concatenate(
            [
                self.guesses(
                    shapely.affinity.translate(jagged(rng, radius_m=9_000), *rng.uniform(0, 900, 2)), smooth_m=smooth_m
                )
                for _ in range(12)
            ]
        )
        print(
            f"\na red line, smoothed by {smooth_m:.0f} m: median {np.median(off):.0f} m, best {off.min():.2f} m by luck"
        )
        assert np.median(off) >= P_AREA

    def test_nobody_can_be_sure_of_a_place_on_a_red_line_to_better_than_the_precision(self):
        """A disc about a place of the boundary put on or cut out, as large as the file stays the same to the byte."""
        rng = np.random.default_rng(13)
        grid = grid_for(P_AREA)

        def file_of(shape: BaseGeometry) -> bytes:
            return bytes(generalised(np.array([in_degrees(shape)], dtype=object), grid)[0].wkb)

        sure = []
        for _ in range(6):
            true = shapely.affinity.translate(jagged(rng, radius_m=4_000, halvings=6), *rng.uniform(0, 900, 2))
            own = file_of(true)
            edge = true.boundary
            for along in rng.uniform(0, edge.length, 7):
                place = shapely.line_interpolate_point(edge, along)
                least = 0.0
                for radius in np.arange(25.0, 500.0, 25.0):
                    disc = place.buffer(radius)
                    if own not in (file_of(true.union(disc)), file_of(true.difference(disc))):
                        break
                    least = float(radius)
                sure.append(least)
        print(f"\na red line: sure to {np.median(sure):.0f} m (median), {min(sure):.0f} m (best of {len(sure)})")
        assert min(sure) >= P_AREA
        assert np.median(sure) >= 3 * P_AREA

    def test_a_straight_edge_is_found_more_exactly_by_whoever_knows_that_it_is_straight(self):
        """The limit that the docs state: ten kilometres of rim cells average out."""
        rng = np.random.default_rng(14)
        grid = grid_for(P_AREA)
        off = []
        for _ in range(12):
            turn = rng.uniform(0, 45)
            strip = shapely.affinity.rotate(shapely.box(-5_000, -3_000, 5_000, 0), turn, origin=(0, 0))
            strip = shapely.affinity.translate(strip, *rng.uniform(0, 900, 2))
            shown = in_metres(generalised(np.array([in_degrees(strip)], dtype=object), grid)[0])
            corners = shapely.get_coordinates(strip.exterior)
            longest = int(np.argmax(np.hypot(*np.diff(corners, axis=0).T)))
            a, b = corners[longest], corners[longest + 1]
            along = (b - a) / np.hypot(*(b - a))
            normal = np.array([along[1], -along[0]])
            outward = normal if np.dot(normal, a - np.array(strip.centroid.coords[0])) > 0 else -normal
            # the farthest that each stretch of rim reaches beyond the edge, averaged
            rim = shapely.get_coordinates(shapely.segmentize(shown.exterior, 20))
            t = (rim - a) @ along
            d = (rim - a) @ outward
            inner = (t > 1_000) & (t < np.hypot(*(b - a)) - 1_000) & (d > -1_500)
            off.append(float(np.mean(d[inner])))
        spread = float(np.std(off))
        print(f"\na straight edge of 10 km, known to be straight: {spread:.0f} m (one standard deviation)")
        assert spread < P_AREA


def test_a_coverage_is_no_way_round():
    """The edge of a coverage that follows the restricted boundary is narrowed on the same grid."""
    rng = np.random.default_rng(15)
    true = jagged(rng, radius_m=6_000)
    layer = layer_in_memory(
        [Feature(id="1", code=None, name=None, class_="general", counts=False)],
        [in_degrees(true)],
        accuracy_m=5.0,
        coverage=in_degrees(true),
    )
    layer.card = replace(layer.card, restricted=True)
    shown = shown_by(layer, PUBLIC)
    step = grid_for(P_AREA).coordinate_step
    assert shown.coverage is not None
    for shape in (shown.geometries[0], shown.coverage):
        assert (shapely.get_coordinates(shape) / step % 1 == 0).all()
    between = in_metres(shown.geometries[0]).difference(in_metres(shown.coverage))
    middle = shapely.line_interpolate_point(true.boundary, np.linspace(0, true.boundary.length, 500))
    assert shapely.covers(between, middle).all()
    assert Edition(public=True).precision_of(layer.card) == P_AREA
