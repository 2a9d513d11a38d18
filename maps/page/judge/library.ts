/**
 * The engine's own geometry library (GEOS as WebAssembly): its memory, its calls, and who frees what.
 *
 * A geometry is an address in the library's memory. Whatever is made belongs to the scope that is open, and is freed
 * when it ends: `scoped` frees all, `releasing` all but its result, `keep` takes one out for its owner to free.
 */
import initGeos from "geos-wasm";

export type Geometry = number & { readonly geometry: never };
export type Prepared = number & { readonly prepared: never };

/** What the library refused, or gave nothing for. */
export class GeometryError extends Error {
  override name = "GeometryError";
}

type Call = (...args: number[]) => number;
interface Raw {
  HEAPU8: Uint8Array;
  HEAPF64: Float64Array;
  HEAPU32: Uint32Array;
  _malloc: Call;
  _free: Call;
  [name: string]: unknown;
}

class Scope {
  geometries: number[] = [];
  prepared: number[] = [];
}

export let raw: Raw;
let context = 0;
/** 64 bytes for what a call hands back by address. */
export let scratch = 0;
let complaint = "";
let scope: Scope | null = null;
/** How many geometries are alive: for the test that nothing is left behind. */
let alive = 0;

/** Start the library; once. */
export async function startGeometry(): Promise<string> {
  const geos = (await initGeos({ errorHandler: (text: string) => void (complaint = text) } as never)) as unknown as {
    Module: Raw;
    _ctx: number;
    GEOSversion?: () => number;
  };
  raw = geos.Module;
  context = geos._ctx;
  scratch = raw._malloc(64);
  const version = geos.GEOSversion?.();
  return typeof version === "number" ? textAt(version) : String(version ?? "");
}

/** What was refused: in the words of the library where it said something. */
export function refused(otherwise: string): GeometryError {
  return new GeometryError(complaint || otherwise);
}

function textAt(address: number): string {
  let end = address;
  while (raw.HEAPU8[end]) end++;
  return new TextDecoder().decode(raw.HEAPU8.slice(address, end));
}

/** Call one of the library's functions by its name in C. */
export function call(name: string, ...args: number[]): number {
  return (raw[`_${name}_r`] as Call)(context, ...args);
}

/** Everything made meanwhile is freed. */
export function scoped<T>(work: () => T): T {
  const outer = scope;
  const own = new Scope();
  scope = own;
  try {
    return work();
  } finally {
    scope = outer;
    freed(own);
  }
}

/** Everything made meanwhile is freed but the result, which belongs to the scope around. */
export function releasing(work: () => Geometry): Geometry {
  const outer = scope;
  const own = new Scope();
  scope = own;
  try {
    const found = work();
    const at = own.geometries.lastIndexOf(found);
    if (at >= 0) {
      own.geometries.splice(at, 1);
      outer?.geometries.push(found);
    }
    return found;
  } finally {
    scope = outer;
    freed(own);
  }
}

/** The scope that is open, to make things in later (`within`). */
export function openScope(): Scope | null {
  return scope;
}

/** Work whose geometries belong to a scope that is still open further out. */
export function within<T>(place: Scope | null, work: () => T): T {
  const inner = scope;
  scope = place;
  try {
    return work();
  } finally {
    scope = inner;
  }
}

/** Take a geometry out of the open scope; `free` it. */
export function keep(geometry: Geometry): Geometry {
  const at = scope?.geometries.lastIndexOf(geometry) ?? -1;
  if (at >= 0) scope!.geometries.splice(at, 1);
  return geometry;
}

/** Free a geometry that was kept. */
export function free(geometry: Geometry): void {
  alive--;
  call("GEOSGeom_destroy", geometry);
}

/** Geometries alive, and the bytes of the library's memory. */
export function memory(): { geometries: number; bytes: number } {
  return { geometries: alive, bytes: raw.HEAPU8.length };
}

function freed(own: Scope): void {
  for (const prepared of own.prepared) call("GEOSPreparedGeom_destroy", prepared);
  for (const geometry of own.geometries) call("GEOSGeom_destroy", geometry);
  alive -= own.geometries.length;
}

/** What a call has made, in the open scope; refused where it made nothing. */
export function owned(address: number): Geometry {
  if (!address) throw refused("no geometry");
  if (!scope) throw new GeometryError("a geometry is made outside of any scope");
  alive++;
  scope.geometries.push(address);
  return address as Geometry;
}

/** A prepared geometry of the open scope. */
export function ownedPrepared(address: number): Prepared {
  if (!address || !scope) throw refused("not prepared");
  scope.prepared.push(address);
  return address as Prepared;
}

/** What a predicate answered. */
export function truth(answer: number): boolean {
  if (answer === 2) throw refused("a predicate failed");
  return answer === 1;
}
