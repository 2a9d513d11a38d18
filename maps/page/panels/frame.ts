/** The frame of the page: bar, tabs with their panels, the stage of the map, the notices that are always in sight. */
import type { MapDocument } from "../contract";
import { button, element, fill, sign } from "../elements";
import { Signal } from "../signal";
import type { Words } from "../words";

export const TABS = ["layers", "here", "site", "measure", "about"] as const;
export type Tab = (typeof TABS)[number];

export class Frame {
  readonly bar = element("header", { class: "bar" });
  readonly tools = element("div", { class: "tools", role: "toolbar" });
  readonly stage = element("main", { class: "stage", id: "stage" });
  readonly opened = new Signal<Tab>();
  private readonly root = element("div", { id: "page", class: "page" });
  private readonly aside = element("aside", { class: "panel" });
  private readonly list = element("div", { class: "tabs", role: "tablist" });
  private readonly tabs = new Map<Tab, HTMLButtonElement>();
  private readonly panels = new Map<Tab, HTMLElement>();
  private readonly live = element("p", { class: "live", role: "status", "aria-live": "polite" });
  private current: Tab = "layers";

  constructor(
    private readonly page: MapDocument,
    private readonly words: Words,
  ) {
    this.build();
  }

  /** The body of a tab's panel. */
  panel(tab: Tab): HTMLElement {
    return this.panels.get(tab)!;
  }

  get tab(): Tab {
    return this.current;
  }

  /** Shows a panel; on a phone it rises from below. */
  open(tab: Tab): void {
    this.current = tab;
    this.root.classList.add("is-open");
    for (const [name, node] of this.tabs) {
      node.setAttribute("aria-selected", String(name === tab));
      node.tabIndex = name === tab ? 0 : -1;
      this.panels.get(name)!.hidden = name !== tab;
    }
    this.opened.tell(tab);
  }

  /** Told to those who do not see what happened, and shown for a while, or until the next where it lasts. */
  say(message: string, { lasts = false } = {}): void {
    this.live.textContent = message;
    this.live.classList.toggle("is-said", message !== "");
    window.clearTimeout(this.silence);
    if (!lasts) this.silence = window.setTimeout(() => this.live.classList.remove("is-said"), 6000);
  }

  private silence = 0;

  setReady(): void {
    this.root.dataset["ready"] = "yes";
  }

  private build(): void {
    const { words, page } = this;
    const title = element("h1", { class: "title" });
    words.bind(() => {
      title.textContent = title.title = words.both(page.title); // two lines of it are seen
      document.title = words.both(page.title);
    });
    const meta = element("p", { class: "meta" });
    words.bind(() => {
      meta.textContent = `${words.of(`edition_${page.edition}`)} · ${words.of("as_of", { date: page.as_of })}`;
    });
    const skip = words.text(element("a", { class: "skip", href: "#stage" }), "skip_to_map");
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.stage.querySelector<HTMLElement>(".leaflet-container")?.focus();
    });
    words.attribute(this.tools, "aria-label", "tools");
    words.attribute(this.list, "aria-label", "panels");
    words.attribute(this.aside, "aria-label", "panels");
    this.bar.append(element("div", { class: "titles" }, title, meta), this.tools);
    const bodies = element("div", { class: "bodies" });
    for (const tab of TABS) {
      const node = button("tab", () => this.toggle(tab));
      node.append(sign(tab), words.text(element("span"), `tab_${tab}`));
      for (const [name, value] of Object.entries({ role: "tab", id: `tab-${tab}`, "aria-controls": `panel-${tab}` })) {
        node.setAttribute(name, value);
      }
      this.tabs.set(tab, node);
      this.list.append(node);
      const body = element("section", {
        class: `body body-${tab}`, role: "tabpanel", id: `panel-${tab}`, "aria-labelledby": `tab-${tab}`, tabindex: 0,
      });
      this.panels.set(tab, body);
      bodies.append(body);
    }
    this.list.addEventListener("keydown", (event) => this.step(event));
    const fold = button("fold", () => this.root.classList.remove("is-open"));
    fold.append(sign("open"));
    words.attribute(fold, "aria-label", "close_panel");
    this.aside.append(this.list, fold, bodies);
    this.stage.append(this.live);
    this.root.append(skip, this.bar, this.aside, this.stage, this.notices());
    const wide = !window.matchMedia("(max-width: 820px)").matches;
    document.body.append(this.root);
    this.open("layers");
    this.root.classList.toggle("is-open", wide);
  }

  private toggle(tab: Tab): void {
    const phone = window.matchMedia("(max-width: 820px)").matches;
    if (phone && this.current === tab && this.root.classList.contains("is-open")) this.root.classList.remove("is-open");
    else this.open(tab);
  }

  /** Arrows, Home and End walk the tabs. */
  private step(event: KeyboardEvent): void {
    const at = TABS.indexOf(this.current);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: TABS.length - 1 }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    const tab = TABS[(to + TABS.length) % TABS.length]!;
    this.open(tab);
    this.tabs.get(tab)!.focus();
  }

  private notices(): HTMLElement {
    const { words, page } = this;
    const list = element("ul", { class: "notice-list" });
    const footer = element("footer", { class: "notices", id: "notices", tabindex: 0 }, list);
    words.attribute(footer, "aria-label", "notices");
    words.bind(() =>
      fill(list, ...page.notices.map(({ code, text }) =>
        element("li", { class: "notice", "data-code": code }, words.both(text)),
      )),
    );
    return footer;
  }
}
