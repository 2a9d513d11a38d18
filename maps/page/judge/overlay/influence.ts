/** The points within a stated distance of a feature, drawn where a site lies (twin of `spatial/overlay/influence.py`). */
import { direct, inverse } from "../ellipsoid";
import { type Geometry, POINT, buffer, coordinates, nearestPoints, polygon, releasing, typeId } from "../geometry";
import { boundsOf, Frame } from "./frame";

const CIRCLE_POINTS = 1440;
const QUADRANT_SEGMENTS = 90;

/** A polygon for areas and pictures; answers measure to the feature itself. */
export function drawnInfluence(feature: Geometry, influenceM: number, near: Geometry): Geometry {
  if (typeId(feature) === POINT) return circle(feature, influenceM);
  return releasing(() => {
    const frame = Frame.around(boundsOf(near));
    const [x1, y1, x2, y2] = nearestPoints(near, feature).map((v, i) =>
      i % 2 === 0 ? (v - frame.lon0) * frame.kx : (v - frame.lat0) * frame.ky,
    ) as [number, number, number, number];
    const length = Math.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1));
    let ratio = 1;
    if (length > 0) {
      const { metres } = inverse(...frame.degreesOf(x1, y1), ...frame.degreesOf(x2, y2));
      ratio = metres > 0 ? length / metres : 1;
    }
    return frame.toDegrees(buffer(frame.toPlane(feature), influenceM * ratio, { segments: QUADRANT_SEGMENTS }));
  });
}

function circle(feature: Geometry, influenceM: number): Geometry {
  const [lon, lat] = coordinates(feature);
  const ring = new Float64Array(2 * (CIRCLE_POINTS + 1));
  for (let i = 0; i < CIRCLE_POINTS; i++) ring.set(direct(lon!, lat!, i * (360 / CIRCLE_POINTS), influenceM), 2 * i);
  ring.set(ring.subarray(0, 2), 2 * CIRCLE_POINTS);
  return polygon([ring]);
}
