/** The ministry's survey text (勘测定界界址点坐标交换格式): CGCS2000 and a zone must be stated. */
import { fold, parse, place, type LonLat, type Place } from "../../coordinates";
import { gridOfPrefix, type Grid } from "../../grid";
import { Refusal } from "../../refusal";
import { refuseOldDatum } from "../marks";
import { splitRings } from "../rings";
import { gridFacts } from "../typed";
import type { FileParts } from "../upload";
import { polygonOf } from "./geojson";
import { gridReference } from "./reference";

interface Parcel {
  line: number;
  cells: string[];
  points: { ring: string | null; number: string | null; first: number; second: number }[];
}

const SECTION = /^\[\s*([^\]]+?)\s*\]\s*/;
const KINDS = ["面", "线", "点"];

export function isSurveyText(text: string): boolean {
  const folded = fold(text.slice(0, 65_536));
  if (folded.replace(/ /g, "").includes("[地块坐标]")) return true;
  const lines = folded.split(/\r?\n/).map((line) => line.trim());
  const first = lines.find((line) => line.includes(",") && !line.includes("=") && !SECTION.test(line));
  return first !== undefined && first.endsWith("@");
}

export function readSurveyText(text: string): FileParts {
  const header = new Map<string, string>();
  const parcels = parcelsOf(text, header);
  if (!parcels.length) throw new Refusal("no_geometry", {});
  const system = header.get("坐标系") ?? "";
  requireDatum(system, header.get("数据产生日期") ?? "");
  const found: FileParts = { parts: [], accuracy_m: 1, lost: 0, told: [], words: [...header.values()] };
  const grids = parcels.map((parcel) => take(parcel, header, found));
  if (new Set(grids.map((grid) => JSON.stringify(grid))).size > 1) throw new Refusal("zones_differ", {});
  found.told.push({ key: "told_grid", facts: gridFacts(grids[0]!) });
  return found;
}

function requireDatum(system: string, date: string): void {
  refuseOldDatum([system]);
  if (/2000/.test(system)) return;
  if (/80|54|西安|北京|WGS|84/i.test(system)) throw new Refusal("crs_not_read", { name: system.slice(0, 40) });
  const day = /(\d{4})\D+(\d{1,2})\D+(\d{1,2})/.exec(date);
  // From that day on only CGCS2000 was allowed for new work.
  const since = day ? Number(day[1]) * 10_000 + Number(day[2]) * 100 + Number(day[3]) : 0;
  if (system || since < 20_180_701) throw new Refusal("no_crs", {});
}

function parcelsOf(text: string, header: Map<string, string>): Parcel[] {
  const parcels: Parcel[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    let line = fold(raw).trim();
    const section = SECTION.exec(line);
    if (section) line = line.slice(section[0].length);
    if (!line) return;
    const equals = line.indexOf("=");
    const last = parcels[parcels.length - 1];
    if (line.endsWith("@")) {
      parcels.push({ line: i + 1, cells: line.slice(0, -1).split(",").map((cell) => cell.trim()), points: [] });
    } else if (equals >= 0 && (!last || !line.slice(0, equals).includes(","))) {
      const key = line.slice(0, equals).trim();
      if (!header.has(key)) header.set(key, line.slice(equals + 1).trim());
    } else if (last) last.points.push(pointOf(line, i + 1));
    else throw new Refusal("bad_line", { line: i + 1 });
  });
  return parcels;
}

function pointOf(line: string, number: number): Parcel["points"][number] {
  let cells = line.replace(/,+$/, "").split(",").map((cell) => cell.trim());
  if (cells.length === 2) cells = ["", "", ...cells];
  else if (cells.length === 3) cells = [cells[0]!, "", cells[1]!, cells[2]!];
  else if (cells.length === 6) cells = [cells[3]!, cells[2]!, cells[4]!, cells[5]!];
  if (cells.length !== 4 && cells.length !== 5) throw new Refusal("bad_line", { line: number });
  try {
    const digits = cells[0]!.replace(/\D/g, "") || null;
    return { ring: cells[1] || null, number: digits, first: parse(cells[2]!).value, second: parse(cells[3]!).value };
  } catch {
    throw new Refusal("bad_line", { line: number });
  }
}

function take(parcel: Parcel, header: Map<string, string>, found: FileParts): Grid {
  if (!parcel.points.length) throw new Refusal("bad_line", { line: parcel.line });
  const places = parcel.points.map(({ first, second }) => place(first, second));
  if (new Set(places.map((at) => `${at.kind} ${at.swapped} ${at.zone}`)).size > 1) {
    throw new Refusal("bad_line", { line: parcel.line });
  }
  const grid = gridOf(places[0]!, header);
  const { toDegrees } = gridReference(grid, "");
  const kind = kindOf(parcel.cells);
  const rings = splitRings(
    parcel.points.map(({ ring, number }, i) => ({ ring, number, at: [places[i]!.east, places[i]!.north] as LonLat })),
  );
  if (kind === "面") requireCount(parcel, rings);
  if (kind === "面") found.parts.push(polygonOf(rings, toDegrees!));
  else if (kind === "线") found.parts.push(...rings.map((ring) => lineOf(toDegrees!(ring), parcel.line)));
  else {
    const places = rings.flat().map((at) => toDegrees!([at])[0]!);
    found.parts.push(...places.map((coordinates): GeoJSON.Point => ({ type: "Point", coordinates })));
  }
  return grid;
}

function lineOf(coordinates: LonLat[], line: number): GeoJSON.LineString {
  if (coordinates.length < 2) throw new Refusal("bad_line", { line });
  return { type: "LineString", coordinates };
}

function kindOf(cells: string[]): string {
  return [cells[4], cells[3]].find((cell) => cell !== undefined && KINDS.includes(cell)) ?? "面";
}

/** A parcel that declares more points than it has and does not close was cut off. */
function requireCount(parcel: Parcel, rings: LonLat[][]): void {
  const declared = /^\d+$/.test(parcel.cells[0] ?? "") && !KINDS.includes(parcel.cells[3] ?? "") ? Number(parcel.cells[0]) : 0;
  const last = rings[rings.length - 1]!;
  const open = String(last[0]) !== String(last[last.length - 1]);
  if (declared > parcel.points.length && open) {
    throw new Refusal("count_differs", { declared, read: parcel.points.length, line: parcel.line });
  }
}

/** The zone of the eastings or of the header; where both say one, or a width, they must agree. */
function gridOf(at: Place, header: Map<string, string>): Grid {
  const named = stated(header, "带号", /^\D*(\d{2})\D*$/);
  const width = stated(header, "几度分带", /^\D*([36])\D*$/);
  if (at.kind !== "zone_prefix" && at.kind !== "no_prefix") throw new Refusal("no_place", {});
  const zone = at.kind === "zone_prefix" ? at.zone : named;
  if (zone === null || !((zone >= 13 && zone <= 23) || (zone >= 25 && zone <= 45))) throw new Refusal("zone_missing", {});
  const grid: Grid = { ...gridOfPrefix(zone), prefixed: at.kind === "zone_prefix" };
  if ((named ?? zone) !== zone || (width ?? grid.width) !== grid.width) throw new Refusal("zone_conflict", { zone });
  return grid;
}

function stated(header: Map<string, string>, key: string, form: RegExp): number | null {
  const match = form.exec(header.get(key) ?? "");
  return match ? Number(match[1]) : null;
}
