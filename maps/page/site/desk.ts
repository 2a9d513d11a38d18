/** The desk at which one site lies with its answer; the judge is started when the first site is asked about. */
import type * as Leaflet from "leaflet";
import { loadJudge, loadJudgeLayers } from "../chunks";
import type { MapDocument, PageVerdict, Style } from "../contract";
import { casingOf, markOf, pathOf } from "../drawing/ink";
import { Signal } from "../signal";
import { positionsOf, questionOf, type Site } from "./site";

declare const L: typeof Leaflet;

export class SiteDesk {
  readonly changed = new Signal();
  site: Site | null = null;
  verdict: PageVerdict | null = null;
  /** Why there is no answer; never an old answer beside a new site. */
  trouble: unknown = null;
  asking = false;
  private turn = 0;
  private readonly drawn: Leaflet.LayerGroup;
  private readonly renderer: Leaflet.Renderer;

  constructor(
    map: Leaflet.Map,
    private readonly page: MapDocument,
  ) {
    const pane = map.createPane("site");
    pane.style.zIndex = "455";
    pane.style.pointerEvents = "none";
    this.renderer = L.svg({ pane: "site", padding: 0.5 });
    this.drawn = L.layerGroup([]).addTo(map);
  }

  /** Puts a site on the desk and asks about it. */
  async ask(site: Site): Promise<void> {
    const turn = ++this.turn;
    this.site = site;
    this.verdict = null;
    this.trouble = null;
    this.asking = true;
    this.show();
    try {
      const [judge, { layers, document }] = await Promise.all([loadJudge(), loadJudgeLayers(this.page)]);
      await painted();
      if (turn !== this.turn) return;
      this.verdict = judge.judge(questionOf(site), layers, document, today());
    } catch (error) {
      if (turn !== this.turn) return;
      this.trouble = error;
    }
    this.asking = false;
    this.changed.tell();
  }

  clear(): void {
    this.turn += 1;
    this.site = this.verdict = this.trouble = null;
    this.asking = false;
    this.show();
  }

  bounds(): [number, number, number, number] | null {
    if (!this.site) return null;
    const positions = positionsOf(this.site.geometry);
    const lons = positions.map((at) => at[0]!);
    const lats = positions.map((at) => at[1]!);
    const of = (values: number[], pick: (a: number, b: number) => number) => values.reduce((a, b) => pick(a, b));
    return [of(lons, Math.min), of(lats, Math.min), of(lons, Math.max), of(lats, Math.max)];
  }

  private show(): void {
    this.drawn.clearLayers();
    if (this.site) for (const layer of siteShapes(this.site, this.page.styles, { pane: "site", renderer: this.renderer })) this.drawn.addLayer(layer);
    this.changed.tell();
  }
}

/** A site as the map shows it: dark, cased in white, so that it stands out on every colour. */
export function siteShapes(site: Site, styles: Record<string, Style>, where: Leaflet.PathOptions): Leaflet.Layer[] {
  const mark = markOf(styles, "site");
  const edges = [
    { ...pathOf(casingOf(styles, mark)), opacity: 0.95 },
    { ...pathOf(mark), opacity: 1, className: "site-edge" },
  ];
  const found: Leaflet.Layer[] = edges.map((edge, i) => {
    const style = { ...where, ...edge, fill: i === 1, fillColor: mark.fill, fillOpacity: mark.fill_opacity };
    return L.geoJSON(site.geometry as GeoJSON.GeometryObject, {
      style: () => style,
      pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: mark.radius, fillOpacity: i ? 0.9 : 0 }),
    });
  });
  if (site.radius_m > 0) {
    for (const at of pointsOf(site.geometry)) {
      const ring = { ...pathOf(markOf(styles, "radius")), fill: false };
      found.push(L.circle([at[1]!, at[0]!], { ...where, ...ring, radius: site.radius_m }));
    }
  }
  return found;
}

function pointsOf(geometry: GeoJSON.Geometry): GeoJSON.Position[] {
  if (geometry.type === "Point") return [geometry.coordinates];
  if (geometry.type === "MultiPoint") return geometry.coordinates;
  return geometry.type === "GeometryCollection" ? geometry.geometries.flatMap(pointsOf) : [];
}

/** The day in China, as the engine counts it. */
function today(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Lets the page paint what it said before the work begins. */
function painted(): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, 20));
}
