/** A tree whose levels are asked for when they open; the keys are those of ARIA's tree. */

import { html } from "../graph/dom";
import { isAsked } from "../graph/quiz";

export interface Source {
  /** A page of what stands in a scope, and how many there are. */
  load(scope: string, from: number): Promise<{ rows: [string, string, number, string][]; total: number; from: number }>;
  choose(name: string): void;
  more: string;
  label: string;
  figures(count: number): string;
}

/** The tree; `open` holds the names of the scopes that stay open, and is kept up to date. */
export async function buildTree(source: Source, open: Set<string>): Promise<HTMLElement> {
  const tree = html("ul", { role: "tree", "aria-label": source.label });
  await fill(tree, "", 0, source, open);
  tree.querySelector("li")?.setAttribute("tabindex", "0");
  tree.addEventListener("keydown", (event) => onKey(event, tree));
  return tree;
}

async function fill(list: HTMLElement, scope: string, from: number, source: Source, open: Set<string>): Promise<void> {
  const page = await source.load(scope, from);
  for (const [name, shown, count, kind] of page.rows) {
    list.append(await item(name, shown, count, kind, source, open));
  }
  if (page.from + page.rows.length < page.total) {
    const row = html("span", { class: "row" }, html("span", { class: "kind" }, source.more));
    const more = html("li", { role: "treeitem", tabindex: -1, "aria-selected": "false" }, row);
    more.addEventListener("tfm-act", (event) => {
      event.stopPropagation();
      const before = more.previousElementSibling as HTMLElement | null;
      more.remove();
      void fill(list, scope, page.from + page.rows.length, source, open).then(() =>
        focus((before?.nextElementSibling ?? before) as HTMLElement | null));
    });
    row.addEventListener("click", () => more.dispatchEvent(new Event("tfm-act")));
    list.append(more);
  }
}

async function item(name: string, shown: string, count: number, kind: string, source: Source,
  open: Set<string>): Promise<HTMLElement> {
  const row = html("span", { class: "row" }, html("code", {}, shown),
    html("span", { class: "kind" }, [isAsked(name) ? kind.split(" ")[0] : kind, count ? `(${source.figures(count)})` : ""].filter(Boolean).join(" ")));
  const element = html("li", { role: "treeitem", tabindex: -1, "aria-selected": "false" }, row);
  if (!count) {
    element.addEventListener("tfm-act", (event) => {
      event.stopPropagation();
      source.choose(name);
    });
  } else {
    const group = html("ul", { role: "group" });
    const set = async (wanted: boolean): Promise<void> => {
      element.setAttribute("aria-expanded", String(wanted));
      group.hidden = !wanted;
      if (!wanted) {
        open.delete(name);
        return;
      }
      open.add(name);
      if (!group.childElementCount) {
        await fill(group, name, 0, source, open);
      }
    };
    element.append(group);
    element.addEventListener("tfm-act", (event) => {
      event.stopPropagation();
      void set(element.getAttribute("aria-expanded") !== "true");
    });
    await set(open.has(name));
  }
  row.addEventListener("click", () => {
    focus(element);
    element.dispatchEvent(new Event("tfm-act"));
  });
  return element;
}

function focus(element: HTMLElement | null): void {
  const tree = element?.closest("[role=tree]");
  tree?.querySelectorAll("li[tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
  element?.setAttribute("tabindex", "0");
  element?.focus();
}

function onKey(event: KeyboardEvent, tree: HTMLElement): void {
  const current = (event.target as HTMLElement).closest("li");
  if (!current) {
    return;
  }
  const all = [...tree.querySelectorAll<HTMLElement>("li")].filter((other) => !other.closest("ul[hidden]"));
  const at = all.indexOf(current);
  const expanded = current.getAttribute("aria-expanded");
  const act = (): void => void current.dispatchEvent(new Event("tfm-act"));
  switch (event.key) {
    case "ArrowDown": focus(all[at + 1] ?? current); break;
    case "ArrowUp": focus(all[at - 1] ?? current); break;
    case "Home": focus(all[0]); break;
    case "End": focus(all[all.length - 1]); break;
    case "Enter": case " ": act(); break;
    case "ArrowRight":
      if (expanded === "false") {
        act();
      } else if (expanded) {
        focus(current.querySelector("li") ?? current);
      }
      break;
    case "ArrowLeft":
      if (expanded === "true") {
        act();
      } else {
        focus(current.parentElement?.closest("li") ?? current);
      }
      break;
    default: return;
  }
  event.preventDefault();
  event.stopPropagation();
}
