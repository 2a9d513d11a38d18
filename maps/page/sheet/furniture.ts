/** What stands around a map on paper: title, dates, legend of what is visible, scale, north, every notice. */
import type * as Leaflet from "leaflet";
import type { Hatch, Style } from "../contract";
import type { Page } from "../page";
import { classesInView } from "../panels/legend";
import { metresAPixel } from "../site/site";

export interface Frame {
  width: number;
  height: number;
  margin: number;
  map: { x: number; y: number; w: number; h: number };
  landscape: boolean;
  dotsAMm: number;
}

type Pen = CanvasRenderingContext2D;
const INK = "#1b2733";
const MUTED = "#56616d";
const FONT = '"Source Han Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';

export function furnish(pen: Pen, page: Page, map: Leaflet.Map, frame: Frame): void {
  const { words, document } = page;
  const { margin, dotsAMm } = frame;
  const mm = (value: number) => value * dotsAMm;
  pen.textBaseline = "alphabetic";
  pen.fillStyle = INK;
  pen.font = `700 ${mm(6)}px ${FONT}`;
  pen.fillText(clipped(pen, words.both(document.title), frame.width - 2 * margin), margin, margin + mm(6.5));
  pen.font = `${mm(3.2)}px ${FONT}`;
  pen.fillStyle = MUTED;
  pen.fillText(`${words.of(`edition_${document.edition}`)} · ${words.of("as_of", { date: document.as_of })}`, margin, margin + mm(12.5));
  const { x, y, w, h } = frame.map;
  pen.strokeStyle = INK;
  pen.lineWidth = mm(0.35);
  pen.strokeRect(x, y, w, h);
  north(pen, words.of("north"), x + w - mm(9), y + mm(4), mm(1));
  scaleBar(pen, page, map, frame, mm);
  const beside = frame.landscape
    ? { x: x + w + mm(4), y, w: frame.width - margin - x - w - mm(4), h }
    : { x, y: y + h + mm(10), w: 0.64 * w, h: frame.height - margin - y - h - mm(10) };
  legend(pen, page, beside, frame.landscape ? 1 : 2, mm);
  const foot = frame.landscape
    ? { x, y: y + h + mm(11), w: frame.width - 2 * margin, h: frame.height - margin - y - h - mm(11) }
    : { x: x + 0.68 * w, y: y + h + mm(10), w: 0.32 * w, h: frame.height - margin - y - h - mm(10) };
  notices(pen, page, foot, mm);
}

interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

function north(pen: Pen, word: string, x: number, y: number, unit: number): void {
  pen.fillStyle = "rgba(255,255,255,0.85)";
  pen.fillRect(x - 5 * unit, y - 2 * unit, 10 * unit, 17 * unit);
  pen.fillStyle = INK;
  pen.textAlign = "center";
  pen.font = `700 ${3.4 * unit}px ${FONT}`;
  pen.fillText(word, x, y + 2 * unit);
  for (const [side, colour] of [[1, INK], [-1, "#ffffff"]] as const) {
    pen.beginPath();
    pen.moveTo(x, y + 3 * unit);
    pen.lineTo(x + side * 3 * unit, y + 13 * unit);
    pen.lineTo(x, y + 10.5 * unit);
    pen.closePath();
    pen.fillStyle = colour;
    pen.fill();
    pen.strokeStyle = INK;
    pen.lineWidth = 0.2 * unit;
    pen.stroke();
  }
  pen.textAlign = "left";
}

/** A bar of a round length at the middle of the map, and the scale it comes to on paper. */
function scaleBar(pen: Pen, page: Page, map: Leaflet.Map, frame: Frame, mm: (value: number) => number): void {
  const { x, y, h } = frame.map;
  const metresADot = metresAPixel(map.getCenter().lat, map.getZoom());
  const most = mm(45) * metresADot;
  const ten = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((n) => n * ten).find((n) => n <= most) ?? ten;
  const width = length / metresADot;
  const top = y + h + mm(3);
  for (let i = 0; i < 4; i++) {
    pen.fillStyle = i % 2 ? "#ffffff" : INK;
    pen.fillRect(x + (i * width) / 4, top, width / 4, mm(1.4));
  }
  pen.strokeStyle = INK;
  pen.lineWidth = mm(0.2);
  pen.strokeRect(x, top, width, mm(1.4));
  pen.fillStyle = INK;
  pen.font = `${mm(3)}px ${FONT}`;
  const denominator = Math.round((metresADot * 1000 * frame.dotsAMm) / 100) * 100;
  const said = `${page.words.metres(length)}    ${page.words.of("about_scale", { denominator: page.words.number(denominator) })}`;
  pen.fillText(said, x + width + mm(2), top + mm(1.9));
}

