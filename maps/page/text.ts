/** Text that its reader brought, as it can be shown; what stands in the page's document was treated so when it was made. */

// As `clean` of maps/phrases.py has them: control characters, half characters, marks of reading direction, and the like.
const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\u{e0000}-\u{e007f}\p{Cs}]/gu;
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [ISOLATE, END] = ["\u2068", "\u2069"];

/** The text with a sign in the place of everything that cannot be seen and could make it look like another. */
export function harmless(text: string): string {
  return text.replace(UNSEEN, "\ufffd");
}

/** The text so that letters which read from the right leave the words around it where they are. */
export function isolated(text: string): string {
  return FROM_THE_RIGHT.test(text) ? ISOLATE + text + END : text;
}
