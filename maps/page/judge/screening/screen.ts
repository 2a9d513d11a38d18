/** A site and the layers of a page in, a verdict out (twin of `screening/screen.py`). */
import type {
  Answer,
  Finding,
  JudgeLayer,
  MapDocument,
  PageVerdict,
  SiteQuestion,
} from "../../contract";
import {
  bounds, collection, COLLECTION, dimension, type Geometry, GeometryError, isEmpty, isValid, parts, scoped, typeId,
} from "../geometry";
import { fromGeoJson } from "../geojson";
import { unitedByDimension } from "../overlay/parts";
import { standAt } from "../overlay/vantage";
import { byText, rounded } from "../rounding";
import { trimSources } from "../source";
import { type Context, measuresOf, reportOn } from "./details";
import { answerOf } from "./findings";
import { type OpenLayer, openLayer } from "./layer";
import { combined, questionOf } from "./question";
import { strictest, strictness, yesNo } from "./reasons";
import { type Answered, kindAnswers, kindsThatLackPooling } from "./themes";

const PRIORITY_KINDS = ["red_lines", "protected_areas", "water_sources", "control_units"] as const;
const OLD_DAYS = 365;
const WEAKEST = ["full", "simplified", "generalised"] as const;

type Precision = PageVerdict["precision"];
type Lost = MapDocument["lost"][number];

/** A site that nothing can be said of: empty, crossing itself, or outside the working area. */
export class SiteRefusedError extends Error {
  override name = "SiteRefusedError";
  constructor(
    readonly code: "site_empty" | "site_invalid" | "site_outside",
    detail: string,
  ) {
    super(detail);
  }
}

/**
 * Judge a site against the layers of a page.
 *
 * What cannot be read counts as lost: its kind is `unknown`, never `clear`. Throws SiteRefusedError.
 */
export function judge(given: SiteQuestion, layers: JudgeLayer[], document: MapDocument, today: string): PageVerdict {
  trimSources();
  try {
    return scoped(() => {
      const sound = checked(given.geometry);
      const site = given.unite ? united(sound) : sound;
      standAt(site);
      return verdictOn(site, given, layers, document, today);
    });
  } finally {
    standAt(null);
  }
}

function checked(geometry: GeoJSON.Geometry): Geometry {
  let site: Geometry;
  try {
    site = fromGeoJson(geometry);
  } catch (trouble) {
    if (trouble instanceof GeometryError) throw new SiteRefusedError("site_invalid", trouble.message);
    throw trouble;
  }
  if (isEmpty(site)) throw new SiteRefusedError("site_empty", "the site has no point");
  const [west, south, east, north] = bounds(site);
  if (!(west >= 60 && east <= 150 && south >= 0 && north <= 60)) {
    throw new SiteRefusedError("site_outside", "the site lies outside 60-150 degrees east, 0-60 degrees north");
  }
  if (!isValid(site)) throw new SiteRefusedError("site_invalid", "the site crosses itself");
  return site;
}

/** All parts as one geometry, so that land in two of them counts once: polygons united, lines and points beside them. */
function united(site: Geometry): Geometry {
  const found = unitedByDimension(site);
  return found.length === 1 ? found[0]! : collection(COLLECTION, found.flatMap(parts));
}

