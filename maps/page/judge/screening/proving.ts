/** Which features prove a hit, and at which accuracy (twin of `screening/proving.py`). */
import { type Box, type Geometry, polygon, releasing, scoped, union } from "../geometry";
import { boundsOf, widened } from "../overlay/frame";
import { holdsInZone, holdsWithinDistance } from "../overlay/hold";
import type { OpenLayer } from "./layer";
import { combined, type Question } from "./question";
import type { ZoneGroup } from "./zones";

const GRID_DEG = 1e-8;

/** The least layer accuracy at which the features up to it prove a hit; null where nothing is proved. */
export function accuracyOfProof(question: Question, layer: OpenLayer, groups: readonly ZoneGroup[]): number | null {
  if (!layer.proves) return null;
  const met = groups.filter((group) => !group.soft && group.gapM === 0).map((group) => group.accuracyM);
  const tried = [...new Set(met)].sort((one, other) => one - other);
  return tried.find((accuracy) => holds(question, layer, groups, accuracy)) ?? null;
}

function holds(question: Question, layer: OpenLayer, groups: readonly ZoneGroup[], accuracyM: number): boolean {
  const { geometry: site } = question;
  const a = combined(question, accuracyM);
  const usable = groups.filter((group) => !group.soft && group.accuracyM <= accuracyM);
  const areal = usable.filter((group) => group.influenceM < 0);
  const dimension = layer.given.columns.dimension;
  const counted = (row: number) => dimension[row] === 2 && areal.some((group) => group.has(row));
  if (areal.length && holdsInAreas(site, layer, counted, a)) return true;
  return usable.some((group) => group.influenceM >= 0 && group.gapM === 0 && holdsNear(site, layer, group, a));
}

/**
 * In the union of the areas at full precision; of those drawn with their boundary moved, in one of them.
 *
 * Two that are drawn side by side may lie apart by twice the displacement, so their union says nothing of the seam.
 */
function holdsInAreas(site: Geometry, layer: OpenLayer, counted: (row: number) => boolean, a: number): boolean {
  if (layer.full) return holdsInZone(site, (box) => zoneIn(layer, box, counted), a);
  const { source, movedM } = layer;
  const near = source.piecesMeeting(widened(boundsOf(site), 0), counted);
  const rows = new Set(near.map((piece) => source.feature[piece]!));
  return [...rows].some((row) =>
    scoped(() => holdsInZone(site, (box) => zoneIn(layer, box, (one) => one === row), a, movedM)),
  );
}

function holdsNear(site: Geometry, layer: OpenLayer, group: ZoneGroup, a: number): boolean {
  const { source, full, movedM } = layer;
  const near = new Set<number>();
  const window = widened(boundsOf(site), group.influenceM);
  for (let row = 0; row < layer.given.layer.count; row++) {
    if (!group.has(row)) continue;
    const [west, south, east, north] = source.box(row);
    if (west <= window[2] && east >= window[0] && south <= window[3] && north >= window[1]) near.add(row);
  }
  return [...near].some((row) =>
    scoped(() => {
      const feature = source.geometry(row);
      // 0.02 m: two measurements of one distance
      const moved = full ? 0 : movedM + 0.02;
      return feature !== null && holdsWithinDistance(site, feature, group.influenceM, a, moved);
    }),
  );
}

function zoneIn({ source }: OpenLayer, box: Box, counted: (row: number) => boolean): Geometry {
  return releasing(() => {
    const pieces = source.piecesMeeting(box, counted).map((piece) => source.load(piece));
    return pieces.length ? union(pieces, GRID_DEG) : polygon([]);
  });
}
