/**
 * What Python put into the page or beside it: the document, and packed chunks by key.
 *
 * Every byte is compared with the digest that was written with it. A chunk that is lost, cut or altered is never read
 * in part: whoever asked gets a `ChunkLostError`, and a layer that cannot be read is handed on as `lost`, so that its
 * kind is `unknown`.
 */
import type {
  FeatureColumns,
  FeatureTable,
  IndexArrays,
  Judge,
  JudgeLayer,
  Level,
  MapDocument,
  MapLayer,
} from "./contract";
import { digestOf } from "./digest";
import { levelOf } from "./level";
import { bytesOf, inflated, unpacked, type Unpacked } from "./packing";

/** Why something that the page should hold is not there as it was written. */
export type Loss = "missing" | "altered" | "unreadable";

/** A chunk that is not what was written; `key` names it, `document` the page's own document. */
export class ChunkLostError extends Error {
  constructor(
    readonly key: string,
    readonly loss: Loss,
    readonly file: string | null = null,
  ) {
    super(`${key}: ${loss}${file === null ? "" : ` (${file})`}`);
    this.name = "ChunkLostError";
  }
}

interface Entry {
  file: string | null;
  bytes: number;
  sha256: string;
}

declare global {
  interface Window {
    /** Called by the files beside the page: key and base64. */
    sanxianChunk?: (key: string, base64: string) => void;
  }
}

let entries: Record<string, Entry> | null = null;
const chunks = new Map<string, Promise<Unpacked>>();
const levels = new Map<string, Promise<Level>>();
const delivered = new Map<string, string>();
let judge: Promise<Judge> | null = null;

/** The page's document, compared with its digest. Throws `ChunkLostError` where a byte of it differs. */
export async function loadDocument(): Promise<MapDocument> {
  const node = document.getElementById("map-document");
  const text = node?.textContent;
  if (!node || !text) throw new ChunkLostError("document", "missing");
  if ((await digestOf(new TextEncoder().encode(text))) !== node.dataset["sha256"])
    throw new ChunkLostError("document", "altered");
  const read = JSON.parse(text) as MapDocument;
  entries = read.chunks as Record<string, Entry>;
  return read;
}

/** The arrays and the document of a chunk, read once. */
export function loadChunk(key: string): Promise<Unpacked> {
  let found = chunks.get(key);
  if (!found) {
    found = blockOf(key).then(async (block) => {
      try {
        return unpacked(await inflated(block));
      } catch {
        throw new ChunkLostError(key, "unreadable", entryOf(key).file);
      }
    });
    found.catch(() => chunks.delete(key)); // asked again, it may be there
    chunks.set(key, found);
  }
  return found;
}

/** A level of detail. */
export function loadLevel(key: string): Promise<Level> {
  let found = levels.get(key);
  if (!found) {
    found = loadChunk(key).then((chunk) => levelOf(chunk));
    found.catch(() => levels.delete(key));
    levels.set(key, found);
  }
  return found;
}

/** What is known of the features of a layer. */
export async function loadFeatures(layer: MapLayer): Promise<{ table: FeatureTable; columns: FeatureColumns }> {
  const chunk = await loadChunk(layer.features);
  const table = chunk.document as FeatureTable;
  const columns = chunk.arrays as unknown as FeatureColumns;
  if (table.id.length !== layer.count || columns.zone.length !== layer.count)
    throw new ChunkLostError(layer.features, "altered", entryOf(layer.features).file);
  return { table, columns };
}

/** A layer as the judge reads it: the engine's own index at full precision, else the level that stands for it. */
export async function loadJudgeLayer(layer: MapLayer): Promise<JudgeLayer> {
  const { table, columns } = await loadFeatures(layer);
  // there also where its outline is not drawn
  const coverage = layer.coverage?.chunk ?? `${layer.key}-coverage`;
  const coverage_level = layer.judge.chunk === null && isThere(coverage) ? await loadLevel(coverage) : null;
  if (layer.judge.chunk !== null) {
    const index = (await loadChunk(layer.judge.chunk)).arrays as unknown as IndexArrays;
    return { layer, table, columns, index, level: null, coverage_level };
  }
  const finest = layer.levels[layer.levels.length - 1];
  const level = finest ? await loadLevel(finest.chunk) : null;
  return { layer, table, columns, index: null, level, coverage_level };
}

