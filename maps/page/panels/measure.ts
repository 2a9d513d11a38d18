/** Lengths and areas on the ellipsoid, by the same formulas as the answers. */
import { loadJudge } from "../chunks";
import type { LonLat } from "../coordinates";
import { markOf, pathOf } from "../drawing/ink";
import { button, element, fill } from "../elements";
import type { Page } from "../page";
import { saidOf } from "../refusal";
import { areaOf, closedRing } from "../site/rings";
import { sketchBar } from "./sketch_bar";
import type * as Leaflet from "leaflet";

declare const L: typeof Leaflet;

export function measurePanel(page: Page): void {
  const { words, frame, map, sketching } = page;
  const result = element("div", { class: "measured", "aria-live": "polite" });
  let measured: { key: string; value: number; perimeter: number | null } | null = null;
  let trouble: unknown = null;
  const drawn = L.layerGroup([]).addTo(map);
  const render = () => {
    const lines = measured
      ? [element("p", { class: "big" }, words.of(measured.key),
          element("strong", {}, measured.key === "length" ? words.metres(measured.value) : words.area(measured.value))),
        measured.perimeter === null ? null : element("p", {}, words.of("perimeter"), words.of("colon"), words.metres(measured.perimeter)),
        element("p", { class: "hint" }, words.of("measure_basis"))]
      : [];
    fill(result, ...lines, trouble ? element("p", { class: "trouble" }, saidOf(trouble, words)) : null);
  };
  const measure = async (shape: "line" | "polygon", points: LonLat[]) => {
    measured = trouble = null;
    try {
      const geometry: GeoJSON.Geometry = shape === "line" ? { type: "LineString", coordinates: points } : areaOf([closedRing(points)]);
      const judge = await loadJudge();
      const ring: GeoJSON.LineString = { type: "LineString", coordinates: shape === "line" ? points : closedRing(points) };
      const length = judge.length(ring);
      measured = shape === "line"
        ? { key: "length", value: length, perimeter: null }
        : { key: "area", value: judge.area(geometry), perimeter: length };
      drawn.addLayer(L.polyline(ring.coordinates.map(([lon, lat]) => L.latLng(lat!, lon!)),
        { ...pathOf(markOf(page.document.styles, "drawn")), pane: "sketch" }));
    } catch (error) {
      trouble = error;
    }
    render();
  };
  const row = element("div", { class: "row" });
  for (const shape of ["line", "polygon"] as const) {
    const start = button("plain", () => {
      drawn.clearLayers();
      sketching.start(shape, (points) => void measure(shape, points));
      map.getContainer().focus({ preventScroll: true });
    });
    start.dataset["measure"] = shape;
    row.append(words.text(start, `measure_${shape}`));
  }
  const clear = button("plain", () => {
    sketching.cancel();
    drawn.clearLayers();
    measured = trouble = null;
    render();
  });
  row.append(words.text(clear, "clear"));
  frame.panel("measure").append(words.text(element("h2"), "tab_measure"), row, sketchBar(page, "measure"), result);
  words.bind(render);
}
