/** How a site lies to one feature, with 1 mm as the tolerance of touching (twin of `spatial/overlay/relate.py`). */
import {
  COLLECTION,
  type Geometry,
  MULTILINE,
  MULTIPOLYGON,
  buffer,
  collection,
  crosses,
  difference,
  dimension,
  intersection,
  intersects,
  isEmpty,
  length,
  prepare,
  preparedCovers,
  union,
} from "../geometry";
import { areaOf, ellipsoidalArea, geodesicLength } from "../measure";
import { nearestOf } from "./distance";
import { boundsOf, Frame } from "./frame";
import { ofDimension, simpleParts, unitedByDimension } from "./parts";

export const TOUCHING_M = 1e-3;
const GRID_DEG = 1e-8;

/** How a site meets a feature; the overlap in degrees, of the site's own dimension. */
export interface Meeting {
  relation: string;
  overlap: Geometry | null;
  overlapM2: number;
  overlapLengthM: number;
}

export const APART: Meeting = { relation: "disjoint", overlap: null, overlapM2: 0, overlapLengthM: 0 };

/** Relation and overlap of a site and one areal feature, given by its pieces near the site. */
export function meet(site: Geometry, pieces: readonly Geometry[], featureAreaM2: number): Meeting {
  if (!pieces.length) return APART;
  const united = unitedByDimension(site);
  const found = united
    .map((part) => meetPart(part, pieces, featureAreaM2))
    .filter((meeting) => meeting.relation !== "disjoint");
  if (!found.length) return APART;
  const overlaps = found.flatMap((meeting) => (meeting.overlap === null ? [] : [meeting.overlap]));
  let { relation } = found.find((meeting) => meeting.overlap !== null) ?? found[0]!;
  if ((relation === "within" || relation === "equals") && found.length < united.length) relation = "overlaps";
  return {
    relation,
    overlap: !overlaps.length ? null : overlaps.length === 1 ? overlaps[0]! : collection(COLLECTION, overlaps),
    overlapM2: found.reduce((sum, meeting) => sum + meeting.overlapM2, 0),
    overlapLengthM: found.reduce((sum, meeting) => sum + meeting.overlapLengthM, 0),
  };
}

/** Relation of a site to a point or line feature, which has no area to overlap. */
export function relationToThin(site: Geometry, feature: Geometry): string {
  const part = unitedByDimension(site).find((one) => nearestOf(one, [feature]).metres < TOUCHING_M);
  if (part === undefined) return "disjoint";
  const frame = Frame.around(boundsOf(part));
  const s = frame.toPlane(part);
  const f = frame.toPlane(feature);
  const siteIn = isEmpty(difference(s, buffer(f, TOUCHING_M)));
  const featureIn = isEmpty(difference(f, buffer(s, TOUCHING_M)));
  if (siteIn) return featureIn ? "equals" : "within";
  const own = dimension(part);
  if (own === 2 && !intersects(buffer(s, -TOUCHING_M), f)) return "touches";
  if (featureIn) return "contains";
  if (own === 1 && dimension(feature) === 1) {
    if (dimension(intersection(s, f)) === 1) return "overlaps";
    return crosses(s, f) ? "crosses" : "touches";
  }
  return own === 2 && dimension(feature) === 1 ? "crosses" : "overlaps";
}

function meetPart(site: Geometry, pieces: readonly Geometry[], featureAreaM2: number): Meeting {
  const own = dimension(site);
  if (own === 2) return meetParcel(site, pieces, featureAreaM2);
  const frame = Frame.around(boundsOf(site));
  const zone = frame.toPlane(union(pieces, GRID_DEG));
  const plane = frame.toPlane(site);
  const inside = intersection(plane, buffer(zone, -TOUCHING_M));
  const outside = difference(plane, buffer(zone, TOUCHING_M));
  if (own === 1) {
    if (length(inside) <= TOUCHING_M) return touchOrApart(site, pieces);
    const overlap = onlyOf(frame.toDegrees(intersection(plane, zone)), 1);
    const relation = length(outside) <= TOUCHING_M ? "within" : "crosses";
    return { relation, overlap, overlapM2: 0, overlapLengthM: geodesicLength(overlap) };
  }
  if (isEmpty(inside)) return touchOrApart(site, pieces);
  const relation = isEmpty(outside) ? "within" : "overlaps";
  return { relation, overlap: frame.toDegrees(inside), overlapM2: 0, overlapLengthM: 0 };
}

function meetParcel(site: Geometry, pieces: readonly Geometry[], featureAreaM2: number): Meeting {
  const prepared = prepare(site);
  const parts = pieces.map((piece) =>
    onlyOf(preparedCovers(prepared, piece) ? piece : intersection(site, piece), 2),
  );
  const area = areaOf(parts);
  const overlap = union(parts);
  const frame = Frame.around(boundsOf(site));
  if (area <= 0 || isEmpty(buffer(frame.toPlane(overlap), -TOUCHING_M / 2))) return touchOrApart(site, pieces);
  const siteArea = ellipsoidalArea(site);
  const left = buffer(frame.toPlane(difference(site, union(pieces, GRID_DEG))), -TOUCHING_M / 2);
  const siteIn = isEmpty(left) && Math.abs(siteArea - area) <= Math.max(1e-6 * siteArea, 0.01);
  const zoneIn = Math.abs(featureAreaM2 - area) <= 1e-9 * featureAreaM2;
  let relation = "overlaps";
  if (siteIn) {
    const same = Math.abs(featureAreaM2 - siteArea) <= 1e-9 * Math.max(featureAreaM2, 1) + 0.001;
    relation = same ? "equals" : "within";
  } else if (zoneIn) {
    relation = "contains";
  }
  return { relation, overlap, overlapM2: area, overlapLengthM: 0 };
}

function touchOrApart(site: Geometry, pieces: readonly Geometry[]): Meeting {
  return nearestOf(site, pieces).metres < TOUCHING_M ? { ...APART, relation: "touches" } : APART;
}

/** The parts of one dimension; what an intersection leaves besides is dropped. */
function onlyOf(geometry: Geometry, wanted: number): Geometry {
  const kept = ofDimension(simpleParts(geometry), wanted);
  return kept.length === 1 ? kept[0]! : collection(wanted === 2 ? MULTIPOLYGON : MULTILINE, kept);
}
