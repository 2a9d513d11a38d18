/** The tools in the bar: share, print, full screen, dark or light, the other language. */
import { button, element, sign } from "../elements";
import { formatView, MOST_SHARED, shareable, type View } from "../link";
import type { Page } from "../page";
import { sheetOf, type Paper } from "../sheet/sheet";
import { dialog } from "./dialog";

type SignName = Parameters<typeof sign>[0];

export function tools(page: Page): void {
  const { frame, words, theme } = page;
  const tool = (name: SignName, key: string, act: () => void) => {
    const node = button("tool", act);
    node.append(sign(name), words.text(element("span", { class: "tool-word" }), key));
    words.attribute(node, "title", key);
    node.dataset["tool"] = name;
    frame.tools.append(node);
    return node;
  };
  const shared = shareDialog(page);
  tool("share", "share", shared);
  const printing = printDialog(page);
  tool("print", "print", printing);
  if (document.fullscreenEnabled) tool("full", "full_screen", () => toggleFullScreen());
  const dark = tool("theme", "dark_mode", () => theme.choose(theme.name === "dark" ? "light" : "dark"));
  const press = () => dark.setAttribute("aria-pressed", String(theme.name === "dark"));
  theme.changed.on(press);
  press();
  const other = button("tool language", () => words.speak(words.language === "zh" ? "en" : "zh"));
  other.dataset["tool"] = "language";
  words.bind(() => {
    other.textContent = words.language === "zh" ? "English" : "中文";
    other.lang = words.language === "zh" ? "en" : "zh-CN";
  });
  frame.tools.append(other);
}

function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen().catch(() => undefined);
}

/** What a link restores: view, layers, opacity, selection, language, theme, and a small site. */
export function viewOf(page: Page, withSite: boolean): View {
  const { map, layers, words, theme, desk } = page;
  const { lat, lng } = map.getCenter();
  const view: View = {
    centre: { lat, lon: lng, zoom: map.getZoom() },
    layers: layers.all.filter((one) => one.visible).map((one) => ({ key: one.layer.key, opacity: one.opacity })),
    language: words.language,
  };
  if (layers.selected) view.select = layers.selected;
  if (theme.choice) view.theme = theme.choice;
  const site = withSite && desk.site ? shareable(desk.site) : null;
  if (site) view.site = site;
  return view;
}

function shareDialog(page: Page): () => void {
  const { words, desk } = page;
  const link = element("input", { type: "text", readonly: true, id: "share-link" });
  const box = element("input", { type: "checkbox", id: "share-site" });
  const withSite = element("p", { class: "check" }, box, words.text(element("label", { for: "share-site" }), "share_site"));
  const tooLarge = words.text(element("p", { class: "hint" }), "share_site_not", { limit: MOST_SHARED });
  const said = element("p", { class: "hint", role: "status" });
  const copy = words.text(button("strong", () => void copyLink()), "copy");
  const node = dialog(words, "share",
    words.text(element("p", { class: "hint" }), "share_hint"),
    words.text(element("label", { for: "share-link" }), "share_link"), link, withSite, tooLarge,
    element("div", { class: "row" }, copy), said);
  const write = () => {
    link.value = location.href.replace(/#.*$/s, "") + formatView(viewOf(page, box.checked));
  };
  const copyLink = async () => {
    link.select();
    let done = false;
    try {
      await navigator.clipboard.writeText(link.value);
      done = true;
    } catch {
      done = document.execCommand("copy"); // a page from a file may have no clipboard of its own
    }
    said.textContent = words.of(done ? "copied" : "copy_by_hand");
  };
  box.addEventListener("change", write);
  return () => {
    const may = desk.site !== null && shareable(desk.site) !== null;
    withSite.hidden = !may;
    tooLarge.hidden = desk.site === null || may;
    box.checked = false;
    said.textContent = "";
    write();
    node.showModal();
    link.select();
  };
}

function printDialog(page: Page): () => void {
  const { words, frame } = page;
  const paper = element("select", { id: "paper" },
    ...(["a4", "a3"] as const).map((one) => element("option", { value: one }, one.toUpperCase())));
  const turn = element("select", { id: "turn" },
    ...["landscape", "portrait"].map((one) => words.text(element("option", { value: one }), one)));
  const said = element("p", { class: "hint", role: "status" });
  const chosen = (): Paper => ({ size: paper.value === "a3" ? "a3" : "a4", landscape: turn.value === "landscape" });
  const make = async (use: (sheet: HTMLCanvasElement) => void) => {
    said.textContent = words.of("sheet_drawing");
    try {
      use(await sheetOf(page, chosen()));
      said.textContent = "";
    } catch (error) {
      said.textContent = words.of("refused_failed", { detail: error instanceof Error ? error.message : String(error) });
    }
  };
  const print = words.text(button("strong", () => void make((sheet) => {
    node.close();
    printed(page, sheet, chosen());
  })), "print_now");
  const png = words.text(button("plain", () => void make((sheet) => {
    sheet.toBlob((blob) => blob && download(blob, `${fileNameOf(page)}.png`), "image/png");
  })), "png");
  print.dataset["act"] = "print";
  png.dataset["act"] = "png";
  const node = dialog(words, "print",
    words.text(element("p", { class: "hint" }), "print_hint"),
    element("div", { class: "row fields" },
      element("span", {}, words.text(element("label", { for: "paper" }), "paper"), paper),
      element("span", {}, words.text(element("label", { for: "turn" }), "orientation"), turn)),
    element("div", { class: "row" }, print, png), said);
  return () => {
    frame.say("");
    said.textContent = "";
    node.showModal();
  };
}

/** The sheet on paper, and behind it the answer about a site where there is one. */
function printed(page: Page, sheet: HTMLCanvasElement, paper: Paper): void {
  document.getElementById("sheet")?.remove();
  const answer = document.getElementById("answer");
  const behind = page.desk.verdict && answer ? answer.cloneNode(true) as HTMLElement : null;
  behind?.removeAttribute("id");
  const name = `${paper.size}-${paper.landscape ? "landscape" : "portrait"}`;
  sheet.setAttribute("role", "img");
  sheet.setAttribute("aria-label", page.words.both(page.document.title));
  const node = element("div", { id: "sheet", class: `sheet paper-${name}`, "aria-hidden": "true" }, sheet, behind);
  document.body.append(node);
  document.body.classList.add("is-printing");
  const end = () => {
    node.remove();
    document.body.classList.remove("is-printing");
  };
  window.addEventListener("afterprint", end, { once: true });
  window.print();
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A title is data: only letters, digits and dashes of it reach a file's name. */
function fileNameOf(page: Page): string {
  const title = page.words.both(page.document.title).normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  return `${title.replace(/^-+|-+$/g, "").slice(0, 60) || "map"}-${page.document.as_of}`;
}
