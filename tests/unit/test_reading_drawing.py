"""DXF drawings: curves, blocks, binary files, what is left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ezdxf
import numpy as np
import pytest
import shapely

from spatial.errors import IncompleteSourceError, LayerChoiceError, UnsupportedFormatError
from spatial.reading import Reading, read

if TYPE_CHECKING:
    from pathlib import Path

E0, N0 = 40500000.0, 5450000.0
CORNERS = [(E0, N0), (E0 + 100, N0), (E0 + 100, N0 + 100), (E0, N0 + 100)]


def drawing(version: str = "R2010") -> Any:
    document = ezdxf.new(version)  # type: ignore[attr-defined]
    return document, document.modelspace()


def read_drawing(document: Any, folder: Path, **options: str) -> Reading:
    path = folder / "drawing.dxf"
    document.saveas(path)
    return read(path, **options)  # type: ignore[arg-type]


def codes(reading: Reading) -> list[str]:
    return [one.code for one in reading.problems]


def test_a_circle_is_a_polygon_whose_chords_stay_within_a_millimetre(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_circle((E0, N0), radius=200)
    reading = read_drawing(document, tmp_path)
    ring = shapely.get_coordinates(reading.geometries[0])
    assert reading.geometries[0].geom_type == "Polygon"
    assert np.hypot(*(ring - (E0, N0)).T) == pytest.approx(200, abs=1e-6)
    middles = (ring[1:] + ring[:-1]) / 2
    sagitta = 200 - np.hypot(*(middles - (E0, N0)).T)
    assert 0 < sagitta.max() <= 0.001
    assert [(one.code, one.detail) for one in reading.problems] == [
        ("curves_densified", "1 curves, chords within 0.001 units")
    ]
    assert reading.crs.code == "EPSG:4528"


@pytest.mark.parametrize(("bulge", "sign"), [(1.0, 1), (-1.0, -1)])
def test_a_bulge_adds_or_takes_its_half_circle(tmp_path: Path, bulge: float, sign: int) -> None:
    document, space = drawing()
    points = [(x, y, bulge if i == 0 else 0) for i, (x, y) in enumerate(CORNERS)]
    space.add_lwpolyline(points, format="xyb", close=True)
    (polygon,) = read_drawing(document, tmp_path).geometries
    half_circle = math.pi * 50**2 / 2
    assert polygon.area == pytest.approx(
        10_000 + sign * half_circle, abs=0.001 * 157
    )  # a chord within 1 mm of an arc of 157 m
    # anticlockwise, so that the arc of a positive bulge runs outside, to the right of the edge
    assert polygon.bounds[1] == pytest.approx(N0 - 50 if bulge > 0 else N0, abs=0.001)


def test_a_bulge_of_a_quarter_turn_lies_where_geometry_puts_it(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_lwpolyline([(0, 0, math.tan(math.pi / 8)), (100, 100, 0)], format="xyb")  # around (0, 100)
    (line,) = read_drawing(document, tmp_path).geometries
    assert np.hypot(*(shapely.get_coordinates(line) - (0, 100)).T) == pytest.approx(100, abs=1e-9)
    assert line.length == pytest.approx(50 * math.pi, abs=0.01)


def test_arcs_ellipses_and_splines_are_chords_within_the_tolerance(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_arc((E0, N0), radius=100, start_angle=350, end_angle=80)
    space.add_ellipse((E0, N0), major_axis=(300, 0), ratio=0.5)
    space.add_spline(degree=3).control_points = [(0, 0), (100, 200), (200, -200), (300, 0)]
    space[-1].knots = [0, 0, 0, 0, 1, 1, 1, 1]
    arc, ellipse, spline = read_drawing(document, tmp_path).geometries
    assert arc.length == pytest.approx(100 * math.pi / 2, abs=0.01)
    assert arc.coords[0] == pytest.approx(
        (E0 + 100 * math.cos(math.radians(350)), N0 + 100 * math.sin(math.radians(350)))
    )
    assert (ellipse.geom_type, ellipse.area) == ("Polygon", pytest.approx(math.pi * 300 * 150, abs=0.001 * 1454))
    for t in np.linspace(0, 1, 999):  # Bernstein polynomials of the control points
        x = 300 * (1 - t) ** 2 * t + 600 * (1 - t) * t**2 + 300 * t**3
        y = 600 * (1 - t) ** 2 * t - 600 * (1 - t) * t**2
        assert spline.distance(shapely.Point(x, y)) <= 0.0011


def test_a_circle_drawn_in_degrees_is_round_to_a_millimetre_on_the_ground(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_circle((117.45, 49.58), radius=0.001)
    reading = read_drawing(document, tmp_path)
    assert reading.geometries[0].area == pytest.approx(math.pi * 1e-6, abs=1e-8 * 0.0063)
    assert reading.crs.code == "EPSG:4490"


def test_entities_drawn_from_below_are_mirrored_to_their_place(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_circle((-500, 200), radius=10, dxfattribs={"extrusion": (0, 0, -1)})
    (polygon,) = read_drawing(document, tmp_path).geometries
    assert (polygon.centroid.x, polygon.centroid.y) == pytest.approx((500, 200), abs=1e-6)


@pytest.mark.parametrize(("version", "binary"), [("R12", False), ("R12", True), ("R2000", True), ("R2010", False)])
def test_every_version_keeps_layers_and_closed_outlines(tmp_path: Path, version: str, binary: bool) -> None:
    document, space = drawing(version)
    add = space.add_polyline2d if version == "R12" else space.add_lwpolyline
    add(CORNERS, close=True, dxfattribs={"layer": "REDLINE"})
    add([*CORNERS, CORNERS[0]], dxfattribs={"layer": "FIRST_IS_LAST"})
    add(CORNERS, dxfattribs={"layer": "OPEN"})
    space.add_text("label")
    path = tmp_path / "a.dxf"
    document.saveas(path, fmt="bin" if binary else "asc")
    reading = read(path)
    assert [(a["Layer"], g.geom_type) for a, g in zip(reading.attributes, reading.geometries, strict=True)] == [
        ("REDLINE", "Polygon"), ("FIRST_IS_LAST", "Polygon"), ("OPEN", "LineString"),
    ]  # fmt: skip
    assert reading.geometries[0].area == 10_000.0
    assert [(one.code, one.detail) for one in reading.problems] == [("text_skipped", "1 labels")]
    if version == "R2010":
        assert [one.geom_type for one in read(path, geometry="line").geometries] == ["LineString"] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_chinese_layers_and_extended_data_are_read(tmp_path: Path, encoding: str) -> None:
    document, space = drawing("R2000" if encoding == "gbk" else "R2010")
    document.encoding = encoding
    document.appids.add("SOUTH")
    line = space.add_lwpolyline(CORNERS, close=True, dxfattribs={"layer": "权属线"})
    line.set_xdata("SOUTH", [(1000, "300000"), (1000, "满洲里市某宗地")])
    reading = read_drawing(document, tmp_path)
    assert reading.attributes[0]["Layer"] == "权属线"
    assert reading.attributes[0]["ExtendedEntity"] == "SOUTH 300000 满洲里市某宗地"
    assert reading.encoding == {"gbk": "gb18030"}.get(encoding, "utf-8")


def test_blocks_are_taken_apart_where_they_stand(tmp_path: Path) -> None:
    document, space = drawing()
    block = document.blocks.new("PARCEL")
    block.add_lwpolyline([(0, 0), (10, 0), (10, 10), (0, 10)], close=True)
    outer = document.blocks.new("OUTER")
    outer.add_blockref("PARCEL", (5, 0))
    space.add_blockref("OUTER", (E0, N0), dxfattribs={"xscale": 2, "yscale": 2, "rotation": 90, "layer": "地块"})
    space.add_blockref("PARCEL", (E0, N0), dxfattribs={"column_count": 3, "column_spacing": 50})
    reading = read_drawing(document, tmp_path)
    # scaled by 2 and turned: x runs from -20 to 0, y from 10 to 30
    assert [one.bounds for one in reading.geometries] == [
        pytest.approx((E0 - 20, N0 + 10, E0, N0 + 30)),
        *[pytest.approx((E0 + east, N0, E0 + east + 10, N0 + 10)) for east in (0, 50, 100)],
    ]
    assert [(one["Layer"], one["Block"]) for one in reading.attributes][:2] == [("地块", "PARCEL"), ("0", "PARCEL")]


def test_what_has_no_outline_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    document, space = drawing()
    document.add_xref_def("other.dwg", "OTHER")
    space.add_blockref("OTHER", (0, 0))
    space.add_blockref("MISSING", (0, 0))
    space.add_ray((0, 0), (1, 0))
    space.add_polymesh((3, 3))
    space.add_circle((E0, N0), radius=1e30)
    space.add_line((E0, N0), (E0, N0))
    space.add_lwpolyline([(E0, N0), (E0 + 50, N0 + 50), (E0 + 100, N0 + 100)], close=True)
    space.add_lwpolyline(CORNERS, close=True)
    document.layout("Layout1").add_line((0, 0), (1, 1))
    space.add_aligned_dim(p1=(0, 0), p2=(10, 0), distance=1).render()
    reading = read_drawing(document, tmp_path)
    assert [(one.problem.code, one.problem.detail.split(":")[0]) for one in reading.unreadable] == [
        ("external_reference", "OTHER"),
        ("block_missing", "MISSING"),
        ("entity_not_read", "RAY"),
        ("model_geometry", "AcDbPolygonMesh"),
        ("curve_too_large", "an arc of radius 1e+30"),
        ("zero_area", "0 in its own units"),
    ]
    assert [one.geom_type for one in reading.geometries] == ["Point", "Polygon"]
    assert codes(reading) == ["paper_space_skipped", "annotation_skipped", "line_is_point"]


def test_a_fill_is_an_area_by_even_and_odd(tmp_path: Path) -> None:
    document, space = drawing()
    hatch = space.add_hatch()
    hatch.paths.add_polyline_path([(0, 0), (100, 0), (100, 100), (0, 100)], is_closed=True, flags=1)
    hatch.paths.add_polyline_path([(20, 20), (30, 20), (30, 30), (20, 30)], is_closed=True, flags=16)
    edges = space.add_hatch().paths.add_edge_path()
    edges.add_arc((0, 0), radius=100, start_angle=0, end_angle=180)
    edges.add_line((-100, 0), (100, 0))
    first, second = read_drawing(document, tmp_path).geometries
    assert first.area == 10_000 - 100
    assert second.area == pytest.approx(math.pi * 100**2 / 2, abs=0.001 * 315)


def test_one_layer_of_a_drawing_can_be_named(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_lwpolyline(CORNERS, close=True, dxfattribs={"layer": "项目红线"})
    space.add_line((E0, N0), (E0 + 5, N0), dxfattribs={"layer": "等高线"})
    reading = read_drawing(document, tmp_path, layer="项目红线")
    assert ([one.geom_type for one in reading.geometries], reading.layer_names) == (["Polygon"], ("项目红线",))
    with pytest.raises(LayerChoiceError, match="there are: 项目红线, 等高线"):
        read_drawing(document, tmp_path, layer="红线")


def test_blocks_within_blocks_without_end_are_bounded(tmp_path: Path) -> None:
    document, space = drawing()
    document.blocks.new("B0").add_lwpolyline(CORNERS, close=True)
    for depth in range(1, 30):
        document.blocks.new(f"B{depth}").add_blockref(f"B{depth - 1}", (0, 0))
    space.add_blockref("B29", (0, 0))
    reading = read_drawing(document, tmp_path)
    assert [(one.problem.code, one.problem.record) for one in reading.unreadable] == [("block_nesting", 1)]


def test_an_entity_that_the_library_drops_is_listed(tmp_path: Path) -> None:
    document, space = drawing()
    space.add_lwpolyline(CORNERS, close=True)
    document.saveas(tmp_path / "a.dxf")
    text = (tmp_path / "a.dxf").read_text("utf-8")
    # a second ENTITIES section is what a bad merge leaves behind
    extra = "  0\nSECTION\n  2\nENTITIES\n  0\nLINE\n  8\n0\n 10\n0\n 20\n0\n 11\n5\n 21\n5\n  0\nENDSEC\n"
    (tmp_path / "a.dxf").write_text(text.replace("  0\nEOF", extra + "  0\nEOF"), "utf-8")
    reading = read(tmp_path / "a.dxf")
    assert len(reading.geometries) + len(reading.unreadable) == 2


def test_every_cut_of_a_drawing_is_refused(tmp_path: Path) -> None:
    document, space = drawing("R12")
    space.add_polyline2d(CORNERS, close=True)
    path = tmp_path / "a.dxf"
    document.saveas(path)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(IncompleteSourceError, match="EOF is missing"):
            read(path)


def test_a_dwg_is_refused_with_the_way_to_a_dxf(tmp_path: Path) -> None:
    path = tmp_path / "红线.dwg"
    path.write_bytes(b"AC1032" + bytes(100))
    with pytest.raises(UnsupportedFormatError, match=r"Save it as DXF .*另存为.*ODA File Converter"):
        read(path)
