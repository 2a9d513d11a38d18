/** The answer about a site: the four-valued word, why, and a plain table of every layer for whoever sees no map. */
import type { Answer, FeatureFinding, Finding, PageVerdict, Reason } from "../contract";
import { button, element } from "../elements";
import { goTo, type Page } from "../page";
import { saidOf } from "../refusal";
import type { Words } from "../words";

const SIGNS: Record<Answer, string> = { hit: "■", uncertain: "◆", unknown: "?", clear: "○" };
const QUESTIONS = [
  "in_priority_zone", "in_priority_unit", "in_red_line", "in_protected_area", "in_water_source_zone",
] as const;

export function answerOf(page: Page): (HTMLElement | null)[] {
  const { words, desk } = page;
  if (desk.asking) return [element("p", { class: "waiting" }, words.of("judging"))];
  if (desk.trouble) {
    return [chip(words, "unknown"), element("p", { class: "trouble" }, saidOf(desk.trouble, words)),
      element("p", { class: "always" }, words.of("note.not_permission"))];
  }
  const verdict = desk.verdict;
  if (!verdict) return [];
  return [
    chip(words, verdict.answer),
    element("p", { class: `precision precision-${verdict.precision}` }, words.of(`verdict_${verdict.precision}`)),
    element("p", { class: "always" }, words.of("note.not_permission")),
    siteFacts(words, verdict),
    questions(words, verdict),
    findingsTable(page, verdict),
    metTable(page, verdict),
    context(page, verdict),
    lines(words.of("warnings"), verdict.warnings.map((one) => filled(words, "warning", one))),
    lines(words.of("not_checked"), page.document.not_checked.map((name) => words.code("not_checked", name))),
    element("p", { class: "hint" }, words.of("answer_basis", { date: verdict.as_of })),
  ];
}

/** One sentence for those who hear the page. */
export function summaryOf(words: Words, verdict: PageVerdict): string {
  return `${words.of("overall")}${words.of("colon")}${words.code("answer", verdict.answer)}`;
}

function chip(words: Words, answer: Answer): HTMLElement {
  return element("p", { class: `overall is-${answer}`, "data-answer": answer },
    element("span", { class: "muted" }, words.of("overall")),
    element("strong", {}, element("span", { class: "sign-mark", "aria-hidden": "true" }, SIGNS[answer]), words.code("answer", answer)));
}

function siteFacts(words: Words, { site, as_of }: PageVerdict): HTMLElement {
  const list = element("dl", { class: "facts" });
  const add = (key: string, value: string | null) => {
    if (value) list.append(element("dt", {}, words.of(key)), element("dd", {}, value));
  };
  add("scope", words.code("scope", site.scope));
  add("area", site.area_m2 === null ? null : words.area(site.area_m2));
  add("length", site.length_m === null ? null : words.metres(site.length_m));
  add("radius", site.radius_m ? words.metres(site.radius_m) : null);
  add("site_accuracy", words.metres(site.accuracy_m));
  add("as_of_label", as_of);
  return list;
}

function questions(words: Words, verdict: PageVerdict): HTMLElement {
  const rows = QUESTIONS.map((key) =>
    element("tr", {}, element("th", { scope: "row" }, words.code("question", key)),
      element("td", { class: `is-${verdict[key]}` }, words.code("yesno", verdict[key]))));
  return element("table", { class: "questions" }, element("caption", {}, words.of("questions")), element("tbody", {}, ...rows));
}

function findingsTable(page: Page, verdict: PageVerdict): HTMLElement {
  const { words } = page;
  const rows = verdict.findings.map((finding) =>
    element("tr", { "data-layer": finding.layer, "data-answer": finding.answer },
      element("th", { scope: "row" }, finding.layer ?? words.code("kind", finding.kind),
        finding.layer ? element("span", { class: "muted" }, words.code("kind", finding.kind)) : null),
      element("td", { class: `is-${finding.answer}` }, words.code("answer", finding.answer)),
      element("td", {}, ...groundsOf(page, finding))));
  return table(words, "answer_by_layer", ["layer", "answer", "grounds"], rows);
}

