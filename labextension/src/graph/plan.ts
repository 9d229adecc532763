/** The PyTorch code that runs for the graph, beside it: what is lit in one is lit in the other. */

import type { Addition, Drawn, Shown } from "./additions";
import type { GraphDocument } from "./document";
import { html } from "./dom";
import type { Words } from "./words";

export class Plan implements Addition {
  readonly place = "beside";
  readonly element: HTMLElement;
  private readonly rows: { row: HTMLElement; node: string }[] = [];
  private shown: Shown | undefined;

  constructor(private document: GraphDocument, words: Words, private readonly drawn: Drawn) {
    const lines = document.plan!.lines.map(([text, node], i) => {
      const row = html("div", { class: node ? "line" : "line plain", tabindex: node ? (this.rows.length ? -1 : 0) : undefined,
        role: node ? "button" : undefined }, text || " ");
      if (node) {
        const at = this.rows.length;
        this.rows.push({ row, node });
        row.addEventListener("pointerenter", () => this.light(i));
        row.addEventListener("pointerleave", () => this.drawn.light(""));
        row.addEventListener("focus", () => this.choose(i));
        row.addEventListener("click", () => this.choose(i));
        row.addEventListener("keydown", (event) => {
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (by !== undefined) {
            this.move(at, at + by);
            event.preventDefault();
            event.stopPropagation();
          }
        });
      }
      return row;
    });
    this.element = html("div", { class: "plan", role: "group", "aria-label": words.plan }, ...lines);
  }

  painted(shown: Shown): void {
    this.shown = shown;
    this.document = shown.folding.document;
    const missing = new Set(this.document.plan?.missing);
    for (const [id, element] of shown.painting.things) {
      const inside = shown.folding.document.nodes.filter((node) => shown.folding.shownBy(node.id) === id && !shown.folding.isLoaded(node.id));
      element.classList.toggle("fused", !shown.folding.open.has(id) && inside.length > 0 && inside.every((node) => missing.has(node.id)));
    }
  }

  lit(id: string): void {
    this.rows.forEach(({ row }, i) => row.classList.toggle("lit", id !== "" && this.shownBy(i) === id));
    const first = this.rows.find(({ row }) => row.classList.contains("lit"))?.row;
    if (first && !this.element.matches(":hover") && !this.element.contains((first.getRootNode() as ShadowRoot).activeElement)) {
      const [top, bottom] = [first.offsetTop, first.offsetTop + first.offsetHeight];
      if (top < this.element.scrollTop || bottom > this.element.scrollTop + this.element.clientHeight) {
        this.element.scrollTop = top - this.element.clientHeight / 3;
      }
    }
  }

  /** The thing in sight that a row belongs to; a document with more detail may know it better. */
  private shownBy(row: number): string {
    return this.shown?.folding.shownBy(this.rows[row].node) ?? "";
  }

  private light(line: number): void {
    this.drawn.light(this.idOf(line));
  }

  private choose(line: number): void {
    const id = this.idOf(line);
    if (this.shown?.painting.things.has(id)) {
      this.drawn.reveal(id);
      this.drawn.light(id);
    }
  }

  private idOf(line: number): string {
    const node = this.document.plan?.lines[line]?.[1];
    return node && this.shown ? this.shown.folding.shownBy(node) : "";
  }

  private move(from: number, to: number): void {
    const next = this.rows[to]?.row;
    if (next) {
      this.rows[from].row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }
}
