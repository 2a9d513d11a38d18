"""A page with nothing but drawn layers: `maps/page/drawing.ts` as the public map uses it, without the panels."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import shapely

from maps.public_map.document import styles_of
from maps.style import STANDARD

ROOT = Path(__file__).parents[1]
ENTRY = """
import { drawLayer } from "./drawing";
import { levelOf } from "./level";
import { bytesOf, inflated, unpacked } from "./packing";
window.harness = async (spec) => {
  const map = L.map("map", { zoomControl: false, attributionControl: false, fadeAnimation: false, zoomAnimation: false,
                             maxZoom: 19, zoomSnap: 1 });
  map.setView(spec.centre, spec.zoom);
  const load = async (key) => levelOf(unpacked(await inflated(bytesOf(spec.chunks[key]))));
  const drawings = spec.layers.map(({ layer, columns }) => drawLayer(map, layer, spec.styles, load, {
    class_index: Int32Array.from(columns.class_index), dimension: Int32Array.from(columns.dimension),
    bounds: Float64Array.from(columns.bounds.map((one) => (one === null ? NaN : one))),
  }));
  Object.assign(window, { map, drawings });
  await Promise.all(drawings.map((one) => one.whenDrawn()));
};
"""


def style(key, colour, **rest):
    """A look as the document has it; its hatch by the name that `maps/style.toml` gives it."""
    plain = {"fill": colour, "fill_opacity": 1, "weight": 1, "dash": None, "hatch": None, "radius": 0}
    if "hatch" in rest:
        found = next(one.pattern for one in STANDARD.looks.values() if one.hatch == rest["hatch"])
        rest["hatch"] = {**asdict(found), "path": found.path}
    return {"key": key, "colour": colour, **plain, **rest}


def layer_of(key, geometries, levels, classes, class_index=None):
    """A layer of the document as `drawLayer` reads it, its columns and its chunks."""
    shape = {0: "point", 1: "line", 2: "area"}
    dimension = [-1 if one is None else int(shapely.get_dimensions(one)) for one in geometries]
    bounds = [
        None if not np.isfinite(n) else float(n) for n in shapely.bounds(np.array(geometries, dtype=object)).ravel()
    ]
    index = class_index or [0] * len(geometries)
    layer = {
        "key": key,
        "count": len(geometries),
        "classes": [
            {"code": name, "label": {}, "style": name, "count": 1, "shape": shape[max(dimension)]} for name in classes
        ],
        "levels": [
            {"chunk": f"{key}{n}", "tolerance_m": one.tolerance_m, "displacement_m": 0, "max_zoom": one.max_zoom}
            for n, one in enumerate(levels)
        ],
    }
    chunks = {f"{key}{n}": base64.b64encode(one.block()).decode() for n, one in enumerate(levels)}
    return {"layer": layer, "columns": {"class_index": index, "dimension": dimension, "bounds": bounds}}, chunks


def html_of(script, *, dark=False):
    leaflet = next((ROOT / "maps" / "assets").glob("leaflet-1*/leaflet.js")).read_text(encoding="utf-8")
    css = next((ROOT / "maps" / "assets").glob("leaflet-1*/leaflet.css")).read_text(encoding="utf-8")
    theme = ' data-theme="dark"' if dark else ""
    return (
        f'<!doctype html><html{theme}><meta charset="utf-8"><style>{css} html,body,#map{{margin:0;height:100%;'
        "background:#fff}</style><div id=map></div><script>"
        f"{leaflet}</script><script>{script}</script></html>"
    )


def spec_of(layers, styles, *, centre, zoom):
    chunks = {}
    for _, own in layers:
        chunks |= own
    return json.loads(
        json.dumps(
            {
                "layers": [layer for layer, _ in layers],
                "chunks": chunks,
                "styles": {**styles_of(STANDARD), **{one["key"]: one for one in styles}},
                "centre": centre,
                "zoom": zoom,
            }
        )
    )
