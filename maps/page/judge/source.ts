/**
 * A layer's geometry as the judge reads it: pieces of features, by the engine's own index or by a level of detail.
 *
 * What is loaded is kept in the library's memory from question to question, up to a limit (`trimSources`).
 */
import type { IndexArrays, JudgeLayer, Level } from "../contract";
import { ringsOf } from "../level";
import { type Box, type Geometry, free, fromWkb, keep, line, point, polygon, runsOf, scoped, union } from "./geometry";
import * as geometry from "./geometry";
import { areaOf } from "./measure";
import { cut } from "./pieces";

/** What the page holds of a layer does not fit together. */
export class SourceError extends Error {
  override name = "SourceError";
}

/** Above this many vertices a drawn part is cut into pieces. */
const LARGE = 1024;
const MOST_KEPT = 20_000;
const EDGES_IN_A_GROUP = 64;

const keeping = new Set<PieceSource>();

/** Free the pieces kept if they have become too many; between questions only. */
export function trimSources(): void {
  let count = 0;
  for (const source of keeping) count += source.kept;
  if (count > MOST_KEPT) for (const source of [...keeping]) source.forget();
}

/** Pieces by number, the feature and the box of each. */
export abstract class PieceSource {
  /** four numbers a piece */
  abstract readonly bounds: Float64Array;
  abstract readonly feature: Int32Array;
  private readonly pieces = new Map<number, Geometry>();
  private byFeature: Map<number, number[]> | null = null;

  protected abstract make(piece: number): Geometry;

  get kept(): number {
    return this.pieces.size;
  }

  load(piece: number): Geometry {
    let found = this.pieces.get(piece);
    if (found === undefined) {
      found = keep(this.make(piece));
      this.pieces.set(piece, found);
      keeping.add(this);
    }
    return found;
  }

  forget(): void {
    for (const one of this.pieces.values()) free(one);
    this.pieces.clear();
    keeping.delete(this);
  }

  piecesOfOne(row: number): number[] {
    if (!this.byFeature) {
      this.byFeature = new Map();
      this.feature.forEach((of, piece) => {
        const own = this.byFeature!.get(of);
        if (own) own.push(piece);
        else this.byFeature!.set(of, [piece]);
      });
    }
    return this.byFeature.get(row) ?? [];
  }

  piecesOf(wanted: (row: number) => boolean): number[] {
    const found: number[] = [];
    this.feature.forEach((row, piece) => wanted(row) && found.push(piece));
    return found;
  }

  piecesMeeting([west, south, east, north]: Box, wanted: (row: number) => boolean): number[] {
    const { bounds, feature } = this;
    const found: number[] = [];
    for (let i = 0; i < feature.length; i++) {
      if (bounds[4 * i]! > east || bounds[4 * i + 2]! < west) continue;
      if (bounds[4 * i + 1]! > north || bounds[4 * i + 3]! < south) continue;
      if (wanted(feature[i]!)) found.push(i);
    }
    return found;
  }

  /** One feature put together; null where it has no geometry. */
  geometry(row: number): Geometry | null {
    const own = this.piecesOfOne(row);
    return own.length ? union(own.map((piece) => this.load(piece))) : null;
  }

  area(row: number): number {
    return areaOf(this.piecesOfOne(row).map((piece) => this.load(piece)));
  }

  box(row: number): Box {
    return boxOf(this.bounds, this.piecesOfOne(row));
  }

  /** The box of everything. */
  get whole(): Box {
    return boxOf(this.bounds, Array.from(this.feature.keys()));
  }
}

function boxOf(bounds: Float64Array, pieces: readonly number[]): Box {
  const found: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const piece of pieces) {
    found[0] = Math.min(found[0], bounds[4 * piece]!);
    found[1] = Math.min(found[1], bounds[4 * piece + 1]!);
    found[2] = Math.max(found[2], bounds[4 * piece + 2]!);
    found[3] = Math.max(found[3], bounds[4 * piece + 3]!);
  }
  return pieces.length ? found : [NaN, NaN, NaN, NaN];
}