/**
 * Every layer as the judge reads it, and the document with those that could not be read among its `lost`: their kind
 * is unknown then, whatever the others say.
 */
export async function loadJudgeLayers(
  page: MapDocument,
): Promise<{ layers: JudgeLayer[]; document: MapDocument; lost: ChunkLostError[] }> {
  const layers: JudgeLayer[] = [];
  const lost: ChunkLostError[] = [];
  const more: MapDocument["lost"] = [];
  for (const layer of page.layers) {
    try {
      layers.push(await loadJudgeLayer(layer));
    } catch (trouble) {
      const loss = trouble instanceof ChunkLostError ? trouble : new ChunkLostError(layer.key, "unreadable");
      lost.push(loss);
      more.push({ layer: layer.name, kind: layer.kind, role: layer.role, detail: `chunk_${loss.loss}` });
    }
  }
  return { layers, document: { ...page, lost: [...page.lost, ...more] }, lost };
}

/** The judge: its script runs when the first site is asked, and only if it is the one that was written. */
export function loadJudge(): Promise<Judge> {
  judge ??= startedJudge().catch((trouble: unknown) => {
    judge = null; // asked again, it may be there
    throw trouble;
  });
  return judge;
}

async function startedJudge(): Promise<Judge> {
  const chunk = await loadChunk("judge");
  const code = new TextDecoder().decode(chunk.arrays["code"] as Uint8Array);
  const script = document.createElement("script");
  script.textContent = code; // runs at once; the policy of the page holds its digest
  document.head.append(script);
  script.remove();
  if (!window.startJudge) throw new ChunkLostError("judge", "unreadable", entryOf("judge").file);
  return window.startJudge();
}

function isThere(key: string): boolean {
  return entries !== null && Object.prototype.hasOwnProperty.call(entries, key);
}

function entryOf(key: string): Entry {
  const entry = isThere(key) ? entries![key] : undefined;
  if (!entry) throw new ChunkLostError(key, "missing");
  return entry;
}

async function blockOf(key: string): Promise<Uint8Array> {
  if (entries === null) await loadDocument();
  const entry = entryOf(key);
  const text = entry.file === null ? await textInPage(key) : await textBeside(key, entry.file);
  let block: Uint8Array;
  try {
    block = bytesOf(text);
  } catch {
    throw new ChunkLostError(key, "altered", entry.file);
  }
  if (block.length !== entry.bytes || (await digestOf(block)) !== entry.sha256)
    throw new ChunkLostError(key, "altered", entry.file);
  return block;
}

/** The text of a chunk in the page; it leaves the page, for it is kept unpacked from then on. */
async function textInPage(key: string): Promise<string> {
  if (!isRead(key)) await wholePage();
  const node = document.getElementById(`chunk-${key}`);
  const text = node?.textContent;
  if (!node || !text) throw new ChunkLostError(key, "missing");
  node.remove();
  return text;
}

/** Whether the parser is past a chunk; those that the first view does not need stand behind this script. */
function isRead(key: string): boolean {
  return document.readyState !== "loading" || Boolean(document.getElementById(`chunk-${key}`)?.nextElementSibling);
}

function wholePage(): Promise<void> {
  return new Promise((resolve) => {
    if (document.readyState !== "loading") resolve();
    else document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
  });
}

/** From a file of the page, a browser fetches nothing; a script it loads. */
function textBeside(key: string, file: string): Promise<string> {
  window.sanxianChunk ??= (of, base64) => void delivered.set(of, base64);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = () => {
      script.remove();
      const text = delivered.get(key);
      delivered.delete(key);
      if (text === undefined) reject(new ChunkLostError(key, "missing", file));
      else resolve(text);
    };
    script.addEventListener("load", end);
    script.addEventListener("error", end);
    script.src = file.split("/").map(encodeURIComponent).join("/");
    document.head.append(script);
  });
}