function groundsOf(page: Page, finding: Finding): HTMLElement[] {
  const { words } = page;
  const found = finding.reasons.map((reason) => element("div", {}, reasonOf(words, reason)));
  const facts: string[] = [];
  if (finding.overlap_m2 > 0) {
    facts.push(words.of("overlap_said", { area: words.area(finding.overlap_m2), share: words.share(finding.share) }));
  }
  if (finding.overlap_length_m) facts.push(words.of("overlap_length_said", { length: words.metres(finding.overlap_length_m) }));
  if (finding.gap_m !== null && finding.gap_m > 0) facts.push(words.of("gap_said", { distance: words.metres(finding.gap_m) }));
  if (finding.accuracy_m !== null) facts.push(words.of("accuracy_said", { metres: words.metres(finding.accuracy_m) }));
  if (finding.displacement_m > 0) facts.push(words.of("displacement_said", { metres: words.metres(finding.displacement_m) }));
  if (finding.uncovered_share) facts.push(words.of("uncovered_said", { share: words.share(finding.uncovered_share) }));
  if (finding.precision === "simplified") facts.push(words.of("finding_simplified"));
  if (finding.precision === "generalised" && finding.answer !== "clear") {
    facts.push(words.of("finding_generalised", { whom: whomToAsk(page, finding) }));
  }
  return [...found, ...facts.map((fact) => element("div", { class: "muted" }, fact))];
}

/** Who has the exact data of a layer that is shown coarsely. */
function whomToAsk(page: Page, finding: Finding): string {
  const line = page.document.withheld.find((one) => one.layer === finding.layer && one.ask);
  const layer = page.document.layers.find((one) => one.name === finding.layer);
  return line?.ask ?? layer?.source ?? page.words.of("maker_of_data");
}

/** The words of a reason: the catalogue's, else the page's own. */
function reasonOf(words: Words, reason: Reason): string {
  const own = words.code("reason", reason.code);
  return own === reason.code ? words.of(`reason_${reason.code}`, numbers(words, reason)) : own;
}

function filled(words: Words, group: string, one: { code: string; [fact: string]: unknown }): string {
  const known = [group, "reason"].map((name) => words.code(name, one.code)).find((text) => text !== one.code);
  const text = known ?? words.of(`${group}_${one.code}`, numbers(words, one));
  const layer = typeof one["layer"] === "string" ? `${one["layer"]}${words.of("colon")}` : "";
  return layer + text;
}

function numbers(words: Words, facts: { [name: string]: unknown }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, words.number(value, 2)]] : typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

function metTable(page: Page, verdict: PageVerdict): HTMLElement | null {
  const rows = verdict.findings.flatMap((finding) => finding.features.map((one) => featureRow(page, finding.layer, one)));
  return rows.length ? table(page.words, "met_or_nearest", ["feature", "relation", "how_much"], rows) : null;
}

function context(page: Page, verdict: PageVerdict): HTMLElement | null {
  const rows = verdict.context.flatMap(({ layer, features }) => features.map((one) => featureRow(page, layer, one)));
  return rows.length ? table(page.words, "context", ["feature", "relation", "how_much"], rows) : null;
}

function featureRow(page: Page, layerName: string | null, one: FeatureFinding): HTMLElement {
  const { words, layers } = page;
  const shown = layers.all.find((other) => other.layer.name === layerName);
  const go = button("title-button", () => {
    const box = shown && layers.boundsOf(shown, one.row);
    if (!shown || !box) return;
    goTo(page.map, box);
    shown.drawing?.select([one.row]);
  });
  go.textContent = one.name || one.code || one.id;
  const facts: string[] = [];
  if (one.overlap_m2 > 0) facts.push(words.area(one.overlap_m2), words.share(one.share));
  if (one.length_m) facts.push(words.metres(one.length_m));
  if (!facts.length) {
    facts.push(words.metres(one.distance_m));
    if (one.bearing_deg !== null) facts.push(bearingOf(words, one.bearing_deg));
  }
  const flags = one.flags.map((flag) => words.code("flag", flag)).join(words.of("comma"));
  return element("tr", {},
    element("th", { scope: "row" }, go,
      element("span", { class: "muted" }, [words.code("class", one.class), layerName].filter(Boolean).join(" · ")),
      flags ? element("span", { class: "muted" }, flags) : null),
    element("td", {}, words.code("relation", one.relation)),
    element("td", {}, ...facts.map((fact) => element("div", {}, fact))));
}

export function bearingOf(words: Words, degrees: number): string {
  return words.of("map.bearing", {
    direction: words.of(`map.direction_${Math.round(degrees / 45) % 8}`), degrees: words.number(degrees),
  });
}

function table(words: Words, caption: string, heads: string[], rows: HTMLElement[]): HTMLElement {
  const head = heads.map((key) => element("th", { scope: "col" }, words.of(key)));
  return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": words.of(caption) },
    element("table", { class: `list list-${caption}` }, element("caption", {}, words.of(caption)),
      element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)));
}

function lines(title: string, items: string[]): HTMLElement | null {
  if (!items.length) return null;
  return element("section", {}, element("h3", {}, title), element("ul", { class: "plain-list" }, ...items.map((one) => element("li", {}, one))));
}
