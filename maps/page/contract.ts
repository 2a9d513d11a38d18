/**
 * What the page is made of: the document that Python writes into it, and what the judge answers.
 *
 * Python's side: `maps/public_map/document.py` (the document), `spatial/packing.py` (packed arrays).
 * Keys of answers are those of the contract (`docs/contract/verdict.md` §8). Lengths are metres, coordinates
 * EPSG:4490 longitude and latitude in degrees unless a name says otherwise.
 */

export type Language = "zh" | "en";
export type Answer = "hit" | "uncertain" | "unknown" | "clear";
export type YesNo = "yes" | "uncertain" | "unknown" | "no";
/** A text in both languages. */
export type Both = { zh: string; en: string };

/** The JSON in `<script type="application/json" id="map-document">`. */
export interface MapDocument {
  format: 1;
  edition: "standard" | "public";
  /** ISO date for which features and versions were chosen and for which the page answers. */
  as_of: string;
  title: Both;
  /** Lines that are always in sight: data dates, sources, 审图号 or that there is none, indicative, synthetic. */
  notices: { code: string; text: Both }[];
  /** Every fixed word of the page by key, made from `screening/words.toml`. */
  words: Record<Language, Record<string, string>>;
  language: Language;
  bounds: Bounds;
  required_kinds: string[];
  /** What could not be read when the page was made: its kind is `unknown` here as well; kind null: every kind. */
  lost: { layer: string | null; kind: string | null; role: string; detail: string }[];
  not_checked: string[];
  /** Looks of classes by their key; lines of the map itself by `mark-` and their name (drawing/ink.ts, `markOf`). */
  styles: Record<string, Style>;
  /** From the strictest down; drawn the other way round. */
  layers: MapLayer[];
  /** Context drawn below the layers: districts, rivers, places; absent in a public edition without a reviewed base. */
  base: BaseLayer[];
  review_number: string | null;
  tiles: TileSource | null;
  allow: { locate: boolean; upload: boolean; annotate: boolean };
  /** What is not in this file, or only coarsely, and whom to ask (public edition). */
  withheld: Withheld[];
  /** Chunks of packed arrays by key: null where they stand in the page, else the file beside it. */
  chunks: Record<string, { file: string | null; bytes: number; sha256: string }>;
}

/** west, south, east, north */
export type Bounds = [number, number, number, number];

export interface Style {
  key: string;
  colour: string;
  fill: string;
  fill_opacity: number;
  weight: number;
  dash: string | null;
  hatch: Hatch | null;
  radius: number;
}

/** Lines over the fill, in its colour. */
export interface Hatch {
  /** CSS pixels after which the pattern repeats */
  tile: number;
  /** degrees anticlockwise from level: 0, 45, 90, 135 */
  angles: number[];
  width: number;
  opacity: number;
  /** the lines of one tile as an SVG path */
  path: string;
}

export interface MapLayer {
  /** "n" + the first 8 hex digits of sha256 of the NFC name: stable, for links. */
  key: string;
  name: string;
  kind: string;
  kind_label: Both;
  role: "protective" | "context";
  theme: string;
  version: string;
  data_date: string | null;
  valid_from: string | null;
  valid_until: string | null;
  /** The reason why this version cannot give `clear` at `as_of`. */
  validity: "layer_expired" | "not_valid_yet" | "date_missing" | null;
  source: string | null;
  georeference_method: string;
  indicative: boolean;
  synthetic: boolean;
  restricted: boolean;
  notes: Both[];
  accuracy_m: number;
  declared_none: boolean;
  bounds: Bounds | null;
  /** Feature count; rows of every feature array. */
  count: number;
  classes: { code: string; label: Both; style: string; count: number; shape: "area" | "line" | "point" }[];
  /** Chunk of a FeatureTable (its document) and FeatureColumns (its arrays). */
  features: string;
  /** Packed levels of detail for drawing, the coarsest first (spatial/packing of `Level`). */
  levels: { chunk: string; tolerance_m: number; displacement_m: number; max_zoom: number }[];
  judge: JudgeSource;
  /** Drawn as a dashed outline, a Level of one feature (chunk `KEY-coverage`); null: not drawn, though still judged. */
  coverage: { chunk: string } | null;
}

