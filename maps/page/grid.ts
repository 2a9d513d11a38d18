/** Gauss-Krüger grids of CGCS2000: metres to degrees and back. */
import proj4 from "proj4";
import type { LonLat } from "./coordinates";

/** A zone of three or of six degrees; where the eastings carry the zone's number, `prefixed`. */
export interface Grid {
  zone: number;
  width: 3 | 6;
  prefixed: boolean;
}

const FALSE_EASTING = 500_000;
const MILLION = 1_000_000;
const made = new Map<number, Converter>();

interface Converter {
  forward(place: [number, number]): [number, number];
  inverse(place: [number, number]): [number, number];
}

export function centralMeridian(grid: Grid): number {
  return grid.width === 3 ? 3 * grid.zone : 6 * grid.zone - 3;
}

/** Grid of a zone number in an easting: 13 to 23 are zones of six degrees, 25 to 45 of three. */
export function gridOfPrefix(zone: number): Grid {
  return { zone, width: zone < 24 ? 6 : 3, prefixed: true };
}

/** The three-degree zone of a longitude. */
export function zone3(lon: number): Grid {
  return { zone: Math.round(lon / 3), width: 3, prefixed: true };
}

export function toLonLat(east: number, north: number, grid: Grid): LonLat {
  const from = east - (grid.prefixed ? grid.zone * MILLION : 0);
  const [lon, lat] = converter(centralMeridian(grid)).inverse([from, north]);
  return [lon, lat];
}

/** Easting and northing, metres. */
export function toGrid(place: LonLat, grid: Grid): [number, number] {
  const [east, north] = converter(centralMeridian(grid)).forward([place[0], place[1]]);
  return [east + (grid.prefixed ? grid.zone * MILLION : 0), north];
}

function converter(meridian: number): Converter {
  let found = made.get(meridian);
  if (!found) {
    const ellipsoid = "+a=6378137 +rf=298.257222101";
    found = proj4(
      `+proj=longlat ${ellipsoid} +no_defs`,
      `+proj=tmerc +lat_0=0 +lon_0=${meridian} +k=1 +x_0=${FALSE_EASTING} +y_0=0 ${ellipsoid} +units=m +no_defs`,
    );
    made.set(meridian, found);
  }
  return found;
}
