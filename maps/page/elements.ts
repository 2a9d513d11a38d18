/** Elements of the page. What comes from data only ever becomes a text node: nothing here reads markup. */

type Child = Node | string | null | undefined | false;
type Attributes = { [name: string]: string | number | boolean | null | undefined };

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a false, null or undefined attribute is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  furnish(node, attributes);
  add(node, children);
  return node;
}

/** The same for a drawing. */
export function drawing(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const node = document.createElementNS(SVG, tag);
  furnish(node, attributes);
  add(node, children);
  return node;
}

/** Puts new children in the place of the old ones. */
export function fill(node: Element, ...children: Child[]): void {
  node.replaceChildren();
  add(node, children);
}

/** A button that does something; its words come later, with the language. */
export function button(className: string, act: (event: MouseEvent) => void): HTMLButtonElement {
  const node = element("button", { type: "button", class: className });
  node.addEventListener("click", act);
  return node;
}

/** A drawn sign, 20 by 20, decoration beside a word. */
export function sign(name: keyof typeof SIGNS): SVGElement {
  return drawing(
    "svg",
    { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true", focusable: "false", class: "sign" },
    drawing("path", { d: SIGNS[name] }),
  );
}

const SIGNS = {
  layers: "M10 2 18 6.5 10 11 2 6.5ZM2.5 10 10 14.2 17.5 10M2.5 13.5 10 17.7 17.5 13.5",
  here: "M10 18C5.5 12.6 4 10.2 4 7.6A6 6 0 0 1 16 7.6C16 10.2 14.5 12.6 10 18ZM10 5.4A2.2 2.2 0 1 1 9.99 5.4",
  site: "M3 4.5 12 2.5 17.5 9 13 17 4.5 15.5ZM3 4.5H3M12 2.5H12M17.5 9H17.5",
  measure: "M2.5 13.5 13.5 2.5 17.5 6.5 6.5 17.5ZM5.5 10.5 7.5 12.5M8 8 10.6 10.6M10.5 5.5 12.5 7.5",
  about: "M10 2A8 8 0 1 1 9.99 2M10 9V14.5M10 5.6V6.4",
  share: "M6.5 9 13.5 5M6.5 11 13.5 15M4.5 7.5A2.5 2.5 0 1 1 4.49 7.5M15.5 2A2.5 2.5 0 1 1 15.49 2M15.5 13A2.5 2.5 0 1 1 15.49 13",
  print: "M5.5 7V2.5H14.5V7M5.5 14H2.5V7H17.5V14H14.5M5.5 11.5H14.5V17.5H5.5Z",
  full: "M2.5 7V2.5H7M13 2.5H17.5V7M17.5 13V17.5H13M7 17.5H2.5V13",
  theme: "M16.5 12A7.2 7.2 0 0 1 8 3.5 7.2 7.2 0 1 0 16.5 12Z",
  search: "M8.5 2.5A6 6 0 1 1 8.49 2.5M13 13 17.5 17.5",
  locate: "M10 5.5A4.5 4.5 0 1 1 9.99 5.5M10 1.5V5.5M10 14.5V18.5M1.5 10H5.5M14.5 10H18.5",
  close: "M4.5 4.5 15.5 15.5M15.5 4.5 4.5 15.5",
  open: "M5 7.5 10 12.5 15 7.5",
};

function furnish(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function add(node: Element, children: Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) node.append(child);
}
