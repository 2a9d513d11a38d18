/** A table of coordinates: columns named longitude and latitude, or metres of CGCS2000 that say so. */
import { fold, pairOf, parse, type Coordinate, type LonLat, type Place } from "../../coordinates";
import { Refusal } from "../../refusal";
import { refuseOffsets } from "../marks";
import { splitRings } from "../rings";
import type { Shape } from "../site";
import { DATUM_OPEN_M, gridFacts, gridFor, shaped, writtenAccuracy } from "../typed";
import type { FileParts } from "../upload";

const LON = /^(?:.*(?:经度|东经)|经|lon|lng|long|longitude|x_?lon|wgs_?84_?lon|lon_?dd)$/;
const LAT = /^(?:.*(?:纬度|北纬)|纬|lat|latitude|y_?lat|wgs_?84_?lat|lat_?dd)$/;
const METRES = /^(?:x|y|x坐标|y坐标|坐标x|坐标y|纵坐标|横坐标|东坐标|北坐标|east|north|easting|northing)$/;
const POINT = /点号|點號|界址点|拐点|点名|点编号|点序号|桩号|顶点|^point(?:_?no)?$|^vertex$/;
const NAME = /名称|地块|项目|宗地|站名|站点|风机|机位|塔号|塔基|parcel|name|project|^site/;
/** Rings told apart, or angles in several columns: such tables are the program's. */
const BEYOND = /圈号|环号|^ring|^分$|^秒$|^[′″]$|^min$|^sec$/;
const CGCS = /cgcs_?\s*2000|2000\s*国家|国家\s*2000|2000\s*坐标/i;

export function readTable(text: string): FileParts {
  const rows = rowsOf(text).filter(({ cells }) => cells.some((cell) => cell.trim()));
  const header = (rows[0]?.cells ?? []).map((cell) => fold(cell).trim().toLowerCase().replace(/[\s"()[\]°]/g, ""));
  refuseOffsets(rows[0]?.cells ?? []);
  const columns = columnsOf(header);
  const written: Coordinate[] = [];
  const places: Place[] = [];
  for (const { cells, line } of rows.slice(1)) {
    if (cells.length < header.length) throw new Refusal("bad_line", { line });
    try {
      const pair = columns.at.map((column) => parse(cells[column]!.trim())) as [Coordinate, Coordinate];
      written.push(...pair);
      places.push(pairOf(...pair));
    } catch {
      throw new Refusal("bad_line", { line });
    }
  }
  if (!places.length) throw new Refusal("no_geometry", {});
  const degrees = places[0]!.kind === "degrees";
  if (degrees !== columns.degrees) throw new Refusal("axis_differs", {});
  if (!degrees && !CGCS.test(fold(text.slice(0, 4096)))) throw new Refusal("no_crs", {});
  const stated = CGCS.test(fold((rows[0]?.cells ?? []).join(" ")));
  const shape: Shape = columns.ring ? "polygon" : "point";
  if (columns.ring) requireOneRing(rows.slice(1), header, places);
  const whole = shaped(places, shape, null);
  const parts: GeoJSON.Geometry[] =
    whole.type === "MultiPoint" ? whole.coordinates.map((coordinates) => ({ type: "Point", coordinates })) : [whole];
  return {
    parts,
    // a word further down states no datum of the columns: to the engine it is open then
    accuracy_m: degrees ? Math.hypot(writtenAccuracy(written), 1) : stated ? 1 : DATUM_OPEN_M,
    lost: 0,
    told: degrees
      ? [{ key: "told_degrees", facts: {} }]
      : [
          { key: "told_grid", facts: gridFacts(gridFor(places[0]!, null)) },
          ...(stated ? [] : [{ key: "told_datum_open", facts: {} }]),
        ],
    words: rows[0]?.cells ?? [],
  };
}

/** Points that count from 1 again, or come back to their start, begin another parcel. */
function requireOneRing(rows: { cells: string[] }[], header: string[], places: Place[]): void {
  const column = header.findIndex((name) => POINT.test(name));
  const points = rows.map(({ cells }, i) => ({
    ring: null,
    number: cells[column]!.replace(/\D/g, "") || null,
    at: [places[i]!.east, places[i]!.north] as LonLat,
  }));
  if (splitRings(points).length > 1) throw new Refusal("table_of_parcels", {});
}

function columnsOf(header: string[]): { at: [number, number]; degrees: boolean; ring: boolean } {
  const ring = header.some((name) => POINT.test(name));
  // several parcels in one table: points alone would leave out the land between them
  const several = ring && header.some((name) => NAME.test(name) && !POINT.test(name));
  if (several || header.some((name) => BEYOND.test(name))) throw new Refusal("table_of_parcels", {});
  const of = (name: RegExp) => header.flatMap((cell, i) => (name.test(cell) ? [i] : []));
  const [lon, lat] = [of(LON), of(LAT)];
  if (lon.length > 1 || lat.length > 1) throw new Refusal("no_columns", {}); // a start and an end: which is meant?
  if (lon.length && lat.length) return { at: [lon[0]!, lat[0]!], degrees: true, ring };
  const metres = of(METRES);
  if (metres.length === 2) return { at: [metres[0]!, metres[1]!], degrees: false, ring };
  throw new Refusal("no_columns", {});
}

/** Rows of cells; a quoted cell may hold separators, doubled quotes and line ends. */
function rowsOf(text: string): { cells: string[]; line: number }[] {
  const first = text.split(/\r?\n/).find((line) => line.trim()) ?? "";
  const separator = ["\t", ";", ",", "，"].reduce((best, one) => (count(first, one) > count(first, best) ? one : best), ",");
  const rows: { cells: string[]; line: number }[] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let start = 1;
  const endCell = () => {
    cells.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    rows.push({ cells, line: start });
    cells = [];
    start = line + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && !cell.trim()) {
      quoted = true;
      cell = "";
    } else if (character === separator) endCell();
    else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
    if (character === "\n") line += 1;
  }
  if (quoted) throw new Refusal("cut_off", { format: "CSV" });
  if (cell || cells.length) endRow();
  return rows;
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
