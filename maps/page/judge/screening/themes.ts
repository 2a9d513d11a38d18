/** Layers of a kind pooled by theme; themes of a kind to one answer (twin of `screening/themes.py`). */
import type { Answer } from "../../contract";
import { scoped } from "../geometry";
import { nearestOfBoxes } from "../overlay/distance";
import { byText } from "../rounding";
import { coverOf, pooledCovers } from "./covering";
import type { LayerAnswer } from "./findings";
import { drawnSlack, type OpenLayer } from "./layer";
import type { Question } from "./question";
import { COVERAGE_REASONS, strictest } from "./reasons";

export type Answered = readonly [OpenLayer, LayerAnswer];

const harmless = ({ reasons }: LayerAnswer) =>
  reasons.every(({ code }) => COVERAGE_REASONS.has(code) || code === "outside" || code === "declared_none");

/** The answer of every protective kind, loaded, required or lost. */
export function kindAnswers(
  question: Question,
  answers: readonly Answered[],
  lost: readonly string[],
): Record<string, Answer> {
  const themes = new Map<string, Answered[]>();
  for (const one of answers) {
    const { kind, theme } = one[0].given.layer;
    const key = JSON.stringify([kind, theme]);
    themes.set(key, [...(themes.get(key) ?? []), one]);
  }
  const kinds = new Map<string, Answer[]>();
  const add = (kind: string, answer: Answer) => kinds.set(kind, [...(kinds.get(kind) ?? []), answer]);
  for (const members of themes.values()) add(members[0]![0].given.layer.kind, themeAnswer(question, members));
  for (const kind of lost) add(kind, "unknown");
  const names = [...kinds.keys()].sort(byText);
  return Object.fromEntries(names.map((kind) => [kind, strictest(kinds.get(kind)!)]));
}

/** Hit or uncertain if any layer is; clear if the pooled coverage holds the site and nothing else forbids it. */
export function themeAnswer(question: Question, members: readonly Answered[]): Answer {
  const own = strictest(members.map(([, found]) => found.answer));
  if (own === "hit" || own === "uncertain" || members.length === 1) return own;
  const margin = Math.max(...members.map(([, found]) => found.clearMarginM));
  if (members.some(([layer, found]) => !harmless(found) && !farFrom(question, layer, margin))) return "unknown";
  const covers = members.flatMap(([layer, found]) => {
    const { layer: card } = layer.given;
    if (!layer.coverage || !harmless(found)) return [];
    return [
      {
        coverage: layer.coverage,
        accuracyM: card.judge.coverage_accuracy_m ?? 0,
        source: card.judge.coverage_source || card.name,
        version: card.judge.coverage_version || card.version,
      },
    ];
  });
  return pooledCovers(question.geometry, covers, margin) ? "clear" : "unknown";
}

/** Kinds that are unknown only because their layers lie in several themes, with the names of those layers. */
export function kindsThatLackPooling(
  question: Question,
  answers: readonly Answered[],
  kinds: Record<string, Answer>,
): [string, string[]][] {
  return Object.keys(kinds)
    .filter((kind) => kinds[kind] === "unknown")
    .sort(byText)
    .flatMap((kind) => {
      const members = answers.filter(([layer]) => layer.given.layer.kind === kind);
      const themes = new Set(members.map(([layer]) => layer.given.layer.theme));
      if (themes.size < 2 || themeAnswer(question, members) !== "clear") return [];
      return [[kind, members.map(([layer]) => layer.given.layer.name).sort(byText)] as [string, string[]]];
    });
}

/** Whether the layer's coverage is farther from the site than a + R; of one drawn smaller than it is, never. */
function farFrom(question: Question, layer: OpenLayer, margin: number): boolean {
  const { coverage } = layer;
  if (!coverage || layer.given.layer.judge.precision === "generalised") return false;
  return scoped(() => {
    if (coverOf(question.geometry, coverage).inside) return false;
    const { pieces, movedM } = coverage;
    const rows = Array.from(pieces.feature.keys());
    const nearest = nearestOfBoxes(question.geometry, pieces.bounds, rows, (row) => pieces.load(row));
    return nearest !== null && nearest.metres - (movedM > 0 ? drawnSlack(movedM, nearest.metres) : 0) > margin;
  });
}
