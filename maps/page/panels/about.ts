/** What the page is made of: sources and dates of every layer, what is withheld, what the answers rest on. */
import { element, fill } from "../elements";
import type { Page } from "../page";
import { withheld } from "./layers";

export function aboutPanel(page: Page): void {
  const { words, frame, document: map } = page;
  const body = element("div");
  frame.panel("about").append(words.text(element("h2"), "tab_about"), body);
  const render = () => {
    const rows = map.layers.map((layer) =>
      element("tr", {}, element("th", { scope: "row" }, layer.name, element("span", { class: "muted" }, words.both(layer.kind_label))),
        element("td", { class: "date" }, layer.data_date ?? words.of("not_stated")),
        element("td", {}, layer.source ?? words.of("not_stated"))));
    const sources = element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": words.of("sources") },
      element("table", { class: "list" }, element("caption", {}, words.of("sources")),
        element("thead", {}, element("tr", {}, ...["layer", "data_date", "source"].map((key) => element("th", { scope: "col" }, words.of(key))))),
        element("tbody", {}, ...rows)));
    const base = map.base.length > 0 && element("p", {}, words.of("base_sources", {
      sources: map.base.map((one) => `${words.both(one.name)} (${one.source})`).join(words.of("comma")),
    }));
    fill(body,
      element("p", {}, words.of("about_answers")),
      element("p", { class: "always" }, words.of("note.not_permission")),
      element("p", {}, map.review_number ? words.of("review_number", { number: map.review_number }) : words.of("review_none")),
      sources, base, withheld(page),
      map.not_checked.length > 0 && element("p", {}, words.of("not_checked"), words.of("colon"), map.not_checked.map((name) => words.code("not_checked", name)).join(words.of("comma"))),
      element("h3", {}, words.of("keys_title")),
      element("ul", { class: "plain-list" }, ...["keys_map", "keys_enter", "keys_sketch", "keys_tabs"].map((key) => element("li", {}, words.of(key)))),
      element("p", { class: "muted" }, words.of("made_with")));
  };
  words.bind(render);
}
