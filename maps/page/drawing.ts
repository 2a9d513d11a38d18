/** A layer on the map: canvas tiles painted from the level of detail that fits the zoom. */
import type * as Leaflet from "leaflet";
import type { FeatureColumns, LayerDrawing, Level, MapLayer, Style } from "./contract";
import { casingOf, inkOf, isDark, markOf, type Ink } from "./drawing/ink";
import { painted } from "./drawing/painting";
import { planOf, worldOf, type Plan } from "./drawing/plan";
import { partsAt } from "./drawing/pointing";
import { inTurn } from "./drawing/turns";

declare const L: typeof Leaflet;

const TILE = 512;
/** The dots that areas smaller than a pixel are drawn as, CSS pixels. */
const DOT_RADIUS = 0.6;
let drawn = 0;

/** Draws a layer of the document above those drawn before. */
export function drawLayer(
  map: Leaflet.Map,
  layer: MapLayer,
  styles: Record<string, Style>,
  loadLevel: (chunkKey: string) => Promise<Level>,
  columns: FeatureColumns,
): LayerDrawing {
  return new Drawing(map, layer, styles, loadLevel, columns);
}

class Drawing implements LayerDrawing {
  private readonly plans = new Map<string, Promise<Plan>>();
  private readonly ready = new Map<string, Plan>();
  private inks = new Map<string, Ink>();
  private chosenInks: Ink[] = [];
  private hidden = new Set<number>();
  private chosen = new Set<number>();
  /** A light casing below a strong line: seen on every fill, in light and in dark. */
  private readonly chosenStyles: Style[];
  private readonly reach: number;
  private readonly tiles: Leaflet.GridLayer;
  private chosenTiles: Leaflet.GridLayer | null = null;
  private readonly order = drawn++;
  private opacity = 1;
  private visible = true;

