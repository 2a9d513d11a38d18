"""What the figures show: made sites and zones in metres, each a `Scene` that the engine judges."""

from __future__ import annotations

import math

from shapely.geometry import LineString, Point, Polygon, box

from docs.figures.judging import Figure, Scene

__all__ = ["FIGURES"]


def _zone(west: float, *, east: float = 400.0, south: float = -400.0, north: float = 400.0) -> Polygon:
    """A zone whose western edge goes in and out like a mapped boundary; at y = 0 it lies at ``west``."""
    steps = [south + 8.0 * i for i in range(round((north - south) / 8.0) + 1)]
    edge = [(west + 9.0 * math.sin(y / 34.0) + 4.0 * math.sin(y / 13.0), y) for y in steps]
    return Polygon([*edge, (east, north), (east, south)])


def _parcel(x: float, y: float, *, width: float = 120.0, height: float = 80.0) -> Polygon:
    """A parcel around a place, a little askew as parcels are."""
    w, h = width / 2, height / 2
    return Polygon([(x - w, y - h), (x + w, y - h + 6), (x + w - 8, y + h), (x - w + 10, y + h - 4)])


_WIDE = box(-3000, -3000, 3000, 3000)
_ROUTE = LineString([(-175, -70), (-90, -52), (-20, 5), (70, 18), (175, 62)])
_STRIP = Polygon([(-21, -400), (-25, 0), (-17, 400), (38, 400), (30, 0), (35, -400)])
_BOW = Polygon([(40, -70), (150, 60), (150, -60), (40, 50)])
_EDGE = box(-3000, -3000, 120, 3000)

_HIT = Scene(
    key="hit_partly",
    zh="地块伸入保护区约 90 米",
    en="A parcel reaches some 90 m into the zone",
    site=_parcel(20, 0, width=200, height=110),
    zones=(_zone(30),),
    coverage=_WIDE,
)
_NEAR = Scene(
    key="uncertain_near",
    zh="相距约 12 米，小于综合精度",
    en="Some 12 m apart, less than the combined accuracy",
    site=_parcel(-52, 8),
    zones=(_zone(30),),
    coverage=_WIDE,
    measure="gap",
)
_CLEAR = Scene(
    key="clear_far",
    zh="在覆盖范围内，相距大于综合精度",
    en="Inside the coverage, farther than the accuracy",
    site=_parcel(-90, 0),
    zones=(_zone(70),),
    coverage=_WIDE,
    measure="gap",
)
_OUTSIDE = Scene(
    key="unknown_outside",
    zh="选址在图层覆盖范围之外",
    en="The site lies outside the coverage",
    site=_parcel(-95, 0, width=110),
    zones=(_zone(95, east=180, south=-80, north=80),),
    coverage=box(-10, -3000, 3000, 3000),
)

