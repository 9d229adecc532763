/** Where everything in sight stands: the drawing's first layout, in which scopes open and fold in place. */

import { Folding, type VisibleEdge } from "./folding";
import { around, centre, closest, direct, endingAt, parsePath, type Point, type Rect, type Route, startingAt } from "./geometry";
import { layOutLevel, type Level, port, wayKey } from "./levels";

export interface Placement {
  /** Nodes and open boxes, by id. */
  rects: Map<string, Rect>;
  /** Which of them are open boxes. */
  boxes: Set<string>;
  routes: { edge: VisibleEdge; route: Route }[];
  width: number;
  height: number;
}

/**
 * Places a drawing, again after each fold.
 *
 * A scope that opens takes the room it needs from where it stood: what lies beyond it moves away as a whole, everything
 * else keeps its place and its neighbours (space is stretched, and edges with it). A scope that was open at first folds
 * into the middle of its box, and nothing else moves.
 */
export class Placing {
  private readonly levels = new Map<string, Level>();
  private arranged = false;
  /** The scopes that are open in the first layout, which came with the document. */
  private readonly initial = new Set<string>();
  /** The open scopes that were laid out as parts of their levels, where there is no such layout. */
  private readonly nested = new Set<string>();

  constructor(private folding: Folding) {
    if (folding.document.layout) {
      folding.document.open.forEach(([id]) => this.initial.add(id));
    } else {
      this.arrange();
    }
  }

  /** Forget the first layout: place what is in sight anew, as tightly as may be. */
  arrange(): void {
    this.arranged = true;
    this.initial.clear();
    this.levels.clear();
    this.nested.clear();
    this.folding.open.forEach((id) => this.nested.add(id));
  }

  place(): Placement {
    const space = this.arranged ? this.arrangedSpace() : this.firstSpace();
    const opened = [...this.folding.open].filter((id) =>
      !this.initial.has(id) && !this.nested.has(id) && this.isInSight(id));
    for (const id of byDepth(this.folding, opened)) {
      this.openIn(space, id);
    }
    const routes = this.folding.edges().flatMap((edge) => {
      const route = this.route(space, edge);
      return route ? [{ edge, route }] : [];
    });
    const rects = new Map([...space.rects].filter(([id]) => this.isInSight(id)));
    return { rects, boxes: new Set(this.folding.open), routes, ...extent(rects, routes) };
  }

  private isInSight(id: string): boolean {
    return this.folding.shownBy(id) === id;
  }

  /** The layout that came with the document; a scope folded since stands in the middle of its box. */
  private firstSpace(): Space {
    const layout = this.folding.document.layout!;
    const space = new Space();
    for (const [id, [x, y, width, height]] of Object.entries(layout.boxes)) {
      const box = { x, y, width, height };
      space.rects.set(id, this.folding.open.has(id) ? box : around(centre(box), ...this.folding.node(id).size));
    }
    for (const [id, [x, y]] of Object.entries(layout.nodes)) {
      const [width, height] = this.folding.node(id).size;
      space.rects.set(id, { x, y, width, height });
    }
    for (const [source, target, path, tipX, tipY, ...label] of layout.edges) {
      const points = parsePath(path);
      points[points.length - 1] = [tipX, tipY];
      space.ways.set(`|${wayKey(source, target)}`, {
        from: source, to: target, points,
        label: label.length === 2 ? [label[0]!, label[1]!] : undefined,
      });
    }
    return space;
  }

  private arrangedSpace(): Space {
    const space = new Space();
    this.putLevel(space, "", [0, 0]);
    const folded = new Map<string, Rect>();
    for (const id of this.nested) {
      const rect = space.rects.get(id);
      if (rect && !this.folding.open.has(id)) {
        folded.set(id, around(centre(rect), ...this.folding.node(id).size));
        space.rects.set(id, folded.get(id)!);
      }
    }
    if (folded.size) {
      this.lead(space, folded);
    }
    return space;
  }

  /** Lead the ways that ended at the boxes of scopes to where these stand folded. */
  private lead(space: Space, folded: Map<string, Rect>): void {
    const downwards = this.folding.document.direction === "TB";
    const side = ({ x, y, width, height }: Rect, isEnd: boolean): Point =>
      downwards ? [x + width / 2, isEnd ? y : y + height] : [isEnd ? x : x + width, y + height / 2];
    for (const way of space.ways.values()) {
      const [from, to] = [folded.get(way.from), folded.get(way.to)];
      if (from && way.points.length >= 4) {
        way.points = startingAt(way.points, side(from, false), downwards);
      }
      if (to && way.points.length >= 4) {
        way.points = endingAt(way.points, side(to, true), downwards);
      }
    }
  }

