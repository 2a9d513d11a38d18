"""Corner lists as notices print them, with the areas worked out by hand, and every way in which a corner goes missing."""

from __future__ import annotations

import pytest
import shapely

from spatial.reading.notice import accuracy_of_area, areas_of, read_document

D = 1 / 60
"""A minute, in degrees."""


def areas(text: str, **options):
    return areas_of(read_document(text.encode(), name="公告.txt"), **options)


def located(text: str, **options):
    return [one for one in areas(text, **options) if one.geometry is not None or one.kind == "unreadable"]


def the_flaw(text: str) -> str:
    (one,) = [one for one in located(text) if one.kind == "unreadable"]
    assert not [other for other in located(text) if other.kind == "polygon"]
    return one.flaw.code


SQUARE = "1 5450000.0 40500000.0\n2 5450000.0 40501000.0\n3 5451000.0 40501000.0\n4 5451000.0 40500000.0"
HOLE = "1 5450100.0 40500100.0\n2 5450100.0 40500200.0\n3 5450300.0 40500200.0\n4 5450300.0 40500100.0"


def test_a_kilometre_square_in_zone_40():
    (one,) = located("范围拐点坐标\n" + SQUARE)
    assert (one.kind, one.corners, one.geometry.area, one.zone) == ("polygon", 4, 1_000_000.0, 40)
    assert (one.place_kind, one.swapped, one.first_line, one.last_line) == ("zone_prefix", True, 2, 5)
    assert accuracy_of_area(one).metres == 1.0


def test_the_closing_point_written_again_is_no_corner():
    (one,) = located("范围拐点坐标\n" + SQUARE + "\n1 5450000.0 40500000.0")
    assert (one.kind, one.corners, one.geometry.area) == ("polygon", 4, 1_000_000.0)


def test_a_quad_in_degrees_minutes_and_seconds():
    text = (
        "保护区由下列拐点依次连线围成：J1（东经119°30′00″，北纬49°12′00″）、J2（东经119°31′00″，北纬49°12′00″）、"
        "J3（东经119°31′00″，北纬49°13′00″）、J4（东经119°30′00″，北纬49°13′00″），面积3.5公顷。"
    )
    (one,) = located(text)
    assert one.kind == "polygon"
    assert one.geometry.equals_exact(shapely.box(119.5, 49.2, 119.5 + D, 49.2 + D).normalize(), 1e-12, normalize=True)
    assert accuracy_of_area(one).metres == 15.0  # whole seconds


def test_what_the_words_call_a_hole_is_subtracted():
    (one,) = located(f"范围拐点坐标\n{SQUARE}\n扣除以下范围：\n{HOLE}")
    assert one.geometry.area == 1_000_000.0 - 100 * 200


def test_a_ring_within_a_ring_that_nothing_calls_a_hole_is_a_guess():
    assert the_flaw(f"范围拐点坐标\n{SQUARE}\n{HOLE}") == "ring_nested"


def test_a_hole_that_reaches_outside_is_refused():
    outside = HOLE.replace("40500100", "40499900")
    assert the_flaw(f"范围拐点坐标\n{SQUARE}\n扣除\n{outside}") == "hole_outside"


def test_rings_beside_each_other_are_one_area_of_two_parts():
    beside = HOLE.replace("40500", "40600")
    (one,) = located(f"范围拐点坐标\n{SQUARE}\n{beside}")
    assert (one.geometry.geom_type, one.geometry.area) == ("MultiPolygon", 1_020_000.0)


def test_two_zones_under_headings_share_an_edge():
    text = (
        "一、某自然保护区\n（一）核心区拐点坐标\n" + SQUARE + "\n（二）缓冲区拐点坐标\n"
        "1 5450000.0 40501000.0\n2 5450000.0 40502000.0\n3 5451000.0 40502000.0\n4 5451000.0 40501000.0"
    )
    core, buffer = located(text)
    assert core.headings == ("一、某自然保护区", "（一）核心区拐点坐标")
    assert buffer.headings[-1] == "（二）缓冲区拐点坐标"
    assert core.geometry.intersection(buffer.geometry).length == 1000.0
    assert core.geometry.touches(buffer.geometry)


def test_two_zones_in_one_sentence_are_two_areas():
    text = (
        "核心区由J1（119.50°E，49.20°N）、J2（119.60°E，49.20°N）、J3（119.60°E，49.30°N）连线围成；"
        "缓冲区由J1（119.70°E，49.20°N）、J2（119.80°E，49.20°N）、J3（119.80°E，49.30°N）连线围成。"
    )
    core, buffer = located(text)
    assert ("核心区" in core.title, "缓冲区" in buffer.title) == (True, True)
    assert (core.corners, buffer.corners) == (3, 3)
    assert accuracy_of_area(core).metres == pytest.approx(111_300 / 200)  # half of 0.01 degree


