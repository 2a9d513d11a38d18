/** A file that the reader gives becomes a site, or is refused with the reason. It never leaves the page. */
import { unzipSync } from "fflate";
import { Refusal } from "../refusal";
import { readGeojson } from "./files/geojson";
import { readMarkup } from "./files/markup";
import { readShapefile } from "./files/shapefile";
import { isSurveyText, readSurveyText } from "./files/survey";
import { readTable } from "./files/table";
import { textOf } from "./files/text";
import { harmless } from "../text";
import { refuseOffsets, refuseOldDatum } from "./marks";
import { joined, MOST_PARTS, requireSound, type Site } from "./site";

export const MOST_BYTES = 20 * 1024 * 1024;
const MOST_UNPACKED = 80 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

/** What a reader of a format found: parts in degrees. */
export interface FileParts {
  parts: GeoJSON.Geometry[];
  accuracy_m: number;
  /** parts that could not be used */
  lost: number;
  told: Site["told"];
  /** what a name, a header or a description says: looked through for marks of an offset */
  words: (string | null | undefined)[];
  /** those of the words that head columns, where the others are anybody's prose; by default all */
  headings?: string[];
}

export async function uploadedSite(file: File): Promise<Site> {
  if (file.size > MOST_BYTES) {
    throw new Refusal("too_large", { megabytes: Math.ceil(file.size / MEGABYTE), limit: MOST_BYTES / MEGABYTE });
  }
  if (!file.size) throw new Refusal("empty_file", {});
  const read = partsOf(file.name, new Uint8Array(await file.arrayBuffer()));
  refuseOffsets([file.name, ...read.words]);
  refuseOldDatum([file.name, ...(read.headings ?? read.words)]);
  if (read.parts.length > MOST_PARTS) {
    throw new Refusal("too_many_parts", { count: read.parts.length, limit: MOST_PARTS });
  }
  const geometry = joined(read.parts);
  requireSound(geometry);
  const told = [...read.told, { key: "told_parts", facts: { count: read.parts.length } }];
  if (read.lost) told.push({ key: "told_lost", facts: { count: read.lost } });
  return {
    name: harmless(file.name),
    geometry,
    accuracy_m: read.accuracy_m,
    radius_m: 0,
    part_rejected: read.lost > 0,
    told,
  };
}

function partsOf(name: string, bytes: Uint8Array): FileParts {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return partsOfZip(bytes);
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0x27 && bytes[3] === 0x0a) throw new Refusal("shp_alone", {});
  const text = textOf(bytes);
  if (text.includes("\0") || isDrawing(text)) throw new Refusal("not_read", { name });
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[{")) return readGeojson(start);
  if (start.startsWith("<")) return readMarkup(start);
  if (isSurveyText(text)) return readSurveyText(text);
  return readTable(text);
}

/** DXF as text: pairs of a number and a value, the first of them a section or a comment. */
function isDrawing(text: string): boolean {
  return /^\s*(999\r?\n[^\n]*\n\s*)*0\r?\n\s*SECTION\r?\n/.test(text.slice(0, 4096));
}

function partsOfZip(bytes: Uint8Array): FileParts {
  let unpacked = 0;
  const inner = unzipSync(bytes, {
    filter: ({ originalSize, name }) => {
      unpacked += originalSize;
      if (unpacked > MOST_UNPACKED) {
        throw new Refusal("too_large", { megabytes: Math.ceil(unpacked / MEGABYTE), limit: MOST_UNPACKED / MEGABYTE });
      }
      return !/(^|\/)(__MACOSX|\.)/.test(name);
    },
  });
  const names = Object.keys(inner);
  if (names.some((one) => /\.xlsx?$|^xl\//i.test(one))) throw new Refusal("workbook", {});
  const shapes = names.filter((one) => /\.shp$/i.test(one));
  const marked = names.filter((one) => /\.(kml|gpx|geojson|json)$/i.test(one));
  const choices = shapes.length ? shapes : marked;
  if (!choices.length) throw new Refusal("zip_holds_none", {});
  if (choices.length > 1) throw new Refusal("zip_holds_several", { names: choices.slice(0, 5).join(", ") });
  const found = shapes.length ? readShapefile(choices[0]!, inner) : partsOf(choices[0]!, inner[choices[0]!]!);
  return { ...found, words: [...found.words, ...names] };
}
