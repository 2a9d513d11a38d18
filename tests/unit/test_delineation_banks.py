"""Along a bank and around a thing: what is stored, what screening answers with it, the command line."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from layers.errors import DelineationError
from layers.georeference.delineation.banks import bank, ring
from layers.georeference.delineation.wells import wells
from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import site_of
from spatial.ellipsoid import geod
from spatial.measure import ellipsoidal_area
from tests.apps.cli import run
from tests.building import reading_of, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

LON, LAT = 117.4, 49.6
CITY = shapely.box(116.5, 49.0, 118.5, 50.2)
RIVER = shapely.LineString([(117.4, 49.3), (117.4, 49.9)])


def east(metres: float) -> shapely.Point:
    lon, lat, _ = geod().fwd(LON, LAT, 90.0 if metres >= 0 else 270.0, abs(metres))
    return shapely.Point(lon, lat)


def answers(path: Path, made: Any, kind: str, *, probes: tuple[shapely.Point, ...], **options: Any) -> list[str]:
    """The layer's answers for sites of 1 m accuracy, coverage stated around all of them."""
    store = workspace_at(path)
    import_layer(
        store,
        made.reading,
        ImportOptions(
            kind=kind,  # type: ignore[arg-type]
            name="layer",
            coverage=reading_of([CITY], name="coverage.geojson"),
            data_date="2024-01-01",
            indicative=made.indicative,
            georeference_method=made.method,
            georeference=made.parameters,
            accuracy=made.accuracy,
            **options,
        ),
    )
    store = FolderStore.open(path)
    found = [screen(site_of(p, accuracy_m=1.0), store, as_of="2026-01-01") for p in probes]
    return [next(f.answer for f in v.findings if f.layer == "layer") for v in found]


def test_a_plain_distance_is_kept_as_the_thing_with_its_influence() -> None:
    made = bank(reading_of([RIVER], [{"name": "黄河"}]), 1_000.0, measure_from="centreline")
    assert made.reading.geometries[0].equals(RIVER)
    assert made.reading.attributes[0]["influence_m"] == 1_000.0
    assert made.parameters["geometry"] == "influence_distance"
    assert made.indicative
    assert made.accuracy.metres == pytest.approx(25.0)  # nobody says how the river was drawn


@pytest.mark.parametrize("drawn", [False, True])
def test_screening_answers_alike_for_influence_and_for_the_drawn_polygon(tmp_path: Path, drawn: bool) -> None:
    made = bank(
        reading_of([RIVER], [{"name": "黄河"}]), 1_000.0, measure_from="centreline", drawn=drawn,
        position_accuracy_m=10.0,
    )  # fmt: skip
    # a = root of 10^2 + 1^2 = 10.05: inside for sure at 985 m, open from 990 to 1010, clear at 1011
    probes = (east(985), east(995), east(1_009), east(1_011), east(-1_011))
    assert answers(tmp_path / "ws", made, "other", probes=probes, role="protective", meaning="沿黄1公里") == [
        "hit", "uncertain", "uncertain", "clear", "clear",
    ]  # fmt: skip


def test_half_a_width_is_added_to_a_distance_from_the_bank() -> None:
    made = bank(
        reading_of([RIVER]), 1_000.0, measure_from="bank", half_width_m=150.0, half_width_error_m=20.0,
        position_accuracy_m=15.0,
    )  # fmt: skip
    assert made.reading.attributes[0]["influence_m"] == 1_150.0
    assert made.accuracy.metres == pytest.approx(25.0)  # root of 15^2 + 20^2
    assert [t.code for t in made.accuracy.terms] == ["position", "half_width"]


def test_a_line_without_half_width_is_the_bank_itself() -> None:
    made = bank(reading_of([RIVER]), 1_000.0, measure_from="bank")
    assert made.parameters["line_taken_as"] == "bank"
    assert made.reading.attributes[0]["influence_m"] == 1_000.0


def test_a_polygon_has_no_line_in_its_middle() -> None:
    lake = reading_of([shapely.box(117.4, 49.5, 117.5, 49.6)])
    with pytest.raises(DelineationError, match="is a polygon, which has an edge"):
        bank(lake, 1_000.0, measure_from="centreline")
    with pytest.raises(DelineationError, match="does not depend on the width"):
        bank(reading_of([RIVER]), 1_000.0, measure_from="centreline", half_width_m=10.0)
    with pytest.raises(DelineationError, match="which is no line or polygon"):
        bank(reading_of([shapely.Point(LON, LAT)]), 1_000.0, measure_from="bank")


def test_twenty_kilometres_around_a_landfill_answer_to_the_metre(tmp_path: Path) -> None:
    made = ring(reading_of([shapely.Point(LON, LAT)]), 20_000.0, position_accuracy_m=1.0)
    probes = (east(19_997), east(20_001), east(20_003))  # a = 1.415
    got = answers(tmp_path / "ws", made, "other", probes=probes, role="protective", meaning="填埋场20公里")
    assert got == ["hit", "uncertain", "clear"]


def test_a_ring_between_two_distances_is_a_polygon() -> None:
    made = ring(reading_of([shapely.Point(LON, LAT)]), 5_000.0, inner_m=1_000.0)
    area = float(ellipsoidal_area(made.reading.geometries[0])[0])
    assert area == pytest.approx(math.pi * (5_000**2 - 1_000**2), rel=1e-4)
    assert "influence_m" not in made.reading.attributes[0]
    with pytest.raises(DelineationError, match=r"a ring from 6000\.0 to 5000 m"):
        ring(reading_of([shapely.Point(LON, LAT)]), 5_000.0, inner_m=6_000.0)


