/** Numbers rounded as the engine rounds them. */

/** The decimal nearest to the number itself; exactly half way, the even one (Python's `round`). */
export function rounded(value: number, digits: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) return value;
  const nearest = Number(value.toFixed(digits));
  const halves = value * 2 ** (digits + 1); // exact; odd and whole only where the value lies half way
  if (!Number.isInteger(halves) || Math.abs(halves % 2) !== 1) return nearest;
  const low = Math.floor(value * 10 ** digits);
  return (low % 2 === 0 ? low : low + 1) / 10 ** digits;
}

/** Metres rounded down to 1 mm; a whole millimetre but for its last bits stays what it is. */
export function floorMm(metres: number): number {
  return Math.floor(metres * 1000 + 1e-7) / 1000;
}

/** Rounded to 1 mm; null stays null. */
export function mm(metres: number | null): number | null {
  return metres === null ? null : rounded(metres, 3);
}

/** Python's order of texts: by code point, not by UTF-16 unit. */
export function byText(one: string, other: string): number {
  const a = [...one];
  const b = [...other];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!;
    if (difference) return difference;
  }
  return a.length - b.length;
}
