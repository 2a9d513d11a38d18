"""Named places: what a gazetteer may say, the shapes it gives, how sure they are, and what an answer on them is."""

from __future__ import annotations

import math
import re
import tomllib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from layers.errors import PlaceFileError, PlaceNotFoundError, PlaceUnclearError
from layers.georeference.gazetteer import Extent, NamedPlace, PlaceSource, find, gazetteer, read_gazetteer, towns
from layers.georeference.places import described_places, shape_of
from layers.importing import ImportOptions, import_layer
from layers.plans.loading import plan
from screening.screen import screen
from screening.site import site_of
from spatial.boundaries import union
from spatial.datafiles import data_root
from spatial.ellipsoid import geod
from spatial.errors import SourceNotFoundError
from tests.building import reading_of, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

    from screening.verdict import Finding

CITIES = ("tongliao", "hohhot", "erenhot", "manzhouli", "arxan")
PAGE = PlaceSource(title="某页", address="https://example.org/", says="117.5, 49.5")
ERKA = {"west": "117°44′57″", "south": "49°26′27″", "east": "117°52′10″", "north": "49°32′21″"}


def spot(name: str = "某地", *, aliases: tuple[str, ...] = (), **said: object) -> NamedPlace:
    said = {"point": (117.5, 49.5), "accuracy_m": 100.0} | said
    return NamedPlace(name=name, sources=(PAGE,), origin="user", aliases=aliases, **said)  # type: ignore[arg-type]


def boxed(**said: str) -> NamedPlace:
    return NamedPlace(name="某园", sources=(PAGE,), origin="user", extents=(Extent.of(**(ERKA | said)),))


def finding(tmp_path: Path, places: list[NamedPlace], lon: float, lat: float, *, coverage: bool = True) -> Finding:
    """The answer of a layer of protected areas made from these places, with 2 degrees around the site covered."""
    made = described_places(places)
    store = workspace_at(tmp_path / "ws", "protected_areas")
    around = shapely.box(lon - 1, lat - 1, lon + 1, lat + 1)
    options = ImportOptions(
        kind="protected_areas",
        name="保护地",
        data_date="2024-01-01",
        coverage=reading_of([around], name="coverage.geojson") if coverage else None,
        indicative=True,
        georeference_method=made.method,
        georeference=made.parameters,
        accuracy=made.accuracy,
    )
    import_layer(store, made.reading, options)
    (only,) = screen(site_of(shapely.Point(lon, lat), accuracy_m=1.0), store, as_of="2026-11-22").findings
    return only


def codes(found: Finding) -> set[str]:
    return {reason.code for reason in found.reasons}


