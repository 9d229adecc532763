/** What is in sight as SVG elements. */

import { svg } from "./dom";
import type { NodeRecord } from "./document";
import type { Folding, VisibleEdge } from "./folding";
import { arrowHead, pathData, type Point, type Rect, type Route } from "./geometry";
import { HEADING } from "./levels";
import { marked, plain } from "./marks";
import type { Placement } from "./placing";
import { boundsOf, grown, Part, Sight } from "./sight";

const LINE = 15;
const TITLE_LINE = 17;
const LID = 4.5;
const SHEET = 4;

export interface Painting {
  view: SVGGElement;
  /** Nodes and boxes in sight, by id. */
  things: Map<string, SVGGElement>;
  edges: { edge: VisibleEdge; element: SVGGElement }[];
  /** What of it has elements now. */
  sight: Sight;
}

/** An element of the last painting, and what it was painted from. */
interface Painted {
  from: unknown[];
  element?: SVGGElement;
  part: Part;
}

/** Paints what is in sight; what looks as it did keeps its elements, for a browser is slow to make and lay out new ones. */
export class Painter {
  private readonly layers = { boxes: svg("g"), edges: svg("g"), headings: svg("g"), labels: svg("g", { class: "many" }), nodes: svg("g") };
  // Headings lie above the edges, which may pass behind them.
  private readonly view = svg("g", { class: "view" }, this.layers.boxes, this.layers.edges, this.layers.headings, this.layers.labels, this.layers.nodes);
  private readonly sight = new Sight();
  private painted = new Map<string, Painted>();

  /** Forget what was painted: it may have been marked since. */
  forget(): void {
    this.painted.clear();
    Object.values(this.layers).forEach((layer) => layer.replaceChildren());
  }

  paint(folding: Folding, placement: Placement): Painting {
    const before = this.painted;
    const now = (this.painted = new Map<string, Painted>());
    const kept = (key: string, from: unknown[], make: () => Omit<Painted, "from">): Painted => {
      const old = before.get(key);
      const found = old && same(old.from, from) ? old : { from, ...make() };
      now.set(key, found);
      return found;
    };
    const things = new Map<string, SVGGElement>();
    const [boxes, headings, nodes]: SVGGElement[][] = [[], [], []];
    const kinds = new Map(folding.document.open.map(([id, kind]) => [id, kind]));
    for (const id of folding.visible()) {
      const rect = placement.rects.get(id);
      if (!rect) {
        continue;
      }
      const node = folding.node(id);
      const isOpen = folding.open.has(id);
      const from = [node, isOpen, rect.x, rect.y, rect.width, rect.height];
      const { element } = kept(id, from, () => thing(node, rect, isOpen, folding.isScope(id), kinds.get(id)));
      things.set(id, element!);
      (isOpen ? boxes : nodes).push(element!);
      if (isOpen) {
        headings.push(kept(`heading ${id}`, from, () => headingOf(node, rect, kinds.get(id))).element!);
      }
    }
    const edges = placement.routes.map(({ edge, route }) => {
      const kind = edge.control ? "edge control" : edge.updates ? "edge updates" : "edge";
      const { element } = kept(`${edge.source}>${edge.target}`, [kind, ...route.points.flat()], () => edgeOf(edge, kind, route));
      return { edge, element: element! };
    });
    for (const { edge, route: { label } } of placement.routes) {
      if (label && edge.text) {
        kept(`label ${edge.source}>${edge.target}`, [edge.text, ...label], () => labelOf(edge, label, this.layers.labels));
      }
    }
    for (const [key, old] of before) {
      if (now.get(key) !== old) {
        if (old.element) {
          old.element.remove();
        } else {
          old.part.put(false); // a label's parts stand among those of others
        }
      }
    }
    fill(this.layers.boxes, boxes);
    fill(this.layers.edges, edges.map(({ element }) => element));
    fill(this.layers.headings, headings);
    fill(this.layers.nodes, nodes);
    this.sight.begin([...now.values()].map(({ part }) => part));
    return { view: this.view, things, edges, sight: this.sight };
  }
}