  /** Put the inside of a level at a place, and into it the insides of the scopes that are part of it. */
  private putLevel(space: Space, scope: string, [x, y]: Point): void {
    const level = this.level(scope);
    for (const [id, [atX, atY]] of level.places) {
      const size = this.size(id);
      space.rects.set(id, around([x + atX, y + atY], ...size));
      if (this.nested.has(id)) {
        this.putLevel(space, id, [x + atX - size[0] / 2, y + atY - size[1] / 2]);
      }
    }
    for (const [key, route] of level.routes) {
      const [from, to] = key.split(">");
      space.ways.set(`${scope}|${key}`, {
        from, to, points: route.points.map(([a, b]): Point => [a + x, b + y]),
        label: route.label && [route.label[0] + x, route.label[1] + y],
      });
    }
  }

  /** What a node takes in its level. */
  private size(id: string): [number, number] {
    if (!this.nested.has(id)) {
      return this.folding.node(id).size;
    }
    const { width, height } = this.level(id);
    return [width, height];
  }

  /** Stretch the space around a folded scope to the room it needs, and put its inside there. */
  private openIn(space: Space, id: string): void {
    const level = this.level(id);
    const rect = space.rects.get(id);
    if (!rect) {
      return;
    }
    space.stretch(rect, Math.max(0, level.width - rect.width), Math.max(0, level.height - rect.height),
      (other) => other !== id && this.folding.open.has(other));
    const box = around(centre(space.rects.get(id)!), Math.max(level.width, rect.width), Math.max(level.height, rect.height));
    space.rects.set(id, box);
    this.putLevel(space, id, [box.x + (box.width - level.width) / 2, box.y]);
  }

  private level(scope: string): Level {
    let level = this.levels.get(scope);
    if (!level) {
      level = layOutLevel(this.folding, scope, (id) => this.size(id), (id) => this.portName(scope, id));
      this.levels.set(scope, level);
    }
    return level;
  }

  /** Lay out the inside of a scope that may be opened soon; whether there was something to do. */
  prepare(scope: string): boolean {
    const isNew = !this.levels.has(scope);
    this.level(scope);
    return isNew;
  }

  /** More is known of the same drawing; what is laid out stays. */
  know(folding: Folding): void {
    this.folding = folding;
  }

  /** Whether the level around a node is the first layout, in which open scopes and their inside stand side by side. */
  private isBase(scope: string): boolean {
    return scope === "" || (this.initial.has(scope) && this.isBase(this.folding.home(scope)));
  }

  /** What stands for `id` in the first layout. */
  private baseHolder(id: string): string {
    const scopes = [id, ...this.folding.around(id)];
    return scopes.find((scope) => this.isBase(this.folding.home(scope)))!;
  }

  /** The name of the port through which `outside` reaches into `scope`: what stands for it beside the scope. */
  private portName(scope: string, outside: string): string {
    const home = this.folding.home(scope);
    if (this.isBase(home)) {
      return this.baseHolder(outside);
    }
    return this.folding.childOf(home, outside) ?? this.portName(home, outside);
  }

  // --- edges --------------------------------------------------------------------------------------------------

  /** The way of an edge in sight: out of the scopes around its source, across, and into those around its target. */
  private route(space: Space, edge: VisibleEdge): Route | undefined {
    const [from, to] = [space.rects.get(edge.source), space.rects.get(edge.target)];
    if (!from || !to) {
      return undefined;
    }
    const out = this.levelsAround(edge.source, edge.target);
    const into = this.levelsAround(edge.target, edge.source).reverse();
    const pieces: (Route | undefined)[] = [];
    let [a, b] = [edge.source, edge.target];
    for (const scope of out) {
      const child = this.folding.childOf(scope, edge.source)!;
      pieces.push(space.ways.get(`${scope}|${wayKey(child, port(this.portName(scope, edge.target), false))}`));
      a = scope;
    }
    if (into.length) {
      b = into[0];
    }
    const middle = pieces.length;
    pieces.push(this.across(space, a, b));
    for (const scope of into) {
      const child = this.folding.childOf(scope, edge.target)!;
      pieces.push(space.ways.get(`${scope}|${wayKey(port(this.portName(scope, edge.source), true), child)}`));
    }
    const downwards = this.folding.document.direction === "TB";
    return joined(pieces, middle, downwards) ?? { points: direct(from, to, downwards) };
  }

