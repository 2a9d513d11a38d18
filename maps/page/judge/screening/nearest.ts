/** The nearest feature of a layer, the same one in whatever order its rows stand (twin of `screening/nearest.py`). */
import { type Geometry, normalWkb } from "../geometry";
import { type Nearest, nearestOfBoxes } from "../overlay/distance";
import { byText } from "../rounding";
import type { OpenLayer } from "./layer";

const TIE_M = 1e-3;

/** The row of the nearest of some features; of those equally near (within 1 mm), the first by what it is. */
export function nearestFeature(
  site: Geometry,
  layer: OpenLayer,
  wanted: (row: number) => boolean,
  first: Nearest | null = null,
): number | null {
  const { source } = layer;
  const tied: number[] = [];
  const left = (row: number) => wanted(row) && !tied.includes(row);
  const search = (withinM?: number) =>
    nearestOfBoxes(site, source.bounds, source.piecesOf(left), (piece) => source.load(piece), withinM);
  let found = first ?? search();
  if (found === null) return null;
  const least = found.metres;
  while (found !== null) {
    tied.push(source.feature[found.row]!);
    found = search(least + TIE_M);
  }
  return tied.length === 1 ? tied[0]! : tied.reduce((one, other) => (byWhatItIs(layer, other, one) < 0 ? other : one));
}

/** By code, name and geometry; the engine looks at all attributes before the geometry, and the page has not all. */
function byWhatItIs({ given, source }: OpenLayer, one: number, other: number): number {
  const { table } = given;
  const words = byText(table.code[one] ?? "", table.code[other] ?? "") || byText(table.name[one] ?? "", table.name[other] ?? "");
  return words || byBytes(shape(source.geometry(one)), shape(source.geometry(other))) || byText(table.id[one]!, table.id[other]!);
}

const shape = (geometry: Geometry | null) => (geometry === null ? new Uint8Array(0) : normalWkb(geometry));

function byBytes(one: Uint8Array, other: Uint8Array): number {
  for (let i = 0; i < Math.min(one.length, other.length); i++) if (one[i] !== other[i]) return one[i]! - other[i]!;
  return one.length - other.length;
}