export interface JudgeSource {
  /** full: the engine's own numbers; it decides. simplified: within `displacement_m`. generalised: a superset. */
  precision: "full" | "simplified" | "generalised";
  /** Chunk with the index arrays (full) or null: the finest level is judged with (simplified, generalised). */
  chunk: string | null;
  /** No boundary point lies farther than this from the one drawn, quantisation included; 0 when full. */
  displacement_m: number;
  coverage_displacement_m: number;
  /** False where nothing may be proved a hit by this layer (generalised). */
  proves: boolean;
  coverage_stated: boolean;
  coverage_accuracy_m: number | null;
  coverage_source: string | null;
  coverage_version: string | null;
  /** From this day on other features or another version answer: what is kept here gives no `clear` then. */
  changes_on?: string | null;
}

/** The document of a features chunk: one entry a feature, in row order. */
export interface FeatureTable {
  id: string[];
  code: (string | null)[];
  name: (string | null)[];
  class: string[];
  class_label: (string | null)[];
  flags: string[][];
  /** What applies there: rows of label and text; the four headings of a control unit first. */
  facts: { [row: number]: { label: Both; text: string }[] };
}

/** Arrays of a features chunk, each as long as the layer has features. */
export interface FeatureColumns {
  zone: Uint8Array;
  soft: Uint8Array;
  in_force: Uint8Array;
  /** −1 none, 0 point, 1 line, 2 area */
  dimension: Int32Array;
  /** index into `MapLayer.classes` */
  class_index: Int32Array;
  accuracy_m: Float64Array;
  /** NaN: none */
  influence_m: Float64Array;
  /** reach in which a feature without extent forbids clear; NaN: has extent; Infinity: everywhere */
  without_extent_m: Float64Array;
  area_m2: Float64Array;
  /** (n, 4) west, south, east, north; NaN where there is no geometry */
  bounds: Float64Array;
  /** (k, 4) boxes of rejected features, NaN where nothing is known */
  rejected_boxes: Float64Array;
}

/**
 * A level of detail: arcs that neighbours share, rings of arcs, parts of rings, features of parts.
 *
 * Header numbers (in the chunk's document under `level`): origin lon0, lat0 and step, degrees; x = lon0 + step · i.
 */
export interface Level {
  lon0: number;
  lat0: number;
  step: number;
  /** (2 v) whole steps, x and y in turn */
  xy: Int32Array;
  /** (arcs + 1) first vertex of each arc */
  arc_start: Int32Array;
  /** arcs of the rings in turn; a: forwards, ~a: backwards */
  ring_arc: Int32Array;
  /** (rings + 1) first place in `ring_arc` */
  ring_start: Int32Array;
  /** (parts + 1) first ring of each part; of an area the first ring is the shell, the others are holes */
  part_start: Int32Array;
  /** 0 point, 1 line, 2 area */
  part_dimension: Uint8Array;
  /** feature row of each part, ascending */
  part_feature: Int32Array;
}

/** Arrays of a judge chunk at full precision: the engine's own index (`spatial/overlay/index.py`). */
export interface IndexArrays {
  "pieces/feature": Int32Array;
  "pieces/offset": Int32Array;
  "pieces/wkb": Uint8Array;
  "coverage/pieces/offset"?: Int32Array;
  "coverage/pieces/wkb"?: Uint8Array;
  /** (e, 4) lon, lat of both ends: every edge of the coverage */
  "coverage/edges/xy"?: Float64Array;
  "coverage/edges/group_offset"?: Int32Array;
}

export interface BaseLayer {
  key: string;
  name: Both;
  source: string;
  chunk: string;
  kind: "district" | "river" | "place";
  /** label of each feature, in row order */
  labels: (string | null)[];
}

export interface TileSource {
  name: Both;
  /** Leaflet address template with {z}, {x}, {y}; `{key}` stands for the key that the page asks its reader for. */
  urls: string[];
  max_zoom: number;
  attribution: string;
  key: string | null;
}

