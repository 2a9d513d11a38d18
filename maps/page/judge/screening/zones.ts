/** Zone features of a layer in groups that share accuracy, influence distance and softness. */
import { type Nearest, nearestOfBoxes } from "../overlay/distance";
import { floorMm } from "../rounding";
import type { OpenLayer } from "./layer";
import { combined, type Question } from "./question";

export interface ZoneGroup {
  has: (row: number) => boolean;
  accuracyM: number;
  /** −1 where there is none */
  influenceM: number;
  soft: boolean;
  a: number;
  gapM: number;
  nearest: Nearest | null;
}

/** The groups in the engine's order: by accuracy, influence distance, softness. */
export function groupsOf(question: Question, layer: OpenLayer): ZoneGroup[] {
  const { columns } = layer.given;
  const influence = (row: number) => (Number.isNaN(columns.influence_m[row]!) ? -1 : columns.influence_m[row]!);
  const keys = new Map<string, { key: [number, number, number]; rows: Set<number> }>();
  columns.zone.forEach((zone, row) => {
    if (!zone) return;
    const key: [number, number, number] = [columns.accuracy_m[row]!, influence(row), columns.soft[row]! ? 1 : 0];
    const name = key.join(" ");
    const known = keys.get(name);
    if (known) known.rows.add(row);
    else keys.set(name, { key, rows: new Set([row]) });
  });
  const { source } = layer;
  return [...keys.values()]
    .sort((one, other) => one.key[0] - other.key[0] || one.key[1] - other.key[1] || one.key[2] - other.key[2])
    .map(({ key: [accuracyM, influenceM, soft], rows }) => {
      const has = (row: number) => rows.has(row);
      const nearest = nearestOfBoxes(question.geometry, source.bounds, source.piecesOf(has), (i) => source.load(i));
      const gap = nearest === null ? Infinity : Math.max(0, nearest.metres - Math.max(influenceM, 0));
      return {
        has,
        accuracyM,
        influenceM,
        soft: soft === 1,
        a: combined(question, accuracyM),
        gapM: Number.isFinite(gap) ? floorMm(gap) : gap,
        nearest,
      };
    });
}
