/** The local metric frame (twin of `spatial/overlay/frame.py`), and boxes in degrees. */
import { metresPerDegree } from "../ellipsoid";
import { type Box, type Geometry, bounds, mapped } from "../geometry";
import { rounded } from "../rounding";

/** x = kx·(lon − lon0), y = ky·(lat − lat0), metres. */
export class Frame {
  private constructor(
    readonly lon0: number,
    readonly lat0: number,
    readonly kx: number,
    readonly ky: number,
  ) {}

  /** Around a point: centre rounded to 1e-9 degree, scales to 1e-6 metre per degree. */
  static at(lon: number, lat: number): Frame {
    const lat0 = rounded(lat, 9);
    const [kx, ky] = metresPerDegree(lat0);
    return new Frame(rounded(lon, 9), lat0, rounded(kx, 6), rounded(ky, 6));
  }

  static around([west, south, east, north]: Box): Frame {
    return Frame.at((west + east) / 2, (south + north) / 2);
  }

  toPlane(geometry: Geometry): Geometry {
    return mapped(geometry, (x) => (x - this.lon0) * this.kx, (y) => (y - this.lat0) * this.ky);
  }

  toDegrees(geometry: Geometry): Geometry {
    return mapped(geometry, (x) => x / this.kx + this.lon0, (y) => y / this.ky + this.lat0);
  }

  degreesOf(x: number, y: number): [number, number] {
    return [x / this.kx + this.lon0, y / this.ky + this.lat0];
  }
}

/** A box that holds every point within some metres of a box, with 1 % to spare. */
export function widened([west, south, east, north]: Box, marginM: number): Box {
  const margin = 1.01 * marginM + 0.01;
  const dy = margin / metresPerDegree(Math.min(Math.abs(south), Math.abs(north)))[1];
  const dx = margin / metresPerDegree(Math.min(89, Math.max(Math.abs(south), Math.abs(north)) + dy))[0];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** Whether box number i of a flat list meets a box; touching counts, NaN does not. */
export function boxMeets(boxes: ArrayLike<number>, i: number, [west, south, east, north]: Box): boolean {
  return (
    boxes[4 * i]! <= east && boxes[4 * i + 2]! >= west && boxes[4 * i + 1]! <= north && boxes[4 * i + 3]! >= south
  );
}

export const boundsOf = (geometry: Geometry): Box => bounds(geometry);
