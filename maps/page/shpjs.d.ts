declare module "shpjs" {
  /** Geometries of a .shp in the coordinates it holds; null for a record without one. */
  export function parseShp(shp: Uint8Array, prj: false): (GeoJSON.Geometry | null)[];
}
