/** The page's script: what Python wrote into the page becomes a map with its panels. */
import { bytesOf, inflated, unpacked } from "./packing";

export async function chunkOf(key: string) {
  const node = document.getElementById(`chunk-${key}`);
  return unpacked(await inflated(bytesOf(node?.textContent ?? "")));
}
