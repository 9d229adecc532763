/** What an edge says when the pointer is on it: tensors, static shapes, and the shapes of the last run. */

import type { Words } from "./words";
import { html } from "./dom";
import type { VisibleEdge } from "./folding";
import { type RunShapes, unknownOf } from "./shapes";

export class Tips {
  readonly element = html("div", { class: "tip", hidden: true });

  private edges = new Map<Element, VisibleEdge>();

  constructor(private readonly shapes: RunShapes, private readonly words: Words) {}

  /** These are the edges now, and they tell of themselves. */
  attach(edges: { edge: VisibleEdge; element: SVGGElement }[]): void {
    this.edges = new Map(edges.map(({ edge, element }) => [element, edge]));
    for (const { edge, element } of edges) {
      element.classList.toggle("quiet", !edge.tensors.length && !this.told(edge));
    }
  }

  /** The pointer came upon something, which may be an edge. */
  entered(event: PointerEvent): void {
    const edge = this.edges.get(event.target as Element);
    if (!edge) {
      return;
    }
    const told = this.told(edge);
    const names = edge.tensors.join(", ");
    const words = [names, told].filter(Boolean).join("\n");
    this.show(words, event);
    void this.shapes.told(edge.tensors, told, () => unknownOf([...this.edges.values()])).then((more) => {
      if (more !== told && !this.element.hidden && this.element.textContent === words) {
        this.show([names, more].join("\n"), event);
      }
    });
  }

  /** The pointer left something. */
  left(event: PointerEvent): void {
    if (this.edges.has(event.target as Element)) {
      this.element.hidden = true;
    }
  }

  private told(edge: VisibleEdge): string {
    return edge.text || (edge.control ? this.words.after : edge.updates ? this.words.changes : "");
  }

  private show(text: string, event: PointerEvent): void {
    const stage = this.element.parentElement;
    if (!text || !stage) {
      return;
    }
    const box = stage.getBoundingClientRect();
    this.element.textContent = text;
    this.element.hidden = false;
    const left = Math.min(event.clientX - box.left + 12, box.width - this.element.offsetWidth - 8);
    this.element.style.left = `${Math.max(4, left)}px`;
    this.element.style.top = `${event.clientY - box.top + 14}px`;
  }
}
