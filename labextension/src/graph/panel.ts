/** What is known of one node: from the document at once, from the kernel when it answers. */

import { button, type Child, html } from "./dom";
import type { NodeRecord } from "./document";
import type { Folding } from "./folding";
import type { Link, NodeReport, Place, ValueReport } from "./link";
import { portList } from "./marks";
import { valueView } from "./values";
import type { Words } from "./words";

/** How an English document calls the place where a node was made. */
const MADE = "made by";

interface Neighbour {
  id: string;
  name: string;
  text: string;
  isChange: boolean;
}

export class Panel {
  readonly element: HTMLElement;
  private shown = "";
  private report: NodeReport | undefined;
  /** The inputs and the outputs: at first what the drawing shows, then the tensors that the kernel tells of. */
  private ports: HTMLElement[] = [];

  constructor(
    private readonly folded: () => Folding, private readonly words: Words, private readonly link: Link | undefined,
    private readonly actions: { close(): void; choose(id: string): void; locate?(place: Place): void },
  ) {
    this.element = html("aside", { class: "panel", hidden: true, tabindex: "0", "aria-label": words.name });
  }

  private get folding(): Folding {
    return this.folded();
  }

  hide(): void {
    this.shown = "";
    this.element.hidden = true;
  }

  show(id: string): void {
    this.shown = id;
    this.report = undefined;
    this.element.hidden = false;
    const node = this.folding.node(id);
    const [[, title], ...lines] = node.lines;
    const said = node.message ? lines.filter(([style]) => style === "type" || style === "value") : lines;
    const facts = html("dl", {},
      ...this.fact(this.words.name, node.name),
      ...this.fact(this.words.device, node.device === undefined ? "" : this.folding.document.devices?.[node.device] ?? ""),
      ...this.fact(this.words.cell, node.cell ?? ""),
      ...(node.details ?? []).flatMap(([key, text]) => this.fact(this.translated(key), this.isPlace(key) ? this.source(node, text) : text)));
    const [value, rest] = [html("div", { "aria-live": "polite" }), html("div", { "aria-live": "polite" })];
    this.element.setAttribute("aria-label", title);
    this.ports = [this.portsOf(id, true), this.portsOf(id, false)];
    this.element.replaceChildren(
      html("div", { class: "top" }, html("h2", {}, title), button("✕", this.words.close, () => this.actions.close())),
      html("p", { class: "kind" }, said.map(([, text]) => text).join(" · ") || node.role),
      ...(node.message ? [html("p", { class: "message" }, node.message), ...portList(node)] : []),
      value, facts, ...this.ports, rest);
    if (this.link) {
      this.askAll(id, node.name, value, rest);
    } else {
      rest.append(html("p", { class: "kind" }, this.words.noKernel));
    }
  }

  /** The value is asked for first: it is what a click is for. Each answer is shown as it comes, in its own place. */
  private askAll(id: string, name: string, above: HTMLElement, below: HTMLElement): void {
    const answer = async (kind: string, place: HTMLElement, view: (report: unknown) => HTMLElement): Promise<void> => {
      const shown = await this.link!.ask({ kind, name }).then(view).catch((error: Error) =>
        html("pre", { class: "kind" }, error.message));
      if (this.shown === id) { // no other node is shown by now
        place.replaceChildren(shown);
      }
    };
    void answer("value", above, (report) =>
      html("section", {}, html("h2", {}, this.words.value), valueView(report as ValueReport, this.words, async (at) =>
        await this.link!.ask({ kind: "value", name, plane: at }) as ValueReport)));
    void answer("node", below, (report) => this.reportView(report as NodeReport));
  }

  private reportView(report: NodeReport): HTMLElement {
    const words = this.words;
    const facts = [
      ...report.attributes.flatMap(([key, text]) => this.fact(key, text)),
      ...this.fact(words.device, report.device), ...this.fact(words.collections, report.collections.join(", ")),
    ];
    const told = [this.portsOf(this.shown, true, report.inputs), this.portsOf(this.shown, false, report.outputs)];
    this.ports.forEach((old, i) => old.replaceWith(told[i]));
    this.ports = told;
    const section = html("section", {},
      ...(facts.length ? [html("h2", {}, `${report.op} · ${words.attributes}`), html("dl", {}, ...facts)] : []));
    this.report = report;
    if (report.source && !this.folding.node(this.shown).details?.some(([key]) => this.isPlace(key))) {
      const locate = this.actions.locate;
      section.append(html("h2", {}, words.made), locate && report.cell !== undefined
        ? button(report.source, report.source, () => locate(report)) : html("pre", {}, report.source));
    }
    if (report.plan.length) {
      section.append(html("h2", {}, words.plan), html("pre", {}, report.plan.join("\n")));
    }
    return section;
  }

  /** Whether a fact of the document says where a node was made. */
  private isPlace(key: string): boolean {
    return key === MADE || key === this.words.made;
  }

  /** Where a node was made: it leads there, also without a kernel. */
  private source({ made }: NodeRecord, text: string): Child {
    const { locate } = this.actions;
    return locate && made ? button(text, text, () => locate(this.report ?? { cell: made[0], line: made[1] })) : text;
  }

  /** One list of what comes in or goes out: tensors, which lead to what they come from, and what else is next to it. */
  private portsOf(id: string, inputs: boolean, tensors: [string, string][] = []): HTMLElement {
    const next = this.neighbours(id, inputs);
    const to = ({ id: other, name }: Neighbour, text: string): HTMLElement => button(text, name, () => this.actions.choose(other));
    const told = new Set<string>();
    const rows = tensors.map(([tensor, text]) => {
      const from = inputs ? next.find(({ name }) => tensor.startsWith(`${name}:`) || tensor.startsWith(`${name}/`)) : undefined;
      from && told.add(from.id);
      return html("div", {}, from ? to(from, tensor) : html("code", {}, tensor), ` ${text}`);
    });
    const rest = next.filter((other) => !told.has(other.id)).map((other) =>
      html("div", {}, inputs ? "" : "→ ", to(other, other.name), inputs || !tensors.length || other.isChange ? other.text : ""));
    return html("section", { class: "links", hidden: !rows.length && !rest.length },
      html("h2", {}, inputs ? this.words.inputs : this.words.outputs), ...rows, ...rest);
  }

  private neighbours(id: string, inputs: boolean): Neighbour[] {
    const shown = this.folding.shownBy(id);
    return this.folding.edges().filter((edge) => (inputs ? edge.target : edge.source) === shown).map((edge) => {
      const other = inputs ? edge.source : edge.target;
      return { id: other, name: this.folding.node(other).name, text: edge.updates ? this.words.changes : edge.text, isChange: !!edge.updates };
    });
  }

  private fact(key: string, text: Child): HTMLElement[] {
    return text ? [html("dt", {}, key), html("dd", {}, text)] : [];
  }

  private translated(key: string): string {
    return key === "holds" ? this.words.holds : key === MADE ? this.words.made : key;
  }
}