def test_zones_around_wells_answer_with_their_accuracy(tmp_path: Path) -> None:
    made = wells(reading_of([shapely.Point(LON, LAT)]), medium="细砂", position_accuracy_m=3.0)
    probes = (east(10), east(296), east(302), east(304))  # a = root of 3^2 + 1^2 + 0.003^2
    got = answers(tmp_path / "ws", made, "water_sources", probes=probes)
    assert got == ["hit", "hit", "uncertain", "clear"]


def test_an_unreadable_well_keeps_the_layer_from_clear(tmp_path: Path) -> None:
    reading = reading_of([shapely.Point(LON, LAT)], unreadable=[("2", (117.4, 49.6, 117.4, 49.6))])
    made = wells(reading, medium="细砂", position_accuracy_m=3.0)
    assert answers(tmp_path / "ws", made, "water_sources", probes=(east(50_000), east(10))) == ["unknown", "hit"]


def test_a_well_without_a_place_keeps_the_layer_from_clear(tmp_path: Path) -> None:
    from dataclasses import replace

    reading = reading_of([shapely.Point(LON, LAT), None], [{"name": "甲井"}, {"name": "乙井"}])
    reading = replace(reading, without_place=frozenset({"2"}))
    made = wells(reading, medium="细砂", position_accuracy_m=3.0)
    assert [g is None for g in made.reading.geometries].count(True) == 1
    assert answers(tmp_path / "ws", made, "water_sources", probes=(east(50_000),)) == ["unknown"]


def test_every_term_of_accuracy_has_words() -> None:
    from screening.words import has_word

    codes = ("well_position", "intake_position", "river_line", "water_edge", "half_width", "position", "construction")
    assert [code for code in codes if not has_word(f"basis.{code}")] == []


def _points(path: Path, *rows: str) -> Path:
    path.write_text("名称,经度,纬度\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def _geojson(path: Path, geometry: Any) -> Path:
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(geometry)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


def test_command_wells_stores_an_indicative_layer(tmp_path: Path) -> None:
    assert run("init", tmp_path / "ws").exit_code == 0
    file = _points(tmp_path / "wells.csv", "一号井,117.400000,49.600000", "二号井,117.400600,49.600000")
    done = run(
        "georeference", "wells", file, "--aquifer", "unconfined", "--medium", "细砂", "--workspace", tmp_path / "ws",
        "--figure", "wells.radius.zone_2.fine_sand=400",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    store = FolderStore.open(tmp_path / "ws")
    [entry] = store.entries
    card = store.open_version(entry).card
    assert (card["kind"], card["georeference_method"], card["indicative"]) == (
        "water_sources",
        "delineation_rule",
        True,
    )
    assert card["georeference"]["radii_m"] == {"zone_1": 30.0, "zone_2": 400.0}
    assert card["class_counts"] == {"zone_1": 1, "zone_2": 1}


def test_command_wells_refuses_karst_water_with_the_study_it_needs(tmp_path: Path) -> None:
    file = _points(tmp_path / "wells.csv", "一号井,117.400000,49.600000")
    done = run("georeference", "wells", file, "--aquifer", "karst")
    assert done.exit_code == 3
    assert "须专题研究" in done.stderr
    assert "numerical model" in done.stderr


def test_command_intake_needs_the_flow_and_makes_two_zones(tmp_path: Path) -> None:
    file = _points(tmp_path / "intake.csv", "一号取水口,117.400000,49.600000")
    river = _geojson(tmp_path / "river.geojson", shapely.LineString([(117.4, 49.7), (117.4, 49.5)]))
    words = ("georeference", "intake", file, "--river", river, "--half-width-m", "40")
    assert "河流流向未说明" in run(*words).stderr
    done = run(*words, "--flow", "drawn", "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "intake.upstream.zone_1" in done.output
    assert "一号取水口二级保护区" in done.output


def test_command_lake_makes_two_zones(tmp_path: Path) -> None:
    file = _points(tmp_path / "intake.csv", "水库取水口,117.400000,49.600000")
    water = _geojson(tmp_path / "water.geojson", shapely.box(117.35, 49.6, 117.45, 49.68))
    done = run(
        "georeference",
        "lake",
        file,
        "--water",
        water,
        "--body",
        "reservoir",
        "--storage-m3",
        "5e7",
        "--terrain",
        "hill",
    )
    assert done.exit_code == 0, done.output
    assert "lake.land_depth.zone_2.medium_hill" in done.output


def test_command_bank_writes_the_thing_or_the_polygon(tmp_path: Path) -> None:
    river = _geojson(tmp_path / "river.geojson", RIVER)
    plain = run("georeference", "bank", river, "--within-m", "1000", "--output", tmp_path / "plain.geojson")
    assert plain.exit_code == 0, plain.output
    [feature] = json.loads((tmp_path / "plain.geojson").read_text(encoding="utf-8"))["features"]
    assert (feature["geometry"]["type"], feature["properties"]["influence_m"]) == ("LineString", 1000.0)
    drawn = run(
        "georeference", "bank", river, "--within-m", "1000", "--measure-from", "bank", "--drawn",
        "--output", tmp_path / "drawn.geojson",
    )  # fmt: skip
    assert drawn.exit_code == 0, drawn.output
    [feature] = json.loads((tmp_path / "drawn.geojson").read_text(encoding="utf-8"))["features"]
    assert feature["geometry"]["type"] == "Polygon"


def test_command_bank_refuses_options_that_do_not_go_together(tmp_path: Path) -> None:
    river = _geojson(tmp_path / "river.geojson", RIVER)
    assert run("georeference", "bank", river, "--within-m", "1000", "--half-width-m", "5").exit_code == 2
    assert (
        run("georeference", "bank", river, "--within-m", "9", "--measure-from", "bank", "--inner-m", "5").exit_code == 2
    )
