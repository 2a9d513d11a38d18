/** The map at the size of a page: drawn anew at 150 dots an inch, with everything a map on paper must say. */
import type * as Leaflet from "leaflet";
import { loadLevel } from "../chunks";
import { drawLayer } from "../drawing";
import { element } from "../elements";
import { drawCoverages, drawGround } from "../ground";
import type { Page } from "../page";
import { siteShapes } from "../site/desk";
import { furnish, type Frame } from "./furniture";

declare const L: typeof Leaflet;

export interface Paper {
  size: "a4" | "a3";
  landscape: boolean;
}

const DOTS_A_MM = 150 / 25.4;
const SIZES_MM = { a4: [210, 297], a3: [297, 420] } as const;
const MARGIN_MM = 10;
const HEAD_MM = 16;

/** A canvas of the page's size in dots: map, title, legend, scale, north and notices. */
export async function sheetOf(page: Page, paper: Paper): Promise<HTMLCanvasElement> {
  const [short, long] = SIZES_MM[paper.size];
  const dots = (mm: number) => Math.round(mm * DOTS_A_MM);
  const width = dots(paper.landscape ? long : short);
  const height = dots(paper.landscape ? short : long);
  const margin = dots(MARGIN_MM);
  const side = paper.landscape ? dots(64) : 0;
  const foot = dots(paper.landscape ? 20 : 72);
  const frame: Frame = {
    width, height, margin,
    map: { x: margin, y: margin + dots(HEAD_MM), w: width - 2 * margin - side, h: height - 2 * margin - dots(HEAD_MM) - foot },
    landscape: paper.landscape,
    dotsAMm: DOTS_A_MM,
  };
  const canvas = element("canvas", { width, height });
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  // Paper is white: the inks of the layers are those of the light page, whatever the screen shows.
  const shown = document.documentElement.dataset["theme"];
  document.documentElement.dataset["theme"] = "light";
  const { map, drawn } = await paperMap(page, frame.map.w, frame.map.h);
  try {
    await drawn();
    pen.save();
    pen.beginPath();
    pen.rect(frame.map.x, frame.map.y, frame.map.w, frame.map.h);
    pen.clip();
    pen.fillStyle = "#fbfaf6";
    pen.fillRect(frame.map.x, frame.map.y, frame.map.w, frame.map.h);
    await compose(pen, map.getContainer(), frame.map.x, frame.map.y);
    pen.restore();
    furnish(pen, page, map, frame);
  } finally {
    document.documentElement.dataset["theme"] = shown;
    const container = map.getContainer();
    map.remove();
    container.remove();
  }
  return canvas;
}

/** A second map beyond the edge of the screen that shows the same view. */
async function paperMap(page: Page, width: number, height: number): Promise<{ map: Leaflet.Map; drawn: () => Promise<void> }> {
  const holder = element("div", { class: "paper-map", "aria-hidden": "true" });
  holder.style.width = `${width}px`;
  holder.style.height = `${height}px`;
  document.body.append(holder);
  const map = L.map(holder, {
    zoomControl: false, attributionControl: false, keyboard: false, zoomSnap: 0, fadeAnimation: false, zoomAnimation: false,
    markerZoomAnimation: false, inertia: false, maxZoom: 21,
  });
  map.fitBounds(page.map.getBounds(), { animate: false });
  await drawGround(map, page);
  const coverages = drawCoverages(map, page);
  const drawings = [...page.layers.all].reverse().flatMap((one) => {
    if (!one.visible || !one.columns) return [];
    const drawing = drawLayer(map, one.layer, page.document.styles, loadLevel, one.columns);
    drawing.setOpacity(one.opacity);
    drawing.hideClasses(one.hidden);
    const { selected } = page.layers;
    if (selected?.key === one.layer.key) drawing.select([selected.row]);
    return [drawing];
  });
  if (page.desk.site) {
    const pane = map.createPane("site");
    pane.style.zIndex = "455";
    const renderer = L.canvas({ pane: "site", padding: 0.1 });
    for (const shape of siteShapes(page.desk.site, page.document.styles, { pane: "site", renderer })) shape.addTo(map);
  }
  const drawn = async () => {
    await coverages.drawn();
    await Promise.all(drawings.map((drawing) => drawing.whenDrawn()));
    await new Promise((resolve) => window.setTimeout(resolve, 60)); // Leaflet's own canvases draw in the next frame
  };
  return { map, drawn };
}

/** Every canvas of a map, in the order of its panes, as opaque as it is on the screen. */
async function compose(pen: CanvasRenderingContext2D, container: HTMLElement, x: number, y: number): Promise<void> {
  const origin = container.getBoundingClientRect();
  const pieces = [...container.querySelectorAll("canvas")].map((canvas) => ({ canvas, order: orderOf(canvas, container) }));
  pieces.sort((a, b) => a.order - b.order);
  for (const { canvas } of pieces) {
    const box = canvas.getBoundingClientRect();
    pen.globalAlpha = opacityOf(canvas, container);
    if (canvas.width && canvas.height && pen.globalAlpha > 0) {
      pen.drawImage(canvas, x + box.left - origin.left, y + box.top - origin.top, box.width, box.height);
    }
  }
  pen.globalAlpha = 1;
  for (const label of container.querySelectorAll<HTMLElement>(".place-label span")) {
    const box = label.getBoundingClientRect();
    pen.font = "17px sans-serif";
    pen.fillStyle = "#3f4b56";
    pen.fillText(label.textContent ?? "", x + box.left - origin.left, y + box.bottom - origin.top);
  }
}

function orderOf(node: Element, container: Element): number {
  let order = 0;
  for (let at: Element | null = node; at && at !== container; at = at.parentElement) {
    const z = Number(getComputedStyle(at).zIndex);
    if (Number.isFinite(z)) order = z * (at.classList.contains("leaflet-pane") ? 1000 : 1) + order;
  }
  return order;
}

function opacityOf(node: Element, container: Element): number {
  let opacity = 1;
  for (let at: Element | null = node; at && at !== container; at = at.parentElement) {
    const style = getComputedStyle(at);
    opacity *= style.visibility === "hidden" || style.display === "none" ? 0 : Number(style.opacity);
  }
  return opacity;
}