class TestReader:
    def read(self, tmp_path: Path, text: str) -> tuple[NamedPlace, ...]:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return read_gazetteer(path, city="manzhouli", origin="user")

    def test_an_entry_keeps_what_it_says(self, tmp_path: Path) -> None:
        (place,) = self.read(
            tmp_path,
            """
            [[place]]
            name = "某湿地"
            aliases = ["某某湿地"]
            point = { lon = "117°30′", lat = 49.5 }
            accuracy_m = 250
            area = "1.5万亩"
            status = "merged"
            successor = "某湿地公园"
            [[place.source]]
            title = "某公告"
            address = "https://example.org/a"
            says = "117°30′, 49.5"
            """,
        )
        assert (place.point, place.accuracy_m, place.city, place.origin) == ((117.5, 49.5), 250.0, "manzhouli", "user")
        assert place.area_m2 == pytest.approx(15_000 * 2000 / 3)  # a mu is 2000/3 square metres
        assert (place.status, place.successor, place.sources[0].says) == ("merged", "某湿地公园", "117°30′, 49.5")
        assert place.is_located

    def test_several_boxes_are_the_parts_of_one_place(self, tmp_path: Path) -> None:
        source = '[[place.source]]\ntitle = "甲"\naddress = "user"\n'
        box = '[[place.extent]]\nwest = "117°{}′"\neast = "117°{}′"\nsouth = "49°10′"\nnorth = "49°20′"\n'
        (place,) = self.read(tmp_path, '[[place]]\nname = "甲"\n' + box.format(10, 20) + box.format(40, 50) + source)
        geometry, accuracy_m, flags = shape_of(place)
        assert (geometry.geom_type, len(geometry.geoms), flags) == ("MultiPolygon", 2, frozenset({"outer_bound"}))
        assert accuracy_m == place.extents[0].rounding_m

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ('name = "甲"\nheight = 3', "unknown keys: height"),
            ('aliases = ["甲"]', "it has no name"),
            ('name = "甲"\naliases = "乙丙"', "aliases is a list"),
            ('name = "甲"\nsource = "某书"', r"its sources are \[\[place.source\]\] tables"),
            ('name = "甲"\nsource = [{ title = "某书" }]', "a source needs title and address"),
            ('name = "甲"\nsource = [{ title = "某书", address = "user", page = 3 }]', "a source needs title and"),
            ('name = "甲"\npoint = { lon = 117.5, lat = 49.5 }\naccuracy_m = 5', "needs a source that can be shown"),
            ('name = "甲"\nextent = { west = "117°", south = "49°", east = "118°", north = "50°" }', "needs a source"),
            ('name = "甲"\narea = "很大"', "is not one area with its unit"),
            ('name = "甲"\narea = "3公顷至5公顷"', "is not one area with its unit"),
            ('name = "甲"\narea = 5878.5', "is not one area with its unit"),
            ('name = "甲"\nstatus = "fine"', "'fine' is none of in_force, merged, cancelled, unconfirmed"),
            ('name = "甲"\naccuracy_m = 0', "above 0, not 0"),
            ('name = "甲"\naccuracy_m = -5', "above 0, not -5"),
            ('name = "甲"\naccuracy_m = nan', "above 0, not nan"),
            ('name = "甲"\naccuracy_m = "五公里"', "above 0, not '五公里'"),
        ],
    )
    def test_what_is_no_entry_is_refused(self, tmp_path: Path, lines: str, said: str) -> None:
        with pytest.raises(PlaceFileError, match=said):
            self.read(tmp_path, f"[[place]]\n{lines}\n")

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ("point = { lon = 117.5, lat = 49.5 }", "a point needs accuracy_m"),
            ("point = { lon = 49.5, lat = 117.5 }\naccuracy_m = 5", "no longitude and latitude of the working area"),
            ("point = { lon = 117.5 }\naccuracy_m = 5", "lat"),
            ('point = { lon = "东边", lat = 49.5 }\naccuracy_m = 5', "东边"),
            ('extent = { west = "117°", south = "49°", east = "118°" }', "north"),
            (
                'extent = { west = "118°", south = "49°", east = "117°", north = "50°" }',
                "is no box of west, south, east",
            ),
            (
                'extent = { west = "117°", south = "50°", east = "118°", north = "49°" }',
                "is no box of west, south, east",
            ),
            ('extent = { west = "117°", south = "49°", east = "118°", north = "北" }', "北"),
        ],
    )
    def test_a_position_that_is_none_is_refused(self, tmp_path: Path, lines: str, said: str) -> None:
        source = '[[place.source]]\ntitle = "某书"\naddress = "user"\n'
        with pytest.raises(PlaceFileError, match=said):
            self.read(tmp_path, f'[[place]]\nname = "甲"\n{lines}\n{source}')

    @pytest.mark.parametrize("text", ["place = 3", "place = [3]", "[place]\nname = '甲'", "[[place]\nname = 1"])
    def test_a_file_that_holds_no_places_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(PlaceFileError, match=r"own\.toml"):
            self.read(tmp_path, text)

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SourceNotFoundError, match=r"nowhere\.toml"):
            read_gazetteer(tmp_path / "nowhere.toml")


