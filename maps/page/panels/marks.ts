/** Marks that go with a layer wherever it is named: official or not, of whom, how far to be trusted. */
import type { MapLayer } from "../contract";
import { element } from "../elements";
import type { Words } from "../words";

export function marksOf(words: Words, layer: MapLayer): HTMLElement[] {
  const codes: string[] = [];
  if (layer.synthetic) codes.push("synthetic");
  else codes.push(layer.indicative ? "indicative" : "as_published");
  if (layer.restricted) codes.push("restricted");
  if (layer.judge.precision === "generalised") codes.push("generalised");
  if (!layer.levels.length && !layer.declared_none) codes.push("nowhere");
  if (layer.role === "context") codes.push("context");
  if (layer.validity) codes.push(layer.validity);
  return codes.map((code) => element("span", { class: `mark mark-${code}` }, words.of(`mark_${code}`)));
}
