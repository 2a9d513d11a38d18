/** Which parts of a plan are at a place. */
import { partsIn, type Plan } from "./plan";

/** Parts at a place of the plane: areas that hold it, lines and points within `reach` (pixels of zoom 0). */
export function partsAt(plan: Plan, x: number, y: number, reach: number): number[] {
  const { level } = plan;
  return partsIn(plan, x - reach, y - reach, x + reach, y + reach).filter((part) => {
    const kind = level.part_dimension[part]!;
    return kind === 2 ? holds(plan, part, x, y) : distance(plan, part, x, y) <= reach;
  });
}

/** Even-odd over every ring: holes come out as they should whatever their winding. */
function holds(plan: Plan, part: number, x: number, y: number): boolean {
  let inside = false;
  edges(plan, part, (ax, ay, bx, by) => {
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  });
  return inside;
}

function distance(plan: Plan, part: number, x: number, y: number): number {
  let least = Infinity;
  edges(plan, part, (ax, ay, bx, by) => {
    const dx = bx - ax;
    const dy = by - ay;
    const length = dx * dx + dy * dy;
    const share = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    least = Math.min(least, Math.hypot(ax + share * dx - x, ay + share * dy - y));
  });
  return least;
}

/** Every edge of a part; a point is an edge without length. */
function edges(plan: Plan, part: number, each: (ax: number, ay: number, bx: number, by: number) => void): void {
  const { level, xy } = plan;
  const from = level.ring_start[level.part_start[part]!]!;
  const to = level.ring_start[level.part_start[part + 1]!]!;
  for (let i = from; i < to; i++) {
    const arc = level.ring_arc[i]! < 0 ? ~level.ring_arc[i]! : level.ring_arc[i]!;
    const first = level.arc_start[arc]!;
    const last = level.arc_start[arc + 1]! - 1;
    if (first === last) each(xy[2 * first]!, xy[2 * first + 1]!, xy[2 * first]!, xy[2 * first + 1]!);
    for (let v = first; v < last; v++) each(xy[2 * v]!, xy[2 * v + 1]!, xy[2 * v + 2]!, xy[2 * v + 3]!);
  }
}
