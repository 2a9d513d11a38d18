/** The fixed words of the page in the language its reader chose; it changes without a reload. */
import type { Both, Language } from "./contract";
import { Signal } from "./signal";
import { harmless, isolated } from "./text";

export type Facts = { [name: string]: string | number };
const HECTARE_M2 = 10_000;
const MU_M2 = 10_000 / 15;

export class Words {
  readonly changed = new Signal<Language>();
  private readonly bound: (() => void)[] = [];

  constructor(
    private readonly table: Record<Language, Record<string, string>>,
    private current: Language,
  ) {}

  get language(): Language {
    return this.current;
  }

  /** Everything that was bound says it anew. */
  speak(language: Language): void {
    this.current = language;
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const say of this.bound) say();
    this.changed.tell(language);
  }

  /** The word of a key, `{name}` filled with facts; a key that has none is shown as it is. */
  of(key: string, facts: Facts = {}): string {
    return filled(this.found(key) ?? key, facts);
  }

  has(key: string): boolean {
    return this.found(key) !== undefined;
  }

  /** The word of a code of the catalogue (an answer, a reason, a class …), or the code itself. */
  code(group: string, code: string): string {
    return this.found(`${group}.${code}`) ?? code;
  }

  both(text: Both): string {
    return text[this.current] || text.zh || text.en;
  }

  /** Text of an element that outlives a change of language. */
  text<T extends Element>(node: T, key: string, facts: Facts = {}): T {
    this.bind(() => (node.textContent = this.of(key, facts)));
    return node;
  }

  attribute<T extends Element>(node: T, name: "aria-label" | "title" | "placeholder" | "label", key: string): T {
    this.bind(() => node.setAttribute(name, this.of(key)));
    return node;
  }

  bind(say: () => void): void {
    say();
    this.bound.push(say);
  }

  number(value: number, decimals = 0): string {
    return new Intl.NumberFormat(this.current === "zh" ? "zh-CN" : "en", { maximumFractionDigits: decimals }).format(
      value,
    );
  }

  metres(value: number): string {
    if (Math.abs(value) >= 10_000) return `${this.number(value / 1000, 2)} ${this.of("unit_km")}`;
    return `${this.number(value, value < 100 ? 2 : 1)} ${this.of("unit_m")}`;
  }

  /** Square metres, with hectares and mu beside where they are large enough to say something. */
  area(value: number): string {
    const metres = `${this.number(value, 2)} ${this.of("unit_m2")}`;
    if (value < 100) return metres;
    const beside = this.of("area_beside", {
      hectares: this.number(value / HECTARE_M2, value < 100 * HECTARE_M2 ? 4 : 2),
      mu: this.number(value / MU_M2, 2),
    });
    return `${metres}${beside}`;
  }

  share(value: number): string {
    if (value > 0 && value < 0.0001) return this.of("share_below");
    return `${this.number(100 * value, 2)} %`;
  }

  private found(key: string): string | undefined {
    const table = this.table[this.current] ?? {};
    for (const name of [key, `page.${key}`]) if (Object.prototype.hasOwnProperty.call(table, name)) return table[name];
    return undefined;
  }
}

function filled(text: string, facts: Facts): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.prototype.hasOwnProperty.call(facts, name) ? isolated(harmless(String(facts[name]))) : whole,
  );
}