FIGURES: tuple[Figure, ...] = (
    Figure(
        name="four-answers", zh="四种结论", en="The four answers", columns=2, scenes=(_HIT, _NEAR, _CLEAR, _OUTSIDE)
    ),
    Figure(
        name="hit",
        zh="命中",
        en="Hit",
        columns=2,
        scenes=(
            Scene(
                key="hit_inside",
                zh="地块整个在保护区深处",
                en="A parcel deep inside the zone",
                site=_parcel(60, 0),
                zones=(_zone(-70),),
                coverage=_WIDE,
            ),
            Scene(
                key="hit_route",
                zh="线路横穿保护区",
                en="A route runs right through",
                site=_ROUTE,
                zones=(Polygon([(-62, -400), (-70, 400), (84, 400), (90, -400)]),),
                coverage=_WIDE,
            ),
            Scene(
                key="hit_swallowed",
                zh="地块完全跨过一条狭窄的保护带",
                en="A parcel lies right across a narrow zone",
                site=_parcel(0, 0, width=230, height=150),
                zones=(_STRIP,),
                coverage=_WIDE,
            ),
            Scene(
                key="hit_seam",
                zh="地块压在两个保护区的接缝上",
                en="A parcel on the seam of two zones",
                site=_parcel(0, 0, width=110),
                zones=(box(-150, -100, 0, 100), box(0, -100, 150, 100)),
                coverage=_WIDE,
            ),
        ),
    ),
    Figure(
        name="uncertain",
        zh="边界不确定",
        en="Uncertain",
        columns=2,
        scenes=(
            Scene(
                key="uncertain_touch",
                zh="边与边恰好相接，没有重叠",
                en="The edges just touch, nothing overlaps",
                site=box(-90, -45, 30, 45),
                zones=(box(30, -400, 400, 400),),
                coverage=_WIDE,
            ),
            _NEAR,
            Scene(
                key="uncertain_sliver",
                zh="重叠只有十来米宽，小于综合精度",
                en="An overlap of a dozen metres, below the accuracy",
                site=_parcel(-20, 0),
                zones=(_zone(30),),
                coverage=_WIDE,
            ),
            Scene(
                key="uncertain_radius",
                zh="点位在保护区外，但半径内可能落入",
                en="A point outside, but its radius may reach in",
                site=Point(-60, 0),
                zones=(_zone(30),),
                coverage=_WIDE,
                radius_m=80.0,
                measure="gap",
            ),
        ),
    ),
    Figure(
        name="clear",
        zh="未命中",
        en="Clear",
        columns=2,
        scenes=(
            _CLEAR,
            Scene(
                key="clear_point",
                zh="点位：只就该点作答",
                en="A point: the answer is for that point only",
                site=Point(-60, 0),
                zones=(_zone(30),),
                coverage=_WIDE,
                measure="gap",
            ),
            Scene(
                key="clear_radius",
                zh="点位加半径：间距大于 a + R",
                en="A point with a radius: gap > a + R",
                site=Point(-95, 0),
                zones=(_zone(65),),
                coverage=_WIDE,
                radius_m=80.0,
                measure="gap",
            ),
            Scene(
                key="clear_none",
                zh="主管部门声明覆盖范围内没有此类区域",
                en="An authority declares that there is none",
                site=_parcel(0, 0),
                coverage=_WIDE,
                declared_none=True,
            ),
        ),
    ),
    Figure(
        name="unknown",
        zh="无法判断",
        en="Unknown",
        columns=2,
        scenes=(
            _OUTSIDE,
            Scene(
                key="unknown_no_coverage",
                zh="图层没有声明覆盖范围",
                en="The layer states no coverage",
                site=_parcel(-90, 0),
                zones=(_zone(70),),
            ),
            Scene(
                key="unknown_rejected",
                zh="附近有一个几何损坏、未能使用的要素",
                en="A broken feature that was rejected is near",
                site=_parcel(-40, 0),
                zones=(box(300, 150, 500, 350), _BOW),
                coverage=_WIDE,
            ),
            Scene(
                key="unknown_extent",
                zh="附近的保护地只有一个点和面积",
                en="A protected area nearby is but a point and an area",
                site=_parcel(-330, -60, width=240, height=160),
                zones=(Point(200, 60), box(1500, 800, 1900, 1100)),
                fields={"面积_hm2": 30, "mj_hm2": 30},
                kind="protected_areas",
                coverage=_WIDE,
                view=(-760.0, -460.0, 760.0, 460.0),
            ),
        ),
    ),
    Figure(
        name="coverage",
        zh="覆盖范围要收窄 c + a + R",
        en="The coverage is narrowed by c + a + R",
        columns=3,
        scenes=(
            Scene(
                key="coverage_inside",
                zh="离覆盖范围边缘约 80 米",
                en="Some 80 m from the edge of the coverage",
                site=_parcel(-20, 0),
                zones=(_zone(-400, east=-130, south=-60, north=100),),
                coverage=_EDGE,
                measure="edge",
            ),
            Scene(
                key="coverage_near",
                zh="离边缘约 30 米，不到 45 米",
                en="Some 30 m from the edge, less than 45 m",
                site=_parcel(30, 0),
                zones=(_zone(-400, east=-130, south=-60, north=100),),
                coverage=_EDGE,
                measure="edge",
            ),
            Scene(
                key="coverage_across",
                zh="一部分伸出覆盖范围",
                en="Partly beyond the coverage",
                site=_parcel(90, 0),
                zones=(_zone(-400, east=-130, south=-60, north=100),),
                coverage=_EDGE,
                measure="edge",
            ),
        ),
    ),
    Figure(
        name="measures",
        zh="a、间距与位移余量",
        en="a, gap and hold",
        columns=2,
        scenes=(
            Scene(
                key="measure_gap",
                zh="间距 gap：到保护区的最短大地线",
                en="gap: the shortest geodesic to the zone",
                site=_parcel(-70, 0),
                zones=(_zone(50),),
                coverage=_WIDE,
                measure="gap",
            ),
            Scene(
                key="measure_hold",
                zh="位移余量 hold：平移多少米才能分开",
                en="hold: the shift that would part them",
                site=box(-60, -50, 60, 50),
                zones=(box(0, -400, 400, 400),),
                coverage=_WIDE,
                measure="hold",
            ),
        ),
    ),
)
