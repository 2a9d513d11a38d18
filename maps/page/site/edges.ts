/** Edges that are straight in a grid, carried into degrees: vertices are added so that they stay where they were. */
import type { LonLat } from "../coordinates";

type Projection = (x: number, y: number) => LonLat;

const CHORD_M = 1e-5;
const COARSE_CHORD_M = 5e-4;
const FINE_PIECES = 1000;
const SHORT_M = 10;
const A_M = 6_378_137;
const E2 = 0.006694380022901;

/** A chain of vertices in metres as degrees; the rule is that of `spatial/edges.py`. */
export function carried(chain: LonLat[], project: Projection): LonLat[] {
  const found: LonLat[] = [];
  chain.forEach((vertex, i) => {
    found.push(project(vertex[0], vertex[1]));
    const next = chain[i + 1];
    if (!next) return;
    const back = vertex[0] > next[0] || (vertex[0] === next[0] && vertex[1] > next[1]);
    const [low, high] = back ? [next, vertex] : [vertex, next];
    const pieces = piecesOf(low, high, project);
    for (let step = 1; step < pieces; step++) {
      const part = (back ? pieces - step : step) / pieces;
      found.push(project(low[0] + (high[0] - low[0]) * part, low[1] + (high[1] - low[1]) * part));
    }
  });
  return found;
}

function piecesOf(low: LonLat, high: LonLat, project: Projection): number {
  if (Math.hypot(high[0] - low[0], high[1] - low[1]) <= SHORT_M) return 1;
  const image = project(low[0], low[1]);
  const end = project(high[0], high[1]);
  const [perX, perY] = scaleAt((image[1] + end[1]) / 2);
  const chord = [(end[0] - image[0]) * perX, (end[1] - image[1]) * perY] as const;
  const length = Math.hypot(...chord) || 1;
  let bend = 0;
  for (const part of [0.25, 0.5, 0.75]) {
    const at = project(low[0] + (high[0] - low[0]) * part, low[1] + (high[1] - low[1]) * part);
    const across = Math.abs((at[0] - image[0]) * perX * chord[1] - (at[1] - image[1]) * perY * chord[0]);
    bend = Math.max(bend, across / length);
  }
  if (!(bend > CHORD_M)) return 1;
  const fine = Math.ceil(1.2 * Math.sqrt(bend / CHORD_M));
  return fine <= FINE_PIECES ? fine : Math.max(FINE_PIECES, Math.ceil(1.2 * Math.sqrt(bend / COARSE_CHORD_M)));
}

/** Metres in a degree of longitude and of latitude. */
export function scaleAt(lat: number): [number, number] {
  const phi = (lat * Math.PI) / 180;
  const w = 1 - E2 * Math.sin(phi) ** 2;
  const degree = Math.PI / 180;
  return [(A_M * Math.cos(phi) * degree) / Math.sqrt(w), (A_M * (1 - E2) * degree) / w ** 1.5];
}
