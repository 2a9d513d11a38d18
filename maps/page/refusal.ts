/** Why something that the reader gave is not used; its code has words under `refused_…`. */
import { ChunkLostError } from "./chunks";
import type { Facts, Words } from "./words";

export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly facts: Facts,
  ) {
    super(code);
  }

  said(words: Words): string {
    return words.of(`refused_${this.code}`, this.facts);
  }
}

/** What a failure says to the reader: a refusal its own words, anything else that it could not be read. */
export function saidOf(error: unknown, words: Words): string {
  if (error instanceof Refusal) return error.said(words);
  if (error instanceof ChunkLostError) return words.of("refused_lost", { key: error.key });
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && words.has(`refused_${code}`)) return words.of(`refused_${code}`);
  return words.of("refused_failed", { detail: error instanceof Error ? error.message : String(error) });
}
