/** The ellipsoid of CGCS2000 (twin of `spatial/ellipsoid.py`): its numbers, geodesics, metres per degree. */
import geographiclib from "geographiclib-geodesic";

export const A_M = 6378137.0;
export const FLATTENING = 1 / 298.257222101;
export const B_M = A_M * (1 - FLATTENING);
export const E2 = FLATTENING * (2 - FLATTENING);
const RAD = Math.PI / 180;

interface Geodesics {
  Inverse(lat1: number, lon1: number, lat2: number, lon2: number): { s12?: number; azi1?: number };
  Direct(lat1: number, lon1: number, azi1: number, s12: number): { lat2?: number; lon2?: number };
}
const library = geographiclib as unknown as { Geodesic: { Geodesic: new (a: number, f: number) => Geodesics } };
const geod = new library.Geodesic.Geodesic(A_M, FLATTENING);

/** Geodesic metres and the azimuth at the first point, degrees. */
export function inverse(lon1: number, lat1: number, lon2: number, lat2: number): { metres: number; azimuth: number } {
  const found = geod.Inverse(lat1, lon1, lat2, lon2);
  return { metres: found.s12!, azimuth: found.azi1! };
}

/** Where one comes after some metres on an azimuth. */
export function direct(lon: number, lat: number, azimuth: number, metres: number): [number, number] {
  const found = geod.Direct(lat, lon, azimuth, metres);
  return [found.lon2!, found.lat2!];
}

/** Metres of one degree of longitude and of latitude at a latitude. */
export function metresPerDegree(lat: number): [number, number] {
  const b = lat * RAD;
  const w = Math.sqrt(1 - E2 * Math.sin(b) ** 2);
  return [(A_M / w) * Math.cos(b) * RAD, ((A_M * (1 - E2)) / w ** 3) * RAD];
}
