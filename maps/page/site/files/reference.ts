/** Which coordinate system a file states: those that need no datum shift are read, all others refused. */
import type { LonLat } from "../../coordinates";
import { toLonLat, type Grid } from "../../grid";
import { Refusal } from "../../refusal";
import { carried } from "../edges";

export interface Reference {
  name: string;
  datum: "cgcs2000" | "wgs84";
  projected: boolean;
  /** Chains of metres to degrees; null where they are degrees. */
  toDegrees: ((chain: LonLat[]) => LonLat[]) | null;
}

export function gridReference(grid: Grid, name: string): Reference {
  return {
    name,
    datum: "cgcs2000",
    projected: true,
    toDegrees: (chain) => carried(chain, (x, y) => toLonLat(x, y, grid)),
  };
}

/** The system of a name such as `urn:ogc:def:crs:EPSG::4549` or `EPSG:4490`. */
export function codeOf(name: string): Reference {
  const crs84 = /CRS:?84\b/i.test(name);
  const match = /EPSG[:/]+(?:[0-9.]*[:/])?(\d+)$/i.exec(name.trim());
  const code = match ? Number(match[1]) : 0;
  if (crs84 || code === 4326) return { name: "WGS 84", datum: "wgs84", projected: false, toDegrees: null };
  if (code === 4490) return { name: "CGCS2000 (EPSG:4490)", datum: "cgcs2000", projected: false, toDegrees: null };
  const shown = `CGCS2000 (EPSG:${code})`;
  if (code >= 4491 && code <= 4501) return gridReference({ zone: code - 4478, width: 6, prefixed: true }, shown);
  if (code >= 4502 && code <= 4512) return gridReference({ zone: code - 4489, width: 6, prefixed: false }, shown);
  if (code >= 4513 && code <= 4533) return gridReference({ zone: code - 4488, width: 3, prefixed: true }, shown);
  if (code >= 4534 && code <= 4554) return gridReference({ zone: code - 4509, width: 3, prefixed: false }, shown);
  throw new Refusal("crs_not_read", { name: name.slice(0, 60) });
}

/** The system that a .prj states. */
export function prjOf(text: string): Reference {
  const number = (name: string): number | null => {
    const match = new RegExp(`PARAMETER\\s*\\[\\s*"${name}"\\s*,\\s*([-+\\d.eE]+)`, "i").exec(text);
    return match ? Number(match[1]) : null;
  };
  const name = /^\s*\w+\s*\[\s*"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 40);
  const spheroid = /(?:SPHEROID|ELLIPSOID)\s*\[\s*"[^"]*"\s*,\s*([\d.eE+]+)\s*,\s*([\d.eE+]+)/i.exec(text);
  const flattening = spheroid && Math.abs(Number(spheroid[1]) - 6_378_137) < 0.01 ? Number(spheroid[2]) : NaN;
  const cgcs = /CGCS_?2000|China_?\s?(?:Geodetic_?\s?)?(?:Coordinate_?\s?System_?\s?)?2000|China_2000/i.test(text);
  const wgs = /WGS_?\s?(?:19)?84/i.test(text);
  const refused = new Refusal("crs_not_read", { name: name.slice(0, 60) });
  if (cgcs === wgs) throw refused; // neither, or both
  if (Math.abs(flattening - (cgcs ? 298.257222101 : 298.257223563)) > 1e-7) throw refused;
  const datum = cgcs ? "cgcs2000" : "wgs84";
  if (/^\s*GEOG/i.test(text)) {
    const metresADegree = /UNIT\s*\[\s*"Degree"/i.test(text);
    const greenwich = /PRIMEM\s*\[\s*"Greenwich"\s*,\s*0(?:\.0*)?\s*[\],]/i.test(text);
    if (!metresADegree || !greenwich) throw refused;
    return { name, datum, projected: false, toDegrees: null };
  }
  const meridian = number("Central_Meridian") ?? number("longitude_of_origin");
  const easting = number("False_Easting");
  const plain =
    /^\s*PROJ/i.test(text) && /PROJECTION\s*\[\s*"(?:Gauss_Kruger|Transverse_Mercator)"/i.test(text) && cgcs &&
    (number("Scale_Factor") ?? 1) === 1 && (number("Latitude_Of_Origin") ?? 0) === 0 &&
    (number("False_Northing") ?? 0) === 0 && /UNIT\s*\[\s*"Met(?:er|re)"\s*,\s*1(?:\.0*)?\s*[\],]/i.test(text);
  if (!plain || meridian === null || easting === null) throw refused;
  for (const width of [3, 6] as const) {
    const zone = width === 3 ? meridian / 3 : (meridian + 3) / 6;
    if (!Number.isInteger(zone)) continue;
    if (easting === 500_000) return gridReference({ zone, width, prefixed: false }, name);
    if (easting === zone * 1_000_000 + 500_000) return gridReference({ zone, width, prefixed: true }, name);
  }
  throw refused;
}
