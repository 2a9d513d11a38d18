/** What is asked of every layer (twin of `screening/question.py`). */
import type { SiteQuestion } from "../../contract";
import { type Geometry } from "../geometry";

const FARTHEST_M = 20_037_509;
const LEAST_M = 0.05;

export interface Question {
  geometry: Geometry;
  accuracyM: number;
  radiusM: number;
  transformationM: number;
  partRejected: boolean;
}

/** The question about one geometry, its figures as they were given. */
export function questionOf(geometry: Geometry, given: SiteQuestion): Question {
  return {
    geometry,
    accuracyM: given.accuracy_m,
    radiusM: given.radius_m,
    transformationM: given.transformation_m,
    partRejected: given.part_rejected,
  };
}

/** The combined accuracy a against a feature or layer of this accuracy, rounded up to 1 mm. */
export function combined(question: Question, layerM: number): number {
  const figures = [question.accuracyM, layerM, question.transformationM].map((m) => Math.min(m, FARTHEST_M));
  if (!figures.every((m) => Number.isFinite(m) && m >= 0)) throw new RangeError("an accuracy is finite and at least 0");
  const whole = Math.max(Math.hypot(...figures), LEAST_M);
  return Math.ceil(whole * 1000 - 1e-9 * Math.max(1, whole)) / 1000;
}
