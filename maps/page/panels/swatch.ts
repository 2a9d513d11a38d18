/** A small picture of a style: colour, hatch and dash together, as on the map. */
import type { Style } from "../contract";
import { inkOf, isDark } from "../drawing/ink";
import { drawing } from "../elements";

const WIDTH = 28;
const HEIGHT = 18;
let patterns = 0;

const HATCHES: Record<NonNullable<Style["hatch"]>, { size: number; path: string }> = {
  diagonal: { size: 8, path: "M-2 2L2-2M0 8L8 0M6 10L10 6" },
  backward: { size: 8, path: "M-2 6L2 10M0 0L8 8M6-2L10 2" },
  level: { size: 6, path: "M0 3H6" },
  upright: { size: 7, path: "M3.5 0V7" },
  crossed: { size: 9, path: "M0 4.5H9M4.5 0V9" },
};

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
      const { size, path } = HATCHES[style.hatch];
      const id = `swatch-${++patterns}`;
      const stroke = { stroke: ink.fill, "stroke-width": 1.3, "stroke-opacity": 0.75, fill: "none" };
      svg.append(
        drawing("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" },
          drawing("path", { d: path, ...stroke })),
        drawing("rect", { ...box, fill: `url(#${id})` }),
      );
    }
    svg.append(drawing("rect", { ...box, fill: "none", ...line }));
  }
  return svg;
}
