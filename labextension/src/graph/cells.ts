/** Nodes and the cells that made them: a line lights its nodes, and colours tell cells apart. */

import { html, svg } from "./dom";
import type { NodeRecord } from "./document";
import type { Folding } from "./folding";
import type { Rect } from "./geometry";

const COLOURS = 6;

/** The ids of what a line of a cell made, as it is in sight; a line of 0: of what the whole cell made. */
export function madeBy(folding: Folding, cell: number, line: number): Set<string> {
  const found = new Set<string>();
  if (!cell) {
    return found;
  }
  for (const node of folding.document.nodes) {
    if (!folding.isLoaded(node.id) && places(node).some(([c, l]) => c === cell && (line === 0 || l === line))) {
      found.add(folding.shownBy(node.id));
    }
  }
  return found;
}

/** The cells and lines that made a node, the innermost first. */
function places({ made }: NodeRecord): [number, number][] {
  const found: [number, number][] = [];
  for (let i = 0; made && i + 1 < made.length; i += 2) {
    found.push([made[i], made[i + 1]]);
  }
  return found;
}

/** Colours of nodes by the cells that made them, with the cell's number at each node. */
export class CellColours {
  isOn = false;
  readonly legend = html("span", { class: "legend", hidden: true });
  private cells: number[] = [];

  /** Colour what is in sight, or take the colours off again. */
  apply(folding: Folding, things: Map<string, SVGGElement>, rects: Map<string, Rect>): void {
    this.cells = [...new Set(folding.document.nodes.flatMap((node) => places(node).slice(0, 1).map(([cell]) => cell)))]
      .sort((a, b) => a - b);
    this.legend.hidden = !this.isOn;
    this.legend.replaceChildren(...(this.isOn ? this.cells.map((cell) => this.entry(cell)) : []));
    for (const [id, element] of things) {
      element.querySelector(":scope > .cell-number")?.remove();
      const node = folding.node(id);
      const [first] = places(node);
      const device = node.device === undefined ? -1 : node.device % COLOURS;
      const shown = this.isOn ? first && !folding.open.has(id) ? this.colour(first[0]) : -1 : device;
      for (let i = 0; i < COLOURS; i += 1) {
        element.classList.toggle(`d${i}`, i === shown && !folding.open.has(id));
      }
      const rect = rects.get(id);
      if (this.isOn && first && rect && !folding.open.has(id)) {
        element.append(svg("text", { class: "cell-number", x: rect.x + rect.width - 2, y: rect.y - 3 }, `[${first[0]}]`));
      }
    }
  }

  private colour(cell: number): number {
    return this.cells.indexOf(cell) % COLOURS;
  }

  private entry(cell: number): HTMLElement {
    const mark = html("i");
    mark.style.background = `var(--d${this.colour(cell)})`;
    mark.style.borderColor = `var(--d${this.colour(cell)}-line)`;
    return html("span", {}, mark, `In [${cell}]`);
  }
}