def test_numbers_may_run_on_through_the_areas():
    text = (
        "核心区拐点\n1 119.50,49.20\n2 119.60,49.20\n3 119.60,49.30\n缓冲区拐点\n"
        "4 119.70,49.20\n5 119.80,49.20\n6 119.80,49.30"
    )
    assert [one.kind for one in located(text.replace("缓冲区拐点", "二、缓冲区拐点"))] == ["polygon", "polygon"]


def test_blank_lines_part_rings_without_point_numbers_but_not_single_points():
    rows = ["119.50,49.20", "119.60,49.20", "119.60,49.30"]
    other = ["119.70,49.20", "119.80,49.20", "119.80,49.30"]
    (two,) = located("拐点坐标\n" + "\n".join(rows) + "\n\n" + "\n".join(other))
    assert two.geometry.geom_type == "MultiPolygon"
    (one,) = located("拐点坐标\n\n" + "\n\n".join(rows))
    assert (one.geometry.geom_type, one.corners) == ("Polygon", 3)


def test_several_corners_on_a_line_are_read_down_their_columns_where_the_numbers_say_so():
    text = "拐点坐标\n1 5450000.0 40500000.0 3 5451000.0 40501000.0\n2 5450000.0 40501000.0 4 5451000.0 40500000.0"
    (one,) = located(text)
    assert one.geometry.area == 1_000_000.0  # across the lines it would cross itself


@pytest.mark.parametrize(
    "label", ["J{}：", "{}#（", "拐点{}（", "{}、", "({}) ", "界址点J{} ", "P-{} ", "GD{:02}：", "{}号点："]
)
def test_every_usual_point_number(label):
    places = ["119.50，49.20", "119.60，49.20", "119.60，49.30"]
    text = "范围拐点：" + "；".join(label.format(i) + place for i, place in enumerate(places, 1))
    (one,) = located(text)
    assert (one.kind, one.corners) == ("polygon", 3)
    gap = "范围拐点：" + "；".join(label.format(i) + place for i, place in zip((1, 2, 4), places, strict=True))
    assert the_flaw(gap) == "numbering_gap"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("拐点坐标\nJ1 119.50,49.20\nJ2 119.60\nJ3 119.60,49.30\nJ4 119.50,49.30", "missing_cell"),
        ("拐点坐标\nJ1 119.50,49.20\nJ2\nJ3 119.60,49.30\nJ4 119.50,49.30", "missing_cell"),
        ("拐点坐标\nJ1 119.50,49.20\nJ2 119.6O,49.20\nJ3 119.60,49.30\nJ4 119.50,49.30", "not_a_coordinate"),
        ("拐点坐标\nJ1 119°61′00″,49°12′\nJ2 119°31′,49°12′\nJ3 119°31′,49°13′", "sixty"),
        ("由5个拐点围成：119.50,49.20；119.60,49.20；119.60,49.30；119.50,49.30", "count_differs"),
        ("由十二个拐点围成：119.50,49.20；119.60,49.20；119.60,49.30；119.50,49.30", "count_differs"),
        ("拐点：119.50,49.20；49.20,119.60；119.60,49.30；119.50,49.30", "axis_differs"),
        ("拐点：119.50,49.20；119.60,49.20；5450000.0,40500000.0；119.50,49.30", "kind_differs"),
        ("拐点：东经119.50，北纬49.20；东经49.20，北纬119.60；东经119.60，北纬49.30", "axis_differs"),
        ("拐点：J1 119.50,49.20；J2 119.60,49.20", "too_few_points"),
        ("拐点：J2 119.50,49.20；J3 119.60,49.20；J4 119.60,49.30", "numbering_gap"),
        ("各村：119.50,49.20；119.60,49.20；119.60,49.30", "not_corners"),
        ("取水井：1# 119.50,49.20；2# 119.60,49.20；3# 119.60,49.30", "not_corners"),
        ("拐点：109°0748″ 25°1912″，109°1200″ 25°2736″，109°1100″ 25°2736″", "no_pairs"),
        ("拐点：J1 119°30′00″,49°12′00″；J2 119°31′,49°12′00″；J3 119°31′00″,49°13′00″", "notation_differs"),
        ("拐点：J1 119°30′00″,49°12′00″；J2 119°31′0,49°12′00″；J3 119°31′00″,49°13′00″", "notation_differs"),
        ("拐点坐标\n1 5450000.0 40500000.0\n2 545000.0 40501000.0\n3 5451000.0 40501000.0", "far_apart"),
        ("拐点坐标\nJ1 119.50,49.20 7\nJ2 119.60,49.20\nJ3 119.60,49.30", "not_a_coordinate"),
    ],
)
def test_a_list_with_a_corner_that_is_lost_or_in_doubt_is_unreadable(text, code):
    assert the_flaw(text) == code