  constructor(
    private readonly map: Leaflet.Map,
    readonly layer: MapLayer,
    private readonly styles: Record<string, Style>,
    private readonly loadLevel: (chunkKey: string) => Promise<Level>,
    private readonly columns: FeatureColumns,
  ) {
    const own = layer.classes.map((one) => styles[one.style]!).filter(Boolean);
    const selected = markOf(styles, "selected");
    this.chosenStyles = [casingOf(styles, selected), selected];
    this.reach = Math.max(...[...own, ...this.chosenStyles].map((style) => style.weight + style.radius), 2);
    this.mix();
    // lines lie above areas, points above both, whatever the order of the layers
    const above = layer.classes.every((one) => one.shape === "point") ? 200 : layer.classes.every((one) => one.shape !== "area") ? 100 : 0;
    this.tiles = this.grid(100 + above + this.order, (plan, part) => this.inkOfPart(plan, part)).addTo(map);
    new MutationObserver(() => {
      this.mix();
      this.redraw();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  show(visible: boolean): void {
    this.visible = visible;
    for (const tiles of [this.tiles, this.chosenTiles]) {
      if (!tiles) continue;
      if (visible) tiles.addTo(this.map);
      else tiles.remove();
    }
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity;
    this.tiles.setOpacity(opacity);
  }

  hideClasses(classes: Set<number>): void {
    this.hidden = new Set(classes);
    this.redraw();
  }

  featuresAt(latlng: Leaflet.LatLng, pixels: number): number[] {
    const plan = this.ready.get(this.chunkAt(Math.round(this.map.getZoom())) ?? "") ?? this.anyPlan();
    if (!plan || !this.visible) return [];
    const [x, y] = worldOf(latlng.lng, latlng.lat);
    const found = new Set<number>();
    for (const part of partsAt(plan, x, y, pixels / 2 ** this.map.getZoom())) {
      const row = plan.level.part_feature[part]!;
      if (!this.hidden.has(this.columns.class_index[row]!)) found.add(row);
    }
    return [...found];
  }

  select(rows: number[]): void {
    this.chosen = new Set(rows);
    this.chosenTiles?.remove();
    this.chosenTiles = null;
    if (!rows.length) return;
    this.chosenTiles = this.grid(600 + this.order, null);
    if (this.visible) this.chosenTiles.addTo(this.map);
  }

  classesIn(bounds: Leaflet.LatLngBounds): Set<number> {
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const found = new Set<number>();
    const { bounds: boxes, class_index: classes } = this.columns;
    for (let row = 0; row < classes.length && found.size < this.layer.classes.length; row++) {
      const at = 4 * row;
      // NaN where there is no geometry: no comparison holds
      if (boxes[at]! <= east && boxes[at + 2]! >= west && boxes[at + 1]! <= north && boxes[at + 3]! >= south)
        found.add(classes[row]!);
    }
    return found;
  }

  boundsOf(row: number): Leaflet.LatLngBounds | null {
    const [west, south, east, north] = this.columns.bounds.subarray(4 * row, 4 * row + 4);
    if (!Number.isFinite(west) || !Number.isFinite(south)) return null;
    return L.latLngBounds([south!, west!], [north!, east!]);
  }

  async whenDrawn(): Promise<void> {
    for (const tiles of [this.tiles, this.chosenTiles]) {
      while (tiles && this.map.hasLayer(tiles) && tiles.isLoading())
        await new Promise((resolve) => window.setTimeout(resolve, 15));
    }
    // Leaflet lets tiles fade in for 200 ms
    if (this.map.options.fadeAnimation !== false) await new Promise((resolve) => window.setTimeout(resolve, 250));
  }

  private redraw(): void {
    for (const tiles of [this.tiles, this.chosenTiles]) if (tiles && this.map.hasLayer(tiles)) tiles.redraw();
  }

  private mix(): void {
    const ratio = ratioOf();
    this.inks = new Map(this.layer.classes.map((one) => [one.style, inkOf(this.styles[one.style]!, ratio, isDark())]));
    this.chosenInks = this.chosenStyles.map((style) => inkOf(style, ratio, false));
  }

  private inkOfPart(plan: Plan, part: number): Ink | null {
    const row = plan.level.part_feature[part]!;
    const index = this.columns.class_index[row]!;
    const ink = this.hidden.has(index) ? undefined : this.inks.get(this.layer.classes[index]?.style ?? "");
    if (!ink) return null;
    return plan.level.part_dimension[part] === 0 && this.columns.dimension[row] === 2 ? dotOf(ink) : ink;
  }

  /** The level for a zoom: the coarsest that is fine enough. */
  private chunkAt(zoom: number): string | null {
    const { levels } = this.layer;
    return (levels.find((level) => zoom <= level.max_zoom) ?? levels[levels.length - 1])?.chunk ?? null;
  }

  private anyPlan(): Plan | undefined {
    return [...this.ready.values()].pop();
  }

  private planFor(chunk: string): Promise<Plan> {
    let found = this.plans.get(chunk);
    if (!found) {
      found = this.loadLevel(chunk).then((level) => {
        const plan = planOf(level);
        this.ready.set(chunk, plan);
        return plan;
      });
      found.catch(() => this.plans.delete(chunk));
      this.plans.set(chunk, found);
    }
    return found;
  }

  /** Tiles of the layer, or (without `look`) of what is chosen. */
  private grid(zIndex: number, look: ((plan: Plan, part: number) => Ink | null) | null): Leaflet.GridLayer {
    const drawing = this;
    const drops = new WeakMap<HTMLElement, () => void>();
    const Grid = L.GridLayer.extend({
      createTile(this: Leaflet.GridLayer, coords: Leaflet.Coords, done: Leaflet.DoneCallback): HTMLElement {
        const canvas = document.createElement("canvas");
        const ratio = ratioOf();
        canvas.width = canvas.height = Math.round(TILE * ratio);
        canvas.style.width = canvas.style.height = `${TILE}px`;
        canvas.setAttribute("aria-hidden", "true");
        const chunk = drawing.chunkAt(coords.z);
        let dropped = false;
        drops.set(canvas, () => (dropped = true));
        if (!chunk) {
          window.setTimeout(() => done(undefined, canvas), 0);
          return canvas;
        }
        drawing.planFor(chunk).then(
          (plan) => {
            if (dropped) return;
            const work = drawing.paint(plan, canvas, coords, ratio, look);
            drops.set(canvas, inTurn(work, () => done(undefined, canvas)));
          },
          (error: Error) => done(error, canvas),
        );
        return canvas;
      },
    }) as unknown as new (options: Leaflet.GridLayerOptions) => Leaflet.GridLayer;
    const grid = new Grid({ tileSize: TILE, noWrap: true, zIndex, opacity: look ? this.opacity : 1, keepBuffer: 1 });
    grid.on("tileunload", (event) => drops.get((event as Leaflet.TileEvent).tile)?.());
    return grid;
  }

  private *paint(
    plan: Plan,
    canvas: HTMLCanvasElement,
    coords: Leaflet.Coords,
    ratio: number,
    look: ((plan: Plan, part: number) => Ink | null) | null,
  ): Generator<void, void, void> {
    const world = 2 ** coords.z;
    const where = {
      plan,
      canvas,
      x: (coords.x * TILE) / world,
      y: (coords.y * TILE) / world,
      scale: (world * canvas.width) / TILE,
      ratio,
      originX: coords.x * canvas.width,
      originY: coords.y * canvas.height,
      reach: this.reach,
    };
    if (look) {
      yield* painted({ ...where, inkOf: (part) => look(plan, part) });
      return;
    }
    for (const ink of this.chosenInks) {
      const chosen = (part: number) => (this.chosen.has(plan.level.part_feature[part]!) ? ink : null);
      yield* painted({ ...where, inkOf: chosen });
    }
  }
}

const dots = new WeakMap<Ink, Ink>();

function dotOf(ink: Ink): Ink {
  let found = dots.get(ink);
  if (!found) {
    found = { ...ink, fill: ink.line, fillOpacity: 1, hatch: null, weight: 0.3, radius: DOT_RADIUS };
    dots.set(ink, found);
  }
  return found;
}

function ratioOf(): number {
  return Math.min(3, Math.max(1, window.devicePixelRatio || 1));
}
