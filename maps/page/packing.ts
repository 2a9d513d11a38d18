/** The browser's side of `spatial/packing.py`: a compressed block becomes named arrays and a document. */
import { unzlibSync } from "fflate";

export type PackedArray = Uint8Array | Int32Array | Float64Array;

export interface Unpacked {
  arrays: Record<string, PackedArray>;
  document: unknown;
}

interface Entry {
  name: string;
  type: "u1" | "i4" | "f8";
  count: number;
  stride: number;
  bytes: number;
}

const MAGIC = 0x31505853; // "SXP1", read from the low end

/** Bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array {
  const own = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (own.fromBase64) return own.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** What zlib made small, at its full length; by the browser where it can, else by fflate. */
export async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") return unzlibSync(bytes);
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The arrays and the document of a block that `inflated` gave. Throws where it is cut off. */
export function unpacked(data: Uint8Array): Unpacked {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not a packed block");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(8, 8 + length))) as {
    arrays: Entry[];
    document: unknown;
  };
  const arrays: Record<string, PackedArray> = Object.create(null);
  let at = 8 + length;
  for (const entry of header.arrays) {
    if (at + entry.bytes > data.length) throw new Error(`packed array ${entry.name} is cut off`);
    arrays[entry.name] = valuesOf(data.subarray(at, at + entry.bytes), entry);
    at += entry.bytes;
  }
  return { arrays, document: header.document };
}

function valuesOf(blob: Uint8Array, entry: Entry): PackedArray {
  if (entry.type === "u1") {
    if (blob.length !== entry.count) throw new Error(`packed array ${entry.name} is cut off`);
    return blob.slice();
  }
  return entry.type === "f8" ? doubles(blob, entry) : wholes(blob, entry);
}

function doubles(blob: Uint8Array, entry: Entry): Float64Array {
  const { count } = entry;
  if (blob.length !== 8 * count) throw new Error(`packed array ${entry.name} is cut off`);
  const bytes = new Uint8Array(8 * count);
  for (let place = 0; place < 8; place++) {
    const from = place * count;
    for (let i = 0; i < count; i++) bytes[8 * i + place] = blob[from + i]!;
  }
  return new Float64Array(bytes.buffer); // the byte order of every machine that browsers run on
}

function wholes(blob: Uint8Array, entry: Entry): Int32Array {
  const found = new Int32Array(entry.count);
  let at = 0;
  for (let i = 0; i < entry.count; i++) {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (at >= blob.length) throw new Error(`packed array ${entry.name} is cut off`);
      const byte = blob[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    const difference = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    found[i] = difference + (i >= entry.stride ? found[i - entry.stride]! : 0);
  }
  if (at !== blob.length) throw new Error(`packed array ${entry.name} is longer than written`);
  return found;
}
