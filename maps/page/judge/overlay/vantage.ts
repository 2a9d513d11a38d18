/** A site that distances are measured from, worked out once (twin of `spatial/overlay/vantage.py`). */
import {
  type Box,
  type Geometry,
  type Prepared,
  mapped,
  openScope,
  prepare,
  runs,
  within,
} from "../geometry";
import { boundsOf, Frame } from "./frame";

/** Edges in degrees, lon and lat of both ends in turn, and the row each is of. */
export interface Segments {
  xy: Float64Array;
  owner: Int32Array;
  count: number;
}

const same = (v: number) => v;

/** What measurements need of one site; it lives as long as the scope in which it was made. */
export class Vantage {
  readonly bounds: Box;
  readonly frame: Frame;
  private readonly scope = openScope();
  private readonly made: {
    prepared?: Prepared;
    plane?: Geometry;
    preparedPlane?: Prepared;
    edges?: Segments;
    lines?: Float64Array;
  } = {};

  constructor(readonly site: Geometry) {
    this.bounds = boundsOf(site);
    this.frame = Frame.around(this.bounds);
  }

  /** A prepared copy: the site itself stays as it is. */
  get prepared(): Prepared {
    return (this.made.prepared ??= this.lasting(() => prepare(mapped(this.site, same, same))));
  }

  get plane(): Geometry {
    return (this.made.plane ??= this.lasting(() => this.frame.toPlane(this.site)));
  }

  get preparedPlane(): Prepared {
    return (this.made.preparedPlane ??= this.lasting(() => prepare(mapped(this.plane, same, same))));
  }

  get edges(): Segments {
    return (this.made.edges ??= segmentsOf([this.site]));
  }

  /** Its edges in its frame. */
  get lines(): Float64Array {
    return (this.made.lines ??= edgeLines(this.edges, this.frame));
  }

  private lasting<T>(work: () => T): T {
    return within(this.scope, work);
  }
}

let lasting: Vantage | null = null;

/** The site that is asked about: its vantage is made once and stays until the next. */
export function standAt(site: Geometry | null): void {
  lasting = site === null ? null : new Vantage(site);
}

export function vantageOf(site: Geometry): Vantage {
  return lasting?.site === site ? lasting : new Vantage(site);
}

/** Edges of geometries: of areas, then of lines, then points as edges of no length, in the engine's order. */
export function segmentsOf(geometries: readonly Geometry[]): Segments {
  const all = geometries.map((g) => runs(g));
  const xy: number[] = [];
  const owner: number[] = [];
  for (const wanted of [2, 1]) {
    all.forEach((list, row) => {
      for (const { dimension, rings } of list) {
        if (dimension !== wanted) continue;
        for (const ring of rings) {
          for (let i = 0; i + 3 < ring.length; i += 2) {
            xy.push(ring[i]!, ring[i + 1]!, ring[i + 2]!, ring[i + 3]!);
            owner.push(row);
          }
        }
      }
    });
  }
  all.forEach((list, row) => {
    for (const { dimension, rings } of list) {
      if (dimension !== 0) continue;
      xy.push(rings[0]![0]!, rings[0]![1]!, rings[0]![0]!, rings[0]![1]!);
      owner.push(row);
    }
  });
  return { xy: Float64Array.from(xy), owner: Int32Array.from(owner), count: owner.length };
}

/** The same edges in metres of a frame. */
export function edgeLines(edges: Segments, frame: Frame): Float64Array {
  return edges.xy.map((v, i) => (i % 2 === 0 ? (v - frame.lon0) * frame.kx : (v - frame.lat0) * frame.ky));
}
