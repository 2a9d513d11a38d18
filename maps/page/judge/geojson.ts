/** GeoJSON of a site as a geometry. */
import {
  COLLECTION,
  collection,
  type Geometry,
  line,
  MULTILINE,
  MULTIPOINT,
  MULTIPOLYGON,
  point,
  polygon,
} from "./geometry";

const flat = (positions: GeoJSON.Position[]) => Float64Array.from(positions.flatMap((p) => [p[0]!, p[1]!]));

/** Of a GeoJSON geometry its x and y; heights are dropped. */
export function fromGeoJson(given: GeoJSON.Geometry): Geometry {
  switch (given.type) {
    case "Point":
      return point(given.coordinates[0]!, given.coordinates[1]!);
    case "LineString":
      return line(flat(given.coordinates));
    case "Polygon":
      return polygon(given.coordinates.map(flat));
    case "MultiPoint":
      return collection(MULTIPOINT, given.coordinates.map((p) => point(p[0]!, p[1]!)));
    case "MultiLineString":
      return collection(MULTILINE, given.coordinates.map((l) => line(flat(l))));
    case "MultiPolygon":
      return collection(MULTIPOLYGON, given.coordinates.map((p) => polygon(p.map(flat))));
    case "GeometryCollection":
      return collection(COLLECTION, given.geometries.map(fromGeoJson));
  }
}