function same(a: unknown[], b: unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** Let `layer` hold these elements in their order, moving none that stands right. */
function fill(layer: SVGGElement, elements: SVGGElement[]): void {
  let next = layer.firstChild;
  for (const element of elements) {
    if (element === next) {
      next = next.nextSibling;
    } else {
      layer.insertBefore(element, next);
    }
  }
}

/** A node, or an open scope's box. */
function thing(node: NodeRecord, rect: Rect, isOpen: boolean, isScope: boolean, kind = "scope"): Omit<Painted, "from"> {
  const element = svg("g", {
    class: isOpen ? (isFrame(kind) ? "box frame" : "box") : nodeClass(node), role: "button", tabindex: -1,
    "aria-label": spoken(node), "aria-expanded": isScope ? String(isOpen) : undefined, "data-id": node.id });
  const part = new Part(element, grown(rect, 20),
    () => (isOpen ? [svg("rect", { class: "shape", ...corners(rect), rx: 10 })] : nodeParts(node, rect)));
  return { element, part };
}

function headingOf(node: NodeRecord, rect: Rect, kind = "scope"): Omit<Painted, "from"> {
  const element = svg("g", { class: "heading", "data-heading": node.id, "aria-hidden": "true" });
  return { element, part: new Part(element, rect, () => headingParts(node, rect, kind)) };
}

function edgeOf({ source, target }: VisibleEdge, kind: string, { points }: Route): Omit<Painted, "from"> {
  const element = svg("g", { class: kind, "data-from": source, "data-to": target });
  const part = new Part(element, boundsOf(points, 10), () => {
    const data = pathData(points);
    return [svg("path", { class: "touch", d: data }), svg("path", { class: "line", d: data }),
      svg("path", { class: "head", d: arrowHead(points) })];
  });
  return { element, part };
}

function labelOf({ source, target, text }: VisibleEdge, [x, y]: Point, layer: SVGGElement): Omit<Painted, "from"> {
  return { part: new Part(layer, { x: x - 160, y: y - 10, width: 320, height: 20 }, () => [
    svg("text", { class: "label", "data-from": source, "data-to": target, x, y: y + 4 }, shortened(text, 44))]) };
}

/** A node as it is read out. */
export function spoken(node: NodeRecord): string {
  const lines = node.lines.slice(1);
  const error = lines.findIndex(([style]) => style === "error"); // its message is one sentence on several lines
  const words = lines.flatMap((line, i) => (line[0] !== "error" || !node.message ? [plain(line)] : i === error ? [node.message] : []));
  return [node.name, ...words].join(", ");
}

export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function isFrame(kind: string): boolean {
  return kind !== "scope" && kind !== "run";
}

/** An open scope's name, and the strip that folds it wherever it is pressed. */
function headingParts(node: NodeRecord, rect: Rect, kind: string): SVGElement[] {
  const [, title] = node.lines[0];
  return [svg("rect", { x: rect.x, y: rect.y, width: rect.width, height: HEADING }),
    svg("text", { class: "box", x: rect.x + 12, y: rect.y + 18 }, isFrame(kind) ? `${title} · ${kind}` : title)];
}

function nodeClass(node: NodeRecord): string {
  return ["node", node.role, ...(node.classes ?? []), ...(node.device === undefined ? [] : [`d${node.device % 6}`])].join(" ");
}

function nodeParts(node: NodeRecord, rect: Rect): SVGElement[] {
  const parts = outline(node.role, rect);
  let top = rect.y + (rect.height - node.lines.reduce((sum, [style]) => sum + lineHeight(style), 0)) / 2;
  let middle = rect.x + rect.width / 2;
  if (node.role === "variable") {
    top += LID - 1;
  }
  if (node.role === "scope" || node.role === "run") {
    middle -= SHEET;
    top += SHEET;
  }
  for (const [style, text, ...marks] of node.lines) {
    top += lineHeight(style);
    parts.push(svg("text", { class: style, x: middle, y: top - 4 },
      ...marked(text, marks).map(([part, wrong]) => (wrong ? svg("tspan", { class: "wrong" }, part) : part))));
  }
  return parts;
}

function lineHeight(style: string): number {
  return style === "title" ? TITLE_LINE : LINE;
}

function corners({ x, y, width, height }: Rect): Record<string, number> {
  return { x, y, width, height };
}

/** A node's outline, another one for each role so that colour is never all that tells. */
function outline(role: string, rect: Rect): SVGElement[] {
  const { x, y, width, height } = rect;
  const [right, bottom] = [x + width, y + height];
  switch (role) {
    case "variable": {
      const arc = `A${width / 2} ${LID} 0 0 `;
      return [
        svg("path", { class: "shape", d: `M${x} ${y + LID}${arc}1 ${right} ${y + LID}V${bottom - LID}${arc}1 ${x} ${bottom - LID}Z` }),
        svg("path", { class: "shape lid", style: "fill:none", d: `M${x} ${y + LID}${arc}0 ${right} ${y + LID}` })];
    }
    case "loop-variable":
      return [svg("rect", { class: "shape", ...corners(rect), rx: 10 }),
        svg("rect", { class: "shape", x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 7 })];
    case "scope":
    case "run":
      return [2, 1, 0].map((i) => svg("rect", {
        class: "shape", x: x + i * SHEET, y: y + (2 - i) * SHEET, width: width - 2 * SHEET, height: height - 2 * SHEET, rx: 8 }));
    case "gradients":
    case "training": {
      const cut = 9;
      const points = [[x + cut, y], [right - cut, y], [right, y + cut], [right, bottom - cut],
        [right - cut, bottom], [x + cut, bottom], [x, bottom - cut], [x, y + cut]];
      return [svg("path", { class: "shape", d: `M${points.map(([a, b]) => `${a} ${b}`).join(" ")}Z` })];
    }
    default:
      return [svg("rect", { class: "shape", ...corners(rect),
        rx: role === "placeholder" ? height / 2 : role === "constant" ? 1.5 : 8 })];
  }
}
