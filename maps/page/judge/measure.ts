/** Areas and lengths on the ellipsoid (twin of `spatial/measure.py`, which says where the formulas come from). */
import { B_M, E2, inverse } from "./ellipsoid";
import { type Geometry, runs } from "./geometry";

const RAD = Math.PI / 180;
const SERIES: readonly (readonly [number, number])[] = [
  [1, 1 + (3 / 6) * E2 + (30 / 80) * E2 ** 2 + (35 / 112) * E2 ** 3 + (630 / 2304) * E2 ** 4],
  [3, -((1 / 6) * E2 + (15 / 80) * E2 ** 2 + (21 / 112) * E2 ** 3 + (420 / 2304) * E2 ** 4)],
  [5, (3 / 80) * E2 ** 2 + (7 / 112) * E2 ** 3 + (180 / 2304) * E2 ** 4],
  [7, -((1 / 112) * E2 ** 3 + (45 / 2304) * E2 ** 4)],
  [9, (5 / 2304) * E2 ** 4],
];
const LINE_STEP_DEG = 0.05;

/** Square metres of the polygons of a geometry, holes subtracted whatever their winding. */
export function ellipsoidalArea(geometry: Geometry): number {
  let total = 0;
  for (const part of runs(geometry)) {
    if (part.dimension !== 2) continue;
    part.rings.forEach((ring, i) => (total += Math.abs(ringSum(ring)) * (i === 0 ? 1 : -1)));
  }
  return Math.max(total, 0);
}

/** The sum over several geometries. */
export function areaOf(geometries: readonly Geometry[]): number {
  return geometries.reduce((sum, one) => sum + ellipsoidalArea(one), 0);
}

function ringSum(xy: Float64Array): number {
  const origin = xy[1]!;
  let sum = 0;
  for (let i = 0; i + 3 < xy.length; i += 2) {
    const low = xy[i + 1]!;
    const high = xy[i + 3]!;
    const turn = (xy[i + 2]! - xy[i]!) * RAD;
    const above = (low - origin + (high - origin)) * (0.5 * RAD);
    const middle = origin * RAD + above;
    const half = (high - low) * (0.5 * RAD);
    const between = origin * RAD + 0.5 * above;
    let mean = 0;
    for (let k = SERIES.length - 1; k >= 0; k--) {
      const [n, factor] = SERIES[k]!;
      const climb = 2 * Math.cos(n * between) * Math.sin(0.5 * n * above);
      mean += factor * (climb + Math.sin(n * middle) * sincMinusOne(n * half));
    }
    sum += B_M ** 2 * turn * mean;
  }
  return sum;
}

function sincMinusOne(x: number): number {
  if (Math.abs(x) > 0.5) return Math.sin(x) / x - 1;
  const square = x * x;
  return (-square / 6) * (1 - (square / 20) * (1 - (square / 42) * (1 - (square / 72) * (1 - square / 110))));
}

/** Metres of the lines of a geometry, each straight in longitude and latitude. */
export function geodesicLength(geometry: Geometry): number {
  let total = 0;
  for (const part of runs(geometry)) {
    if (part.dimension !== 1) continue;
    for (const xy of part.rings) total += lineLength(xy);
  }
  return total;
}

export function lengthOf(geometries: readonly Geometry[]): number {
  return geometries.reduce((sum, one) => sum + geodesicLength(one), 0);
}

function lineLength(xy: Float64Array): number {
  let total = 0;
  for (let i = 0; i + 3 < xy.length; i += 2) {
    const [x1, y1, x2, y2] = [xy[i]!, xy[i + 1]!, xy[i + 2]!, xy[i + 3]!];
    const longest = Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1));
    const steps = Math.max(1, Math.ceil(longest / LINE_STEP_DEG));
    let [x, y] = [x1, y1];
    for (let step = 1; step <= steps; step++) {
      const share = step / steps;
      const [nextX, nextY] = step === steps ? [x2, y2] : [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
      total += inverse(x, y, nextX, nextY).metres;
      [x, y] = [nextX, nextY];
    }
  }
  return total;
}
