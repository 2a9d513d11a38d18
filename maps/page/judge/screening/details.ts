/** What a finding lists beside its answer: every feature met, and the context (twin of `screening/details.py`). */
import type { FeatureFinding, Finding, PageVerdict, Reason } from "../../contract";
import {
  type Geometry,
  buffer,
  intersection,
  intersects,
  parts,
  scoped,
  union,
} from "../geometry";
import { ellipsoidalArea, geodesicLength, lengthOf } from "../measure";
import { nearestOf } from "../overlay/distance";
import { boundsOf, Frame, widened } from "../overlay/frame";
import { drawnInfluence } from "../overlay/influence";
import { ofDimension, simpleParts } from "../overlay/parts";
import { APART, meet, relationToThin, TOUCHING_M } from "../overlay/relate";
import { byText, mm, rounded } from "../rounding";
import type { LayerAnswer } from "./findings";
import type { OpenLayer } from "./layer";
import { nearestFeature } from "./nearest";
import type { Question } from "./question";
import { ordered } from "./reasons";

const LISTED_WHOLE: ReadonlySet<string> = new Set(["sensitive_targets", "monitoring_sections"]);
const ON_LINE_M = 1e-3;

export type Context = PageVerdict["context"][number];

/** The site's own size, for shares. */
export interface Measures {
  areaM2: number;
  lengthM: number;
}

interface Listed {
  finding: FeatureFinding;
  overlap: Geometry | null;
}

export function measuresOf(site: Geometry): Measures {
  return { areaM2: ellipsoidalArea(site), lengthM: geodesicLength(site) };
}

/** The finding of one layer in full; of a context layer only its context. */
export function reportOn(
  question: Question,
  layer: OpenLayer,
  found: LayerAnswer,
  measures: Measures,
): { finding: Finding | null; context: Context | null } {
  const { layer: card, columns } = layer.given;
  const met = found.met.map((row) => listed(question, layer, row, measures));
  const others = contextRows(question, layer, (row) => columns.zone[row] === 1).map(
    (row) => listed(question, layer, row, measures).finding,
  );
  if (card.role === "context") {
    const features = [...met.map((one) => one.finding), ...others].sort(
      (one, other) => one.distance_m - other.distance_m || byText(one.id, other.id),
    );
    return { finding: null, context: { layer: card.name, kind: card.kind, features: features.map(quantised) } };
  }
  const features = met.map((one) => one.finding).sort(byWeight);
  let reasons = found.reasons;
  const touching = features.every((one) => one.relation === "touches" || one.relation === "disjoint");
  if (found.answer === "uncertain" && found.gapM === 0 && touching && card.judge.precision !== "generalised") {
    reasons = ordered([...reasons, { code: "touches" }]);
  }
  const shown = layer.given.layer.judge.precision !== "generalised";
  const overlaps = met.flatMap((one) => (one.overlap === null || !shown ? [] : [one.overlap]));
  const [total, length] = together(question.geometry, overlaps);
  return {
    finding: {
      layer: card.name,
      kind: card.kind,
      theme: card.theme,
      version: card.version,
      answer: found.answer,
      reason: reasons[0]!.code,
      reasons: reasons.map(quantisedReason),
      accuracy_m: mm(found.accuracyM),
      gap_m: mm(found.gapM !== null && Number.isFinite(found.gapM) ? found.gapM : null),
      displacement_m: layer.movedM,
      precision: card.judge.precision,
      uncovered_share: found.cover && rounded(found.cover.uncoveredShare, 9),
      overlap_m2: rounded(total, 2),
      share: rounded(shareOf(total, length, measures), 9),
      overlap_length_m: measures.lengthM > 0 ? mm(length) : null,
      features: features.map(quantised),
    },
    context: others.length ? { layer: card.name, kind: card.kind, features: others.map(quantised) } : null,
  };
}

/** To 0.01 m² and 9 digits, as the engine orders: the last bits of an area say nothing. */
const inOrderM2 = (areaM2: number) => Math.round(Number(areaM2.toPrecision(9)) * 100);
const inOrderMm = (metres: number) => Math.round(metres * 1000);

const byWeight = (one: FeatureFinding, other: FeatureFinding) =>
  inOrderM2(other.overlap_m2) - inOrderM2(one.overlap_m2) ||
  inOrderMm(other.length_m ?? 0) - inOrderMm(one.length_m ?? 0) ||
  inOrderMm(one.distance_m) - inOrderMm(other.distance_m) ||
  byText(one.id, other.id);

