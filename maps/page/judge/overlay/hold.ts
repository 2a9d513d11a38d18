/**
 * Proof that no shift shorter than the accuracy parts a site from a zone (twin of `spatial/overlay/hold.py`).
 *
 * Every step can only fail to prove. Where a zone is drawn with its boundary moved by up to `moved` metres, what is
 * proved is proved on the part of it that lies farther than that from the boundary drawn: all of it is in the zone
 * itself, in whose connected parts its own connected parts lie. `moved` is 0 at full precision: the engine's steps.
 */
import {
  type Box,
  type Geometry,
  type Prepared,
  area,
  boundary,
  box,
  coordinates,
  dimension,
  intersection,
  intersects,
  isEmpty,
  length,
  lineMerge,
  mapped,
  nearestPoints,
  parts,
  point,
  pointOnSurface,
  polygon,
  prepare,
  preparedContainsProperly,
  preparedDistance,
  preparedIntersects,
  releasing,
  scoped,
  segmentize,
  union,
  vertexCount,
  buffer,
} from "../geometry";
import { distanceTo } from "./distance";
import { boundsOf, Frame, widened } from "./frame";
import { ofDimension, simpleParts } from "./parts";

export const ARC_FACTOR = 1.002;
export const QUADRANT_SEGMENTS = 16;
const WINDOW_M = 5_000;
const MARGIN = 2.5;
const TOUCHING_M = 1e-3;
const MOST_VERTICES = 20_000;
const LEAST_EROSION = 0.99;
/** A plane's metres differ from the ellipsoid's by up to 0.14 % in a window, and GEOS falls short by up to 0.3 %. */
const MOVED_FACTOR = 1.005;

type Shift = readonly [number, number];

/** Whether hold > a is proved for a site and an areal zone, given as what of it lies in a box of degrees. */
export function holdsInZone(site: Geometry, zoneIn: (box: Box) => Geometry, a: number, moved = 0): boolean {
  for (const part of connectedParts(site)) {
    const proved = scoped(() => {
      const zone = zoneIn(widened(boundsOf(part), TOUCHING_M)); // neighbours may miss each other by a hair
      const meeting = intersection(part, zone);
      if (isEmpty(meeting)) return false;
      for (const [frame, window] of windows(meeting, a, moved)) {
        const s = clipped(frame.toPlane(part), window);
        const z = clipped(frame.toPlane(zoneIn(boundsOf(frame.toDegrees(window)))), window);
        if (vertexCount(s) + vertexCount(z) > MOST_VERTICES) continue;
        if (somePairHolds(s, z, a, MOVED_FACTOR * moved)) return true;
      }
      return false;
    });
    if (proved) return true;
  }
  return false;
}

/** The same for the set of points within a distance of a feature: never drawn, always measured. */
export function holdsWithinDistance(
  site: Geometry,
  feature: Geometry,
  influenceM: number,
  a: number,
  moved = 0,
): boolean {
  const half = WINDOW_M / 2;
  for (const part of connectedParts(site)) {
    const proved = scoped(() => {
      const [lon, lat] = nearestPoints(part, feature);
      const frame = Frame.at(lon, lat);
      const s = clipped(frame.toPlane(part), box([-half, -half, half, half]));
      if (vertexCount(s) + vertexCount(feature) > MOST_VERTICES) return false;
      // of a feature drawn `moved` metres off, what lies within d − moved lies within d of the feature itself
      return connectedParts(s).some((one) => holdsByDistance(one, frame, feature, influenceM - moved, a));
    });
    if (proved) return true;
  }
  return false;
}

/** Parts that hang together: polygons after union, lines after merging, single points; areas first. */
export function connectedParts(geometry: Geometry): Geometry[] {
  if (isEmpty(geometry)) return [];
  const simple = simpleParts(geometry);
  const areas = ofDimension(simple, 2);
  const lines = ofDimension(simple, 1);
  return [
    ...(areas.length ? parts(union(areas)) : []),
    ...(lines.length ? parts(lineMerge(union(lines))) : []),
    ...ofDimension(simple, 0),
  ];
}

