/** Of a large drawing the parts in sight: what lies elsewhere has no elements inside it, and costs nothing. */

import type { Rect } from "./geometry";
import { whenIdle } from "./idle";

/** So many parts are drawn at once, wherever they lie. */
const MANY = 400;

/** Something that has elements only while it is in sight. */
export class Part {
  private made?: SVGElement[];
  private isIn = false;

  /**
   * @param host what it belongs to, which is always there.
   * @param make gives its elements once it comes into sight.
   */
  constructor(private readonly host: SVGGElement, readonly rect: Rect, private readonly make: () => SVGElement[]) {}

  put(isIn: boolean): void {
    if (isIn === this.isIn) {
      return;
    }
    this.isIn = isIn;
    if (isIn) {
      this.made ??= this.make();
      const { host } = this;
      if (host.firstChild) {
        host.insertBefore(fragment(this.made), host.classList.contains("many") ? null : host.firstChild);
      } else {
        host.append(...this.made);
      }
    } else {
      this.made?.forEach((element) => element.remove());
    }
  }
}

export class Sight {
  private parts: Part[] = [];
  private isWhole = false;
  private seen: Rect = { x: 0, y: 0, width: 0, height: 0 };
  private sweeping: (() => void) | undefined;

  /** These are the parts of the drawing now; of a small drawing all are drawn. */
  begin(parts: Part[]): void {
    this.parts = parts;
    this.isWhole = false;
    if (parts.length <= MANY) {
      this.whole();
    }
  }

  /** Draw every part, to stay. */
  whole(): void {
    this.parts.forEach((part) => part.put(true));
    this.isWhole = true;
  }

  /** Draw what lies in a rectangle, and nothing else: what has left it goes when the browser has time. */
  look(seen: Rect): void {
    if (this.isWhole) {
      return;
    }
    this.seen = seen;
    this.parts.filter(({ rect }) => meet(rect, seen)).forEach((part) => part.put(true));
    this.sweeping ??= whenIdle(() => {
      this.sweeping = undefined;
      if (!this.isWhole) {
        this.parts.filter(({ rect }) => !meet(rect, this.seen)).forEach((part) => part.put(false));
      }
    });
  }
}

function meet(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;
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