/** Every class in the view, in columns, smaller until all fit: a legend that is cut off would say too little. */
function legend(pen: Pen, page: Page, area: Area, columns: number, mm: (value: number) => number): void {
  const { words, layers, document } = page;
  pen.fillStyle = INK;
  pen.font = `700 ${mm(4)}px ${FONT}`;
  pen.fillText(words.of("legend"), area.x, area.y + mm(4));
  const seen = classesInView(page).filter(({ key, index }) => !layers.of(key)!.hidden.has(index));
  const top = area.y + mm(7);
  const heads = new Set(seen.map(({ key }) => key)).size;
  const room = area.h - mm(9);
  let [size, count] = [1, columns];
  while ((heads * 5.5 + seen.length * 6 + 12 * (count - 1)) * mm(size) > room * count && size > 0.35) {
    size -= 0.05;
    if (size < 0.8 && columns > 1) count = columns + 1;
  }
  const unit = (value: number) => mm(value * size);
  const width = area.w / count - unit(3);
  let [x, y, last] = [area.x, top, ""];
  for (const { key, index } of seen) {
    const one = layers.of(key)!;
    if (y + unit(key === last ? 6 : 12) > top + room && y > top) [x, y, last] = [x + area.w / count, top, ""];
    if (key !== last) {
      pen.font = `${unit(2.9)}px ${FONT}`;
      pen.fillStyle = MUTED;
      pen.fillText(clipped(pen, one.layer.name, width), x, y + unit(4));
      y += unit(5.5);
      last = key;
    }
    const kind = one.layer.classes[index]!;
    sample(pen, document.styles[kind.style], kind.shape, { x, y, w: unit(8), h: unit(4.6) }, unit);
    pen.fillStyle = INK;
    pen.font = `${unit(3.2)}px ${FONT}`;
    pen.fillText(clipped(pen, words.both(kind.label), width - unit(10)), x + unit(10), y + unit(3.5));
    y += unit(6);
  }
}

function sample(pen: Pen, style: Style | undefined, shape: string, area: Area, mm: (value: number) => number): void {
  if (!style) return;
  pen.save();
  pen.strokeStyle = style.colour;
  pen.lineWidth = style.weight * mm(0.2);
  pen.setLineDash((style.dash ?? "").split(/[ ,]+/).filter(Boolean).map((one) => Number(one) * mm(0.2)));
  pen.beginPath();
  if (shape === "line") {
    pen.moveTo(area.x, area.y + area.h / 2);
    pen.lineTo(area.x + area.w, area.y + area.h / 2);
  } else if (shape === "point") {
    pen.arc(area.x + area.w / 2, area.y + area.h / 2, area.h / 2.6, 0, 2 * Math.PI);
    pen.fillStyle = style.fill;
    pen.fill();
  } else {
    pen.rect(area.x, area.y, area.w, area.h);
    pen.globalAlpha = style.fill_opacity;
    pen.fillStyle = style.fill;
    pen.fill();
    pen.globalAlpha = 1;
    if (style.hatch) hatch(pen, style.hatch, style.fill, area, mm(0.2));
    pen.beginPath();
    pen.rect(area.x, area.y, area.w, area.h);
  }
  pen.stroke();
  pen.restore();
}

/** `pixel`: what a CSS pixel of the style is on the paper. */
function hatch(pen: Pen, { tile, angles, width, opacity }: Hatch, colour: string, area: Area, pixel: number): void {
  pen.save();
  pen.beginPath();
  pen.rect(area.x, area.y, area.w, area.h);
  pen.clip();
  pen.setLineDash([]);
  pen.strokeStyle = colour;
  pen.globalAlpha = opacity;
  pen.lineWidth = width * pixel;
  pen.beginPath();
  for (const angle of angles) {
    for (let at = -area.h + (tile * pixel) / 2; at < area.w + area.h; at += tile * pixel) {
      if (angle === 45 || angle === 135) {
        pen.moveTo(area.x + at, area.y + (angle === 45 ? area.h : 0));
        pen.lineTo(area.x + at + area.h, area.y + (angle === 45 ? 0 : area.h));
      } else if (angle === 90) {
        pen.moveTo(area.x + at, area.y);
        pen.lineTo(area.x + at, area.y + area.h);
      } else {
        pen.moveTo(area.x, area.y + at);
        pen.lineTo(area.x + area.w, area.y + at);
      }
    }
  }
  pen.stroke();
  pen.restore();
}

/** Every notice, in smaller letters until all fit. */
function notices(pen: Pen, page: Page, area: Area, mm: (value: number) => number): void {
  const lines = page.document.notices.map(({ text }) => page.words.both(text));
  for (const { layer, what } of page.document.withheld) {
    lines.push(`${layer}${page.words.of("colon")}${page.words.both(what)}`);
  }
  lines.push(page.words.of("note.not_permission"));
  for (let size = 3; size >= 1.6; size -= 0.2) {
    pen.font = `${mm(size)}px ${FONT}`;
    const said = wrapped(pen, lines.join("　·　"), area.w);
    if (said.length * mm(size) * 1.45 > area.h && size > 1.7) continue;
    pen.fillStyle = INK;
    said.forEach((line, i) => pen.fillText(line, area.x, area.y + mm(size) * (1 + 1.45 * i)));
    return;
  }
}

function wrapped(pen: Pen, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/[A-Za-z0-9.,:()/-]+ ?|./gsu) ?? []) {
    if (line && pen.measureText(line + word).width > width) {
      lines.push(line);
      line = "";
    }
    line += word;
  }
  return line ? [...lines, line] : lines;
}

function clipped(pen: Pen, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let kept = [...text];
  while (kept.length > 1 && pen.measureText(`${kept.join("")}…`).width > width) kept = kept.slice(0, -1);
  return `${kept.join("")}…`;
}
