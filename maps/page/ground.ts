/** What lies below the layers: districts, rivers and places of the page, outlines of coverage, tiles if any. */
import type * as Leaflet from "leaflet";
import { ChunkLostError, loadLevel } from "./chunks";
import type { BaseLayer, Level, Style, TileSource } from "./contract";
import { markOf, pathOf } from "./drawing/ink";
import { element } from "./elements";
import { ringsOf } from "./level";
import type { Page } from "./page";

declare const L: typeof Leaflet;

const PLACES_FROM_ZOOM = 9;
const MOST_LABELS = 60;

/** Context of a map, this one or one that is made for paper. */
export async function drawGround(map: Leaflet.Map, page: Page): Promise<void> {
  pane(map, "ground", 250);
  pane(map, "coverage", 440);
  const renderer = L.canvas({ pane: "ground", padding: 0.4 });
  for (const base of page.document.base) {
    try {
      drawBase(map, base, await loadLevel(base.chunk), markOf(page.document.styles, base.kind), renderer);
    } catch (error) {
      if (!(error instanceof ChunkLostError)) throw error; // context only: nothing is judged by it
    }
  }
}

/** Dashed outlines of what the visible layers cover, once these are there; drawn anew when layers go on or off. */
export function drawCoverages(map: Leaflet.Map, page: Page): { show: (on: boolean) => void; drawn: () => Promise<void> } {
  pane(map, "coverage", 440);
  const renderer = L.canvas({ pane: "coverage", padding: 0.4 });
  const group = L.layerGroup([]).addTo(map);
  const style = pathOf(markOf(page.document.styles, "coverage"));
  const outlines = new Map<string, Leaflet.Layer>();
  let on = true;
  const render = async () => {
    for (const { layer, visible } of page.layers.all) {
      if (!layer.coverage) continue;
      const { chunk } = layer.coverage;
      if (!outlines.has(chunk)) {
        try {
          const level = await loadLevel(chunk);
          const rings = partsOf(level).flatMap(({ rings: all }) => all.map(latlngs));
          outlines.set(chunk, L.polyline(rings, { ...style, pane: "coverage", renderer }));
        } catch (error) {
          if (!(error instanceof ChunkLostError)) throw error;
          continue;
        }
      }
      const outline = outlines.get(chunk)!;
      if (on && visible) group.addLayer(outline);
      else group.removeLayer(outline);
    }
  };
  const drawn = page.layers.firstDrawn.then(render);
  page.layers.changed.on(() => void drawn.then(render));
  return {
    show: (to) => {
      on = to;
      void drawn.then(render);
    },
    drawn: () => drawn,
  };
}

function drawBase(map: Leaflet.Map, base: BaseLayer, level: Level, mark: Style, renderer: Leaflet.Renderer): void {
  const style = { ...pathOf(mark), pane: "ground", renderer };
  const places: { at: Leaflet.LatLng; label: string | null }[] = [];
  const lines: Leaflet.LatLng[][] = [];
  for (const { rings, dimension, feature } of partsOf(level)) {
    if (dimension === 0) places.push({ at: latlngs(rings[0]!)[0]!, label: base.labels[feature] ?? null });
    else lines.push(...rings.map(latlngs));
  }
  if (lines.length) L.polyline(lines, style).addTo(map);
  if (!places.length) return;
  const group = L.layerGroup([]).addTo(map);
  const render = () => {
    group.clearLayers();
    if (map.getZoom() < PLACES_FROM_ZOOM) return;
    const view = map.getBounds();
    for (const { at, label } of places.filter((one) => view.contains(one.at)).slice(0, MOST_LABELS)) {
      group.addLayer(L.circleMarker(at, { ...style, radius: mark.radius, fillColor: mark.fill, fillOpacity: mark.fill_opacity }));
      if (!label) continue;
      const text = element("span", {}, label);
      const icon = L.divIcon({ className: "place-label", html: text, iconSize: [0, 0] });
      group.addLayer(L.marker(at, { pane: "ground", icon, interactive: false, keyboard: false }));
    }
  };
  map.on("moveend", render);
  render();
}

/** Tiles of a map service; a key that the page does not hold is asked for and kept in memory only. */
export function tiles(map: Leaflet.Map, source: TileSource, key: string): Leaflet.LayerGroup {
  pane(map, "tiles", 150);
  const layers = source.urls.map((url) =>
    L.tileLayer(url, {
      pane: "tiles", maxZoom: 21, maxNativeZoom: source.max_zoom, key: encodeURIComponent(key),
    } as Leaflet.TileLayerOptions),
  );
  return L.layerGroup(layers).addTo(map);
}

function partsOf(level: Level): { rings: Float64Array[]; dimension: number; feature: number }[] {
  return Array.from(level.part_feature, (feature, part) => ({
    rings: ringsOf(level, part),
    dimension: level.part_dimension[part]!,
    feature,
  }));
}

function latlngs(ring: Float64Array): Leaflet.LatLng[] {
  const found: Leaflet.LatLng[] = [];
  for (let i = 0; i < ring.length; i += 2) found.push(L.latLng(ring[i + 1]!, ring[i]!));
  return found;
}

function pane(map: Leaflet.Map, name: string, order: number): void {
  if (map.getPane(name)) return;
  const node = map.createPane(name);
  node.style.zIndex = String(order);
  node.style.pointerEvents = "none";
}
