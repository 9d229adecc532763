/** Points, rectangles and curves of a drawing, in pixels, y downwards. */

export type Point = [number, number];

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An edge's way: Bézier control points (1 + 3 n of them) and the middle of its label. */
export interface Route {
  points: Point[];
  label?: Point;
}

export function centre(rect: Rect): Point {
  return [rect.x + rect.width / 2, rect.y + rect.height / 2];
}

export function around(middle: Point, width: number, height: number): Rect {
  return { x: middle[0] - width / 2, y: middle[1] - height / 2, width, height };
}

/** The control points of SVG path data made of one M and one C. */
export function parsePath(data: string): Point[] {
  const numbers = data.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [];
  const points: Point[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    points.push([numbers[i], numbers[i + 1]]);
  }
  return points;
}

export function pathData(points: Point[]): string {
  if (points.length < 4) {
    return "";
  }
  const [start, ...rest] = points.map(([x, y]) => `${round(x)} ${round(y)}`);
  return `M${start}C${rest.join(" ")}`;
}

/** The triangle at the end of a route whose last control point is the tip. */
export function arrowHead(points: Point[]): string {
  const tip = points[points.length - 1];
  let back = points[points.length - 2];
  for (let i = points.length - 2; i > 0 && distance(points[i], tip) < 1; i -= 1) {
    back = points[i - 1];
  }
  const length = distance(back, tip) || 1;
  const [dx, dy] = [(tip[0] - back[0]) / length, (tip[1] - back[1]) / length];
  const [x, y] = [tip[0] - dx * 7, tip[1] - dy * 7];
  return `M${round(tip[0])} ${round(tip[1])}L${round(x - dy * 3.4)} ${round(y + dx * 3.4)} ` +
    `${round(x + dy * 3.4)} ${round(y - dx * 3.4)}Z`;
}

/** A smooth curve through a polyline, as control points. */
export function smooth(line: Point[]): Point[] {
  if (line.length < 2) {
    return [];
  }
  if (line.length === 2) {
    return [line[0], mix(line[0], line[1], 1 / 3), mix(line[0], line[1], 2 / 3), line[1]];
  }
  const points: Point[] = [line[0]];
  for (let i = 0; i + 1 < line.length; i += 1) {
    const [before, from, to, after] = [line[Math.max(i - 1, 0)], line[i], line[i + 1], line[Math.min(i + 2, line.length - 1)]];
    points.push([from[0] + (to[0] - before[0]) / 6, from[1] + (to[1] - before[1]) / 6],
      [to[0] - (after[0] - from[0]) / 6, to[1] - (after[1] - from[1]) / 6], to);
  }
  return points;
}

/** A curve from one rectangle to another that leaves and arrives along the direction of the drawing. */
export function direct(from: Rect, to: Rect, downwards: boolean): Point[] {
  const [a, b] = [centre(from), centre(to)];
  if (downwards) {
    const ahead = b[1] >= a[1];
    const start: Point = [a[0], ahead ? from.y + from.height : from.y];
    const end: Point = [b[0], ahead ? to.y : to.y + to.height];
    const bend = (end[1] - start[1]) / 2;
    return [start, [start[0], start[1] + bend], [end[0], end[1] - bend], end];
  }
  const ahead = b[0] >= a[0];
  const start: Point = [ahead ? from.x + from.width : from.x, a[1]];
  const end: Point = [ahead ? to.x : to.x + to.width, b[1]];
  const bend = (end[0] - start[0]) / 2;
  return [start, [start[0] + bend, start[1]], [end[0] - bend, end[1]], end];
}

/** A curve that ends at another point: its last part leads there, arriving along the direction of the drawing. */
export function endingAt(points: Point[], end: Point, downwards: boolean): Point[] {
  const kept = points.slice(0, points.length - 3);
  const from = kept[kept.length - 1];
  const leaves = kept.length > 1 ? beyond(kept[kept.length - 2], from) : along(from, end, downwards);
  return [...kept, leaves, along(end, from, downwards), end];
}

/** A curve that starts at another point: its first part comes from there. */
export function startingAt(points: Point[], start: Point, downwards: boolean): Point[] {
  return endingAt([...points].reverse(), start, downwards).reverse();
}

/** A control point between `from` and `to`: half way along the direction of the drawing. */
function along(from: Point, to: Point, downwards: boolean): Point {
  return downwards ? [from[0], (from[1] + to[1]) / 2] : [(from[0] + to[0]) / 2, from[1]];
}

/** As far on the other side of `middle`. */
function beyond(from: Point, middle: Point): Point {
  return [2 * middle[0] - from[0], 2 * middle[1] - from[1]];
}

/** The point of a curve that is closest to another point, nearly. */
export function closest(points: Point[], to: Point): Point {
  let [best, least] = [points[0], Infinity];
  for (let i = 0; i + 3 < points.length; i += 3) {
    for (let t = 0; t <= 1; t += 0.1) {
      const at = onSegment(points.slice(i, i + 4), t);
      const away = distance(at, to);
      if (away < least) {
        [best, least] = [at, away];
      }
    }
  }
  return best;
}

function onSegment([a, b, c, d]: Point[], t: number): Point {
  const [ab, bc, cd] = [mix(a, b, t), mix(b, c, t), mix(c, d, t)];
  return mix(mix(ab, bc, t), mix(bc, cd, t), t);
}

function mix(a: Point, b: Point, t: number): Point {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
