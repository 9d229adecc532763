/** The side panel: a graph's scopes, tensors and variables, the sessions and devices, page by page from the kernel. */

import { button, html, icon } from "../graph/dom";
import type { NodeReport, ValueReport } from "../graph/link";
import { HIDDEN, isAsked } from "../graph/quiz";
import { STYLE } from "../graph/style";
import { followTheme } from "../graph/theme";
import { valueView } from "../graph/values";
import { SIDE_STYLE } from "./style";
import { buildTree } from "./tree";
import type { SideWords } from "./words";

export interface Page<Row> {
  rows: Row[];
  from: number;
  total: number;
  session?: boolean;
}

interface GraphEntry {
  graph: number;
  name: string;
  operations: number;
}

export interface Host {
  ask(question: Record<string, unknown>): Promise<unknown>;
  locate(report: NodeReport): void;
}

const TABS = ["scopes", "tensors", "variables", "sessions", "devices"] as const;
type Tab = typeof TABS[number];

/** A row of the tensors, without what a quiz asks for. */
function hidden([name, op, shape, dtype, ...rest]: string[]): string[] {
  return isAsked(name) ? [name, op, HIDDEN, HIDDEN, ...rest] : [name, op, shape, dtype, ...rest];
}

export class Inspector {
  private tab: Tab = "scopes";
  private graph: number | undefined;
  private from: Partial<Record<Tab, number>> = {};
  private latest = 0;
  private readonly opened = new Set<string>();
  private readonly root: HTMLElement;
  private readonly graphs: HTMLSelectElement;
  private readonly tabs = new Map<Tab, HTMLButtonElement>();
  private readonly page = html("div", { class: "page", role: "tabpanel", id: "page", tabindex: 0 });
  private readonly look = html("section", { class: "look", hidden: true, "aria-live": "polite", tabindex: 0 });
  private readonly filter = html("input", { type: "search" });
  private readonly content = html("div");
  private readonly stopFollowing: () => void;

