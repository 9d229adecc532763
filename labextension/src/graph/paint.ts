/** What is in sight as SVG elements. */

import { svg } from "./dom";
import type { NodeRecord } from "./document";
import type { Folding, VisibleEdge } from "./folding";
import { arrowHead, pathData, type Rect } from "./geometry";
import { HEADING } from "./levels";
import { marked, plain } from "./marks";
import type { Placement } from "./placing";
import { boundsOf, grown, Sight } from "./sight";

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

export function paint(folding: Folding, placement: Placement): Painting {
  const things = new Map<string, SVGGElement>();
  const boxes = svg("g");
  const headings = svg("g"); // above the edges, which may pass behind them
  const nodes = svg("g");
  const sight = new Sight();
  const kinds = new Map(folding.document.open.map(([id, kind]) => [id, kind]));
  for (const id of folding.visible()) {
    const rect = placement.rects.get(id);
    if (!rect) {
      continue;
    }
    const node = folding.node(id);
    const isOpen = folding.open.has(id);
    const kind = kinds.get(id) ?? "scope";
    const element = svg("g", { class: isOpen ? (isFrame(kind) ? "box frame" : "box") : nodeClass(node) });
    sight.add(element, grown(rect, 20), () => (isOpen ? [svg("rect", { class: "shape", ...corners(rect), rx: 10 })] : nodeParts(node, rect)));
    if (isOpen) {
      const heading = svg("g", { class: "heading", "data-heading": id, "aria-hidden": "true" });
      headings.append(heading);
      sight.add(heading, rect, () => headingParts(node, rect, kind));
    }
    element.setAttribute("role", "button");
    element.setAttribute("tabindex", "-1");
    element.setAttribute("aria-label", spoken(node));
    if (folding.isScope(id)) {
      element.setAttribute("aria-expanded", String(isOpen));
    }
    element.dataset.id = id;
    things.set(id, element);
    (isOpen ? boxes : nodes).append(element);
  }
  const edges = placement.routes.map(({ edge, route }) => {
    const element = svg("g", { class: edge.control ? "edge control" : edge.updates ? "edge updates" : "edge" });
    element.dataset.from = edge.source;
    element.dataset.to = edge.target;
    sight.add(element, boundsOf(route.points, 10), () => {
      const data = pathData(route.points);
      return [svg("path", { class: "touch", d: data }), svg("path", { class: "line", d: data }),
        svg("path", { class: "head", d: arrowHead(route.points) })];
    });
    return { edge, element };
  });
  const labels = svg("g", { class: "many" });
  for (const { edge, route: { label } } of placement.routes) {
    if (label && edge.text) {
      sight.add(labels, { x: label[0] - 160, y: label[1] - 10, width: 320, height: 20 }, () => [svg("text", {
        class: "label", "data-from": edge.source, "data-to": edge.target, x: label[0], y: label[1] + 4 },
        shortened(edge.text, 44))]);
    }
  }
  sight.begin();
  const view = svg("g", { class: "view" }, boxes, svg("g", {}, ...edges.map(({ element }) => element)), headings, labels, nodes);
  return { view, things, edges, sight };
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
