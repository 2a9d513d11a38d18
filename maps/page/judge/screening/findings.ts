/** One layer's answer for one site (twin of `screening/findings.py`). */
import type { Answer, Reason } from "../../contract";
import {
  type Box,
  type Geometry,
  box,
  buffer,
  difference,
  dimension,
  intersection,
  intersects,
  isEmpty,
  parts,
  polygonize,
  scoped,
  union,
} from "../geometry";
import { distanceAtLeast, distanceTo } from "../overlay/distance";
import { boundsOf, Frame, widened } from "../overlay/frame";
import { ARC_FACTOR } from "../overlay/hold";
import { floorMm } from "../rounding";
import { type Cover, coverOf } from "./covering";
import { drawnSlack, type OpenLayer, slackOf } from "./layer";
import { nearestFeature } from "./nearest";
import { accuracyOfProof } from "./proving";
import { combined, type Question } from "./question";
import { ordered } from "./reasons";
import { groupsOf, type ZoneGroup } from "./zones";

const UNIT_GAP_M = 1;
const DEGREE_M = 50_000; // less than a degree of longitude anywhere below 60 degrees north

export interface LayerAnswer {
  answer: Answer;
  reasons: Reason[];
  accuracyM: number;
  gapM: number | null;
  cover: Cover | null;
  /** a + R of the feature that asks most */
  clearMarginM: number;
  /** rows of the zone features within their own accuracy, or the nearest one */
  met: number[];
}

export function answerOf(question: Question, layer: OpenLayer): LayerAnswer {
  const { layer: card } = layer.given;
  const groups = groupsOf(question, layer);
  const reasons: Reason[] = [];
  const proved = accuracyOfProof(question, layer, groups);
  const near = groups.filter((group) => floorMm(nearGap(layer, group)) <= group.a + question.radiusM);
  const own = combined(question, card.accuracy_m);
  let answer: Answer;
  let accuracyM: number;
  if (proved !== null) {
    answer = "hit";
    accuracyM = combined(question, proved);
    reasons.push({ code: "overlaps" });
  } else if (near.length) {
    answer = "uncertain";
    const closest = byMargin(near)!;
    accuracyM = closest.a;
    reasons.push({ code: codeOf(question, layer, near), gap_m: closest.gapM });
  } else {
    answer = "clear";
    accuracyM = byMargin(groups)?.a ?? own;
  }
  const margin = Math.max(own, ...groups.map((group) => group.a)) + question.radiusM;
  const cover = layer.coverage && coverOf(question.geometry, layer.coverage);
  const obstacles = [
    ...coverageReasons(layer, cover, margin),
    ...featureReasons(question, layer),
    ...rejectedReasons(question, layer, margin),
    ...(card.kind === "control_units" ? unitReasons(question, layer, margin) : []),
    ...(layer.validity ? [{ code: layer.validity }] : []),
    ...(question.partRejected ? [{ code: "site_part_rejected" }] : []),
  ];
  if (answer === "clear") {
    if (obstacles.length) answer = "unknown";
    else reasons.push({ code: card.declared_none ? "declared_none" : "outside" });
  }
  return {
    answer,
    reasons: ordered([...reasons, ...obstacles]),
    accuracyM,
    gapM: groups.length ? Math.min(...groups.map((group) => group.gapM)) : null,
    cover,
    clearMarginM: margin,
    met: metBy(question, layer, groups),
  };
}

/** The least that the gap can be, for all that the boundary may lie elsewhere than drawn. */
function nearGap(layer: OpenLayer, group: ZoneGroup): number {
  return layer.full ? group.gapM : Math.max(0, group.gapM - slackOf(layer, group.nearest?.metres ?? 0));
}

function codeOf(question: Question, layer: OpenLayer, near: readonly ZoneGroup[]): string {
  if (layer.given.layer.judge.precision === "generalised") return "generalised";
  if (near.some((group) => group.gapM <= group.a)) return "within_accuracy";
  return near.some((group) => group.gapM <= group.a + question.radiusM) ? "within_radius" : "within_displacement";
}

/** The group whose gap is least beside its accuracy; of equal ones the less accurate, then the first. */
function byMargin(groups: readonly ZoneGroup[]): ZoneGroup | null {
  let best: ZoneGroup | null = null;
  for (const one of groups) {
    const [margin, least] = [one.gapM - one.a, best ? best.gapM - best.a : Infinity];
    if (!best || margin < least || (margin === least && one.a > best.a)) best = one;
  }
  return best;
}

/** Rows of the zone features within a + R of the site, or the nearest one; in row order. */
function metBy(question: Question, layer: OpenLayer, groups: readonly ZoneGroup[]): number[] {
  const { source } = layer;
  const { geometry: site } = question;
  const met = new Set<number>();
  for (const group of groups) {
    const plain = Math.max(group.influenceM, 0) + group.a + question.radiusM;
    const reach = plain + slackOf(layer, plain);
    for (const piece of source.piecesMeeting(widened(boundsOf(site), reach), group.has)) {
      const row = source.feature[piece]!;
      if (met.has(row)) continue;
      const there = source.load(piece);
      if (distanceAtLeast(site, there) <= reach && distanceTo(site, there) <= reach) met.add(row);
    }
  }
  if (met.size || !groups.length) return [...met].sort((one, other) => one - other);
  const closest = groups.reduce((one, other) => (other.gapM < one.gapM ? other : one));
  const nearest = nearestFeature(site, layer, closest.has, closest.nearest);
  return nearest === null ? [] : [nearest];
}