class TestShape:
    def test_circle_has_the_area_and_its_accuracy_reaches_the_far_corner(self) -> None:
        """A = 1 km2: r = 1000 / sqrt(pi) = 564.19 m; the diagonal of 500 m by 2000 m is 2061.55 m."""
        geometry, accuracy_m, flags = shape_of(spot(area_m2=1e6))
        assert accuracy_m == pytest.approx(100 + math.hypot(500, 2000) - 564.1896, abs=1e-3)
        assert abs(geod().geometry_area_perimeter(geometry)[0]) == pytest.approx(1e6, rel=2e-4)
        lon, lat = np.asarray(geometry.exterior.coords).T
        away = geod().inv(np.full(lon.size, 117.5), np.full(lon.size, 49.5), lon, lat)[2]
        assert away == pytest.approx(564.1896, abs=1e-3)
        assert flags == {"location_only"}

    def test_point_without_area_has_no_extent(self) -> None:
        geometry, accuracy_m, flags = shape_of(spot())
        assert (geometry.geom_type, accuracy_m, flags) == ("Point", 100.0, frozenset({"location_only"}))

    def test_place_nobody_locates_has_no_shape(self) -> None:
        assert shape_of(spot(point=None, area_m2=1e6)) == (None, None, frozenset())

    def test_box_goes_before_a_point(self) -> None:
        place = spot(extents=(Extent.of(**ERKA),), area_m2=1e6)
        assert shape_of(place)[0].bounds == (117 + 2697 / 3600, 49 + 1587 / 3600, 117 + 3130 / 3600, 49 + 1941 / 3600)

    @pytest.mark.parametrize(
        ("unit", "south", "east", "degrees"),
        [
            ("seconds", "49°26′27″", "117°52′10″", 0.5 / 3600),
            ("minutes", "49°26′", "117°52′", 0.5 / 60),
            ("a tenth of a second", "49°26′27.0″", "117°52′10.0″", 0.05 / 3600),
            ("degrees", "49°", "118°", 0.5),
            ("three decimals", "49.441", "117.869", 0.0005),
        ],
    )
    def test_rounding_is_half_of_the_coarsest_unit_printed(
        self, unit: str, south: str, east: str, degrees: float
    ) -> None:
        """Half a unit of latitude and of longitude, from the corner nearest to the equator, never less than they are."""
        fine = {"west": "117.10000000", "north": "50.20000000"}
        box = Extent.of(**fine, south=south, east=east)
        assert [box.half_lon, box.half_lat] == pytest.approx([degrees, degrees]), unit
        lat = box.south
        up = geod().inv(117.5, lat - degrees / 2, 117.5, lat + degrees / 2)[2]
        along = geod().inv(117.5, lat, 117.5 + degrees, lat)[2]
        assert box.rounding_m >= math.hypot(up, along)
        assert box.rounding_m == pytest.approx(math.hypot(up, along), rel=0.005)

    def test_box_in_seconds_by_hand(self) -> None:
        """Half a second: 111,700 / 7200 = 15.514 m of latitude; by cos 49.4408 = 0.65024, 10.088 m of longitude."""
        assert Extent.of(**ERKA).rounding_m == pytest.approx(math.hypot(15.514, 10.088), abs=0.002)

    def test_what_else_is_not_sure_of_a_box_adds_in_squares(self) -> None:
        place = NamedPlace(name="某园", sources=(PAGE,), origin="user", extents=(Extent.of(**ERKA),), accuracy_m=100)
        assert shape_of(place)[1] == pytest.approx(math.hypot(Extent.of(**ERKA).rounding_m, 100))

    def test_no_degree_is_longer_than_the_one_taken(self) -> None:
        at_the_pole = geod().inv(0.0, 89.0, 0.0, 90.0)[2]
        along_the_equator = geod().inv(0.0, 0.0, 1.0, 0.0)[2]
        box = Extent.of(west="0°", south="0°", east="1°", north="89°")
        assert box.rounding_m > math.hypot(at_the_pole, along_the_equator) / 2


