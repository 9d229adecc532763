/** Where an arrow key leads: along edges, and from side to side. */

import type { VisibleEdge } from "./folding";
import { centre, type Rect } from "./geometry";

/** The id that an arrow key leads to from `id`; undefined when there is nothing that way. */
export function next(
  key: string, id: string, edges: VisibleEdge[], rects: Map<string, Rect>, downwards: boolean,
): string | undefined {
  const [forward, back] = downwards ? ["ArrowDown", "ArrowUp"] : ["ArrowRight", "ArrowLeft"];
  const here = rects.get(id);
  if (!here) {
    return undefined;
  }
  if (key === forward || key === back) {
    const ends = edges.flatMap((edge) => (key === forward
      ? edge.source === id ? [edge.target] : [] : edge.target === id ? [edge.source] : []));
    return nearest(here, ends, rects);
  }
  const across = downwards ? 0 : 1;
  const ahead = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const aside = [...rects].filter(([other, rect]) =>
    other !== id && (centre(rect)[across] - centre(here)[across]) * ahead > 1 && !contains(rect, here)).map(([other]) => other);
  return nearest(here, aside, rects, across);
}

function nearest(here: Rect, ids: string[], rects: Map<string, Rect>, across?: number): string | undefined {
  const from = centre(here);
  const distance = (id: string): number => {
    const to = centre(rects.get(id)!);
    const [dx, dy] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    return across === undefined ? dx + dy : across === 0 ? dx + 4 * dy : dy + 4 * dx;
  };
  return ids.filter((id) => rects.has(id)).sort((a, b) => distance(a) - distance(b))[0];
}

function contains(outer: Rect, inner: Rect): boolean {
  return outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height;
}
