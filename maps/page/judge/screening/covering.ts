/** Whether a site lies where layers claim to be complete, far enough from its edge (twin of `screening/covering.py`). */
import {
  type Box,
  type Geometry,
  box,
  buffer,
  covers,
  difference,
  dimension,
  intersection,
  intersects,
  polygon,
  scoped,
  union,
} from "../geometry";
import { areaOf, lengthOf } from "../measure";
import { nearestOfBoxes } from "../overlay/distance";
import { boundsOf, Frame, widened } from "../overlay/frame";
import { ARC_FACTOR, QUADRANT_SEGMENTS } from "../overlay/hold";
import { ofDimension, simpleParts } from "../overlay/parts";
import { rounded } from "../rounding";
import type { Coverage } from "../source";

const GRID_DEG = 1e-8;
const RAD = Math.PI / 180;

/** How a site lies in one coverage; `edgeM` 0 where it is not wholly inside. */
export interface Cover {
  inside: boolean;
  edgeM: number;
  uncoveredShare: number;
}

export interface StatedCover {
  coverage: Coverage;
  accuracyM: number;
  source: string;
  version: string;
}

export function coverOf(site: Geometry, coverage: Coverage): Cover {
  return scoped(() => {
    const known = knownIn(coverage, widened(boundsOf(site), 1));
    const share = shareOutside(site, known);
    if (share > 0 || !covers(known, site)) return { inside: false, edgeM: 0, uncoveredShare: share };
    const { edges } = coverage;
    const groups = Array.from(edges.feature.keys());
    const nearest = nearestOfBoxes(site, edges.bounds, groups, (group) => edges.load(group));
    return { inside: true, edgeM: nearest?.metres ?? 0, uncoveredShare: 0 };
  });
}

/** Whether the pooled coverage of several layers holds the site with more than a + R to its edge. */
export function pooledCovers(site: Geometry, stated: readonly StatedCover[], marginM: number): boolean {
  if (!stated.length) return false;
  return scoped(() => {
    const frame = Frame.around(boundsOf(site));
    const widest = Math.max(...stated.map((cover) => narrowing(cover)));
    const window = widened(boundsOf(site), 1.1 * marginM + 2.2 * widest + 10);
    const top = Math.max(Math.abs(window[1]), Math.abs(window[3])) * RAD;
    // metres of the frame and of the ellipsoid differ by tan(lat) times the half height in radians at most
    const slack = 1.003 + (Math.tan(top) * (window[3] - window[1]) * RAD) / 2;
    const groups = new Map<string, StatedCover[]>();
    stated.forEach((cover, i) => {
      // neighbours drawn a little off may close a gap between them: such a coverage is narrowed on its own
      const key = cover.coverage.movedM > 0 ? `${i}` : JSON.stringify([cover.source, cover.version]);
      groups.set(key, [...(groups.get(key) ?? []), cover]);
    });
    const room = frame.toPlane(box(window));
    const narrowed = [...groups.values()].map((same) => {
      const known = union(same.map((cover) => knownIn(cover.coverage, window)), GRID_DEG);
      const plane = frame.toPlane(intersection(known, box(window)));
      const outside = difference(room, plane);
      const c = slack * Math.max(...same.map((cover) => narrowing(cover)));
      return difference(plane, buffer(outside, ARC_FACTOR * c, { segments: QUADRANT_SEGMENTS }));
    });
    const pooled = union(narrowed, 1e-4);
    const around = buffer(frame.toPlane(site), slack * ARC_FACTOR * marginM, { segments: QUADRANT_SEGMENTS });
    return covers(pooled, around);
  });
}

/** By how much a coverage is narrowed before it is pooled. */
function narrowing({ accuracyM, coverage }: StatedCover): number {
  return accuracyM + (coverage.movedM > 0 ? coverage.movedM + 0.02 : 0);
}

function knownIn({ pieces }: Coverage, window: Box): Geometry {
  const rows = pieces.piecesMeeting(window, () => true);
  return rows.length ? union(rows.map((row) => pieces.load(row)), GRID_DEG) : polygon([]);
}

/** Share of the site's area, length or points outside; the measure of its highest dimension. */
function shareOutside(site: Geometry, known: Geometry): number {
  const parts = simpleParts(site);
  const top = Math.max(...parts.map(dimension));
  const mine = ofDimension(parts, top);
  if (top === 0) return mine.filter((one) => !intersects(one, known)).length / mine.length;
  const left = ofDimension(simpleParts(difference(union(mine), known)), top);
  const measure = top === 2 ? areaOf : lengthOf;
  const whole = measure(mine);
  return rounded(left.length && whole > 0 ? measure(left) / whole : 0, 9);
}
