/** What a style is in the colours of a canvas: light lines where the page is dark, hatches as patterns. */
import type { Style } from "../contract";

export interface Ink {
  line: string;
  /** the even fill */
  fill: string;
  fillOpacity: number;
  /** over the even fill; null without hatch */
  hatch: CanvasPattern | null;
  /** device pixels after which the hatch repeats */
  period: number;
  weight: number;
  dash: number[];
  radius: number;
}

/** Lines of the map itself, as `[marks]` of `maps/style.toml` names them. */
export type Mark = "site" | "coverage" | "casing" | "radius" | "selected" | "drawn" | "reader" | "district" | "river" | "place";

export function markOf(styles: Record<string, Style>, mark: Mark): Style {
  return styles[`mark-${mark}`]!;
}

/** The light line below one that must stand out on every ground. */
export function casingOf(styles: Record<string, Style>, style: Style): Style {
  const casing = markOf(styles, "casing");
  return { ...casing, weight: style.weight + casing.weight, radius: style.radius };
}

/** A style as Leaflet draws a line: without fill. */
export function pathOf(style: Style): { color: string; weight: number; dashArray?: string; interactive: false } {
  return { color: style.colour, weight: style.weight, ...(style.dash ? { dashArray: style.dash } : {}), interactive: false };
}

export function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}

/** The ink of a style for canvases of so many device pixels a CSS pixel. */
export function inkOf(style: Style, ratio: number, dark: boolean): Ink {
  const line = dark ? lightened(style.colour) : style.colour;
  const fill = dark ? lightened(style.fill) : style.fill;
  const { pattern, period } = hatchOf(style, fill, ratio);
  return {
    line,
    fill,
    fillOpacity: style.fill_opacity,
    hatch: pattern,
    period,
    weight: style.weight,
    dash: (style.dash ?? "").split(/[ ,]+/).filter(Boolean).map(Number).filter(Number.isFinite),
    radius: style.radius,
  };
}

function hatchOf(style: Style, colour: string, ratio: number): { pattern: CanvasPattern | null; period: number } {
  const { hatch } = style;
  if (!hatch) return { pattern: null, period: 1 };
  const period = Math.max(3, Math.round(hatch.tile * ratio));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = period;
  const pen = canvas.getContext("2d")!;
  pen.strokeStyle = colour;
  pen.globalAlpha = hatch.opacity;
  pen.lineWidth = hatch.width * ratio;
  pen.lineCap = "square";
  pen.beginPath();
  const middle = Math.floor(period / 2);
  for (const angle of hatch.angles) {
    if (angle === 0) stroke(pen, -period, middle, 2 * period, middle);
    else if (angle === 90) stroke(pen, middle, -period, middle, 2 * period);
    else {
      // the corners of neighbouring tiles belong to the same lines
      for (const off of [-period, 0, period]) {
        if (angle === 45) stroke(pen, off - period, 2 * period, off + 2 * period, -period);
        else stroke(pen, off - period, -period, off + 2 * period, 2 * period);
      }
    }
  }
  pen.stroke();
  return { pattern: pen.createPattern(canvas, "repeat"), period };
}

function stroke(pen: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
}

/** Half way to white where a colour would drown in the dark. */
function lightened(colour: string): string {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!hex) return colour;
  const parts = hex.slice(1).map((two) => parseInt(two, 16));
  const light = (0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]!) / 255;
  const share = light < 0.45 ? 0.5 : 0;
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * share)).join(",")})`;
}
