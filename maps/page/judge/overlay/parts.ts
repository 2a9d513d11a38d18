/** A geometry as its simple parts (twin of `spatial/overlay/parts.py`). */
import { type Geometry, dimension, simple, union } from "../geometry";

/** Points, lines and polygons, however they are nested; empty ones left out. */
export function simpleParts(...geometries: Geometry[]): Geometry[] {
  return geometries.flatMap(simple);
}

/** Those of one dimension. */
export function ofDimension(parts: readonly Geometry[], wanted: number): Geometry[] {
  return parts.filter((part) => dimension(part) === wanted);
}

/** The polygons, the lines and the points, each united to one geometry; areas first. */
export function unitedByDimension(...geometries: Geometry[]): Geometry[] {
  const parts = simpleParts(...geometries);
  return [2, 1, 0].map((d) => ofDimension(parts, d)).filter((some) => some.length).map((some) => union(some));
}
