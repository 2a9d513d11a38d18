/**
 * Coordinates as people write them; the browser's side of `spatial/coordinates.py`, rule for rule: two numbers become
 * east and north by their size, never by what a header says. What the numbers cannot tell is left to the reader.
 */
import { Refusal } from "./refusal";

export type LonLat = [number, number];
export type PairKind = "degrees" | "zone_prefix" | "no_prefix" | "web_mercator" | "local";
type Axis = "lon" | "lat";

export interface Coordinate {
  value: number;
  notation: "decimal" | "dms";
  decimals: number;
  unit: "number" | "minute" | "second";
  axis: Axis | null;
}

export interface Place {
  east: number;
  north: number;
  kind: PairKind;
  zone: number | null;
  swapped: boolean;
}

const LOOKALIKES: { [character: string]: string } = {};
for (const [plain, others] of Object.entries({
  "°": "º˚゜∘", "′": "‘’`´'ʹ", "″": "“”\"ʺ", "-": "−–—﹣", ",": "、", ".": "。", "[": "【〔", "]": "】〕",
})) {
  for (const other of others) LOOKALIKES[other] = plain;
}
const WORDS: [string, Axis, 1 | -1][] = [
  ["东经", "lon", 1], ["西经", "lon", -1], ["北纬", "lat", 1], ["南纬", "lat", -1],
  ["经度", "lon", 1], ["纬度", "lat", 1], ["经", "lon", 1], ["纬", "lat", 1],
  ["LONGITUDE", "lon", 1], ["LATITUDE", "lat", 1], ["LON", "lon", 1], ["LNG", "lon", 1], ["LAT", "lat", 1],
  ["E", "lon", 1], ["W", "lon", -1], ["N", "lat", 1], ["S", "lat", -1],
];
const WORD = WORDS.map(([word]) => word).join("|");
const NUMBER = String.raw`\d+(?:\.\d*)?|\.\d+`;
const BODY =
  String.raw`(?<deg>\d{1,3})\s*(?<mark>[°度:-])\s*(?<min>${NUMBER})(?:\s*[′分:-]\s*(?<sec>${NUMBER})?)?\s*[″′秒分]*` +
  String.raw`|(?<plain>${NUMBER})(?<exp>E[+-]?\d+(?![\d.]))?\s*[°度]?`;
const COORDINATE = new RegExp(
  String.raw`(?:(?<before>${WORD})\s*[:=]?\s*)?(?<sign>[+-])?(?:${BODY})\s*(?:(?<after>[EWNS])(?![A-Z\d.+-]))?`,
  "y",
);
const THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const BETWEEN = /[\s,;|()[\]/]*/y;
const LONGEST = 200;

/** Full-width and look-alike characters made plain, case kept. */
export function fold(text: string): string {
  const folded = plain(text).replace(/″/g, "\0").normalize("NFKC");
  return plain(folded).replace(/\0/g, "″").replace(/′′/g, "″").replace(/\ufeff/g, "");
}

function plain(text: string): string {
  return text.replace(/./gsu, (character) => LOOKALIKES[character] ?? character);
}

/** One coordinate from the text of a cell; throws a `Refusal` where it is none. */
export function parse(text: string): Coordinate {
  if (text.length > LONGEST) throw new Refusal("not_a_coordinate", { text: text.slice(0, 40) });
  let folded = fold(text).trim().toUpperCase();
  if (THOUSANDS.test(folded)) folded = folded.replace(/,/g, "");
  COORDINATE.lastIndex = 0;
  const match = COORDINATE.exec(folded);
  if (!match || match[0].length !== folded.length) throw new Refusal("not_a_coordinate", { text: text.slice(0, 40) });
  return coordinateOf(match, text);
}

/** Every coordinate of a text that holds nothing else. */
export function parseAll(text: string): Coordinate[] {
  const folded = fold(text).toUpperCase();
  const found: Coordinate[] = [];
  let position = skip(folded, 0);
  while (position < folded.length) {
    COORDINATE.lastIndex = position;
    const match = COORDINATE.exec(folded);
    if (!match) throw new Refusal("not_a_coordinate", { text: folded.slice(position, position + 20) });
    const end = position + match[0].length;
    const after = skip(folded, end);
    const parted = after > end || /\s$/.test(match[0]) || end === folded.length;
    if (!parted && !endsItself(match[0], folded.slice(end))) {
      throw new Refusal("not_parted", { text: match[0].slice(0, 40) });
    }
    found.push(coordinateOf(match, text.slice(0, 40)));
    position = after;
  }
  return found;
}

