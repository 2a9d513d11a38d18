/**
 * Geometries of the engine's own library behind a few typed functions: what comes in and goes out, predicates, overlay.
 *
 * Who frees what is told in `library.ts`, whose scopes are handed on from here.
 */
import {
  type Geometry,
  type Prepared,
  call,
  owned,
  ownedPrepared,
  raw,
  refused,
  releasing,
  scoped,
  scratch,
  truth,
} from "./library";

export {
  type Geometry,
  GeometryError,
  type Prepared,
  free,
  keep,
  memory,
  openScope,
  releasing,
  scoped,
  startGeometry,
  within,
} from "./library";

/** west, south, east, north */
export type Box = readonly [number, number, number, number];

export const POINT = 0;
export const POLYGON = 3;
export const MULTIPOINT = 4;
export const MULTILINE = 5;
export const MULTIPOLYGON = 6;
export const COLLECTION = 7;
const FLAT = 2;
const ROUND = 1;
const MITRE = 2;

// ---- in and out -------------------------------------------------------------------------------------------------

export function fromWkb(bytes: Uint8Array): Geometry {
  const at = raw._malloc(bytes.length || 1);
  raw.HEAPU8.set(bytes, at);
  const found = call("GEOSGeomFromWKB_buf", at, bytes.length);
  raw._free(at);
  return owned(found);
}

export function toWkb(geometry: Geometry): Uint8Array {
  const at = call("GEOSGeomToWKB_buf", geometry, scratch);
  if (!at) throw refused("no bytes");
  const found = raw.HEAPU8.slice(at, at + raw.HEAPU32[scratch >> 2]!);
  call("GEOSFree", at);
  return found;
}

/** Calls with the place of the first coordinate and their number, run by run, in the order of the geometry. */
export function runsOf(view: DataView, visit: (at: number, count: number) => void, from = 0): number {
  const little = view.getUint8(from) === 1;
  const type = view.getUint32(from + 1, little) & 0xff;
  let at = from + 5;
  const run = (count: number) => {
    visit(at, count);
    at += 16 * count;
  };
  const number = () => {
    at += 4;
    return view.getUint32(at - 4, little);
  };
  // well-known binary counts its types from 1: point, line, polygon
  if (type === 1) run(1);
  else if (type === 2) run(number());
  else if (type === 3) for (let left = number(); left > 0; left--) run(number());
  else for (let left = number(); left > 0; left--) at = runsOf(view, visit, at);
  return at;
}

/** x and y of all vertices in turn; of an empty geometry none. */
export function coordinates(geometry: Geometry): Float64Array {
  const bytes = toWkb(geometry);
  const view = new DataView(bytes.buffer);
  const found: number[] = [];
  runsOf(view, (at, count) => {
    for (let i = 0; i < 2 * count; i++) found.push(view.getFloat64(at + 8 * i, true));
  });
  return Float64Array.from(found.length === 2 && Number.isNaN(found[0]) ? [] : found);
}

/** The same geometry with x and y each sent through a function. */
export function mapped(geometry: Geometry, x: (v: number) => number, y: (v: number) => number): Geometry {
  const bytes = toWkb(geometry);
  const view = new DataView(bytes.buffer);
  runsOf(view, (at, count) => {
    for (let i = 0; i < count; i++) {
      view.setFloat64(at + 16 * i, x(view.getFloat64(at + 16 * i, true)), true);
      view.setFloat64(at + 16 * i + 8, y(view.getFloat64(at + 16 * i + 8, true)), true);
    }
  });
  return fromWkb(bytes);
}

/** Its simple lines and rings, each x and y in turn, with the dimension of what they are of. */
export function runs(geometry: Geometry): { dimension: number; rings: Float64Array[] }[] {
  return simple(geometry).map((part) => {
    const bytes = toWkb(part);
    const view = new DataView(bytes.buffer);
    const rings: Float64Array[] = [];
    runsOf(view, (at, count) => {
      const ring = new Float64Array(2 * count);
      for (let i = 0; i < ring.length; i++) ring[i] = view.getFloat64(at + 8 * i, true);
      rings.push(ring);
    });
    return { dimension: dimension(part), rings };
  });
}

