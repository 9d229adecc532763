/** What an edge says when the pointer is on it: tensors, static shapes, and the shapes of the last run. */

import type { Words } from "./words";
import { html } from "./dom";
import type { VisibleEdge } from "./folding";
import { type RunShapes, unknownOf } from "./shapes";

export class Tips {
  readonly element = html("div", { class: "tip", hidden: true });

  constructor(private readonly shapes: RunShapes, private readonly words: Words) {}

  /** Let edges tell of themselves. */
  attach(edges: { edge: VisibleEdge; element: SVGGElement }[]): void {
    for (const { edge, element } of edges) {
      const names = edge.tensors.join(", ");
      const told = edge.text || (edge.control ? this.words.after : edge.updates ? this.words.changes : "");
      const words = [names, told].filter(Boolean).join("\n");
      element.classList.toggle("quiet", !words);
      element.addEventListener("pointerleave", () => (this.element.hidden = true));
      element.addEventListener("pointerenter", (event) => {
        this.show(words, event);
        void this.shapes.told(edge.tensors, told, () => unknownOf(edges.map((other) => other.edge))).then((more) => {
          if (more !== told && !this.element.hidden && this.element.textContent === words) {
            this.show([names, more].join("\n"), event);
          }
        });
      });
    }
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