/** The engine's own pieces. */
class WkbSource extends PieceSource {
  readonly bounds: Float64Array;
  readonly feature: Int32Array;

  constructor(
    private readonly offset: Int32Array,
    private readonly wkb: Uint8Array,
    feature: Int32Array | null,
  ) {
    super();
    const count = offset.length - 1;
    this.feature = feature ?? new Int32Array(Math.max(count, 0));
    if (count < 0 || this.feature.length !== count || offset[count] !== wkb.length) {
      throw new SourceError("the pieces of a layer are not as many as their features or bytes");
    }
    this.bounds = new Float64Array(4 * count);
    const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
    for (let i = 0; i < count; i++) this.bounds.set(boxOfWkb(view, offset[i]!, offset[i + 1]!), 4 * i);
  }

  protected make(piece: number): Geometry {
    return fromWkb(this.wkb.subarray(this.offset[piece]!, this.offset[piece + 1]!));
  }
}

function boxOfWkb(view: DataView, from: number, to: number): Box {
  const found: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const end = runsOf(
    view,
    (at, count) => {
      for (let i = 0; i < count; i++) {
        const x = view.getFloat64(at + 16 * i, true);
        const y = view.getFloat64(at + 16 * i + 8, true);
        if (!Number.isFinite(x) || !Number.isFinite(y)) throw new SourceError("a vertex of a piece is no number");
        found[0] = Math.min(found[0], x);
        found[1] = Math.min(found[1], y);
        found[2] = Math.max(found[2], x);
        found[3] = Math.max(found[3], y);
      }
    },
    from,
  );
  if (end !== to) throw new SourceError("a piece is longer or shorter than its bytes");
  return found;
}

/** The parts of a level of detail, large ones cut. */
class LevelSource extends PieceSource {
  readonly bounds: Float64Array;
  readonly feature: Int32Array;
  private readonly part: number[] = [];
  private readonly ready = new Map<number, Uint8Array>();

  constructor(private readonly level: Level) {
    super();
    const boxes: number[] = [];
    const feature: number[] = [];
    for (let part = 0; part < level.part_feature.length; part++) {
      const rings = ringsOf(level, part);
      const row = level.part_feature[part]!;
      if (!rings.length) throw new SourceError("a part of a level has no ring");
      const pieces = rings.reduce((sum, ring) => sum + ring.length / 2, 0) > LARGE ? this.cutOf(part, rings) : null;
      for (const one of pieces ?? [null]) {
        if (one) this.ready.set(this.part.length, one.wkb);
        this.part.push(part);
        feature.push(row);
        boxes.push(...(one ? one.box : boxOfRing(rings[0]!)));
      }
    }
    this.bounds = Float64Array.from(boxes);
    this.feature = Int32Array.from(feature);
  }

  private cutOf(part: number, rings: Float64Array[]): { wkb: Uint8Array; box: Box }[] {
    return scoped(() =>
      cut(this.built(part, rings)).map((one) => ({ wkb: geometry.toWkb(one), box: geometry.bounds(one) })),
    );
  }

  private built(part: number, rings: Float64Array[]): Geometry {
    const dimension = this.level.part_dimension[part]!;
    if (dimension === 2) return polygon(rings);
    return dimension === 1 ? line(rings[0]!) : point(rings[0]![0]!, rings[0]![1]!);
  }

  protected make(piece: number): Geometry {
    const bytes = this.ready.get(piece);
    return bytes ? fromWkb(bytes) : this.built(this.part[piece]!, ringsOf(this.level, this.part[piece]!));
  }
}

function boxOfRing(ring: Float64Array): Box {
  const found: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < ring.length; i += 2) {
    found[0] = Math.min(found[0], ring[i]!);
    found[1] = Math.min(found[1], ring[i + 1]!);
    found[2] = Math.max(found[2], ring[i]!);
    found[3] = Math.max(found[3], ring[i + 1]!);
  }
  return found;
}