function verdictOn(
  site: Geometry,
  given: SiteQuestion,
  layers: readonly JudgeLayer[],
  document: MapDocument,
  today: string,
): PageVerdict {
  const question = questionOf(site, given);
  combined(question, 0); // an accuracy that is no number is the site's fault, not a layer's
  if (!(given.radius_m >= 0 && Number.isFinite(given.radius_m))) throw new RangeError("a radius is at least 0");
  const measures = measuresOf(site);
  const lost: Lost[] = [...document.lost];
  const findings: (Finding & { role: string })[] = [];
  const context: Context[] = [];
  const answers: Answered[] = [];
  const opened: OpenLayer[] = [];
  for (const one of layers) {
    const { layer } = one;
    try {
      scoped(() => {
        const open = openLayer(one, today);
        const found = answerOf(question, open);
        const report = reportOn(question, open, found, measures);
        opened.push(open);
        if (report.finding) {
          findings.push({ ...report.finding, role: layer.role });
          answers.push([open, found]);
        }
        if (report.context?.features.length) context.push(report.context);
      });
    } catch (trouble) {
      lost.push({ layer: layer.name, kind: layer.kind, role: layer.role, detail: nameOf(trouble) });
    }
  }
  const kept = opened.map(({ given: { layer } }) => layer);
  findings.push(...unreadable(lost, document.required_kinds, kept));
  const there = new Set(findings.filter((one) => one.role === "protective").map((one) => one.kind));
  for (const kind of document.required_kinds) {
    if (!there.has(kind)) findings.push(without(null, kind, "protective", { code: "layer_missing" }));
  }
  const gone = findings
    .filter((one) => one.role === "protective" && ["layer_missing", "layer_unreadable"].includes(one.reason))
    .map((one) => one.kind);
  const kinds = kindAnswers(question, answers, gone);
  const pooling = kindsThatLackPooling(question, answers, kinds).map(([kind, names]) => ({
    code: "pooling_missing",
    kind,
    layers: names.join("、"),
  }));
  const of = (kind: string): Answer => kinds[kind] ?? "unknown";
  const inZone = [...PRIORITY_KINDS.map(of), ...(kinds["element_zones"] ? [kinds["element_zones"]] : [])];
  findings.sort(byStrictness);
  return {
    as_of: document.as_of,
    answer: strictest(Object.values(kinds)),
    required_kinds: document.required_kinds,
    in_priority_zone: yesNo(strictest(inZone)),
    in_priority_unit: yesNo(of("control_units")),
    in_red_line: yesNo(of("red_lines")),
    in_protected_area: yesNo(of("protected_areas")),
    in_water_source_zone: yesNo(of("water_sources")),
    kinds,
    site: {
      name: given.name,
      scope: scopeOf(site),
      radius_m: rounded(given.radius_m, 3),
      area_m2: measures.areaM2 > 0 ? rounded(measures.areaM2, 2) : null,
      length_m: measures.lengthM > 0 ? rounded(measures.lengthM, 3) : null,
      accuracy_m: rounded(given.accuracy_m, 3),
    },
    findings: findings.map(({ role: _, ...finding }) => finding),
    context: context.sort((one, other) => byText(one.kind, other.kind) || byText(one.layer, other.layer)),
    warnings: [...warningsOf(lost, opened, given, document, today), ...pooling],
    precision: weakest(findings, document.required_kinds),
  };
}

function nameOf(trouble: unknown): string {
  return trouble instanceof Error ? trouble.name : "Error";
}

function scopeOf(site: Geometry): PageVerdict["site"]["scope"] {
  const found = new Set(typeId(site) === COLLECTION ? parts(site).map(dimension) : [dimension(site)]);
  return found.size > 1 ? "mixed" : (["point", "line", "polygon"] as const)[dimension(site)]!;
}

function without(layer: string | null, kind: string, role: string, reason: Finding["reasons"][number]) {
  return {
    layer,
    kind,
    theme: kind,
    version: null,
    role,
    answer: "unknown" as const,
    reason: reason.code,
    reasons: [reason],
    accuracy_m: null,
    gap_m: null,
    displacement_m: 0,
    precision: null,
    uncovered_share: null,
    overlap_m2: 0,
    share: 0,
    overlap_length_m: null,
    features: [],
  };
}

/** A finding for every kind that something lost leaves unknown. */
function unreadable(lost: readonly Lost[], required: readonly string[], layers: readonly JudgeLayer["layer"][]) {
  const loaded = layers.filter((layer) => layer.role === "protective").map((layer) => layer.kind);
  const every = [...new Set([...required, ...PRIORITY_KINDS, ...loaded])].sort(byText);
  const found = new Map<string, ReturnType<typeof without>>();
  for (const one of lost) {
    for (const kind of one.kind === null ? every : [one.kind]) {
      const key = JSON.stringify([one.layer, kind, one.role]);
      const reason = { code: "layer_unreadable", detail: one.detail };
      if (!found.has(key)) found.set(key, without(one.layer, kind, one.role, reason));
    }
  }
  return [...found.values()];
}

function byStrictness(one: Finding, other: Finding): number {
  return (
    strictness(one.answer) - strictness(other.answer) ||
    byText(one.kind, other.kind) ||
    byText(one.layer ?? "", other.layer ?? "") ||
    byText(one.version ?? "", other.version ?? "")
  );
}

function warningsOf(
  lost: readonly Lost[],
  opened: readonly OpenLayer[],
  given: SiteQuestion,
  document: MapDocument,
  today: string,
): PageVerdict["warnings"] {
  const days = Math.round((Date.parse(today) - Date.parse(document.as_of)) / 86_400_000);
  return [
    ...(days > OLD_DAYS ? [{ code: "page_older_than", days, as_of: document.as_of }] : []),
    ...lost.map(({ layer, kind, detail }) => ({ code: "layer_unreadable", layer, kind, detail })),
    ...opened.flatMap(({ validity, given: { layer } }) => (validity ? [{ code: validity, layer: layer.name }] : [])),
    ...(given.part_rejected ? [{ code: "site_part_rejected" }] : []),
  ];
}

/** The weakest precision of the layers that are met or whose kind is required. */
function weakest(findings: readonly Finding[], required: readonly string[]): Precision {
  const used = findings.filter(
    (one) => required.includes(one.kind) || one.answer === "hit" || one.answer === "uncertain",
  );
  return used.reduce<Precision>((worst, one) => {
    const own = one.precision ?? "full";
    return WEAKEST.indexOf(own) > WEAKEST.indexOf(worst) ? own : worst;
  }, "full");
}