/** Points, lines and polygons of any nesting, empty ones left out. */
export function simple(geometry: Geometry): Geometry[] {
  if (typeId(geometry) <= POLYGON) return isEmpty(geometry) ? [] : [geometry];
  return parts(geometry).flatMap(simple);
}

function sequence(xy: Float64Array): number {
  const at = raw._malloc(8 * xy.length || 8);
  raw.HEAPF64.set(xy, at >> 3);
  const found = call("GEOSCoordSeq_copyFromBuffer", at, xy.length / 2, 0, 0);
  raw._free(at);
  if (!found) throw refused("no coordinates");
  return found;
}

export function point(x: number, y: number): Geometry {
  return owned(call("GEOSGeom_createPoint", sequence(Float64Array.of(x, y))));
}

export function line(xy: Float64Array): Geometry {
  return owned(call("GEOSGeom_createLineString", sequence(xy)));
}

export function polygon(rings: readonly Float64Array[]): Geometry {
  if (!rings.length) return owned(call("GEOSGeom_createEmptyPolygon"));
  const made = rings.map((ring) => {
    const found = call("GEOSGeom_createLinearRing", sequence(ring));
    if (!found) throw refused("a ring is not closed");
    return found;
  });
  const holes = addresses(made.slice(1));
  const found = call("GEOSGeom_createPolygon", made[0]!, holes, made.length - 1);
  raw._free(holes);
  return owned(found);
}

export function box([west, south, east, north]: Box): Geometry {
  return polygon([Float64Array.of(east, south, east, north, west, north, west, south, east, south)]);
}

/** A multi or a collection of copies of its members. */
export function collection(type: number, members: readonly Geometry[]): Geometry {
  const copies = members.map((one) => {
    const copy = call("GEOSGeom_clone", one);
    if (!copy) throw refused("no copy");
    return copy;
  });
  const at = addresses(copies);
  const found = call("GEOSGeom_createCollection", type, at, copies.length);
  raw._free(at);
  return owned(found);
}

function addresses(values: readonly number[]): number {
  const at = raw._malloc(4 * values.length || 4);
  raw.HEAPU32.set(values, at >> 2);
  return at;
}

/** The members of a multi or collection; anything else is its own only part. */
export function parts(geometry: Geometry): Geometry[] {
  if (typeId(geometry) < MULTIPOINT) return [geometry];
  const found: Geometry[] = [];
  const count = call("GEOSGetNumGeometries", geometry);
  for (let i = 0; i < count; i++) found.push(owned(call("GEOSGeom_clone", call("GEOSGetGeometryN", geometry, i))));
  return found;
}

// ---- what a geometry is -----------------------------------------------------------------------------------------

export const typeId = (g: Geometry): number => call("GEOSGeomTypeId", g);
export const dimension = (g: Geometry): number => call("GEOSGeom_getDimensions", g);
export const isEmpty = (g: Geometry): boolean => truth(call("GEOSisEmpty", g));
export const isValid = (g: Geometry): boolean => truth(call("GEOSisValid", g));
export const vertexCount = (g: Geometry): number => call("GEOSGetNumCoordinates", g);

export function bounds(g: Geometry): Box {
  if (isEmpty(g)) return [NaN, NaN, NaN, NaN];
  const at = scratch;
  if (!call("GEOSGeom_getExtent", g, at, at + 8, at + 16, at + 24)) throw refused("no extent");
  const found = raw.HEAPF64.subarray(at >> 3, (at >> 3) + 4);
  return [found[0]!, found[1]!, found[2]!, found[3]!];
}

function measured(name: string, ...args: number[]): number {
  if (!call(name, ...args, scratch)) throw refused(name);
  return raw.HEAPF64[scratch >> 3]!;
}

/** In the square of the unit of its coordinates. */
export const area = (g: Geometry): number => measured("GEOSArea", g);
export const length = (g: Geometry): number => measured("GEOSLength", g);
export const distance = (a: Geometry, b: Geometry): number => measured("GEOSDistance", a, b);

// ---- prepared ---------------------------------------------------------------------------------------------------

