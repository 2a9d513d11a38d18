"""One scene as a card of an SVG: the shapes, the band of the combined accuracy, and the engine's answer in words."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from docs.figures.judging import LAYER_M, SITE_M
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from docs.figures.judging import Figure, Judged, Scene

__all__ = ["svg_of"]

WIDTH, GAP, MARGIN = 400, 16, 20
NARROW = 22  # pixels
PICTURE = (376, 227)  # pixels of the drawing inside a card
CARD_HEIGHT = 402
HEAD = 52
COLOURS = {"hit": "#a50f2b", "uncertain": "#9a5b00", "unknown": "#4a5563", "clear": "#17693f"}
MARKS = {"hit": "●", "uncertain": "◐", "unknown": "?", "clear": "○"}
FONT = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif"
STYLE = f"""
text{{font-family:{FONT};fill:#1f2733}}
.first{{font-size:19px;font-weight:700}} .second{{font-size:14px;fill:#5b6470}}
.zh{{font-size:15px;font-weight:600}} .en{{font-size:12px;fill:#5b6470}}
.fact{{font-size:12.5px}} .small{{font-size:11px;fill:#5b6470}} .answer{{font-size:15px;font-weight:700}}
.number{{font-size:12.5px;font-weight:600}}
.halo{{paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}}
.zone{{fill:url(#hatch);stroke:#b8002e;stroke-width:2}}
.site{{fill:#1d4f91;fill-opacity:.24;stroke:#12315c;stroke-width:2.4}}
.band{{fill:#f0a202;fill-opacity:.16;stroke:#b97800;stroke-width:1;stroke-dasharray:5 4}}
.inside{{fill:#fff;stroke:#2f6f8f;stroke-width:1.6;stroke-dasharray:9 4}}
.narrowed{{fill:none;stroke:#2f6f8f;stroke-width:1.2;stroke-dasharray:2 4}}
.reach{{fill:#4a5563;fill-opacity:.07;stroke:#4a5563;stroke-width:1.2;stroke-dasharray:4 4}}
.broken{{fill:none;stroke:#b8002e;stroke-width:2;stroke-dasharray:6 4}}
.radius{{fill:#1d4f91;fill-opacity:.07;stroke:#12315c;stroke-width:1.2;stroke-dasharray:3 3}}
.ghost{{fill:none;stroke:#12315c;stroke-width:1.6;stroke-dasharray:5 4}}
.measure{{stroke:#111;stroke-width:1.6;fill:none}}
"""
DEFS = (
    '<pattern id="hatch" width="9" height="9" patternUnits="userSpaceOnUse">'
    '<rect width="9" height="9" fill="#b8002e" fill-opacity=".10"/>'
    '<path d="M-2 2L2 -2M0 9L9 0M7 11L11 7" stroke="#b8002e" stroke-opacity=".45" stroke-width="1.3"/></pattern>'
    '<pattern id="outside" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" fill="#e9ecef"/>'
    '<path d="M0 0L8 8M-2 6L2 10M6 -2L10 2" stroke="#c3c9d1" stroke-width="1"/></pattern>'
    '<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#111"/></marker>'
)


def svg_of(figure: Figure, judged: Sequence[Judged]) -> str:
    """
    The whole figure as SVG text.

    Parameters
    ----------
    figure
        Its title and columns.
    judged
        Its scenes with the answers, in order.
    """
    rows = math.ceil(len(judged) / figure.columns)
    width = 2 * MARGIN + figure.columns * WIDTH + (figure.columns - 1) * GAP
    height = HEAD + rows * (CARD_HEIGHT + GAP) + 62
    cards = [
        _card(
            item, MARGIN + (i % figure.columns) * (WIDTH + GAP), HEAD + (i // figure.columns) * (CARD_HEIGHT + GAP), i
        )
        for i, item in enumerate(judged)
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(f'{figure.zh} / {figure.en}')}</title>",
        f"<style>{STYLE}</style><defs>{DEFS}</defs>",
        f'<rect width="{width}" height="{height}" fill="#f3f5f7"/>',
        f'<text x="{MARGIN}" y="33" class="first">{escape(figure.zh)}</text>',
        f'<text x="{width - MARGIN}" y="33" text-anchor="end" class="second">{escape(figure.en)}</text>',
        *cards,
        *_legend(judged, height - 50),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _card(judged: Judged, x: float, y: float, number: int) -> str:
    scene = judged.scene
    codes = " ".join(r["code"] for r in judged.finding["reasons"])
    parts = [
        f'<g transform="translate({x} {y})"',
        f' data-scene="{scene.key}" data-answer="{judged.answer}" data-reasons="{codes}">',
        f'<rect width="{WIDTH}" height="{CARD_HEIGHT}" rx="7" fill="#fff" stroke="#d3d9e0"/>',
        f'<text x="12" y="25" class="zh">{escape(scene.zh)}</text>',
        f'<text x="12" y="43" class="en">{escape(scene.en)}</text>',
        f'<clipPath id="c{number}"><rect width="{PICTURE[0]}" height="{PICTURE[1]}"/></clipPath>',
        f'<g transform="translate(12 54)" clip-path="url(#c{number})">',
        *_picture(judged),
        f'<rect width="{PICTURE[0]}" height="{PICTURE[1]}" fill="none" stroke="#aeb6c0"/></g>',
        *_caption(judged),
        "</g>",
    ]
    return "\n".join(parts)


class _Plane:
    """Metres of a scene to pixels of its picture."""

    def __init__(self, scene: Scene) -> None:
        west, south, east, north = scene.view
        self.west, self.north = west, north
        self.scale = min(PICTURE[0] / (east - west), PICTURE[1] / (north - south))
        self.window = shapely.box(*scene.view).buffer(0.2 * (east - west), join_style="mitre")

    def xy(self, x: float, y: float) -> tuple[float, float]:
        """One point."""
        return (x - self.west) * self.scale, (self.north - y) * self.scale

    def path(self, geometry: BaseGeometry) -> str:
        """The ``d`` of a path, cut to what can be seen."""
        shown = shapely.intersection(geometry, self.window) if geometry.is_valid else geometry
        runs = []
        for part in shapely.get_parts(shown):
            rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            for ring in rings:
                points = [self.xy(*p) for p in shapely.get_coordinates(ring)]
                runs.append("M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points))
        return "".join(runs)


def _picture(judged: Judged) -> list[str]:
    scene, plane, finding = judged.scene, _Plane(judged.scene), judged.finding
    a = float(finding["accuracy_m"])
    whole = f'width="{PICTURE[0]}" height="{PICTURE[1]}"'
    drawn = [f'<rect {whole} fill="url(#outside)"/>']
    if scene.coverage is not None:
        drawn.append(_shape("inside", plane.path(scene.coverage)))
        if scene.measure == "edge":
            drawn.append(_shape("narrowed", plane.path(shapely.buffer(scene.coverage, -(a + LAYER_M)))))
    sound = [z for z in scene.zones if shapely.get_dimensions(z) == 2 and z.is_valid]
    if sound:
        drawn.append(_shape("band", plane.path(_band(shapely.union_all(sound), a))))
        drawn += [_shape("zone", plane.path(z)) for z in sound]
    for zone in scene.zones:
        if shapely.get_dimensions(zone) == 2 and not zone.is_valid:
            drawn += [_shape("reach", plane.path(shapely.box(*zone.bounds))), _shape("broken", plane.path(zone))]
    drawn += _reach(judged, plane)
    if scene.radius_m:
        drawn.append(_shape("radius", plane.path(scene.site.buffer(scene.radius_m, quad_segs=32))))
    if scene.site.geom_type == "Point":
        px, py = plane.xy(scene.site.x, scene.site.y)
        drawn.append(f'<circle class="site" cx="{px:.1f}" cy="{py:.1f}" r="6" style="fill-opacity:1"/>')
    elif scene.site.geom_type == "LineString":
        drawn.append(f'<path class="site" d="{plane.path(scene.site)}" style="fill:none;stroke-width:4"/>')
    else:
        drawn.append(_shape("site", plane.path(scene.site)))
    return [*drawn, *_measured(judged, plane, a), *_scale_bar(plane)]


def _band(zone: BaseGeometry, a: float) -> BaseGeometry:
    """What lies within a of the boundary, on either side."""
    return shapely.difference(shapely.buffer(zone, a, quad_segs=24), shapely.buffer(zone, -a, quad_segs=24))


def _reach(judged: Judged, plane: _Plane) -> list[str]:
    """How far a feature without extent reaches, as the engine says."""
    drawn = []
    for reason in judged.finding["reasons"]:
        if reason["code"] != "extent_not_given":
            continue
        point = judged.scene.zones[int(reason["feature"]) - 1]
        px, py = plane.xy(point.x, point.y)
        drawn += [
            _shape("reach", plane.path(point.buffer(reason["reach_m"], quad_segs=48))),
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="#b8002e"/>',
        ]
    return drawn


def _measured(judged: Judged, plane: _Plane, a: float) -> list[str]:
    scene, finding = judged.scene, judged.finding
    zone = shapely.union_all([z for z in scene.zones if z.is_valid]) if scene.zones else None
    match scene.measure:
        case "gap" if zone is not None:
            line = shapely.shortest_line(scene.site, zone)
            drawn = _arrow(plane, line, f"gap {finding['gap_m']:.3f} m")
            if judged.finding["reason"] == "outside" and not scene.radius_m:
                near = shapely.get_coordinates(line)[1]
                across = shapely.LineString([(near[0] - a, near[1] - 34), (near[0], near[1] - 34)])
                drawn += _arrow(plane, across, "a", below=True)
            return drawn
        case "hold":
            held = judged.hold_at_least_m or 0.0
            width = scene.site.bounds[2] - min(z.bounds[0] for z in scene.zones)
            ghost = shapely.transform(scene.site, lambda xy: xy - np.array([width, 0.0]))
            line = shapely.LineString([(scene.site.bounds[2], 0), (scene.site.bounds[2] - width, 0)])
            return [
                _shape("ghost", plane.path(ghost)),
                *_arrow(plane, line, f"hold ≥ {held:.1f} m", ends="end"),
            ]
        case "edge" if scene.coverage is not None:
            edge = scene.coverage.bounds[2]
            width = a + LAYER_M
            line = shapely.LineString([(edge - width, -80), (edge, -80)])
            return _arrow(plane, line, f"c + a = {width:.0f} m", below=True)
    return []


def _arrow(plane: _Plane, line: BaseGeometry, text: str, *, below: bool = False, ends: str = "both") -> list[str]:
    (x0, y0), (x1, y1) = (plane.xy(*p) for p in shapely.get_coordinates(line))
    length = math.hypot(x1 - x0, y1 - y0)
    middle, top = (x0 + x1) / 2, min(y0, y1)
    if length < NARROW:  # too short to hold two heads: they point at it from outside
        ux, uy = 22 * (x1 - x0) / length, 22 * (y1 - y0) / length
        drawn = [
            f'<path class="measure" marker-end="url(#arrow)" d="M{x0 - ux:.1f} {y0 - uy:.1f}L{x0:.1f} {y0:.1f}"/>',
            f'<path class="measure" marker-end="url(#arrow)" d="M{x1 + ux:.1f} {y1 + uy:.1f}L{x1:.1f} {y1:.1f}"/>',
        ]
    else:
        start = 'marker-start="url(#arrow)" ' if ends == "both" else ""
        drawn = [f'<path class="measure" {start}marker-end="url(#arrow)" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>']
    y = top + (20 if below else -8)
    label = f'<text x="{middle:.1f}" y="{y:.1f}" text-anchor="middle" class="number halo">{escape(text)}</text>'
    return [*drawn, label]


def _scale_bar(plane: _Plane) -> list[str]:
    metres = 100 if plane.scale > 0.5 else 500
    pixels = metres * plane.scale
    y = PICTURE[1] - 12
    return [
        f'<rect x="5" y="{y - 12}" width="{pixels + 50:.1f}" height="19" fill="#fff" fill-opacity=".8"/>',
        f'<path class="measure" d="M10 {y - 5}V{y}H{10 + pixels:.1f}V{y - 5}"/>',
        f'<text x="{16 + pixels:.1f}" y="{y}" class="small halo">{metres} m</text>',
    ]


def _caption(judged: Judged) -> list[str]:
    finding, colour = judged.finding, COLOURS[judged.answer]
    said = f"{MARKS[judged.answer]} {word(f'answer.{judged.answer}', 'zh')}  {word(f'answer.{judged.answer}', 'en')}"
    codes = [r["code"] for r in finding["reasons"]]
    lines = [("fact", "；".join(word(f"reason.{code}", "zh") for code in codes))]
    lines += [("small", word(f"reason.{code}", "en")) for code in codes]
    lines += [("number", line) for line in _numbers(judged)]
    drawn = [
        f'<rect x="12" y="290" width="5" height="{CARD_HEIGHT - 302}" fill="{colour}"/>',
        f'<text x="26" y="304" class="answer" style="fill:{colour}">{escape(said)}</text>',
    ]
    y, step = 325.0, {"fact": 17.0, "small": 16.0, "number": 17.0}
    for name, text in lines:
        drawn.append(f'<text x="26" y="{y:g}" class="{name}">{escape(text)}</text>')
        y += step[name] + (3 if name == "small" else 0)
    return drawn


def _numbers(judged: Judged) -> list[str]:
    """The numbers the answer rests on: one line for what was measured, one for what a reason adds."""
    finding = judged.finding
    reason = {k: v for r in finding["reasons"] for k, v in r.items()}
    facts, more = [f"a {finding['accuracy_m']:.3f} m"], []
    if finding["overlap_m2"]:
        facts.append(f"重叠 overlap {finding['overlap_m2']:,.2f} m² ({100 * finding['share']:.2f} %)")
    elif finding["overlap_length_m"]:
        facts.append(f"长度 length {finding['overlap_length_m']:,.1f} m ({100 * finding['share']:.2f} %)")
    elif finding["gap_m"] is not None and not {"features", "reach_m"} & set(reason):
        facts.append(f"间距 gap {finding['gap_m']:.3f} m")
    if judged.result["site"]["radius_m"]:
        facts.append(f"R {judged.result['site']['radius_m']:.0f} m")
    if "reach_m" in reason:
        more.append(f"距离 distance {reason['distance_m']:.3f} m ≤ {reason['reach_m']:.3f} m")
    if "edge_m" in reason:
        more.append(f"距覆盖范围边缘 to the edge {reason['edge_m']:.3f} m ≤ {reason['needed_m']:.3f} m")
    elif finding["distance_at_least_m"]:
        more.append(f"不小于 at least {finding['distance_at_least_m']:.3f} m")
    if reason.get("uncovered_share"):
        more.append(f"未覆盖 uncovered {100 * reason['uncovered_share']:.2f} %")
    if "features" in reason:
        more.append(f"要素 features {reason['features']}")
    if judged.hold_at_least_m is not None:
        more.append(f"位移余量 hold ≥ {judged.hold_at_least_m:.1f} m")
    return [" · ".join(line) for line in (facts, more) if line]


def _legend(judged: Sequence[Judged], y: float) -> list[str]:
    """What the signs mean, and what a is made of."""
    entries: list[tuple[str, str, str]] = [
        ("site", "选址", "site"),
        ("zone", "保护区", "zone"),
        ("band", "边界两侧 a 米以内", "within a of the boundary"),
        ("outside", "覆盖范围以外", "outside the coverage"),
    ]
    drawn, x = [], float(MARGIN)
    for key, zh, en in entries:
        swatch = f'<rect x="{x}" y="{y}" width="22" height="14" ' + (
            'fill="url(#outside)" stroke="#aeb6c0"/>' if key == "outside" else f'class="{key}"/>'
        )
        drawn += [
            swatch,
            f'<text x="{x + 29}" y="{y + 12}" class="fact">{zh}<tspan class="small"> {en}</tspan></text>',
        ]
        x += 29 + 13 * len(zh) + 5.6 * len(en) + 26
    a = float(judged[0].finding["accuracy_m"])
    text = (
        f"a = √(选址 site {SITE_M:g}² + 图层 layer {LAYER_M:g}²) = {a:g} m；合成图形，结论由程序实际算出 "
        "/ made shapes, answers as the engine gives them"
    )
    return [*drawn, f'<text x="{MARGIN}" y="{y + 36}" class="small">{escape(text)}</text>']


def _shape(name: str, path: str) -> str:
    return f'<path class="{name}" d="{path}" fill-rule="evenodd"/>'
