/** A layer opened for one judgement: what the page holds of it, and what it may prove. */
import type { JudgeLayer } from "../../contract";
import { type Coverage, coverageOf, type PieceSource, SourceError, sourceOf } from "../source";

/** Metres by which two measurements of one distance may differ, and the share of it beyond 10 km. */
const MEASURED_M = 0.02;
const MEASURED_SHARE = 0.002;

export interface OpenLayer {
  given: JudgeLayer;
  source: PieceSource;
  coverage: Coverage | null;
  /** How far the boundary may lie from the one drawn; 0 at full precision. */
  movedM: number;
  full: boolean;
  /** Whether a hit may be proved. */
  proves: boolean;
  /** The reason why it gives no `clear` on the day the page is read. */
  validity: string | null;
}

/** Opens a layer; throws where what the page holds of it does not fit together. */
export function openLayer(given: JudgeLayer, today: string): OpenLayer {
  const { layer, columns } = given;
  const { judge } = layer;
  const full = judge.precision === "full";
  const moved = full ? 0 : judge.displacement_m;
  const figures = [moved, judge.coverage_displacement_m, layer.accuracy_m, judge.coverage_accuracy_m ?? 0];
  if (!figures.every((m) => Number.isFinite(m) && m >= 0)) {
    throw new SourceError("how accurate a layer is, or how far it is simplified, is not stated");
  }
  checkColumns(given);
  const source = sourceOf(given);
  if (source.feature.some((row) => row < 0 || row >= layer.count)) throw new SourceError("a piece is of no feature");
  for (let row = 0; row < layer.count; row++) {
    if (full && columns.zone[row] && columns.dimension[row]! >= 0 && !source.piecesOfOne(row).length) {
      throw new SourceError("a zone has no geometry in the page");
    }
  }
  const { changes_on } = judge;
  const over = (layer.valid_until !== null && layer.valid_until < today) || (changes_on != null && changes_on <= today);
  return {
    given,
    source,
    coverage: coverageOf(given),
    movedM: moved,
    full,
    proves: full || (judge.precision === "simplified" && judge.proves),
    validity: layer.validity ?? (over ? "layer_expired" : null),
  };
}

function checkColumns({ layer, columns, table }: JudgeLayer): void {
  const each = ["zone", "soft", "in_force", "dimension", "accuracy_m", "influence_m", "without_extent_m", "area_m2"];
  const arrays = columns as unknown as Record<string, ArrayLike<number> | undefined>;
  const short = each.some((name) => arrays[name]?.length !== layer.count) || table.id.length !== layer.count;
  if (short || columns.bounds.length !== 4 * layer.count || columns.rejected_boxes.length % 4) {
    throw new SourceError("the columns of a layer are not as long as it has features");
  }
}

/** By how much a distance measured to what is drawn may be more than to what is meant; 0 at full precision. */
export function slackOf(layer: OpenLayer, metres: number): number {
  return layer.full ? 0 : drawnSlack(layer.movedM, metres);
}

export function drawnSlack(movedM: number, metres: number): number {
  return movedM + MEASURED_M + (metres > 10_000 ? MEASURED_SHARE * metres : 0);
}
