/** A level as it is drawn and pointed at: vertices in the plane of web Mercator, boxes of parts and of runs of arcs. */
import Flatbush from "flatbush";
import type { Level } from "../contract";

/** The world's width at zoom 0, as Leaflet has it. */
export const WORLD = 256;
/** Vertices of an arc that share a box: a run that lies beside a tile is drawn as one line. */
const RUN = 32;

export interface Plan {
  level: Level;
  /** x and y of every vertex in turn, pixels of zoom 0 */
  xy: Float64Array;
  /** (arcs + 1) first run of each arc; a run ends with the vertex at which the next begins */
  runStart: Int32Array;
  /** (runs, 4) boxes */
  runBox: Float64Array;
  /** (parts, 4) boxes */
  partBox: Float64Array;
  index: Flatbush | null;
}

export function planOf(level: Level): Plan {
  const xy = projected(level);
  const { arc_start, ring_arc, ring_start, part_start } = level;
  const arcs = arc_start.length - 1;
  const runStart = new Int32Array(arcs + 1);
  for (let arc = 0; arc < arcs; arc++) {
    const edges = Math.max(1, arc_start[arc + 1]! - arc_start[arc]! - 1);
    runStart[arc + 1] = runStart[arc]! + Math.ceil(edges / RUN);
  }
  const runBox = new Float64Array(4 * runStart[arcs]!);
  const arcBox = emptyBoxes(arcs);
  for (let arc = 0; arc < arcs; arc++) {
    for (let run = runStart[arc]!; run < runStart[arc + 1]!; run++) {
      const box = runBox.subarray(4 * run, 4 * run + 4);
      box.set([Infinity, Infinity, -Infinity, -Infinity]);
      const [from, to] = verticesOf(level, arc, run - runStart[arc]!);
      for (let vertex = from; vertex <= to; vertex++) widen(box, xy[2 * vertex]!, xy[2 * vertex + 1]!);
      join(arcBox, arc, box);
    }
  }
  const parts = part_start.length - 1;
  const partBox = emptyBoxes(parts);
  for (let part = 0; part < parts; part++) {
    for (let ring = part_start[part]!; ring < part_start[part + 1]!; ring++) {
      for (let i = ring_start[ring]!; i < ring_start[ring + 1]!; i++) {
        const arc = ring_arc[i]! < 0 ? ~ring_arc[i]! : ring_arc[i]!;
        join(partBox, part, arcBox.subarray(4 * arc, 4 * arc + 4));
      }
    }
  }
  return { level, xy, runStart, runBox, partBox, index: indexOf(partBox, parts) };
}

/** First and last vertex of the n-th run of an arc. */
export function verticesOf(level: Level, arc: number, n: number): [number, number] {
  const first = level.arc_start[arc]! + n * RUN;
  return [first, Math.min(first + RUN, level.arc_start[arc + 1]! - 1)];
}

/** Parts whose box meets the bounds, in order. */
export function partsIn(plan: Plan, west: number, north: number, east: number, south: number): number[] {
  return plan.index ? plan.index.search(west, north, east, south).sort((a, b) => a - b) : [];
}

/** Pixels of zoom 0 of a longitude and a latitude. */
export function worldOf(lon: number, lat: number): [number, number] {
  const limited = Math.max(Math.min(85.0511287798, lat), -85.0511287798);
  const sine = Math.sin((limited * Math.PI) / 180);
  return [WORLD * (lon / 360 + 0.5), WORLD * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI))];
}

function projected(level: Level): Float64Array {
  const { lon0, lat0, step, xy } = level;
  const found = new Float64Array(xy.length);
  for (let i = 0; i < xy.length; i += 2) {
    const [x, y] = worldOf(lon0 + step * xy[i]!, lat0 + step * xy[i + 1]!);
    found[i] = x;
    found[i + 1] = y;
  }
  return found;
}

function indexOf(boxes: Float64Array, count: number): Flatbush | null {
  if (!count) return null;
  const index = new Flatbush(count);
  for (let i = 0; i < count; i++) index.add(boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!);
  index.finish();
  return index;
}

function emptyBoxes(count: number): Float64Array {
  const boxes = new Float64Array(4 * count);
  for (let i = 0; i < boxes.length; i += 4) boxes.set([Infinity, Infinity, -Infinity, -Infinity], i);
  return boxes;
}

function widen(box: Float64Array, x: number, y: number): void {
  if (x < box[0]!) box[0] = x;
  if (y < box[1]!) box[1] = y;
  if (x > box[2]!) box[2] = x;
  if (y > box[3]!) box[3] = y;
}

function join(boxes: Float64Array, at: number, box: Float64Array): void {
  const own = boxes.subarray(4 * at, 4 * at + 4);
  widen(own, box[0]!, box[1]!);
  widen(own, box[2]!, box[3]!);
}