class TestAccuracyOfACircle:
    """Areas of size A that hold the named point, drawn at random: are they within r + accuracy of the circle's centre?"""

    @staticmethod
    def share(
        form: str, *, elongation: tuple[float, float], point_m: tuple[float, float], extra: float | None
    ) -> float:
        """Share of 3000 draws; ``extra`` None takes the accuracy of ``shape_of``, else that of the point and extra x r."""
        rng = np.random.default_rng(20261122)
        n = 3000
        area = np.exp(rng.uniform(np.log(1e5), np.log(1e9), n))
        accuracy = np.exp(rng.uniform(math.log(point_m[0]), math.log(point_m[1]), n))
        ratio = rng.uniform(elongation[0], elongation[1], n)
        if form == "rectangle":
            half_b = np.sqrt(area / ratio) / 2
            named = rng.uniform(-1, 1, (2, n))
            corners = np.array([[1, 1, -1, -1], [1, -1, -1, 1]], dtype=float)
        else:
            half_b = np.sqrt(area / (np.pi * ratio))
            turn, out = rng.uniform(0, 2 * np.pi, n), np.sqrt(rng.uniform(0, 1, n))
            named = np.array([out * np.cos(turn), out * np.sin(turn)])
            round_ = np.linspace(0, 2 * np.pi, 180)
            corners = np.array([np.cos(round_), np.sin(round_)])
        half_a = half_b * ratio
        # the named point is known to its accuracy: 95 % of its errors are below it (Rayleigh, 2.4477 sigma)
        wrong, whither = rng.rayleigh(accuracy / 2.4477), rng.uniform(0, 2 * np.pi, n)
        x = half_a * named[0] + wrong * np.cos(whither)
        y = half_b * named[1] + wrong * np.sin(whither)
        farthest = np.hypot(half_a[:, None] * corners[0] - x[:, None], half_b[:, None] * corners[1] - y[:, None]).max(1)
        radius = np.sqrt(area / np.pi)
        if extra is not None:
            return float(np.mean(farthest <= radius + accuracy + extra * radius))
        own = [shape_of(spot(area_m2=a, accuracy_m=m))[1] for a, m in zip(area, accuracy, strict=True)]
        return float(np.mean(farthest <= radius + np.array(own)))

    @pytest.mark.parametrize("form", ["rectangle", "ellipse"])
    @pytest.mark.parametrize("point_m", [(1.0, 10.0), (100.0, 5000.0)])
    def test_at_least_95_percent_lie_within(self, form: str, point_m: tuple[float, float]) -> None:
        assert self.share(form, elongation=(1, 4), point_m=point_m, extra=None) >= 0.95

    def test_a_rectangle_of_four_to_one_lies_within_wherever_its_name_is(self) -> None:
        assert self.share("rectangle", elongation=(4, 4), point_m=(1.0, 10.0), extra=None) >= 0.99

    def test_two_radii_would_not_do(self) -> None:
        """Why it is not 2 r: where the point is well known, too many forms up to 4 : 1 reach farther than 3 r."""
        assert self.share("rectangle", elongation=(1, 4), point_m=(1.0, 10.0), extra=2.0) < 0.95
        assert self.share("ellipse", elongation=(1, 4), point_m=(1.0, 10.0), extra=2.0) < 0.95


class TestFind:
    def test_name_and_alias_are_taken_whole(self) -> None:
        own = (spot("二卡国家湿地公园", aliases=("二卡湿地公园",)),)
        assert find("二卡湿地公园", extra=own) is own[0]
        assert find(" 二卡国家 湿地公园 ", extra=own) is own[0]
        with pytest.raises(PlaceNotFoundError, match="'二卡'"):
            find("二卡", extra=own)

    def test_homonyms_are_not_chosen_among(self) -> None:
        own = (spot("清水河"), spot("清水河", point=(111.7, 39.9)))
        with pytest.raises(PlaceUnclearError, match=r"2 places are called '清水河'.*111\.700, 39\.900") as caught:
            find("清水河", extra=own)
        assert len(caught.value.places) == 2

    def test_the_users_own_goes_before_ours(self) -> None:
        own = (spot("二卡国家湿地公园"),)
        assert find("二卡国家湿地公园", city="manzhouli").extents
        assert find("二卡国家湿地公园", city="manzhouli", extra=own) is own[0]

    def test_a_city_looks_at_its_own_entries_only(self) -> None:
        assert find("罕山自然保护区", city="tongliao").feature == "hanshan-reserve"
        with pytest.raises(PlaceNotFoundError, match=r"\(arxan\): it stays declared"):
            find("罕山自然保护区", city="arxan")

    def test_towns_are_taken_within_the_city_only(self) -> None:
        """Two towns are called 赛汉塔拉; the one point of 五岔沟 lies 2.07 km outside 阿尔山, its accuracy is 2.04 km."""
        assert [town.origin for town in towns()[:1]] == ["registry"], "run data/places/build.py"
        with pytest.raises(PlaceUnclearError, match="2 places are called '赛汉塔拉'"):
            find("赛汉塔拉")
        assert find("伊尔施", city="arxan", districts=("152202",)).point == (119.75, 47.3)
        assert find("五岔沟").point is not None
        with pytest.raises(PlaceNotFoundError, match="五岔沟"):
            find("五岔沟", city="arxan", districts=("152202",))

    def test_nobody_knows_it(self) -> None:
        with pytest.raises(PlaceNotFoundError, match="--point LON,LAT") as caught:
            find("齐哈日格图水源地", city="erenhot", districts=("152501",))
        assert (caught.value.name, caught.value.city) == ("齐哈日格图水源地", "erenhot")


