/** What the rooms of the page share. */
import type * as Leaflet from "leaflet";
import type { Frame } from "./panels/frame";
import type { MapDocument } from "./contract";
import type { ShownLayers } from "./shown";
import type { Sketching } from "./site/sketch";
import type { SiteDesk } from "./site/desk";
import type { Theme } from "./theme";
import type { Words } from "./words";

export interface Page {
  map: Leaflet.Map;
  document: MapDocument;
  words: Words;
  theme: Theme;
  frame: Frame;
  layers: ShownLayers;
  sketching: Sketching;
  desk: SiteDesk;
}

/** A point of a link or of a search: goes there without a flight, so that nothing is drawn twice. */
export function goTo(map: Leaflet.Map, bounds: readonly [number, number, number, number], maxZoom = 16): void {
  const [west, south, east, north] = bounds;
  if (![west, south, east, north].every(Number.isFinite)) return;
  map.fitBounds(
    [
      [south, west],
      [north, east],
    ],
    { maxZoom, animate: false, paddingTopLeft: [52, 24], paddingBottomRight: [beside(map), 48] },
  );
}

/** The room that the legend takes on the right, where it leaves most of the map free. */
function beside(map: Leaflet.Map): number {
  const legend = document.querySelector<HTMLElement>("#legend");
  const open = legend === null || legend.querySelector("[aria-expanded=true]") !== null; // it opens with the page
  return open && map.getSize().x > 780 ? 240 : 52;
}
