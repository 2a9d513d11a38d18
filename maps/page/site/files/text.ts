/** Bytes of a text file: UTF-8, UTF-16 with its mark, or else GB 18030. */
export function textOf(bytes: Uint8Array): string {
  const marks = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (marks) return new TextDecoder(marks).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
