/** A zipped shapefile: its .prj must state the system, its parts must agree in number and length. */
import { parseShp } from "shpjs";
import type { LonLat } from "../../coordinates";
import { Refusal } from "../../refusal";
import type { FileParts } from "../upload";
import { geometriesOf, polygonOf } from "./geojson";
import { prjOf } from "./reference";
import { textOf } from "./text";

const HEADER_BYTES = 100;
const VECTOR_DEGREES_M = 5;

export function readShapefile(name: string, files: { [name: string]: Uint8Array }): FileParts {
  const stem = name.replace(/\.shp$/i, "").toLowerCase();
  const beside = (end: string) =>
    Object.entries(files).find(([one]) => one.toLowerCase() === `${stem}.${end}`)?.[1] ?? null;
  const shp = files[name]!;
  const prj = beside("prj");
  if (!prj) throw new Refusal("no_prj", {});
  const reference = prjOf(textOf(prj).trim());
  const records = requireWhole(shp, beside("shx"), beside("dbf"));
  const geometries = parseShp(shp, false);
  if (geometries.length !== records) throw new Refusal("cut_off", { format: "shapefile" });
  const found: FileParts = {
    parts: [],
    accuracy_m: Math.hypot(reference.projected ? 1 : VECTOR_DEGREES_M, reference.datum === "wgs84" ? 1 : 0),
    lost: 0,
    told: [{ key: "told_reference", facts: { format: "shapefile", reference: reference.name } }],
    words: [reference.name, ...fieldsOf(beside("dbf"))],
  };
  for (const geometry of geometries) {
    if (!geometry) found.lost += 1;
    else if (geometry.type === "Polygon" || geometry.type === "MultiPolygon") {
      // Which rings are holes is told anew: writers disagree on their winding.
      const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
      const flat = rings.map((ring) => ring.map(([x, y]): LonLat => [x!, y!]));
      found.parts.push(polygonOf(flat, reference.toDegrees ?? ((chain) => chain)));
    } else found.parts.push(...geometriesOf(geometry, reference));
  }
  return found;
}

/** Names of the columns of a .dbf. */
function fieldsOf(dbf: Uint8Array | null): string[] {
  const names: string[] = [];
  for (let at = 32; dbf && at + 32 <= dbf.length && dbf[at] !== 0x0d; at += 32) {
    const name = dbf.subarray(at, at + 11);
    const end = name.indexOf(0);
    names.push(textOf(end < 0 ? name : name.subarray(0, end)));
  }
  return names;
}

/** Number of records; lengths and counts of the three files must be those their headers state. */
function requireWhole(shp: Uint8Array, shx: Uint8Array | null, dbf: Uint8Array | null): number {
  const cut = new Refusal("cut_off", { format: "shapefile" });
  if (!shx) throw new Refusal("no_shx", {});
  for (const bytes of [shp, shx]) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || view.getInt32(24) * 2 !== bytes.length) throw cut;
  }
  const records = (shx.length - HEADER_BYTES) / 8;
  if (dbf) {
    const rows = new DataView(dbf.buffer, dbf.byteOffset, dbf.byteLength).getUint32(4, true);
    if (rows !== records) throw cut;
  }
  return records;
}
