/** A level of detail (see `Level` in contract.ts) as rings in degrees. */
import type { Level } from "./contract";
import type { Unpacked } from "./packing";

/** The level in a chunk: numbers in the document, arrays beside it; a prefix where a chunk holds several. */
export function levelOf(chunk: Unpacked, prefix = ""): Level {
  const numbers = (chunk.document as { [key: string]: { lon0: number; lat0: number; step: number } })[`${prefix}level`]!;
  const array = <T>(name: string) => chunk.arrays[prefix + name] as unknown as T;
  return {
    ...numbers,
    xy: array<Int32Array>("xy"),
    arc_start: array<Int32Array>("arc_start"),
    ring_arc: array<Int32Array>("ring_arc"),
    ring_start: array<Int32Array>("ring_start"),
    part_start: array<Int32Array>("part_start"),
    part_dimension: array<Uint8Array>("part_dimension"),
    part_feature: array<Int32Array>("part_feature"),
  };
}

/** Vertices of one ring or line, x and y in whole steps in turn; where arcs meet their common vertex stands once. */
export function stepsOf(level: Level, ring: number): Int32Array {
  const { xy, arc_start, ring_arc, ring_start } = level;
  const from = ring_start[ring]!;
  const to = ring_start[ring + 1]!;
  let count = 0;
  for (let i = from; i < to; i++) {
    const arc = ring_arc[i]! < 0 ? ~ring_arc[i]! : ring_arc[i]!;
    count += arc_start[arc + 1]! - arc_start[arc]! - (i > from ? 1 : 0);
  }
  const found = new Int32Array(2 * count);
  let at = 0;
  for (let i = from; i < to; i++) {
    const backwards = ring_arc[i]! < 0;
    const arc = backwards ? ~ring_arc[i]! : ring_arc[i]!;
    const first = arc_start[arc]!;
    const last = arc_start[arc + 1]! - 1;
    const step = backwards ? -1 : 1;
    let vertex = (backwards ? last : first) + (i > from ? step : 0);
    for (; vertex >= first && vertex <= last; vertex += step) {
      found[at++] = xy[2 * vertex]!;
      found[at++] = xy[2 * vertex + 1]!;
    }
  }
  return found;
}

/** The rings of a part (of a line or point: its one line), each longitude and latitude in turn, degrees. */
export function ringsOf(level: Level, part: number): Float64Array[] {
  const rings: Float64Array[] = [];
  for (let ring = level.part_start[part]!; ring < level.part_start[part + 1]!; ring++) {
    const steps = stepsOf(level, ring);
    const degrees = new Float64Array(steps.length);
    for (let i = 0; i < steps.length; i += 2) {
      degrees[i] = level.lon0 + level.step * steps[i]!;
      degrees[i + 1] = level.lat0 + level.step * steps[i + 1]!;
    }
    rings.push(degrees);
  }
  return rings;
}