def test_points_joined_in_another_order_than_listed_make_no_area():
    text = "拐点坐标\nJ1 119.50,49.20\nJ2 119.60,49.30\nJ3 119.60,49.20\nJ4 119.50,49.30\n一、由J1-J3-J2-J4-J1连线围成"
    assert the_flaw(text) == "corner_order"
    same = text.replace("J1-J3-J2-J4-J1", "J1-J2-J3-J4-J1")
    assert [one.kind for one in located(same)] == ["polygon"]


def test_corners_each_under_a_number_of_its_own_are_no_places():
    text = "拐点如下：\n1、三井村（119.50，49.20）\n2、车站（119.60，49.20）\n3、水坝（119.60，49.30）"
    assert {one.kind for one in located(text)} <= {"unreadable", "polygon"}
    assert not [one for one in located(text) if one.kind == "point"]


def test_corners_joined_along_a_river_or_ridge_have_no_straight_edges():
    text = "自甲村（119.50°E，49.20°N）起，沿河至乙村（119.60°E，49.20°N），顺山脊至丙村（119.60°E，49.30°N）闭合"
    assert [(one.kind, one.geometry, one.warnings) for one in areas(text)] == [("words", None, ("edges_in_words",))]


def test_numbers_that_mean_something_else_are_no_corners():
    text = (
        "环函〔2006〕134号，2006年4月5日。采用2000国家大地坐标系，3度带，中央子午线120°，1985国家高程基准，1:50000地形图。"
        "总面积15478.61公顷，海拔1569.5米，G331国道K12+300处，共3个拐点：J1（119.50，49.20）、J2（119.60，49.20）、"
        "J3（119.60，49.30），占全旗的12.5%。"
    )
    (one,) = located(text)
    assert (one.kind, one.corners) == ("polygon", 3)


@pytest.mark.parametrize(
    ("text", "box", "half_units"),
    [
        ("东经119°37′—120°06′，北纬45°00′—45°26′", (119 + 37 * D, 45, 120.1, 45 + 26 * D), (D / 2, D / 2)),
        ("E119°37′～E120°06′，N45°00′～N45°26′", (119 + 37 * D, 45, 120.1, 45 + 26 * D), (D / 2, D / 2)),
        ("北纬45°00′00″至45°26′00″，东经119°37′00″至120°06′00″", (119 + 37 * D, 45, 120.1, 45 + 26 * D), (D / 120, D / 120)),
        ("东经111°8′一111°18′，北纬36°23′45″一36°38′20″", (111 + 8 * D, 36.395833, 111.3, 36.638889), (D / 2, D / 120)),
        ("东经119.62°-120.10°，北纬45.0°-45.43°", (119.62, 45.0, 120.10, 45.43), (0.005, 0.05)),
        ("东至东经120°06′，西至东经119°37′，南至北纬45°00′，北至北纬45°26′", (119 + 37 * D, 45, 120.1, 45 + 26 * D), (D / 2, D / 2)),
    ],
)  # fmt: skip
def test_a_published_extent_is_a_box_with_the_rounding_of_its_last_place(text, box, half_units):
    (one,) = located(f"保护区位于{text}之间")
    assert one.kind == "extent"
    assert one.geometry.bounds == pytest.approx(box, abs=1e-6)
    assert one.half_units == pytest.approx(half_units)


def test_an_extent_in_whole_minutes_is_off_by_half_a_minute_on_each_axis():
    (one,) = located("东经119°37′—120°06′，北纬45°00′—45°26′")
    # at 45 degrees: half a minute of longitude 78,847/120 m, at 45°26′ of latitude 111,141/120 m
    assert accuracy_of_area(one).metres == pytest.approx((657.06**2 + 926.2**2) ** 0.5, abs=0.2)


