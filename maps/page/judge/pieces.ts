/** A large part cut into pieces (twin of `spatial/overlay/pieces.py`): cut lines are no boundary. */
import {
  type Box,
  COLLECTION,
  type Geometry,
  area,
  bounds,
  box,
  clipByRect,
  dimension,
  intersection,
  isEmpty,
  isValid,
  typeId,
  vertexCount,
} from "./geometry";
import { ofDimension, simpleParts } from "./overlay/parts";

const MOST_VERTICES = 256;

/** Pieces of at most 256 vertices that together are the polygon or line. */
export function cut(part: Geometry): Geometry[] {
  if (vertexCount(part) <= MOST_VERTICES) return [part];
  const [west, south, east, north] = bounds(part);
  const wide = east - west >= north - south;
  const x = (west + east) / 2;
  const y = (south + north) / 2;
  const halves: [Box, Box] = wide
    ? [[west, south, x, north], [x, south, east, north]]
    : [[west, south, east, y], [west, y, east, north]];
  const own = dimension(part);
  let found = halves.map((half) => clipped(part, half, own));
  const whole = area(part);
  if (own === 2 && Math.abs(found.flat().reduce((sum, g) => sum + area(g), 0) - whole) > 1e-12 * whole) {
    found = halves.map((half) => ofDimension(simpleParts(intersection(part, box(half))), 2));
  }
  return found.flat().flatMap(cut);
}

function clipped(part: Geometry, half: Box, own: number): Geometry[] {
  if (own === 2) {
    const fast = clipByRect(part, half);
    if (isEmpty(fast)) return [];
    if (isValid(fast) && typeId(fast) !== COLLECTION && dimension(fast) === 2) return simpleParts(fast);
  }
  return ofDimension(simpleParts(intersection(part, box(half))), own);
}