/** The edge of a coverage, in groups of edges that lie together. */
class EdgeSource extends PieceSource {
  readonly bounds: Float64Array;
  readonly feature: Int32Array;

  constructor(
    private readonly xy: Float64Array,
    private readonly offset: Int32Array,
  ) {
    super();
    const count = offset.length - 1;
    if (count < 0 || 4 * offset[count]! !== xy.length) throw new SourceError("the edges of a coverage are cut off");
    this.feature = new Int32Array(count);
    this.bounds = new Float64Array(4 * count);
    for (let group = 0; group < count; group++) {
      this.bounds.set(boxOfRing(xy.subarray(4 * offset[group]!, 4 * offset[group + 1]!)), 4 * group);
    }
  }

  protected make(group: number): Geometry {
    const edges: Geometry[] = [];
    for (let i = this.offset[group]!; i < this.offset[group + 1]!; i++) {
      edges.push(line(this.xy.slice(4 * i, 4 * i + 4)));
    }
    return geometry.collection(geometry.MULTILINE, edges);
  }
}

/** A coverage: its pieces, its edge, and how far it is drawn from where it is. */
export interface Coverage {
  pieces: PieceSource;
  edges: PieceSource;
  movedM: number;
}

const sources = new WeakMap<object, PieceSource>();
const coverages = new WeakMap<object, Coverage>();

function remembered<T>(map: WeakMap<object, T>, key: object, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

/** The pieces of a layer. */
export function sourceOf({ index, level, layer }: JudgeLayer): PieceSource {
  if (layer.judge.precision === "full" && index) {
    return remembered(sources, index, () => {
      return new WkbSource(index["pieces/offset"], index["pieces/wkb"], index["pieces/feature"]);
    });
  }
  if (layer.judge.precision !== "full" && level) return remembered(sources, level, () => new LevelSource(level));
  if (layer.count === 0) return new WkbSource(new Int32Array(1), new Uint8Array(0), null);
  throw new SourceError("the geometry of a layer is not in the page");
}

/** The coverage of a layer; null where none is stated, or where the page does not hold it. */
export function coverageOf({ index, coverage_level, layer }: JudgeLayer): Coverage | null {
  if (!layer.judge.coverage_stated) return null;
  const full = index && fullCoverage(index);
  if (full) return full;
  if (!coverage_level) return null;
  return remembered(coverages, coverage_level, () => ({
    pieces: new LevelSource(coverage_level),
    edges: new EdgeSource(...edgesOfLevel(coverage_level)),
    movedM: layer.judge.coverage_displacement_m,
  }));
}

function fullCoverage(index: IndexArrays): Coverage | null {
  const offset = index["coverage/pieces/offset"];
  const wkb = index["coverage/pieces/wkb"];
  const xy = index["coverage/edges/xy"];
  const groups = index["coverage/edges/group_offset"];
  if (!offset || !wkb || !xy || !groups) return null;
  return remembered(coverages, index, () => ({
    pieces: new WkbSource(offset, wkb, null),
    edges: new EdgeSource(xy, groups),
    movedM: 0,
  }));
}

function edgesOfLevel(level: Level): [Float64Array, Int32Array] {
  const xy: number[] = [];
  const offset = [0];
  for (let part = 0; part < level.part_feature.length; part++) {
    for (const ring of ringsOf(level, part)) {
      for (let i = 0; i + 3 < ring.length; i += 2) {
        xy.push(ring[i]!, ring[i + 1]!, ring[i + 2]!, ring[i + 3]!);
        if (xy.length / 4 - offset[offset.length - 1]! === EDGES_IN_A_GROUP) offset.push(xy.length / 4);
      }
      if (xy.length / 4 > offset[offset.length - 1]!) offset.push(xy.length / 4);
    }
  }
  return [Float64Array.from(xy), Int32Array.from(offset)];
}