function coverageReasons(layer: OpenLayer, cover: Cover | null, margin: number): Reason[] {
  if (!cover) return [{ code: "coverage_not_stated" }];
  if (!cover.inside) {
    const code = cover.uncoveredShare >= 1 ? "outside_coverage" : "partly_outside_coverage";
    return [{ code, uncovered_share: cover.uncoveredShare }];
  }
  const needed = (layer.given.layer.judge.coverage_accuracy_m ?? 0) + margin;
  const { movedM } = layer.coverage!;
  const edge = floorMm(movedM > 0 ? Math.max(0, cover.edgeM - drawnSlack(movedM, cover.edgeM)) : cover.edgeM);
  return edge <= needed ? [{ code: "partly_outside_coverage", edge_m: edge, needed_m: needed }] : [];
}

/** Features without extent that are near, or that have no coordinates; and zones whose shape the page does not hold. */
function featureReasons(question: Question, layer: OpenLayer): Reason[] {
  const { columns, table } = layer.given;
  const found: Reason[] = [];
  columns.without_extent_m.forEach((without, row) => {
    const named = () => ({ feature: table.id[row]!, ...(table.name[row] === null ? {} : { name: table.name[row]! }) });
    if (Number.isNaN(without)) {
      const lost = columns.zone[row] && columns.dimension[row]! >= 0 && !layer.source.piecesOfOne(row).length;
      if (lost) found.push({ code: "extent_not_given", ...named() });
      return;
    }
    const reach = Math.max(combined(question, columns.accuracy_m[row]!), without) + question.radiusM;
    scoped(() => {
      const drawn = Number.isFinite(reach) ? layer.source.geometry(row) : null;
      const metres = drawn === null ? 0 : distanceToDrawn(question.geometry, drawn);
      const least = floorMm(Math.max(0, metres - slackOf(layer, metres)));
      if (!(least <= reach)) return;
      found.push({
        code: "extent_not_given",
        ...named(),
        ...(drawn === null ? {} : { distance_m: floorMm(metres), reach_m: reach }),
      });
    });
  });
  return found;
}

/** Metres to what a feature without extent shows; 0 inside lines that close, which may well be its boundary. */
function distanceToDrawn(site: Geometry, drawn: Geometry): number {
  if (dimension(drawn) === 1) {
    const [west, south, east, north] = boundsOf(drawn);
    const own = boundsOf(site);
    if (west <= own[2] && east >= own[0] && south <= own[3] && north >= own[1]) {
      if (intersects(polygonize(parts(union([drawn]))), site)) return 0;
    }
  }
  return distanceTo(site, drawn);
}

function rejectedReasons(question: Question, layer: OpenLayer, margin: number): Reason[] {
  const { rejected_boxes: boxes } = layer.given.columns;
  let near = 0;
  for (let i = 0; i < boxes.length; i += 4) {
    const one: Box = [boxes[i]!, boxes[i + 1]!, boxes[i + 2]!, boxes[i + 3]!];
    if (!layer.coverage || !boxCounts(one, layer.coverage.pieces.whole, layer.coverage.movedM)) near++;
    else if (scoped(() => intersects(question.geometry, box(widened(one, margin))))) near++;
  }
  return near ? [{ code: "rejected_feature_near", features: near }] : [];
}

/** Finite, meeting the box of the coverage, and within that box widened by its own size. */
function boxCounts(one: Box, coverage: Box, movedM: number): boolean {
  if (![...one, ...coverage].every(Number.isFinite)) return false;
  const less = movedM / DEGREE_M; // where the coverage is drawn a little off, its box is taken to be smaller
  const [west, south, east, north] = [coverage[0] + less, coverage[1] + less, coverage[2] - less, coverage[3] - less];
  const [width, height] = [east - west, north - south];
  const meets = one[0] <= east && one[2] >= west && one[1] <= north && one[3] >= south;
  const inside =
    one[0] >= west - width && one[2] <= east + width && one[1] >= south - height && one[3] <= north + height;
  return width >= 0 && height >= 0 && meets && inside;
}

/** Where units past their date leave land without a unit in force: what holds there is not known. */
function unitReasons(question: Question, layer: OpenLayer, margin: number): Reason[] {
  const { source } = layer;
  const { dimension: dimensions, in_force } = layer.given.columns;
  const site = question.geometry;
  const window = widened(boundsOf(site), layer.full ? margin : margin + slackOf(layer, margin));
  const ended = source.piecesMeeting(window, (row) => dimensions[row] === 2 && !in_force[row]);
  if (!ended.length) return [];
  const expired = (pieces: readonly number[]): Reason[] => [
    { code: "layer_expired", features: new Set(pieces.map((piece) => source.feature[piece])).size },
  ];
  return scoped(() => {
    if (!layer.full) {
      // seams drawn a little off leave slivers everywhere: near a unit that has ended nothing is known
      const reach = margin + slackOf(layer, margin);
      const near = ended.filter((piece) => distanceTo(site, source.load(piece)) <= reach);
      return near.length ? expired(near) : [];
    }
    const frame = Frame.around(boundsOf(site));
    const room = buffer(frame.toPlane(site), ARC_FACTOR * margin);
    const standing = source.piecesMeeting(window, (row) => dimensions[row] === 2 && in_force[row] === 1);
    const now = frame.toPlane(union(standing.map((piece) => source.load(piece))));
    const then = frame.toPlane(union(ended.map((piece) => source.load(piece))));
    const hole = difference(intersection(then, room), buffer(now, UNIT_GAP_M / 2, { mitre: true }));
    return isEmpty(hole) ? [] : expired(ended);
  });
}