class TestLayer:
    def test_each_feature_says_how_it_came_to_be_and_how_good_it_is(self) -> None:
        made = described_places([boxed(), spot(area_m2=1e6, status="in_force"), spot("无处", point=None, level="县级")])
        box, circle, nowhere = made.reading.attributes
        assert (box["georeference_method"], box["outer_bound"], box["accuracy_m"]) == ("published_extent", 1, 18.6)
        assert (circle["georeference_method"], circle["location_only"]) == ("described_place", 1)
        assert (circle["accuracy_m"], circle["status"]) == (1597.4, "现行有效")  # 1597.36, up to the next tenth
        assert (nowhere["georeference_method"], nowhere["level"]) == ("declared", "县级")
        assert (sorted(made.reading.without_place), "accuracy_m" in nowhere) == (["3"], False)
        assert (made.method, made.indicative) == ("described_place", True)
        assert made.accuracy is not None
        assert (made.accuracy.metres, made.accuracy.assumed) == (1597.4, True)

    def test_the_card_keeps_who_says_so(self) -> None:
        (kept,) = described_places([boxed()]).parameters["places"]
        assert kept["sources"] == [{"title": "某页", "address": "https://example.org/", "says": "117.5, 49.5"}]
        assert kept["extents"] == [
            [117.7491666666666667, 49.4408333333333333, 117.8694444444444444, 49.5391666666666667]
        ]

    def test_a_merged_one_names_its_successor(self) -> None:
        (row,) = described_places([spot(status="merged", successor="某国家公园")]).reading.attributes
        assert row["status"] == "并入某国家公园"

    def test_only_declared_is_declared(self) -> None:
        assert described_places([spot(point=None)]).method == "declared"


class TestAnswers:
    """End to end: made, stored, screened. ERKA's west edge is at 117.74917, 1e-4 of longitude are 7.25 m there."""

    def test_inside_a_published_box_is_uncertain(self, tmp_path: Path) -> None:
        found = finding(tmp_path, [boxed()], 117.80, 49.50)
        assert (found.answer, codes(found) & {"within_accuracy", "overlaps"}) == ("uncertain", {"within_accuracy"})

    def test_within_the_rounding_of_its_edge_is_uncertain(self, tmp_path: Path) -> None:
        assert finding(tmp_path, [boxed()], 117.7491667 - 0.0002, 49.50).answer == "uncertain"  # 14.5 m, rounding 18.6

    def test_outside_by_more_than_the_rounding_is_clear_of_that_publication(self, tmp_path: Path) -> None:
        found = finding(tmp_path, [boxed()], 117.7491667 - 0.0004, 49.50)  # 29 m
        assert (found.answer, codes(found)) == ("clear", {"outside"})

    def test_outside_is_not_clear_without_coverage(self, tmp_path: Path) -> None:
        found = finding(tmp_path, [boxed()], 117.60, 49.50, coverage=False)
        assert (found.answer, codes(found)) == ("unknown", {"coverage_not_stated"})

    def test_a_described_circle_is_never_hit(self, tmp_path: Path) -> None:
        assert finding(tmp_path, [spot(area_m2=1e9)], 117.5, 49.5).answer == "uncertain"  # its very centre

    def test_a_described_circle_reaches_its_accuracy_beyond_its_edge(self, tmp_path: Path) -> None:
        """r = 564.19 m and 1597.4 m more: 2161.6 m east of the point, 72,484 m a degree at 49.5 degrees."""
        lon, lat, _ = geod().fwd(117.5, 49.5, 90, 2155)
        assert finding(tmp_path / "a", [spot(area_m2=1e6)], lon, lat).answer == "uncertain"
        lon, lat, _ = geod().fwd(117.5, 49.5, 90, 2175)
        assert finding(tmp_path / "b", [spot(area_m2=1e6)], lon, lat).answer == "clear"

    def test_one_that_nobody_locates_keeps_the_layer_from_clear_everywhere(self, tmp_path: Path) -> None:
        found = finding(tmp_path, [boxed(), spot("无处", point=None)], 118.5, 49.5)
        assert (found.answer, "extent_not_given" in codes(found)) == ("unknown", True)


