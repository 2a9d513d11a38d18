/** The layers of the page: which are on, how opaque, which classes the legend took off, what is selected. */
import type * as Leaflet from "leaflet";
import { ChunkLostError, loadFeatures, loadLevel } from "./chunks";
import type { FeatureColumns, FeatureTable, LayerDrawing, MapDocument, MapLayer } from "./contract";
import { drawLayer } from "./drawing";
import { viewIsDrawn } from "./drawing/turns";
import { Signal } from "./signal";

export interface ShownLayer {
  readonly layer: MapLayer;
  visible: boolean;
  opacity: number;
  hidden: Set<number>;
  /** null until it is loaded, or where it could not be */
  drawing: LayerDrawing | null;
  table: FeatureTable | null;
  columns: FeatureColumns | null;
  lost: boolean;
}

export interface Selected {
  key: string;
  row: number;
}

export class ShownLayers {
  readonly changed = new Signal();
  readonly selectionChanged = new Signal<Selected | null>();
  readonly all: ShownLayer[];
  /** When the first view of the layers is there: what is less than they waits for it. */
  readonly firstDrawn: Promise<void>;
  private toldDrawn!: () => void;
  private chosen: Selected | null = null;

  constructor(private readonly page: MapDocument) {
    this.firstDrawn = new Promise((resolve) => (this.toldDrawn = resolve));
    this.all = page.layers.map((layer) => ({
      layer,
      visible: true,
      opacity: 1,
      hidden: new Set<number>(),
      drawing: null,
      table: null,
      columns: null,
      lost: false,
    }));
  }

  get selected(): Selected | null {
    return this.chosen;
  }

  /** Loads and draws every layer, the strictest last so that it lies on top. */
  async draw(map: Leaflet.Map, each: (done: number) => void): Promise<void> {
    let done = 0;
    for (const one of [...this.all].reverse()) {
      try {
        const { table, columns } = await loadFeatures(one.layer);
        one.table = table;
        one.columns = columns;
        one.drawing = drawLayer(map, one.layer, this.page.styles, loadLevel, columns);
        if (!one.visible) one.drawing.show(false);
        if (one.opacity !== 1) one.drawing.setOpacity(one.opacity);
      } catch (error) {
        if (!(error instanceof ChunkLostError)) throw error;
        one.lost = true;
      }
      each(++done);
    }
    this.changed.tell();
    void this.whenDrawn().then(() => {
      viewIsDrawn();
      this.toldDrawn();
    });
  }

  of(key: string): ShownLayer | null {
    return this.all.find((one) => one.layer.key === key) ?? null;
  }

  show(one: ShownLayer, visible: boolean): void {
    one.visible = visible;
    one.drawing?.show(visible);
    this.changed.tell();
  }

  setOpacity(one: ShownLayer, opacity: number): void {
    one.opacity = opacity;
    one.drawing?.setOpacity(opacity);
  }

  hideClass(one: ShownLayer, index: number, hidden: boolean): void {
    if (hidden) one.hidden.add(index);
    else one.hidden.delete(index);
    one.drawing?.hideClasses(one.hidden);
    this.changed.tell();
  }

  select(selected: Selected | null): void {
    this.chosen = selected;
    for (const one of this.all) one.drawing?.select(selected?.key === one.layer.key ? [selected.row] : []);
    this.selectionChanged.tell(selected);
  }

  /** The box of a feature; null where it has none. */
  boundsOf(one: ShownLayer, row: number): [number, number, number, number] | null {
    const bounds = one.columns?.bounds;
    if (!bounds) return null;
    const box = [0, 1, 2, 3].map((i) => bounds[4 * row + i]!) as [number, number, number, number];
    return box.every(Number.isFinite) ? box : null;
  }

  async whenDrawn(): Promise<void> {
    await Promise.all(this.all.map((one) => (one.visible ? one.drawing?.whenDrawn() : undefined)));
  }
}

/** What a feature is called: its name, else its code, else its id. */
export function titleOf(table: FeatureTable, row: number): string {
  return table.name[row] || table.code[row] || table.id[row] || String(row + 1);
}
