/** Of a large drawing the parts in sight: what lies elsewhere has no elements inside it, and costs nothing. */

import type { Rect } from "./geometry";

/** So many parts are drawn at once, wherever they lie. */
const MANY = 400;

interface Part {
  /** What it belongs to, which is always there. */
  host: SVGGElement;
  rect: Rect;
  make: () => SVGElement[];
  made?: SVGElement[];
  isIn: boolean;
}

export class Sight {
  private readonly parts: Part[] = [];
  private isWhole = false;

  /** A part of the drawing: `make` gives its elements once it comes into sight. */
  add(host: SVGGElement, rect: Rect, make: () => SVGElement[]): void {
    this.parts.push({ host, rect, make, isIn: false });
  }

  /** All parts are known now; of a small drawing all are drawn. */
  begin(): void {
    if (this.parts.length <= MANY) {
      this.whole();
    }
  }

  /** Draw every part, to stay. */
  whole(): void {
    this.parts.forEach((part) => this.put(part, true));
    this.isWhole = true;
  }

  /** Draw what lies in a rectangle, and nothing else. */
  look({ x, y, width, height }: Rect): void {
    if (this.isWhole) {
      return;
    }
    for (const part of this.parts) {
      const { rect } = part;
      this.put(part, rect.x < x + width && rect.x + rect.width > x && rect.y < y + height && rect.y + rect.height > y);
    }
  }

  private put(part: Part, isIn: boolean): void {
    if (isIn === part.isIn) {
      return;
    }
    part.isIn = isIn;
    if (isIn) {
      const made = (part.made ??= part.make());
      if (part.host.firstChild) {
        part.host.insertBefore(fragment(made), part.host.classList.contains("many") ? null : part.host.firstChild);
      } else {
        part.host.append(...made);
      }
    } else {
      part.made?.forEach((element) => element.remove());
    }
  }
}

function fragment(elements: SVGElement[]): DocumentFragment {
  const found = document.createDocumentFragment();
  found.append(...elements);
  return found;
}

/** The rectangle around points, with some room. */
export function boundsOf(points: [number, number][], room: number): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return grown({ x: left, y: top, width: right - left, height: bottom - top }, room);
}

export function grown({ x, y, width, height }: Rect, room: number): Rect {
  return { x: x - room, y: y - room, width: width + 2 * room, height: height + 2 * room };
}
