/** Answers and reasons in the order of the catalogue (twin of `screening/reasons.py`). */
import type { Answer, Reason, YesNo } from "../../contract";

const ANSWERS: readonly Answer[] = ["hit", "uncertain", "unknown", "clear"];

/** The engine's catalogue; `within_displacement` and `generalised` are the page's own, of layers not drawn in full. */
const REASONS: readonly string[] = [
  "overlaps",
  "within_accuracy",
  "within_radius",
  "within_displacement",
  "generalised",
  "touches",
  "outside",
  "outside_coverage",
  "partly_outside_coverage",
  "coverage_not_stated",
  "layer_missing",
  "layer_unreadable",
  "layer_expired",
  "not_valid_yet",
  "date_missing",
  "rejected_feature_near",
  "extent_not_given",
  "site_part_rejected",
  "declared_none",
];
export const COVERAGE_REASONS: ReadonlySet<string> = new Set([
  "outside_coverage",
  "partly_outside_coverage",
  "coverage_not_stated",
]);

/** Reasons in catalogue order; equal codes keep their order. */
export function ordered(reasons: readonly Reason[]): Reason[] {
  return [...reasons].sort((a, b) => REASONS.indexOf(a.code) - REASONS.indexOf(b.code));
}

/** How strict an answer is, 0 the strictest. */
export const strictness = (answer: Answer): number => ANSWERS.indexOf(answer);

/** hit > uncertain > unknown > clear; of none, unknown. */
export function strictest(answers: readonly Answer[]): Answer {
  return ANSWERS.find((answer) => answers.includes(answer)) ?? "unknown";
}

export function yesNo(answer: Answer): YesNo {
  return ({ hit: "yes", uncertain: "uncertain", unknown: "unknown", clear: "no" } as const)[answer];
}
