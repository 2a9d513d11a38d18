/** Drawing on the map by mouse, by touch, or by keyboard with the cross in the middle of the map. */
import type * as Leaflet from "leaflet";
import type { Style } from "../contract";
import type { LonLat } from "../coordinates";
import { markOf, pathOf } from "../drawing/ink";
import { Signal } from "../signal";
import type { Shape } from "./site";

declare const L: typeof Leaflet;

const STEP_PX = 20;
const FINE_PX = 2;
const NEAR_PX = 12;

interface Sketch {
  shape: Shape;
  points: Leaflet.LatLng[];
  done: (points: LonLat[]) => void;
}

/** One sketch at a time; while there is one, clicks on the map are its own. */
export class Sketching {
  readonly changed = new Signal();
  private sketch: Sketch | null = null;
  private readonly drawn: Leaflet.LayerGroup;
  private readonly rubber: Leaflet.Polyline;

  constructor(
    private readonly map: Leaflet.Map,
    styles: Record<string, Style>,
  ) {
    const pane = map.createPane("sketch");
    pane.style.zIndex = "460";
    pane.style.pointerEvents = "none";
    const renderer = L.svg({ pane: "sketch", padding: 0.5 });
    this.drawn = L.layerGroup([]).addTo(map);
    const mark = markOf(styles, "drawn");
    const { dashArray, ...line } = pathOf(mark);
    this.rubber = L.polyline([], { ...line, pane: "sketch", renderer, ...(dashArray ? { dashArray } : {}) });
    this.line = { ...line, pane: "sketch", renderer };
    this.corner = { ...this.line, radius: mark.radius, fillColor: markOf(styles, "casing").colour, fillOpacity: 1 };
    map.on("click", (event) => this.sketch && this.add(event.latlng));
    map.on("dblclick", () => this.sketch && this.finish());
    map.on("mousemove", (event) => this.stretch(event.latlng));
    map.getContainer().addEventListener("keydown", (event) => this.key(event), true);
  }

  private readonly line: Leaflet.PolylineOptions;
  private readonly corner: Leaflet.CircleMarkerOptions;

  get active(): boolean {
    return this.sketch !== null;
  }

  get shape(): Shape | null {
    return this.sketch?.shape ?? null;
  }

  get count(): number {
    return this.sketch?.points.length ?? 0;
  }

  get enough(): boolean {
    return this.sketch !== null && this.count >= { point: 1, line: 2, polygon: 3 }[this.sketch.shape];
  }

  start(shape: Shape, done: (points: LonLat[]) => void): void {
    this.cancel();
    this.sketch = { shape, points: [], done };
    this.map.doubleClickZoom.disable();
    this.map.getContainer().classList.add("is-sketching");
    this.show();
  }

  addCentre(): void {
    this.add(this.map.getCenter());
  }

  undo(): void {
    this.sketch?.points.pop();
    this.show();
  }

  cancel(): void {
    if (!this.sketch) return;
    this.sketch = null;
    this.map.doubleClickZoom.enable();
    this.map.getContainer().classList.remove("is-sketching");
    this.show();
  }

  finish(): void {
    if (!this.sketch || !this.enough) return;
    const { points, done } = this.sketch;
    this.cancel();
    done(points.map((at): LonLat => [round(at.lng), round(at.lat)]));
  }

  private add(at: Leaflet.LatLng): void {
    const sketch = this.sketch;
    if (!sketch) return;
    const far = (other: Leaflet.LatLng, pixels: number) =>
      this.map.latLngToContainerPoint(at).distanceTo(this.map.latLngToContainerPoint(other)) > pixels;
    const first = sketch.points[0];
    if (sketch.shape === "polygon" && this.enough && first && !far(first, NEAR_PX)) {
      this.finish();
      return;
    }
    const last = sketch.points[sketch.points.length - 1];
    if (!last || far(last, 1)) sketch.points.push(at);
    this.show();
    if (sketch.shape === "point") this.finish();
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.map.getContainer()) return;
    const pixels = event.shiftKey ? FINE_PX : STEP_PX;
    const steps: { [key: string]: [number, number] } = {
      ArrowLeft: [-pixels, 0], ArrowRight: [pixels, 0], ArrowUp: [0, -pixels], ArrowDown: [0, pixels],
    };
    const step = steps[event.key];
    if (!this.sketch) return;
    if (step) this.map.panBy(step, { animate: false });
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.finish();
    else if (event.key === "Enter" || event.key === " ") this.addCentre();
    else if (event.key === "Backspace") this.undo();
    else if (event.key === "Escape") this.cancel();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  private stretch(to: Leaflet.LatLng): void {
    const last = this.sketch?.points[this.count - 1];
    if (!this.sketch || !last || this.sketch.shape === "point") return;
    const back = this.sketch.shape === "polygon" && this.count > 1 ? [this.sketch.points[0]!] : [];
    this.rubber.setLatLngs([last, to, ...back]);
  }

  private show(): void {
    this.drawn.clearLayers();
    this.rubber.setLatLngs([]);
    if (this.sketch) {
      const { points, shape } = this.sketch;
      const { line } = this;
      if (shape === "polygon" && points.length > 2) this.drawn.addLayer(L.polygon(points, { ...line, fillOpacity: 0.1 }));
      else if (points.length > 1) this.drawn.addLayer(L.polyline(points, line));
      for (const at of points) {
        this.drawn.addLayer(L.circleMarker(at, this.corner));
      }
      this.drawn.addLayer(this.rubber);
    }
    this.changed.tell();
  }
}

function round(degrees: number): number {
  return Math.round(degrees * 1e8) / 1e8;
}