  /** The scopes opened since the first layout that hold `id` but not `other`, the innermost first. */
  private levelsAround(id: string, other: string): string[] {
    const shared = new Set(this.folding.around(other));
    return this.folding.around(id).filter((scope) => !shared.has(scope) && scope !== other && !this.initial.has(scope));
  }

  private across(space: Space, a: string, b: string): Route | undefined {
    for (const scope of [...this.folding.around(a), ""]) {
      const way = space.ways.get(`${this.isBase(scope) ? "" : scope}|${wayKey(a, b)}`);
      if (way) {
        return way;
      }
    }
    const [from, to] = [space.rects.get(a), space.rects.get(b)];
    return from && to && { points: direct(from, to, this.folding.document.direction === "TB") };
  }
}

/** Rectangles and ways that can be stretched together. */
class Space {
  readonly rects = new Map<string, Rect>();
  readonly ways = new Map<string, Way>();

  /** Make `rect` wider and higher by stretching the space: beyond it all moves, beside it by its share. */
  stretch(rect: Rect, wider: number, higher: number, isBox: (id: string) => boolean): void {
    if (!wider && !higher) {
      return;
    }
    const { x: left, y: top, width, height } = rect;
    const share = (at: number, size: number): number => Math.min(1, Math.max(0, at / size));
    const moved = ([x, y]: Point): Point => [x + wider * share(x - left, width), y + higher * share(y - top, height)];
    const shifts = new Map<string, Point>();
    for (const [id, other] of this.rects) {
      if (isBox(id)) {
        const [x, y] = moved([other.x, other.y]);
        const [right, bottom] = moved([other.x + other.width, other.y + other.height]);
        this.rects.set(id, { x, y, width: right - x, height: bottom - y });
      } else {
        const [from, to] = [centre(other), moved(centre(other))];
        this.rects.set(id, around(to, other.width, other.height));
        shifts.set(id, [to[0] - from[0], to[1] - from[1]]);
      }
    }
    for (const way of this.ways.values()) {
      const beside = way.label && closest(way.points, way.label);
      const points = way.points.map(moved);
      const end = points.length - 1;
      // The ends stay on their nodes, which keep their size.
      for (const [id, at, near] of [[way.from, 0, 1], [way.to, end, end - 1]] as const) {
        const shift = shifts.get(id);
        if (shift) {
          for (const i of [at, near]) {
            points[i] = [way.points[i][0] + shift[0], way.points[i][1] + shift[1]];
          }
        }
      }
      if (way.label && beside) {
        const to = moved(beside);
        way.label = [way.label[0] + to[0] - beside[0], way.label[1] + to[1] - beside[1]];
      }
      way.points = points;
    }
  }
}

/** A route, and the ids (or ports) between which it runs. */
interface Way extends Route {
  from: string;
  to: string;
}

/** Outer scopes first, and among those of one depth the order in which they were opened. */
function byDepth(folding: Folding, ids: string[]): string[] {
  const depths = new Map(ids.map((id) => [id, folding.around(id).length]));
  return [...ids].sort((a, b) => depths.get(a)! - depths.get(b)!);
}

/** Pieces of a way joined at the ports between them; undefined when one is missing. */
function joined(pieces: (Route | undefined)[], middle: number, downwards: boolean): Route | undefined {
  const found = pieces.filter((piece): piece is Route => piece !== undefined && piece.points.length >= 4);
  if (!found.length || found.length < pieces.length) {
    return undefined;
  }
  // A port is where the inner level says; the piece outside of it leads there.
  const lines = found.map(({ points }) => points);
  for (let i = 1; i <= middle; i += 1) {
    lines[i] = startingAt(lines[i], lines[i - 1][lines[i - 1].length - 1], downwards);
  }
  for (let i = lines.length - 2; i >= middle; i -= 1) {
    lines[i] = endingAt(lines[i], lines[i + 1][0], downwards);
  }
  return { points: lines.flatMap((line, i) => (i ? line.slice(1) : line)), label: found[middle].label };
}

function extent(rects: Map<string, Rect>, routes: { route: Route }[]): { width: number; height: number } {
  let [width, height] = [0, 0];
  for (const rect of rects.values()) {
    width = Math.max(width, rect.x + rect.width);
    height = Math.max(height, rect.y + rect.height);
  }
  for (const { route } of routes) {
    for (const [x, y] of route.points) {
      width = Math.max(width, x);
      height = Math.max(height, y);
    }
  }
  return { width, height };
}
