/** The buttons of a sketch: everything that mouse and touch do can be done with them and the arrow keys. */
import { button, element } from "../elements";
import type { Page } from "../page";

/** Shown while the sketch that this panel started is under way. */
export function sketchBar(page: Page, tab: "site" | "measure"): HTMLElement {
  const { words, sketching, frame } = page;
  const add = words.text(button("plain", () => sketching.addCentre()), "sketch_add");
  const undo = words.text(button("plain", () => sketching.undo()), "sketch_undo");
  const finish = words.text(button("strong", () => sketching.finish()), "sketch_finish");
  const cancel = words.text(button("plain", () => sketching.cancel()), "sketch_cancel");
  const count = element("p", { class: "muted", "aria-live": "polite" });
  const bar = element("div", { class: "sketch-bar", hidden: true },
    words.text(element("p", { class: "hint" }), "sketch_hint"), count,
    element("div", { class: "row" }, add, undo, finish, cancel));
  const render = () => {
    bar.hidden = !sketching.active || frame.tab !== tab;
    undo.disabled = sketching.count === 0;
    finish.disabled = !sketching.enough;
    count.textContent = words.of("sketch_count", { count: sketching.count });
  };
  sketching.changed.on(render);
  frame.opened.on(render);
  words.bind(render);
  return bar;
}
