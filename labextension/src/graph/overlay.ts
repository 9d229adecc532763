/** A run on top of the drawing: what has run by a step, with what values; what has not run yet is dim. */

import { svg } from "./dom";
import type { GraphDocument, StepRecord } from "./document";
import type { Folding } from "./folding";
import { type Painting, shortened } from "./paint";
import type { Placement } from "./placing";
import type { Words } from "./words";

/** How many colours there are for times. */
export const HEATS = 5;

/** One step, with names for its parts. */
export interface Step {
  node: string;
  name: string;
  value: string;
  shape: string;
  statistics: string;
  /** The loops and branches around it, the outermost first: scope, and turn or way taken. */
  inside: [string, number | boolean][];
  microseconds: number;
}

export function stepsOf(document: GraphDocument): Step[] {
  return (document.steps ?? []).map(([node, name, value = "", shape = "", statistics = "", inside = [], time = 0]: StepRecord) =>
    ({ node, name, value, shape, statistics, inside, microseconds: time }));
}

export function markText(mark: number | boolean, words: Words): string {
  if (typeof mark !== "number") {
    return `→ ${mark}`;
  }
  return mark > 0 ? `${words.turn} ${mark}` : mark === 0 ? words.noTurn : `${words.afterTurn} ${-mark}`;
}

/** Time as short text: `12 µs`, `3.4 ms`. */
export function timeText(microseconds: number): string {
  return microseconds >= 1000 ? `${Number((microseconds / 1000).toPrecision(3))} ms` : `${Number(microseconds.toPrecision(3))} µs`;
}

export class Overlay {
  /** The longest that one thing takes. */
  slowest = 0;

  constructor(private readonly words: Words) {}

  /** Show the run as it is after `steps[last]`. */
  show(steps: Step[], last: number, folding: Folding, painting: Painting, placement: Placement): void {
    painting.view.querySelectorAll(".badge").forEach((badge) => badge.remove());
    const latest = new Map<string, Step>();
    const marks = new Map<string, number | boolean>();
    const times = new Map<string, number>();
    steps.forEach((step, i) => {
      const shown = folding.shownBy(step.node);
      times.set(shown, (times.get(shown) ?? 0) + step.microseconds);
      if (i <= last) {
        latest.set(shown, step);
        step.inside.forEach(([scope, mark]) => marks.set(scope, mark));
      }
    });
    this.slowest = Math.max(0, ...times.values());
    const now = steps[last] ? folding.shownBy(steps[last].node) : "";
    for (const [id, element] of painting.things) {
      const isOpen = folding.open.has(id);
      element.classList.toggle("pending", !isOpen && !latest.has(id));
      element.classList.toggle("now", id === now);
      const heat = this.slowest && latest.has(id) && (times.get(id) ?? 0) > 0 ? Math.min(HEATS - 1, Math.floor((HEATS * times.get(id)!) / this.slowest)) : -1;
      for (let i = 0; i < HEATS; i += 1) {
        element.classList.toggle(`heat${i}`, i === heat);
      }
      const rect = placement.rects.get(id)!;
      const mark = marks.get(id);
      const said = mark === undefined ? "" : markText(mark, this.words);
      if (isOpen) {
        if (said) {
          element.append(svg("text", { class: "badge turn", x: rect.x + rect.width - 12, y: rect.y + 18 }, said));
        }
        continue;
      }
      const step = latest.get(id);
      const line = [...element.querySelectorAll<SVGTextElement>("text.value")].find((text) =>
        text.dataset.value !== undefined || text.textContent?.startsWith("= "));
      if (line && (!step || step.node === id)) {
        line.dataset.value = "";
        line.textContent = step?.value ? shortened(`= ${step.value}`, 40) : "";
      } else if (step) {
        const own = folding.node(id).name === step.name;
        const text = [said, own ? "" : step.name.split("/").at(-1), step.value && `= ${step.value}`].filter(Boolean).join(" ");
        element.append(svg("text", { class: "badge", x: rect.x + rect.width / 2, y: rect.y + rect.height + 12 },
          shortened(text, Math.max(16, Math.floor(rect.width / 4.5)))));
      }
    }
    for (const { edge, element } of painting.edges) {
      element.classList.toggle("pending", !this.hasRun(edge.source, latest, folding));
    }
  }

  private hasRun(id: string, latest: Map<string, Step>, folding: Folding): boolean {
    return latest.has(id) || folding.open.has(id);
  }
}
