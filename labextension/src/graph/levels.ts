/** The inside of one scope laid out by itself: its children, the edges between them, and ports where others come in. */

import { Graph, layout } from "@dagrejs/dagre";

import { aggregate, Folding, type VisibleEdge } from "./folding";
import { endingAt, type Point, type Route, smooth, startingAt } from "./geometry";
import { textWidth } from "./text";

export const MARGIN = 12;
export const HEADING = 24;

/** A level's places, from the top left corner of its box. */
export interface Level {
  width: number;
  height: number;
  /** The middle of each child. */
  places: Map<string, Point>;
  /** The ways between children and ports, by `wayKey`. */
  routes: Map<string, Route>;
}

/** What the layout library says of a node, and of an edge. */
type Placed = { x: number; y: number; width: number; height: number };
type Way = { points: { x: number; y: number }[]; x: number; y: number; width?: number; height?: number };

export function wayKey(from: string, to: string): string {
  return `${from}>${to}`;
}

/** The port of a level through which what comes from `key`, or goes there, passes. */
export function port(key: string, incoming: boolean): string {
  return `${incoming ? "in" : "out"}:${key}`;
}

/** Lay out the inside of `scope` ("" for the top).
 *
 * @param sizes what each child takes: its own size, or that of its open box.
 * @param portOf the name under which what lies outside comes in; nodes with one name share a port.
 */