/** Windows of at most 5 km over the meeting part, the fullest first; where it is longer, they overlap by half. */
function windows(meeting: Geometry, a: number, moved: number): [Frame, Geometry][] {
  const frame = Frame.around(boundsOf(meeting));
  const plane = frame.toPlane(meeting);
  const [west, south, east, north] = boundsOf(plane);
  const margin = MARGIN * a + 2 * moved;
  const inner = Math.max(WINDOW_M - 2 * margin, 1_000);
  const reachX = Math.min(inner, east - west) / 2;
  const reachY = Math.min(inner, north - south) / 2;
  const tiles: { x: number; y: number }[] = [];
  for (const x of steps(west, east, inner)) for (const y of steps(south, north, inner)) tiles.push({ x, y });
  const shares =
    tiles.length > 1
      ? tiles.map(({ x, y }) => intersection(plane, box([x - reachX, y - reachY, x + reachX, y + reachY])))
      : [plane];
  const order = Array.from(tiles.keys()).sort(
    (i, j) => area(shares[j]!) - area(shares[i]!) || length(shares[j]!) - length(shares[i]!) || i - j,
  );
  return order
    .filter((i) => !isEmpty(shares[i]!))
    .map((i) => {
      const [lon, lat] = frame.degreesOf(tiles[i]!.x, tiles[i]!.y);
      const [halfX, halfY] = [reachX, reachY].map((r) => Math.min(r + margin, WINDOW_M / 2)) as [number, number];
      return [Frame.at(lon, lat), box([-halfX, -halfY, halfX, halfY])];
    });
}

function steps(low: number, high: number, inner: number): number[] {
  if (high - low <= inner) return [(low + high) / 2];
  const count = Math.ceil((high - low - inner) / (inner / 2)) + 1;
  return Array.from({ length: count }, (_, i) => low + inner / 2 + (i * (high - low - inner)) / (count - 1));
}

function clipped(geometry: Geometry, window: Geometry): Geometry {
  return preparedContainsProperly(prepare(window), geometry) ? geometry : intersection(geometry, window);
}

function somePairHolds(s: Geometry, z: Geometry, a: number, moved: number): boolean {
  const zones = ofDimension(connectedParts(z), 2);
  return connectedParts(s).some((site) =>
    zones.some((zone) => intersects(site, zone) && scoped(() => pairHolds(site, zone, a, moved))),
  );
}

function pairHolds(s: Geometry, z: Geometry, a: number, moved: number): boolean {
  const own = dimension(s);
  const preparedZ = prepare(z);
  if (hasDeepCorner(s, z, preparedZ, ARC_FACTOR * a + moved)) return true;
  if (own === 0) return false;
  const areal = own === 2;
  for (let k = 0; k < (areal ? 9 : 1); k++) {
    const inS = (k * a) / 8;
    const inZ = a - (k * a) / 8 + moved;
    const holds = scoped(() =>
      witnessed(intersection(eroded(s, inS), eroded(z, inZ)), [
        [s, inS],
        [z, inZ],
      ]),
    );
    if (holds) return true;
  }
  if (!moved) return pairHoldsEverywhere(s, z, preparedZ, a);
  const inner = surelyIn(z, moved);
  return ofDimension(connectedParts(inner), 2).some(
    (one) => intersects(s, one) && scoped(() => pairHoldsEverywhere(s, one, prepare(one), a)),
  );
}

/** Whether some corner of s lies that deep in z: what E(z, a) says of it, without drawing that. */
function hasDeepCorner(s: Geometry, z: Geometry, preparedZ: Prepared, depth: number): boolean {
  return scoped(() => {
    const xy = coordinates(s);
    const inside: Shift[] = [];
    for (let i = 0; i < xy.length; i += 2) {
      const corner = [xy[i]!, xy[i + 1]!] as const;
      if (scoped(() => preparedIntersects(preparedZ, point(...corner)))) inside.push(corner);
    }
    if (!inside.length) return false;
    const edge = prepare(boundary(z));
    return inside.some((corner) => scoped(() => preparedDistance(edge, point(...corner)) >= depth));
  });
}

/** Steps 2 and 3: some shift parts them, or every shift of the grid is held. */
function pairHoldsEverywhere(s: Geometry, z: Geometry, preparedZ: Prepared, a: number): boolean {
  const parted = circle(a).some((v) => scoped(() => !preparedIntersects(preparedZ, shifted(s, v))));
  if (parted) return false;
  const areal = dimension(s) === 2;
  const core = prepare(eroded(z, a / 11));
  const coreS = areal ? eroded(s, a / 11) : null;
  return grid(a).every((v) =>
    scoped(
      () =>
        preparedIntersects(core, shifted(s, v)) ||
        (coreS !== null && preparedIntersects(preparedZ, shifted(coreS, v))),
    ),
  );
}

