/** Light or dark: as the reader's system has it, until the reader says otherwise. */
import { Signal } from "./signal";

export type ThemeName = "light" | "dark";

export class Theme {
  readonly changed = new Signal<ThemeName>();
  private chosen: ThemeName | null = null;
  private readonly system = window.matchMedia("(prefers-color-scheme: dark)");

  constructor() {
    this.system.addEventListener?.("change", () => this.show());
    this.show();
  }

  get name(): ThemeName {
    return this.chosen ?? (this.system.matches ? "dark" : "light");
  }

  /** What was chosen, for a link; null as long as the system decides. */
  get choice(): ThemeName | null {
    return this.chosen;
  }

  choose(name: ThemeName): void {
    this.chosen = name;
    this.show();
  }

  private show(): void {
    document.documentElement.dataset.theme = this.name;
    this.changed.tell(this.name);
  }
}