export function layOutLevel(
  folding: Folding, scope: string, sizes: (id: string) => [number, number], portOf: (id: string) => string,
): Level {
  const children = folding.children.get(scope) ?? [];
  const downwards = folding.document.direction === "TB";
  const edges = levelEdges(folding, scope, portOf);
  const graph = new Graph();
  graph.setGraph({ rankdir: folding.document.direction, nodesep: 24, ranksep: 34, edgesep: 14, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of children) {
    const [width, height] = sizes(id);
    graph.setNode(id, { width, height });
  }
  const ports = new Set<string>();
  for (const edge of edges) {
    for (const end of [edge.source, edge.target]) {
      if (!graph.hasNode(end)) {
        ports.add(end);
        graph.setNode(end, { width: 2, height: 2 });
      }
    }
  }
  const answers = (folding.document.quiz ?? []).map(([, , shape, dtype]) => `${shape} ${dtype}`);
  for (const edge of edges) {
    const inner = !ports.has(edge.source) && !ports.has(edge.target) && edge.text && edges.length <= 60;
    graph.setEdge(...along(edge, ports),
      inner ? { width: textWidth(longest(edge.text, answers), 10.5) + 6, height: 15, labelpos: "r", labeloffset: 5 } : {});
  }
  anchorPorts(graph, children, edges.map((edge) => along(edge, ports))
    .filter(([from, to]) => !ports.has(from) && !ports.has(to)), ports);
  layout(graph);
  return read(graph, children, edges, ports, downwards, scope !== "");
}

/** A text, or of a quiz the longest text that may come to stand there, so that an answer moves nothing. */
function longest(text: string, answers: string[]): string {
  return [text, ...answers].reduce((a, b) => (b.length > a.length ? b : a));
}

/** The ends of an edge as the layout sees them: what changes a variable stands below it, as what reads it does. */
function along(edge: VisibleEdge, ports: Set<string>): [string, string] {
  return edge.updates && !ports.has(edge.source) && !ports.has(edge.target)
    ? [edge.target, edge.source] : [edge.source, edge.target];
}

/** The edges between children of a scope, and from and to the ports of what lies outside. */
function levelEdges(folding: Folding, scope: string, portOf: (id: string) => string): VisibleEdge[] {
  const crossing = new Map<string, string | undefined>();
  const childOf = (id: string): string | undefined => {
    if (!crossing.has(id)) {
      crossing.set(id, folding.childOf(scope, id));
    }
    return crossing.get(id);
  };
  const touching = folding.document.edges.filter(([from, to]) =>
    childOf(from) !== undefined || childOf(to) !== undefined);
  const own = aggregate(touching, childOf);
  if (!scope) {
    return own;
  }
  const incoming = aggregate(touching.filter(([from]) => childOf(from) === undefined),
    (id) => childOf(id) ?? port(portOf(id), true));
  const outgoing = aggregate(touching.filter(([, to]) => childOf(to) === undefined),
    (id) => childOf(id) ?? port(portOf(id), false));
  return [...own, ...incoming, ...outgoing];
}

/** The nodes that all others lie between: those that no edge enters, and those that none leaves; in a circle all.
 *
 * Few, because an edge of the layout costs a node at each rank that it passes.
 */
function ends(nodes: string[], edges: [string, string][]): [string[], string[]] {
  const waiting = new Map(nodes.map((id) => [id, 0]));
  const after = new Map<string, string[]>(nodes.map((id) => [id, []]));
  for (const [from, to] of edges) {
    waiting.set(to, waiting.get(to)! + 1);
    after.get(from)!.push(to);
  }
  const firsts = nodes.filter((id) => !waiting.get(id));
  const reached = [...firsts];
  for (const id of reached) {
    for (const to of after.get(id)!) {
      waiting.set(to, waiting.get(to)! - 1);
      if (!waiting.get(to)) {
        reached.push(to);
      }
    }
  }
  return reached.length < nodes.length ? [nodes, nodes] : [firsts, nodes.filter((id) => !after.get(id)!.length)];
}

/** Hold ports at the first and the last rank, so that what comes in comes from the box's edge. */
function anchorPorts(graph: Graph, children: string[], inner: [string, string][], ports: Set<string>): void {
  if (!ports.size) {
    return;
  }
  const top = "port:first";
  const bottom = "port:last";
  graph.setNode(top, { width: 1, height: 1 });
  graph.setNode(bottom, { width: 1, height: 1 });
  const [firsts, lasts] = ends(children, inner);
  firsts.forEach((id) => graph.setEdge(top, id, { minlen: 2, weight: 0 }));
  lasts.forEach((id) => graph.setEdge(id, bottom, { minlen: 2, weight: 0 }));
  for (const id of ports) {
    if (id.startsWith("in:")) {
      graph.setEdge(top, id, { minlen: 1, weight: 50 });
    } else {
      graph.setEdge(id, bottom, { minlen: 1, weight: 50 });
    }
  }
}

function read(
  graph: Graph, children: string[], edges: VisibleEdge[], ports: Set<string>, downwards: boolean,
  boxed: boolean,
): Level {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const grow = (x: number, y: number, width = 0, height = 0): void => {
    left = Math.min(left, x - width / 2);
    right = Math.max(right, x + width / 2);
    top = Math.min(top, y - height / 2);
    bottom = Math.max(bottom, y + height / 2);
  };
  const placed = (id: string): Placed => graph.node(id) as unknown as Placed;
  const way = (edge: VisibleEdge): Way => graph.edge(...along(edge, ports)) as unknown as Way;
  for (const id of children) {
    const { x, y, width, height } = placed(id);
    grow(x, y, width, height);
  }
  for (const edge of edges) {
    const found = way(edge);
    const across = ports.has(edge.source) || ports.has(edge.target);
    for (const { x, y } of found.points) {
      grow(across && !downwards ? Math.min(Math.max(x, left), right) : x,
        across && downwards ? Math.min(Math.max(y, top), bottom) : y);
    }
    if (found.width) {
      grow(found.x, found.y, found.width, found.height ?? 0);
    }
  }
  if (!children.length) {
    [left, top, right, bottom] = [0, 0, 0, 0];
  }
  const [dx, dy] = [(boxed ? MARGIN : 0) - left, (boxed ? HEADING : 0) - top];
  const width = right - left + (boxed ? 2 * MARGIN : 0);
  const height = bottom - top + (boxed ? HEADING + MARGIN : 0);
  const level: Level = { width, height, places: new Map(), routes: new Map() };
  for (const id of children) {
    const { x, y } = placed(id);
    level.places.set(id, [x + dx, y + dy]);
  }
  for (const edge of edges) {
    const found = way(edge);
    const line = found.points.map(({ x, y }): Point => [x + dx, y + dy]);
    if (along(edge, ports)[0] !== edge.source) {
      line.reverse();
    }
    level.routes.set(wayKey(edge.source, edge.target), {
      points: throughPorts(line, ports.has(edge.source), ports.has(edge.target), downwards ? height : width, downwards),
      label: found.width ? [found.x + dx, found.y + dy] : undefined,
    });
  }
  return level;
}

/** A curve along a line that leaves or enters a box `far` long straight at its border, where the way outside goes on. */
function throughPorts(line: Point[], entering: boolean, leaving: boolean, far: number, downwards: boolean): Point[] {
  const axis = downwards ? 1 : 0;
  const onBorder = ([x, y]: Point, at: number): Point => (downwards ? [x, at] : [at, y]);
  const end = line.length - 1;
  const bends = line.slice(1, end).filter((point) =>
    !(entering && point[axis] < MARGIN) && !(leaving && point[axis] > far - MARGIN));
  let points = smooth([entering ? onBorder(line[0], 0) : line[0], ...bends, leaving ? onBorder(line[end], far) : line[end]]);
  if (entering) {
    points = startingAt(points, points[0], downwards);
  }
  return leaving ? endingAt(points, points[points.length - 1], downwards) : points;
}