class TestOurGazetteers:
    def test_every_city_has_its_file(self) -> None:
        assert {p.stem for p in (data_root() / "places").glob("*.toml")} == {*CITIES, "registry"}

    @pytest.mark.parametrize("place", gazetteer(), ids=lambda p: f"{p.city}:{p.feature}")
    def test_every_entry_is_a_feature_of_its_plan_and_names_its_pages(self, place: NamedPlace) -> None:
        assert place.city is not None
        assert place.feature is not None
        feature = plan(place.city).feature(place.feature)
        assert (feature.kind, feature.stands_for) == (place.kind, "one")
        assert feature.name in (place.name, *place.aliases)
        for source in place.sources:
            assert re.fullmatch(r"https?://\S+\.\S+", source.address)
            assert source.retrieved == "2026-11-22"
            assert source.says
        if place.is_located:
            assert re.search(r"\d\d[.°]\d", place.sources[0].says or ""), "the first page says where"

    def test_no_feature_is_described_twice(self) -> None:
        named = [(p.city, p.feature) for p in gazetteer()]
        assert len(named) == len(set(named))

    @pytest.mark.parametrize("place", [p for p in gazetteer() if p.is_located], ids=lambda p: f"{p.city}:{p.feature}")
    def test_every_entry_lies_in_its_city(self, place: NamedPlace) -> None:
        """A point within the outline, or nearer than both accuracies; of the boxes at least half, as of 大青山's."""
        city = union(plan(str(place.city)).districts)
        geometry, accuracy_m, _ = shape_of(place)
        if place.point is not None:
            near = shapely.shortest_line(shapely.Point(place.point), city.geometry)
            (lon1, lat1), (lon2, lat2) = near.coords
            assert geod().inv(lon1, lat1, lon2, lat2)[2] <= math.hypot(city.accuracy_m, accuracy_m or 0.0)
            return
        for box in place.extents:
            assert shapely.area(shapely.intersection(box.geometry, city.geometry)) > 0.5 * shapely.area(box.geometry)
        assert geometry.is_valid

    @pytest.mark.parametrize("place", [p for p in gazetteer() if p.extents], ids=lambda p: f"{p.city}:{p.feature}")
    def test_every_box_has_room_for_the_area_declared(self, place: NamedPlace) -> None:
        room = 0.0
        for e in place.extents:
            widest = shapely.box(e.west - e.half_lon, e.south - e.half_lat, e.east + e.half_lon, e.north + e.half_lat)
            room += abs(geod().geometry_area_perimeter(shapely.segmentize(widest, 0.01))[0])
        assert place.area_m2 is not None
        assert place.area_m2 < room

    def test_the_readme_lists_every_entry_with_its_accuracy(self) -> None:
        text = (data_root() / "places" / "README.md").read_text(encoding="utf-8")
        for place in gazetteer():
            assert f"| {place.name} |" in text, place.name
            if place.is_located:
                row = next(line for line in text.splitlines() if f"| {place.name} |" in line)
                assert f"| {math.ceil(shape_of(place)[1] or 0):,} |" in row, row

    def test_the_registry_says_what_the_towns_are_worth(self) -> None:
        told = tomllib.loads((data_root() / "places" / "registry.toml").read_text(encoding="utf-8"))["build"]
        assert {town.accuracy_m for town in towns()} == {told["accuracy_m"]}
        assert len(towns()) == told["rows"]
