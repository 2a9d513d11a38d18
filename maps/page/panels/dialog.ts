/** A dialog of the page: the browser's own, which keeps the focus in it and closes by Escape. */
import { button, element, sign } from "../elements";
import type { Words } from "../words";

export function dialog(words: Words, key: string, ...children: Node[]): HTMLDialogElement {
  const title = words.text(element("h2", { id: `dialog-${key}` }), key);
  const node = element("dialog", { class: "dialog", "aria-labelledby": title.id });
  const close = button("icon", () => node.close());
  close.append(sign("close"));
  words.attribute(close, "aria-label", "close");
  node.append(element("header", {}, title, close), ...children);
  document.getElementById("page")!.append(node);
  return node;
}