TABLE = """<html><p>附件1 保护区拐点坐标表</p><table>
<tr><th rowspan=2>功能区<th rowspan=2>点号<th colspan=2>坐标<th rowspan=2>备注</tr><tr><th>经度<th>纬度</tr>
<tr><td rowspan=3>核心区<td>1<td>119°30′00″<td>49°12′00″<td></tr><tr><td>2<td>119°31′00″<td>49°12′00″<td>路口</tr>
<tr><td>3<td>119°31′00″<td>49°13′00″<td></tr>
<tr><td rowspan=3>缓冲区<td>1<td>119°40′00″<td>49°12′00″<td></tr><tr><td>2<td>119°41′00″<td>49°12′00″<td></tr>
<tr><td>3<td>119°41′00″<td>49°13′00″<td></tr></table></html>"""


def test_a_column_of_zones_parts_a_table_into_areas():
    core, buffer = located(TABLE)
    assert (core.title, buffer.title) == ("核心区", "缓冲区")
    assert core.geometry.bounds == pytest.approx((119.5, 49.2, 119.5 + D, 49.2 + D))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<td>2<td>119°31′00″<td>49°12′00″<td>路口", "<td>2<td><td>49°12′00″<td>路口"),
        ("<td>2<td>119°31′00″<td>49°12′00″<td>路口", "<td>2<td>同上<td>49°12′00″<td>路口"),
        ("<td>2<td>119°31′00″<td>49°12′00″<td>路口", "<td>2<td><td><td>路口"),
        ("<tr><td>2<td>119°31′00″<td>49°12′00″<td>路口</tr>", ""),
        ("<td>2<td>119°31′00″<td>49°12′00″<td>路口", "<td>2<td>119°31′0<td>49°12′00″<td>路口"),
        ("<td>2<td>119°31′00″<td>49°12′00″<td>路口", "<td>2<td>49°12′00″<td>119°31′00″<td>路口"),
    ],
)
def test_a_damaged_row_of_a_table_takes_its_own_area_with_it(old, new):
    kinds = [one.kind for one in located(TABLE.replace(old, new))]
    assert kinds[0] == "unreadable"
    assert "polygon" not in kinds[:1]


def test_a_row_of_which_only_the_remark_is_left_is_a_lost_corner_and_a_note_across_the_table_is_none():
    row = "<tr><td>{}<td>{}<td>{}</tr>"
    places = [("119.50", "49.20"), ("119.60", "49.20"), ("119.70", "49.25"), ("119.70", "49.30"), ("119.60", "49.40")]
    places += [("119.50", "49.30")]
    rows = [row.format(*place, "") for place in places]
    head = "<html>拐点坐标<table><tr><th>经度<th>纬度<th>备注</tr>"
    whole = located(head + "".join(rows[:3]) + "<tr><td colspan=3>续表</tr>" + "".join(rows[3:]) + "</table>")
    assert [(one.kind, one.corners) for one in whole] == [("polygon", 6)]
    rows[3] = row.format("", "", "路口")
    assert "polygon" not in [one.kind for one in located(head + "".join(rows) + "</table>")]


def test_degrees_minutes_and_seconds_in_columns_of_their_own():
    text = "<html>拐点坐标<table><tr><th>点号<th colspan=3>东经<th colspan=3>北纬</tr><tr><th><th>度<th>分<th>秒<th>度<th>分<th>秒</tr>"
    text += "<tr><td>1<td>119<td>30<td>00<td>49<td>12<td>00</tr><tr><td>2<td>119<td>31<td>00<td>49<td>12<td>00</tr>"
    text += "<tr><td>3<td>119<td>31<td>00<td>49<td>13<td>00</tr></table>"
    found = located(text)
    assert [one.kind for one in found] == ["polygon"]
    assert found[0].geometry.bounds == pytest.approx((119.5, 49.2, 119.5 + D, 49.2 + D))


def test_the_two_ends_of_a_stretch_are_a_line_and_an_intake_is_a_point():
    text = (
        "<html><p>寒波洞饮用水源保护区坐标表<table><tr><th>保护区级别<th>拐点序号<th>东经<th>北纬<th>标志"
        "<tr><td>水源地<td><td>114°13′0″<td>35°45′27″<td>取水口"
        "<tr><td rowspan=2>水域一级保护区<td>1<td>114°13′3″<td>35°45′59″<td>取水口上游1300米"
        "<tr><td>2<td>114°13′1″<td>35°45′17″<td>取水口下游300米</table></html>"
    )
    point, line = located(text)
    assert (point.kind, line.kind, line.geometry.geom_type) == ("point", "line", "LineString")
    assert "上游1300米" in line.text