function listed(question: Question, layer: OpenLayer, row: number, measures: Measures): Listed {
  const { source } = layer;
  const { columns, table, layer: card } = layer.given;
  const site = question.geometry;
  const own = source.piecesOfOne(row);
  const influenceM = columns.influence_m[row]!;
  let meeting = APART;
  if (influenceM > 0) {
    const zone = drawnInfluence(source.geometry(row)!, influenceM, site);
    meeting = meet(site, [zone], ellipsoidalArea(zone));
  } else if (columns.dimension[row] === 2) {
    const near = source.piecesMeeting(widened(boundsOf(site), TOUCHING_M), (one) => one === row);
    const area = layer.full ? columns.area_m2[row]! : source.area(row);
    meeting = meet(site, near.map((piece) => source.load(piece)), area);
  }
  const pieces = own.map((piece) => source.load(piece));
  const nearest = nearestOf(site, pieces);
  let { relation } = meeting;
  if (relation === "disjoint" && nearest.metres < TOUCHING_M && !(influenceM > 0)) {
    relation = columns.dimension[row]! < 2 ? relationToThin(site, union(pieces)) : "touches";
  }
  // what is drawn larger than it is says nothing of how much of a site it takes
  const shown = card.judge.precision !== "generalised";
  const area = shown ? meeting.overlapM2 : 0;
  const length = shown ? meeting.overlapLengthM : 0;
  return {
    overlap: meeting.overlap,
    finding: {
      row,
      id: table.id[row]!,
      code: table.code[row] ?? null,
      name: table.name[row] ?? null,
      class: table.class[row]!,
      flags: table.flags[row] ?? [],
      accuracy_m: columns.accuracy_m[row]!,
      relation,
      overlap_m2: area,
      share: shareOf(area, length, measures),
      length_m: measures.lengthM > 0 ? length : null,
      distance_m: nearest.metres,
      bearing_deg: nearest.bearing,
    },
  };
}

/** Features that are no zone: those met; of point kinds all; of other context layers the nearest besides. */
function contextRows(question: Question, layer: OpenLayer, zone: (row: number) => boolean): number[] {
  const { source } = layer;
  const { layer: card, columns } = layer.given;
  const site = question.geometry;
  const rest = (row: number) => !zone(row) && columns.dimension[row]! >= 0 && source.piecesOfOne(row).length > 0;
  const rows = Array.from({ length: card.count }, (_, row) => row).filter(rest);
  if (LISTED_WHOLE.has(card.kind)) return rows;
  const near = source.piecesMeeting(widened(boundsOf(site), TOUCHING_M), rest);
  const met = new Set(near.filter((piece) => intersects(site, source.load(piece))).map((piece) => source.feature[piece]!));
  if (met.size || card.role !== "context" || !rows.length) return [...met].sort((one, other) => one - other);
  const nearest = nearestFeature(site, layer, rest);
  return nearest === null ? [] : [nearest];
}

/** Area and length of the site in the layer, features that overlap each other counted once. */
function together(site: Geometry, overlaps: readonly Geometry[]): [number, number] {
  if (!overlaps.length) return [0, 0];
  const all = overlaps.flatMap((one) => parts(one));
  const areas = ofDimension(all, 2);
  const lines = ofDimension(all, 1);
  const area = areas.length ? ellipsoidalArea(union(areas)) : 0;
  if (!lines.length) return [area, 0];
  return [area, overlaps.length === 1 ? lengthOf(lines) : commonLength(site, lines)];
}

/** How much of the site's lines lies on lines cut from it, those counted once that overlap. */
function commonLength(site: Geometry, pieces: readonly Geometry[]): number {
  return scoped(() => {
    const ours = ofDimension(simpleParts(site), 1);
    const theirs = ofDimension(simpleParts(...pieces), 1);
    if (!ours.length || !theirs.length) return 0;
    const frame = Frame.around(boundsOf(site));
    const near = theirs.map((one) => buffer(frame.toPlane(one), ON_LINE_M, { flat: true }));
    const met = intersection(union(ours.map((one) => frame.toPlane(one))), union(near));
    return lengthOf(ofDimension(simpleParts(frame.toDegrees(met)), 1));
  });
}

/** Of the site's area; of its length where only its lines lie there. */
function shareOf(areaM2: number, lengthM: number, measures: Measures): number {
  if (measures.areaM2 > 0 && (areaM2 > 0 || lengthM === 0)) return Math.min(1, areaM2 / measures.areaM2);
  return measures.lengthM > 0 ? Math.min(1, lengthM / measures.lengthM) : 0;
}

function quantised(one: FeatureFinding): FeatureFinding {
  return {
    ...one,
    accuracy_m: rounded(one.accuracy_m, 3),
    overlap_m2: rounded(one.overlap_m2, 2),
    share: rounded(one.share, 9),
    length_m: mm(one.length_m),
    distance_m: rounded(one.distance_m, 3),
    bearing_deg: one.bearing_deg === null ? null : rounded(one.bearing_deg, 2) % 360,
  };
}

function quantisedReason(reason: Reason): Reason {
  const found: Reason = { code: reason.code };
  for (const [fact, value] of Object.entries(reason)) {
    found[fact] = typeof value === "number" ? rounded(value, fact === "uncovered_share" ? 9 : 3) : value;
  }
  return found;
}

