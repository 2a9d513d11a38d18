/** A small picture of a style: colour, hatch and dash together, as on the map. */
import type { Style } from "../contract";
import { inkOf, isDark } from "../drawing/ink";
import { drawing } from "../elements";

const WIDTH = 28;
const HEIGHT = 18;
let patterns = 0;

export function swatch(style: Style | undefined, shape: "area" | "line" | "point"): SVGElement {
  const svg = drawing("svg", {
    class: "swatch", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
  });
  if (!style) return svg;
  const ink = inkOf(style, 1, isDark());
  const line = { stroke: ink.line, "stroke-width": style.weight, "stroke-dasharray": style.dash };
  if (shape === "line") {
    svg.append(drawing("path", { d: `M2 ${HEIGHT / 2}H${WIDTH - 2}`, fill: "none", ...line }));
  } else if (shape === "point") {
    const circle = { cx: WIDTH / 2, cy: HEIGHT / 2, r: Math.min(style.radius, 6.5) };
    svg.append(drawing("circle", { ...circle, fill: ink.fill, "fill-opacity": 0.9, ...line, "stroke-dasharray": null }));
  } else {
    const box = { x: 1.5, y: 1.5, width: WIDTH - 3, height: HEIGHT - 3, rx: 1.5 };
    svg.append(drawing("rect", { ...box, fill: ink.fill, "fill-opacity": style.fill_opacity }));
    if (style.hatch) {
      const { tile, path, width, opacity } = style.hatch;
      const id = `swatch-${++patterns}`;
      const stroke = { stroke: ink.fill, "stroke-width": width, "stroke-opacity": opacity, fill: "none" };
      svg.append(
        drawing("pattern", { id, width: tile, height: tile, patternUnits: "userSpaceOnUse" },
          drawing("path", { d: path, ...stroke })),
        drawing("rect", { ...box, fill: `url(#${id})` }),
      );
    }
    svg.append(drawing("rect", { ...box, fill: "none", ...line }));
  }
  return svg;
}