  constructor(element: HTMLElement, private readonly words: SideWords, private readonly host: Host) {
    this.graphs = html("select", { "aria-label": words.graph, hidden: true });
    this.graphs.addEventListener("change", () => {
      this.graph = Number(this.graphs.value);
      this.from = {};
      this.opened.clear();
      void this.refresh();
    });
    const list = html("div", { role: "tablist", "aria-label": words.title });
    for (const tab of TABS) {
      const face = html("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "page" }, words[tab]);
      face.addEventListener("click", () => this.choose(tab));
      this.tabs.set(tab, face);
      list.append(face);
    }
    list.addEventListener("keydown", (event) => this.onTabKey(event));
    this.filter.placeholder = words.filter;
    this.filter.setAttribute("aria-label", words.filter);
    let wait: ReturnType<typeof setTimeout> | undefined;
    this.filter.addEventListener("input", () => {
      clearTimeout(wait);
      this.from.tensors = 0;
      wait = setTimeout(() => void this.refresh(), 120);
    });
    this.root = html("div", { class: "side", "data-lm-suppress-shortcuts": "true" },
      html("div", { class: "head" }, this.graphs,
        button(icon("M13 8A5 5 0 1 1 11.5 4.4M11.5 1.5V4.5H8.5"), words.refresh, () => void this.refresh())),
      list, this.page, this.look);
    this.page.append(this.filter, this.content);
    this.filter.hidden = true;
    const shadow = element.attachShadow({ mode: "open" });
    shadow.append(html("style", {}, STYLE + SIDE_STYLE), this.root);
    this.stopFollowing = followTheme(element);
    this.mark();
  }

  dispose(): void {
    this.stopFollowing();
  }

  /** Show words in place of a graph: there is no kernel, or none that answers. */
  say(text: string): void {
    this.latest += 1;
    this.look.hidden = true;
    this.graphs.hidden = true;
    this.filter.hidden = true;
    this.content.replaceChildren(html("p", { class: "kind" }, text));
  }

  /** Ask again for what is shown. */
  async refresh(): Promise<void> {
    const turn = (this.latest += 1);
    const scrolled = this.page.scrollTop;
    try {
      const graphs = (await this.host.ask({ kind: "graphs" })) as GraphEntry[];
      const view = await this.view();
      if (turn !== this.latest) {
        return; // asked anew meanwhile
      }
      this.offer(graphs);
      this.filter.hidden = this.tab !== "tensors";
      this.content.replaceChildren(...view);
      this.page.scrollTop = scrolled;
    } catch (error) {
      if (turn === this.latest) {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  private offer(graphs: GraphEntry[]): void {
    if (!graphs.some(({ graph }) => graph === this.graph)) {
      this.graph = graphs[0]?.graph;
    }
    this.graphs.hidden = false;
    this.graphs.replaceChildren(...graphs.map(({ graph, name, operations }) => html("option", {
      value: graph, selected: graph === this.graph }, `${name} · ${this.words.figures(operations)} ${this.words.operations}`)));
    this.graphs.title = this.graphs.selectedOptions[0]?.textContent ?? "";
  }

  // --- tabs -------------------------------------------------------------------------------------------------------

  private choose(tab: Tab): void {
    this.tab = tab;
    this.mark();
    void this.refresh();
  }

  private mark(): void {
    for (const [tab, face] of this.tabs) {
      face.setAttribute("aria-selected", String(tab === this.tab));
      face.setAttribute("tabindex", tab === this.tab ? "0" : "-1");
    }
    this.page.setAttribute("aria-labelledby", `tab-${this.tab}`);
  }

  private onTabKey(event: KeyboardEvent): void {
    const at = TABS.indexOf(this.tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + TABS.length, Home: 0, End: TABS.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(TABS[next % TABS.length]);
      this.tabs.get(this.tab)!.focus();
    }
  }

  // --- pages ------------------------------------------------------------------------------------------------------

  private ask<T>(kind: string, question: Record<string, unknown> = {}): Promise<T> {
    return this.host.ask({ kind, graph: this.graph, ...question }) as Promise<T>;
  }

  private async view(): Promise<Node[]> {
    const { words } = this;
    switch (this.tab) {
      case "scopes": {
        const tree = await buildTree({
          load: (name, from) => this.ask("scopes", { name, from }),
          choose: (name) => void this.tell(name), more: words.more, label: words.scopes, figures: words.figures }, this.opened);
        return [tree.childElementCount ? tree : this.nothing(words.empty)];
      }
      case "tensors": {
        const page = await this.ask<Page<string[]>>("tensors", { filter: this.filter.value, from: this.from.tensors ?? 0 });
        return [this.pager(page), this.table([words.name, words.op, words.shape, words.dtype, words.device], page.rows.map(hidden), true)];
      }
      case "variables": {
        const page = await this.ask<Page<string[]>>("variables", { from: this.from.variables ?? 0 });
        return [page.session ? null : this.nothing(words.noSession), this.pager(page),
          this.table([words.name, words.shape, words.dtype, words.device, words.state, words.value], page.rows, true)]
          .filter((part) => part !== null);
      }
      case "sessions":
        return [this.table([words.name, words.graph, words.state, words.values, words.memory],
          await this.ask<string[][]>("sessions"))];
      case "devices": {
        const { rows, kernel } = await this.ask<{ rows: string[][]; kernel: string }>("devices");
        return [html("p", { class: "kind" }, `${words.kernel}: ${kernel}`), rows.length
          ? this.table([words.device, words.type, "torch", words.used, words.memory], rows) : this.nothing(words.noDevices)];
      }
    }
  }

  private nothing(text: string): HTMLElement {
    return html("p", { class: "kind" }, text);
  }

  private pager({ rows, from, total }: Page<unknown>): HTMLElement {
    const go = (start: number): void => {
      this.from[this.tab] = start;
      this.page.scrollTop = 0;
      void this.refresh();
    };
    const range = total ? `${this.words.figures(from + 1)}–${this.words.figures(from + rows.length)} ${this.words.of} ` : "";
    const [back, on] = [button("‹", this.words.previous, () => go(Math.max(0, from - 100))),
      button("›", this.words.next, () => go(from + rows.length))];
    back.disabled = from === 0;
    on.disabled = from + rows.length >= total;
    return html("div", { class: "tools" }, html("span", {}, `${range}${this.words.figures(total)}`),
      ...(rows.length < total ? [back, on] : []));
  }

  private table(heads: string[], rows: string[][], tells = false): HTMLElement {
    if (!rows.length) {
      return this.nothing(this.words.empty);
    }
    const said = heads.map((_, i) => i === 0 || rows.some((row) => row[i] !== ""));
    heads = heads.filter((_, i) => said[i]);
    rows = rows.map((row) => row.filter((_, i) => said[i]));
    return html("table", {}, html("thead", {}, html("tr", {}, ...heads.map((head) => html("th", { scope: "col" }, head)))),
      html("tbody", {}, ...rows.map((row) => html("tr", {}, ...row.map((cell, i) => html("td", {}, i || !tells
        ? cell : button(cell, `${cell}: ${this.words.value}`, () => void this.tell(cell))))))));
  }

  // --- one tensor -------------------------------------------------------------------------------------------------

  private async tell(name: string): Promise<void> {
    const { words } = this;
    const isHidden = isAsked(name);
    const close = button("✕", words.close, () => (this.look.hidden = true));
    const top = html("div", { class: "top" }, html("p", { class: "heading" }, html("code", {}, name)), close);
    this.look.hidden = false;
    this.look.setAttribute("aria-label", name);
    this.look.replaceChildren(top);
    let parts: Node[];
    try {
      const report = await this.ask<NodeReport & { value?: ValueReport; why?: string }>("look", { name });
      parts = [
        ...(report.source ? [html("p", { class: "kind" }, `${words.madeBy} `,
          button(report.source, report.source, () => this.host.locate(report)))] : []),
        isHidden ? this.nothing(words.quizHides) : report.value ? valueView(report.value, words, async (at) => {
          const { value, why } = await this.ask<{ value?: ValueReport; why?: string }>("look", { name, plane: at });
          if (!value) {
            throw new Error(why);
          }
          return value;
        }) : html("p", { class: "kind" }, report.why ?? "")];
    } catch (error) {
      parts = [html("p", { class: "message" }, error instanceof Error ? error.message : String(error))];
    }
    if (this.look.firstChild === top) { // no other was chosen meanwhile
      this.look.append(...parts);
    }
  }
}
