/** What is in sight as SVG elements. */

import { svg } from "./dom";
import type { NodeRecord } from "./document";
import type { Folding, VisibleEdge } from "./folding";
import { arrowHead, pathData, type Rect } from "./geometry";
import { marked, plain } from "./marks";
import type { Placement } from "./placing";

const LINE = 15;
const TITLE_LINE = 17;
const LID = 4.5;
const SHEET = 4;

export interface Painting {
  view: SVGGElement;
  /** Nodes and boxes in sight, by id. */
  things: Map<string, SVGGElement>;
  edges: { edge: VisibleEdge; element: SVGGElement }[];
}

export function paint(folding: Folding, placement: Placement): Painting {
  const things = new Map<string, SVGGElement>();
  const boxes = svg("g");
  const nodes = svg("g");
  const kinds = new Map(folding.document.open.map(([id, kind]) => [id, kind]));
  for (const id of folding.visible()) {
    const rect = placement.rects.get(id);
    if (!rect) {
      continue;
    }
    const node = folding.node(id);
    const isOpen = folding.open.has(id);
    const element = isOpen ? paintBox(node, rect, kinds.get(id) ?? "scope") : paintNode(node, rect);
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
    const data = pathData(route.points);
    const element = svg("g", { class: edge.control ? "edge control" : edge.updates ? "edge updates" : "edge" },
      svg("path", { class: "touch", d: data }), svg("path", { class: "line", d: data }),
      svg("path", { class: "head", d: arrowHead(route.points) }));
    element.dataset.from = edge.source;
    element.dataset.to = edge.target;
    return { edge, element };
  });
  const labels = placement.routes.filter(({ edge, route }) => route.label && edge.text).map(({ edge, route }) =>
    svg("text", { class: "label", "data-from": edge.source, "data-to": edge.target, x: route.label![0], y: route.label![1] + 4 },
      shortened(edge.text, 44)));
  const view = svg("g", { class: "view" }, boxes, svg("g", {}, ...edges.map(({ element }) => element)),
    svg("g", {}, ...labels), nodes);
  return { view, things, edges };
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

function paintBox(node: NodeRecord, rect: Rect, kind: string): SVGGElement {
  const [, title] = node.lines[0];
  const label = kind === "scope" || kind === "run" ? title : `${title} · ${kind}`;
  return svg("g", { class: kind === "scope" || kind === "run" ? "box" : "box frame" },
    svg("rect", { class: "shape", ...corners(rect), rx: 10 }),
    svg("text", { class: "box", x: rect.x + 12, y: rect.y + 18 }, label));
}

function paintNode(node: NodeRecord, rect: Rect): SVGGElement {
  const classes = ["node", node.role, ...(node.classes ?? []), ...(node.device === undefined ? [] : [`d${node.device % 6}`])];
  const group = svg("g", { class: classes.join(" ") }, ...outline(node.role, rect));
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
    group.append(svg("text", { class: style, x: middle, y: top - 4 },
      ...marked(text, marks).map(([part, wrong]) => (wrong ? svg("tspan", { class: "wrong" }, part) : part))));
  }
  return group;
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