export interface Withheld {
  layer: string;
  what: Both;
  why: Both;
  ask: string | null;
}

// ---- the judge ------------------------------------------------------------------------------------------------

/** What is asked: `geometry` in degrees, edges straight between them (already densified where needed). */
export interface SiteQuestion {
  name: string | null;
  geometry: GeoJSON.Geometry;
  accuracy_m: number;
  radius_m: number;
  transformation_m: number;
  part_rejected: boolean;
  /** Whether the parts of a collection are first united, as the engine unites those of a file. */
  unite?: boolean;
}

/** A layer as the judge reads it: what the chunks of a MapLayer hold, unpacked. */
export interface JudgeLayer {
  layer: MapLayer;
  table: FeatureTable;
  columns: FeatureColumns;
  /** exactly one of the two */
  index: IndexArrays | null;
  level: Level | null;
  coverage_level: Level | null;
}

export interface Reason {
  code: string;
  [fact: string]: string | number | null | undefined;
}

export interface FeatureFinding {
  row: number;
  id: string;
  code: string | null;
  name: string | null;
  class: string;
  flags: string[];
  accuracy_m: number;
  relation: string;
  overlap_m2: number;
  share: number;
  length_m: number | null;
  distance_m: number;
  bearing_deg: number | null;
}

export interface Finding {
  layer: string | null;
  kind: string;
  theme: string;
  version: string | null;
  answer: Answer;
  reason: string;
  reasons: Reason[];
  /** the combined a of what decides; where simplified, `displacement_m` is not in it */
  accuracy_m: number | null;
  gap_m: number | null;
  displacement_m: number;
  precision: "full" | "simplified" | "generalised" | null;
  uncovered_share: number | null;
  overlap_m2: number;
  share: number;
  overlap_length_m: number | null;
  features: FeatureFinding[];
}

export interface PageVerdict {
  as_of: string;
  answer: Answer;
  required_kinds: string[];
  in_priority_zone: YesNo;
  in_priority_unit: YesNo;
  in_red_line: YesNo;
  in_protected_area: YesNo;
  in_water_source_zone: YesNo;
  kinds: Record<string, Answer>;
  site: {
    name: string | null;
    scope: "point" | "line" | "polygon" | "mixed";
    radius_m: number;
    area_m2: number | null;
    length_m: number | null;
    accuracy_m: number;
  };
  findings: Finding[];
  context: { layer: string; kind: string; features: FeatureFinding[] }[];
  warnings: { code: string; [fact: string]: string | number | null }[];
  /** full only if every layer is: then the answer is the engine's; else it only points the way. */
  precision: "full" | "simplified" | "generalised";
}

/** What the judge's script puts on `window` when it has started. */
export interface Judge {
  judge(question: SiteQuestion, layers: JudgeLayer[], document: MapDocument, today: string): PageVerdict;
  /** Ellipsoidal area, m² (official algorithm); geodesic length, m; distance, m. For measuring as well. */
  area(geometry: GeoJSON.Geometry): number;
  length(geometry: GeoJSON.Geometry): number;
  geosVersion: string;
}

declare global {
  interface Window {
    /** set by judge.js: starts the geometry library */
    startJudge?: () => Promise<Judge>;
  }
}

// ---- drawing --------------------------------------------------------------------------------------------------

/** One layer on the map (drawing.ts): canvas tiles from its levels. */
export interface LayerDrawing {
  readonly layer: MapLayer;
  show(visible: boolean): void;
  setOpacity(opacity: number): void;
  /** Classes (index into `layer.classes`) that are switched off, by the legend. */
  hideClasses(classes: Set<number>): void;
  /** Rows of the features at a place, areas that hold it, lines and points within `pixels`. */
  featuresAt(latlng: L.LatLng, pixels: number): number[];
  /** Draws these rows so that they stand out; none for none. */
  select(rows: number[]): void;
  /** Classes with a feature whose box meets the bounds: what the legend lists. */
  classesIn(bounds: L.LatLngBounds): Set<number>;
  boundsOf(row: number): L.LatLngBounds | null;
  /** When every tile of the present view is painted. */
  whenDrawn(): Promise<void>;
}
