/** The drawing as a tree of text: for screen readers, and for everyone who prefers to read. */

import { UPDATES } from "./document";
import { html } from "./dom";
import type { GraphDocument } from "./document";
import type { Folding } from "./folding";
import { plain } from "./marks";
import { markText, stepsOf, timeText } from "./overlay";
import type { Words } from "./words";

export function buildTwin(folding: Folding, words: Words, onChoose: (id: string) => void): HTMLElement {
  const reads = new Map<string, string[]>();
  const changes = new Map<string, string[]>();
  for (const [source, target, text] of folding.document.edges) {
    const name = folding.node(source).name;
    if (text === UPDATES) {
      changes.set(source, [...(changes.get(source) ?? []), folding.node(target).name]);
      continue;
    }
    const said = text === null ? `${words.after} ${name}` : text ? `${name} ${text}` : name;
    reads.set(target, [...(reads.get(target) ?? []), said]);
  }
  const level = (scope: string): HTMLUListElement => {
    const items = (folding.children.get(scope) ?? []).map((id) => {
      const node = folding.node(id);
      const inside = folding.isLoaded(id);
      const [[, title], ...rest] = node.lines;
      const inputs = inside ? [] : reads.get(id) ?? [];
      const label = html("span", {}, html("code", {}, title),
        html("span", { class: "kind" }, rest.map(plain).join(" · ")),
        inputs.length ? html("span", { class: "kind" }, `← ${inputs.join(", ")}`) : null,
        !inside && changes.has(id)
          ? html("span", { class: "kind" }, `⇢ ${words.changes} ${changes.get(id)!.join(", ")}`) : null);
      label.addEventListener("click", () => onChoose(id));
      const item = html("li", { role: "treeitem", tabindex: -1, "aria-selected": "false",
        "aria-expanded": inside ? "true" : undefined }, label, inside ? level(id) : null);
      item.dataset.id = id;
      return item;
    });
    return html("ul", { role: scope ? "group" : "tree", "aria-label": scope ? undefined : words.text }, ...items);
  };
  const tree = level("");
  const items = (): HTMLElement[] => [...tree.querySelectorAll<HTMLElement>("li")].filter((item) => !item.closest("ul[hidden]"));
  items()[0]?.setAttribute("tabindex", "0");
  tree.addEventListener("keydown", (event) => {
    const current = (event.target as HTMLElement).closest("li");
    const all = items();
    const at = current ? all.indexOf(current) : -1;
    const group = current?.querySelector(":scope > ul");
    let next: HTMLElement | null | undefined;
    switch (event.key) {
      case "ArrowDown": next = all[at + 1]; break;
      case "ArrowUp": next = all[at - 1]; break;
      case "Home": next = all[0]; break;
      case "End": next = all[all.length - 1]; break;
      case "ArrowLeft":
        if (group && !group.hasAttribute("hidden")) {
          setOpen(current!, group, false);
        } else {
          next = current?.parentElement?.closest("li");
        }
        break;
      case "ArrowRight":
        if (group?.hasAttribute("hidden")) {
          setOpen(current!, group, true);
        } else {
          next = group?.querySelector("li");
        }
        break;
      case "Enter":
      case " ": onChoose(current?.dataset.id ?? ""); break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (next) {
      all.forEach((item) => item.setAttribute("tabindex", item === next ? "0" : "-1"));
      next.focus();
    }
  });
  return html("div", { class: "twin" }, tree, stepList(folding.document, words));
}

function stepList(document: GraphDocument, words: Words): HTMLElement | null {
  const steps = stepsOf(document);
  const [after, many] = document.leftOut ?? [steps.length, 0];
  return steps.length === 0 ? null : html("section", {}, html("h2", {}, words.steps), html("ol", {}, ...steps.map((step, i) => {
    const facts = [step.shape, ...step.inside.map(([, mark]) => markText(mark, words)), step.microseconds ? timeText(step.microseconds) : ""];
    const item = html("li", {}, html("code", {}, step.name + (step.value ? ` = ${step.value}` : "")),
      html("span", { class: "kind" }, facts.filter(Boolean).join(" · ")));
    item.value = i + 1 + (i >= after ? many : 0);
    return item;
  })));
}

function setOpen(item: Element, group: Element, open: boolean): void {
  group.toggleAttribute("hidden", !open);
  item.setAttribute("aria-expanded", String(open));
}