export function prepare(geometry: Geometry): Prepared {
  return ownedPrepared(call("GEOSPrepare", geometry));
}

export const preparedIntersects = (p: Prepared, g: Geometry): boolean => truth(call("GEOSPreparedIntersects", p, g));
export const preparedCovers = (p: Prepared, g: Geometry): boolean => truth(call("GEOSPreparedCovers", p, g));
export const preparedContainsProperly = (p: Prepared, g: Geometry): boolean =>
  truth(call("GEOSPreparedContainsProperly", p, g));
export const preparedDistance = (p: Prepared, g: Geometry): number => measured("GEOSPreparedDistance", p, g);

// ---- relations and overlay --------------------------------------------------------------------------------------

export const intersects = (a: Geometry, b: Geometry): boolean => truth(call("GEOSIntersects", a, b));
export const covers = (a: Geometry, b: Geometry): boolean => truth(call("GEOSCovers", a, b));
export const crosses = (a: Geometry, b: Geometry): boolean => truth(call("GEOSCrosses", a, b));
export const intersection = (a: Geometry, b: Geometry): Geometry => owned(call("GEOSIntersection", a, b));
export const difference = (a: Geometry, b: Geometry): Geometry => owned(call("GEOSDifference", a, b));
export const boundary = (g: Geometry): Geometry => owned(call("GEOSBoundary", g));
export const lineMerge = (g: Geometry): Geometry => owned(call("GEOSLineMerge", g));
export const segmentize = (g: Geometry, longest: number): Geometry => owned(call("GEOSDensify", g, longest));
export const pointOnSurface = (g: Geometry): Geometry => owned(call("GEOSPointOnSurface", g));
export const clipByRect = (g: Geometry, [w, s, e, n]: Box): Geometry =>
  owned(call("GEOSClipByRect", g, w, s, e, n));

/** The union of some geometries, on a grid where one is given. */
export function union(geometries: readonly Geometry[], grid?: number): Geometry {
  return releasing(() => {
    const all = collection(COLLECTION, geometries);
    return owned(grid === undefined ? call("GEOSUnaryUnion", all) : call("GEOSUnaryUnionPrec", all, grid));
  });
}

export function buffer(
  g: Geometry,
  by: number,
  { segments = 8, flat = false, mitre = false }: { segments?: number; flat?: boolean; mitre?: boolean } = {},
): Geometry {
  const style = call("GEOSBufferParams_create");
  call("GEOSBufferParams_setEndCapStyle", style, flat ? FLAT : ROUND);
  call("GEOSBufferParams_setJoinStyle", style, mitre ? MITRE : ROUND);
  call("GEOSBufferParams_setMitreLimit", style, 5);
  call("GEOSBufferParams_setQuadrantSegments", style, segments);
  const found = call("GEOSBufferWithParams", g, style, by);
  call("GEOSBufferParams_destroy", style);
  return owned(found);
}

/** The nearest points of two geometries: x and y on the first, then on the second. */
export function nearestPoints(a: Geometry, b: Geometry): [number, number, number, number] {
  const found = call("GEOSNearestPoints", a, b);
  if (!found) throw refused("no nearest points");
  const at = scratch;
  call("GEOSCoordSeq_getXY", found, 0, at, at + 8);
  call("GEOSCoordSeq_getXY", found, 1, at + 16, at + 24);
  call("GEOSCoordSeq_destroy", found);
  const [x1, y1, x2, y2] = raw.HEAPF64.subarray(at >> 3, (at >> 3) + 4);
  return [x1!, y1!, x2!, y2!];
}

/** The areas that lines enclose. */
export function polygonize(lines: readonly Geometry[]): Geometry {
  const at = addresses(lines);
  const found = call("GEOSPolygonize", at, lines.length);
  raw._free(at);
  return owned(found);
}

/** Its bytes in normal form: the same for the same set of points. */
export function normalWkb(geometry: Geometry): Uint8Array {
  return scoped(() => {
    const copy = owned(call("GEOSGeom_clone", geometry));
    if (call("GEOSNormalize", copy) === -1) throw refused("not normalised");
    return toWkb(copy);
  });
}