function holdsByDistance(s: Geometry, frame: Frame, feature: Geometry, d: number, a: number): boolean {
  const distance = (geometry: Geometry) =>
    isEmpty(geometry) ? Infinity : scoped(() => distanceTo(frame.toDegrees(geometry), feature));
  const meets = (geometry: Geometry, r: number) => r <= d && distance(geometry) <= d - r;
  const moved = (geometry: Geometry, v: Shift) => scoped(() => distance(shifted(geometry, v)));
  const areal = dimension(s) === 2;
  if (distance(s) > d) return false;
  for (let k = 0; k < (areal ? 9 : 1); k++) {
    if (scoped(() => meets(eroded(s, (k * a) / 8), a - (k * a) / 8))) return true;
  }
  if (circle(a).some((v) => moved(s, v) > d)) return false;
  const core = areal ? eroded(s, a / 11) : null;
  return grid(a).every(
    (v) =>
      (a / 11 <= d && moved(s, v) <= d - a / 11) || (core !== null && !isEmpty(core) && d >= 0 && moved(core, v) <= d),
  );
}

/** E(G, r); nothing where GEOS got it wrong (see the twin). */
function eroded(geometry: Geometry, r: number): Geometry {
  if (r <= 0) return geometry;
  return releasing(() => {
    const found = buffer(geometry, -ARC_FACTOR * r, { segments: QUADRANT_SEGMENTS });
    return isEmpty(found) || leastDepth(geometry, found, r) >= LEAST_EROSION * r ? found : polygon([]);
  });
}

/** What lies farther than `moved` from the boundary drawn, so that it is in the zone wherever that really ends. */
function surelyIn(geometry: Geometry, moved: number): Geometry {
  return releasing(() => {
    const found = buffer(geometry, -MOVED_FACTOR * moved, { segments: QUADRANT_SEGMENTS });
    return isEmpty(found) || leastDepth(geometry, found, moved) >= moved ? found : polygon([]);
  });
}

/** How near to the boundary of a shape the corners of an erosion of it come. */
function leastDepth(geometry: Geometry, found: Geometry, r: number): number {
  const edge = prepare(boundary(geometry));
  const rings = boundary(found); // not the polygons: GEOS empties slivers when it cuts their edges
  const xy = coordinates(segmentize(rings, Math.max(r, length(found) / MOST_VERTICES)));
  let least = Infinity;
  for (let i = 0; i < xy.length; i += 2) {
    least = Math.min(least, scoped(() => preparedDistance(edge, point(xy[i]!, xy[i + 1]!))));
  }
  return least;
}

/** Whether some point of what the eroded shapes have in common really lies that deep in each: then they hold. */
function witnessed(common: Geometry, margins: readonly (readonly [Geometry, number])[]): boolean {
  if (isEmpty(common)) return false;
  const edges = margins
    .filter(([, margin]) => margin > 0)
    .map(([shape, margin]) => [prepare(boundary(shape)), margin] as const);
  const deep = (place: Geometry) => edges.every(([edge, margin]) => preparedDistance(edge, place) >= margin);
  const xy = coordinates(common);
  for (let i = 0; i < xy.length; i += 2) if (scoped(() => deep(point(xy[i]!, xy[i + 1]!)))) return true;
  return parts(common).some((part) => {
    const inner = pointOnSurface(part);
    return !isEmpty(inner) && deep(inner);
  });
}

function circle(a: number): Shift[] {
  return Array.from({ length: 16 }, (_, i) => {
    const angle = i * ((2 * Math.PI) / 16);
    return [a * Math.cos(angle), a * Math.sin(angle)] as const;
  });
}

/** The shifts of the square grid of step a/8 within 1.1 a, the longest first (they part soonest). */
function grid(a: number): Shift[] {
  const found: Shift[] = [];
  for (let j = -9; j <= 9; j++) for (let i = -9; i <= 9; i++) found.push([i * (a / 8), j * (a / 8)]);
  const reach = ([x, y]: Shift) => Math.hypot(x, y);
  return found.filter((v) => reach(v) <= 1.1 * a).sort((v, w) => reach(w) - reach(v));
}

function shifted(geometry: Geometry, [dx, dy]: Shift): Geometry {
  return mapped(geometry, (x) => x + dx, (y) => y + dy);
}
