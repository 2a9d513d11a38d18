/** The page's script: what Python wrote into the page becomes a map with its panels. */
import type * as Leaflet from "leaflet";
import { ChunkLostError, loadDocument } from "./chunks";
import { drawCoverages, drawGround } from "./ground";
import { parseView, type View } from "./link";
import { goTo, type Page } from "./page";
import { aboutPanel } from "./panels/about";
import { background } from "./panels/background";
import { controls } from "./panels/controls";
import { Frame } from "./panels/frame";
import { herePanel } from "./panels/here";
import { layersPanel } from "./panels/layers";
import { legend } from "./panels/legend";
import { measurePanel } from "./panels/measure";
import { search } from "./panels/search";
import { sitePanel } from "./panels/site";
import { tools } from "./panels/tools";
import { ShownLayers } from "./shown";
import { SiteDesk } from "./site/desk";
import { requireSound } from "./site/site";
import { Sketching } from "./site/sketch";
import { Theme } from "./theme";
import { Words } from "./words";

declare global {
  interface Window {
    /** Folium's map, which Python names. */
    mapOfPage?: Leaflet.Map;
  }
}

/** Where drawing takes longer, the panels do not wait for it. */
const PANELS_AFTER_MS = 1500;

async function start(map: Leaflet.Map): Promise<void> {
  prepare();
  const theme = new Theme();
  const document = await loadDocument();
  const view = parseView(location.hash);
  const words = new Words(document.words, document.language);
  words.speak(view.language ?? document.language);
  if (view.theme) theme.choose(view.theme);
  const frame = new Frame(document, words);
  const container = map.getContainer();
  container.setAttribute("role", "application");
  words.attribute(container, "aria-label", "map_label");
  frame.stage.prepend(container);
  opened();
  map.invalidateSize({ animate: false });
  const layers = new ShownLayers(document);
  const page: Page = {
    map, document, words, theme, frame, layers,
    sketching: new Sketching(map, document.styles),
    desk: new SiteDesk(map, document),
  };
  goTo(map, document.bounds);
  restoreView(page, view);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);
  frame.say(words.of("loading"), { lasts: true });
  const ground = drawGround(map, page);
  const drawing = layers.draw(map, (done) =>
    frame.say(words.of("loading_layers", { done, count: document.layers.length }), { lasts: true }),
  );
  // the map first, and on the screen
  await Promise.race([drawing.then(() => layers.firstDrawn).then(shown), passed(PANELS_AFTER_MS)]);
  const outlines = build(page, view);
  await drawing;
  await ground;
  if (view.select) select(page, view.select);
  await Promise.all([outlines, layers.whenDrawn()]);
  frame.say(layers.all.some((one) => one.lost) ? words.of("some_lost") : words.of("ready"));
  frame.setReady();
}

/** When what was painted has been on the screen for a frame; where the page is hidden, at once. */
function shown(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else requestAnimationFrame(() => requestAnimationFrame(() => window.setTimeout(resolve, 0)));
  });
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}

/** What stood there while the file was read has done its part. */
function opened(): void {
  document.getElementById("opening")?.remove();
}

/** Pinching may enlarge the page, whatever Folium's head says; the ring of the focus is for those who use keys. */
function prepare(): void {
  for (const meta of document.querySelectorAll("meta[name=viewport]")) {
    meta.setAttribute("content", "width=device-width, initial-scale=1");
  }
  const root = document.documentElement;
  document.addEventListener("keydown", () => root.classList.add("by-keyboard"), true);
  document.addEventListener("pointerdown", () => root.classList.remove("by-keyboard"), true);
}

/** The panels and their ways; the answer comes when all that belongs to the first view is drawn. */
function build(page: Page, view: View): Promise<void> {
  controls(page);
  legend(page);
  layersPanel(page);
  const coverages = drawCoverages(page.map, page);
  background(page, coverages.show);
  const showHere = herePanel(page);
  search(page, showHere);
  sitePanel(page);
  measurePanel(page);
  aboutPanel(page);
  tools(page);
  restoreSite(page, view);
  window.addEventListener("hashchange", () => {
    const next = parseView(location.hash);
    restoreView(page, next);
    restoreSite(page, next);
    if (next.language) page.words.speak(next.language);
    if (next.theme) page.theme.choose(next.theme);
    if (next.select) select(page, next.select);
  });
  return coverages.drawn();
}

/** What of a link does not need the layers' data. */
function restoreView(page: Page, view: View): void {
  const { map, layers } = page;
  if (view.centre) map.setView([view.centre.lat, view.centre.lon], view.centre.zoom, { animate: false });
  if (view.layers) {
    for (const one of layers.all) {
      const wanted = view.layers.find(({ key }) => key === one.layer.key);
      layers.setOpacity(one, wanted?.opacity ?? one.opacity);
      layers.show(one, wanted !== undefined);
    }
  }
}

/** The site of a link is asked at once. */
function restoreSite(page: Page, view: View): void {
  if (!view.site) return;
  try {
    requireSound(view.site.geometry);
    page.frame.open("site");
    const { geometry, accuracy_m, radius_m } = view.site;
    void page.desk.ask({ name: null, geometry, accuracy_m, radius_m, part_rejected: false, told: [{ key: "told_link", facts: {} }] });
  } catch {
    // a site that is none: the rest of the link holds
  }
}

function select(page: Page, { key, row }: { key: string; row: number }): void {
  const one = page.layers.of(key);
  if (one?.table && row < one.table.id.length) page.layers.select({ key, row });
}

/** The page's own data are not what was written: nothing of it is shown, so that nothing is believed. */
function refuse(error: unknown): void {
  console.error(error);
  opened();
  const texts = error instanceof ChunkLostError
    ? ["本页数据已损坏或不完整，未作任何显示；请重新获取文件。", "The data of this page are damaged or incomplete; nothing is shown. Get the file again."]
    : ["本页无法打开。", "This page cannot be opened."];
  const box = document.createElement("main");
  box.className = "broken";
  for (const text of texts) box.append(Object.assign(document.createElement("p"), { textContent: text }));
  document.body.prepend(box);
}

const map = window.mapOfPage;
if (map) start(map).catch(refuse);
else refuse(new Error("no map"));