/** East and north of two numbers, by their size. */
export function place(first: number, second: number): Place {
  if (!(Math.abs(first) < 1e12 && Math.abs(second) < 1e12)) {
    throw new Refusal("not_a_coordinate", { text: `${first}, ${second}` });
  }
  const orders: [number, number, boolean][] = [
    [first, second, false],
    [second, first, true],
  ];
  for (const [east, north, swapped] of orders) {
    if (within(east, 73, 136) && within(north, 3, 54)) return { east, north, kind: "degrees", zone: null, swapped };
    const zone = zoneOfEasting(east);
    if (zone !== null && within(north, 330_000, 6_000_000)) return { east, north, kind: "zone_prefix", zone, swapped };
  }
  for (const [east, north, swapped] of [orders[1]!, orders[0]!]) {
    if (within(east, 200_000, 800_000) && within(north, 330_000, 6_000_000)) {
      return { east, north, kind: "no_prefix", zone: null, swapped };
    }
  }
  for (const [east, north, swapped] of orders) {
    if (within(east, 8.1e6, 15.2e6) && within(north, 0.33e6, 7.2e6)) {
      return { east, north, kind: "web_mercator", zone: null, swapped };
    }
  }
  if (Math.abs(second) >= 1e6 && Math.abs(first) < 1e6) {
    return { east: first, north: second, kind: "local", zone: null, swapped: false };
  }
  return { east: second, north: first, kind: "local", zone: null, swapped: true };
}

/** Zone of an easting with a zone prefix, else null: 13 to 23 of six degrees, 25 to 45 of three (24 is none). */
export function zoneOfEasting(easting: number): number | null {
  const zone = Math.floor(easting / 1e6);
  const rest = easting - zone * 1e6;
  if (zone >= 13 && zone <= 23 && within(rest, 200_000, 800_000)) return zone;
  if (zone >= 25 && zone <= 45 && within(rest, 300_000, 700_000)) return zone;
  return null;
}

/** A pair as east and north; what the text says of its axes must agree with the sizes. */
export function pairOf(one: Coordinate, other: Coordinate): Place {
  const at = place(one.value, other.value);
  if (one.axis !== null && one.axis === other.axis) throw new Refusal("one_axis_twice", {});
  if (at.kind === "degrees" && (one.axis !== null || other.axis !== null)) {
    const eastFirst = one.axis === "lon" || other.axis === "lat";
    if (eastFirst === at.swapped) throw new Refusal("axis_differs", {});
  }
  return at;
}

export function decimalText(at: LonLat, decimals = 6): string {
  return `${at[0].toFixed(decimals)}, ${at[1].toFixed(decimals)}`;
}

/** Degrees, minutes and seconds with their hemispheres, seconds to a tenth. */
export function dmsText(at: LonLat): string {
  return `${angle(at[0], "E", "W")}  ${angle(at[1], "N", "S")}`;
}

function angle(value: number, positive: string, negative: string): string {
  const tenths = Math.round(Math.abs(value) * 36_000);
  const seconds = (tenths % 600) / 10;
  const minutes = Math.floor(tenths / 600) % 60;
  const degrees = Math.floor(tenths / 36_000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${degrees}°${two(minutes)}′${seconds.toFixed(1).padStart(4, "0")}″${value < 0 ? negative : positive}`;
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function skip(text: string, position: number): number {
  BETWEEN.lastIndex = position;
  return position + (BETWEEN.exec(text)?.[0].length ?? 0);
}

/** Whether a coordinate needs no separator: it ends in a mark or a hemisphere, or a word follows. */
function endsItself(written: string, rest: string): boolean {
  return "°度′分″秒EWNS".includes(written.slice(-1)) || WORDS.some(([word]) => rest.startsWith(word));
}

function coordinateOf(match: RegExpExecArray, text: string): Coordinate {
  const group = match.groups!;
  const words = [group.before, group.after].filter(Boolean).map((word) => WORDS.find(([one]) => one === word)!);
  if (new Set(words.map(([, axis]) => axis)).size > 1) throw new Refusal("one_axis_twice", { text });
  const last = words[words.length - 1];
  const axis = last ? last[1] : null;
  const sign = (last ? last[2] : 1) * (group.sign === "-" ? -1 : 1);
  if (group.plain !== undefined) {
    const value = Number(group.plain + (group.exp ?? ""));
    const decimals = group.plain.includes(".") ? group.plain.length - group.plain.indexOf(".") - 1 : 0;
    return { value: sign * value, notation: "decimal", decimals, unit: "number", axis };
  }
  if ("-:".includes(group.mark!) && group.sec === undefined) throw new Refusal("not_a_coordinate", { text });
  const minutes = Number(group.min);
  const seconds = Number(group.sec ?? 0);
  if (minutes >= 60 || seconds >= 60) throw new Refusal("sixty", { text });
  if (group.sec !== undefined && group.min!.includes(".")) throw new Refusal("not_a_coordinate", { text });
  const written = group.sec ?? group.min!;
  return {
    value: (sign * (Number(group.deg) * 3600 + minutes * 60 + seconds)) / 3600,
    notation: "dms",
    decimals: written.includes(".") ? written.length - written.indexOf(".") - 1 : 0,
    unit: group.sec === undefined ? "minute" : "second",
    axis,
  };
}
