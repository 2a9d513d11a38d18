/** Parts of a plan onto a canvas, a slice of time at once. */
import type { Ink } from "./ink";
import { partsIn, verticesOf, type Plan } from "./plan";

/** What is painted where: a square of the plane, and how each part looks (null: not at all). */
export interface Painting {
  plan: Plan;
  canvas: HTMLCanvasElement;
  /** corner of the square, pixels of zoom 0, and device pixels of each such pixel */
  x: number;
  y: number;
  scale: number;
  /** device pixels a CSS pixel */
  ratio: number;
  inkOf: (part: number) => Ink | null;
  /** device pixels that the square lies from the origin of the plane: hatches of neighbouring squares meet */
  originX: number;
  originY: number;
  reach: number;
}

/** Vertices put into one path before it is filled and stroked. */
const PATH = 6000;

/** Paints; yields after each path, so that the caller can let others have their turn. */
export function* painted(painting: Painting): Generator<void, void, void> {
  const { plan, canvas, x, y, scale, ratio, reach } = painting;
  const pen = canvas.getContext("2d")!;
  const margin = (reach * ratio) / scale;
  const east = x + canvas.width / scale;
  const south = y + canvas.height / scale;
  const box: [number, number, number, number] = [x - margin, y - margin, east + margin, south + margin];
  pen.lineJoin = "round";
  let path = new Path2D();
  let count = 0;
  let shape = -1;
  let ink: Ink | null = null;
  const { level } = plan;
  for (const part of partsIn(plan, ...box)) {
    const next = painting.inkOf(part);
    if (!next) continue;
    const kind = level.part_dimension[part]!;
    if (ink && (next !== ink || kind !== shape || count > PATH)) {
      laid(pen, path, ink, shape, painting);
      path = new Path2D();
      count = 0;
      yield;
    }
    ink = next;
    shape = kind;
    for (let ring = level.part_start[part]!; ring < level.part_start[part + 1]!; ring++) {
      count += kind === 0 ? dotted(path, ring, ink, painting) : traced(path, ring, kind === 2, box, painting);
    }
  }
  if (ink) laid(pen, path, ink, shape, painting);
}

function laid(pen: CanvasRenderingContext2D, path: Path2D, ink: Ink, shape: number, painting: Painting): void {
  const { ratio, originX, originY } = painting;
  if (shape !== 1) {
    pen.globalAlpha = ink.fillOpacity;
    pen.fillStyle = ink.fill;
    pen.fill(path);
    if (ink.hatch && shape === 2) {
      const { period } = ink;
      ink.hatch.setTransform(new DOMMatrix([1, 0, 0, 1, -(originX % period), -(originY % period)]));
      pen.globalAlpha = 1;
      pen.fillStyle = ink.hatch;
      pen.fill(path);
    }
  }
  if (!ink.weight) return;
  pen.globalAlpha = 1;
  pen.strokeStyle = ink.line;
  pen.lineWidth = ink.weight * ratio;
  pen.setLineDash(shape === 0 ? [] : ink.dash.map((length) => length * ratio));
  pen.stroke(path);
}

/** A point of constant size; an area that is drawn as a point is no larger than its outline. */
function dotted(path: Path2D, ring: number, ink: Ink, painting: Painting): number {
  const { plan, x, y, scale, ratio } = painting;
  const arc = plan.level.ring_arc[plan.level.ring_start[ring]!]!;
  const vertex = plan.level.arc_start[arc < 0 ? ~arc : arc]!;
  const px = (plan.xy[2 * vertex]! - x) * scale;
  const py = (plan.xy[2 * vertex + 1]! - y) * scale;
  const radius = Math.max(0.3, ink.radius) * ratio;
  path.moveTo(px + radius, py);
  path.arc(px, py, radius, 0, 2 * Math.PI);
  return 8;
}

/** A ring or line; runs of vertices that lie on one side of the square are one line there. */
function traced(
  path: Path2D,
  ring: number,
  closed: boolean,
  box: [number, number, number, number],
  painting: Painting,
): number {
  const { plan, x, y, scale } = painting;
  const { level, xy, runStart, runBox } = plan;
  let count = 0;
  let fresh = true;
  let lastX = 0;
  let lastY = 0;
  const to = (vertex: number, always: boolean) => {
    const px = (xy[2 * vertex]! - x) * scale;
    const py = (xy[2 * vertex + 1]! - y) * scale;
    if (fresh) path.moveTo(px, py);
    else if (always || Math.abs(px - lastX) + Math.abs(py - lastY) >= 0.7) path.lineTo(px, py);
    else return;
    fresh = false;
    lastX = px;
    lastY = py;
    count++;
  };
  for (let i = level.ring_start[ring]!; i < level.ring_start[ring + 1]!; i++) {
    const signed = level.ring_arc[i]!;
    const arc = signed < 0 ? ~signed : signed;
    const runs = runStart[arc + 1]! - runStart[arc]!;
    for (let n = 0; n < runs; n++) {
      const own = signed < 0 ? runs - 1 - n : n;
      const [first, last] = verticesOf(level, arc, own);
      const at = 4 * (runStart[arc]! + own);
      const beside =
        runBox[at]! > box[2] || runBox[at + 2]! < box[0] || runBox[at + 1]! > box[3] || runBox[at + 3]! < box[1];
      if (beside) {
        to(signed < 0 ? last : first, true);
        to(signed < 0 ? first : last, true);
      } else if (signed < 0) for (let vertex = last; vertex >= first; vertex--) to(vertex, vertex === last || vertex === first);
      else for (let vertex = first; vertex <= last; vertex++) to(vertex, vertex === last || vertex === first);
    }
  }
  if (closed) path.closePath();
  return count;
}
