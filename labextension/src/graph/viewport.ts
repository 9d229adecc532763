/** The part of the drawing that shows: pan by dragging, zoom by wheel and pinch, fit, and a small map of the whole. */

import { svg } from "./dom";
import type { Rect } from "./geometry";
import type { Placement } from "./placing";

const MARGIN = 14;
export const HIGHEST = 560; // pixels that a stage takes
const SMALLEST_TEXT = 9 / 10.5; // no text below 9 px unless one asks for it: pan instead
const [LEAST, MOST] = [0.05, 6];

export class Viewport {
  scale = 1;
  x = MARGIN;
  y = MARGIN;
  /** Of what is drawn. */
  private size: [number, number] = [0, 0];
  private rects: Rect[] = [];
  private isBox: boolean[] = [];
  /** The stage's width and height, kept: to ask for them makes the browser lay out the page. */
  private room: [number, number] = [0, 0];
  private readonly map = svg("svg", { class: "minimap", "aria-hidden": "true", hidden: true });
  private readonly window = svg("rect", { class: "window" });
  private readonly boxes = svg("path", { class: "boxes" });
  private readonly nodes = svg("path");
  private readonly pointers = new Map<number, [number, number]>();
  private pinched = 0;
  /** Whether the last press became a drag, and is therefore no click. */
  dragged = false;
  /** Whether the drawing was moved since the first view, which therefore is not wanted back. */
  isMoved = false;

  constructor(
    stage: HTMLElement, private readonly canvas: SVGSVGElement, private readonly isActive: () => boolean,
    private readonly seen: (part: Rect) => void,
  ) {
    this.map.append(this.boxes, this.nodes, this.window);
    stage.append(this.map);
    canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    for (const name of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(name, (event) => this.onUp(event));
    }
    this.map.addEventListener("pointerdown", (event) => this.onMap(event));
    this.map.addEventListener("pointermove", (event) => event.buttons && this.onMap(event));
  }

  /** Take note of what is drawn now, and how large, and move by so much of it. */
  show(placement: Placement, dx = 0, dy = 0): void {
    this.x += dx * this.scale;
    this.y += dy * this.scale;
    this.size = [placement.width, placement.height];
    this.rects = [...placement.rects.values()];
    this.isBox = [...placement.rects.keys()].map((id) => placement.boxes.has(id));
    this.apply();
  }

  /** The height that the stage needs at a width, text not below its least size. */
  naturalHeight(stageWidth: number): number {
    const scale = this.fitting(stageWidth);
    return Math.ceil(this.size[1] * scale + 2 * MARGIN);
  }

  private fitting(stageWidth: number): number {
    return Math.max(SMALLEST_TEXT, Math.min(1, (stageWidth - 2 * MARGIN) / Math.max(1, this.size[0])));
  }

  /** The first view: all of it, as far as its text can still be read, and what matters most in sight. */
  home(first?: Rect): void {
    const width = this.room[0] || this.size[0] + 2 * MARGIN;
    this.scale = this.fitting(width);
    this.x = Math.max(MARGIN, (width - this.size[0] * this.scale) / 2);
    this.y = MARGIN;
    this.apply();
    if (first) {
      this.reveal(first);
    }
    this.isMoved = false;
  }

  /** The stage's width. */
  get width(): number {
    return this.room[0];
  }

  /** The stage is of this size now. */
  resized(width: number, height: number): void {
    this.room = [width, height];
  }

  /** All of it, however small. */
  fit(): void {
    const [width, height] = this.room;
    this.scale = this.limited(Math.min(1, (width - 2 * MARGIN) / this.size[0], (height - 2 * MARGIN) / this.size[1]));
    this.x = (width - this.size[0] * this.scale) / 2;
    this.y = Math.max(MARGIN, (height - this.size[1] * this.scale) / 2);
    this.isMoved = true;
    this.apply();
  }

  zoom(factor: number, atX = this.room[0] / 2, atY = this.room[1] / 2): void {
    const scale = this.limited(this.scale * factor);
    this.x = atX - ((atX - this.x) * scale) / this.scale;
    this.y = atY - ((atY - this.y) * scale) / this.scale;
    this.scale = scale;
    this.isMoved = true;
    this.apply();
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.isMoved ||= dx !== 0 || dy !== 0;
    this.apply();
  }

  /** Bring a rectangle into sight: into the middle, or only as far as is needed. */
  reveal(rect: Rect, intoMiddle = false): void {
    const [width, height] = this.room;
    const [left, top] = [rect.x * this.scale + this.x, rect.y * this.scale + this.y];
    const [right, bottom] = [left + rect.width * this.scale, top + rect.height * this.scale];
    if (intoMiddle) {
      this.pan(width / 2 - (left + right) / 2, height / 2 - (top + bottom) / 2);
      return;
    }
    const room = 24;
    const shift = (low: number, high: number, size: number): number =>
      low < room ? room - low : high > size - room ? Math.max(size - room - high, room - low) : 0;
    const [dx, dy] = [shift(left, right, width), shift(top, bottom, height)];
    this.pan(dx, dy + this.aboveMap([left + dx, top + dy, right + dx, bottom + dy], room));
  }

  /** How far up a rectangle on the screen has to move so that the map does not cover it. */
  private aboveMap([, top, right, bottom]: number[], room: number): number {
    const [width, height] = this.room;
    const mapTop = height - this.mapSize[1] - room;
    const isCovered = this.mapSize[1] > 0 && right > width - this.mapSize[0] - room && bottom > mapTop;
    return isCovered ? Math.max(mapTop - bottom, Math.min(0, room - top)) : 0;
  }

  private limited(scale: number): number {
    return Math.min(MOST, Math.max(LEAST, scale));
  }

  private apply(): void {
    this.canvas.querySelector<SVGGElement>(":scope > .view")
      ?.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    const [width, height] = this.room.map((size) => size / this.scale);
    // Half a screen around what shows, so that a movement finds it drawn.
    this.seen({ x: -this.x / this.scale - width / 2, y: -this.y / this.scale - HIGHEST / this.scale / 2,
      width: 2 * width, height: height + HIGHEST / this.scale });
    this.drawMap();
  }

  // --- the map --------------------------------------------------------------------------------------------------

  private mapped: Rect[] | null = null;
  private mapSize = [0, 0];

  private drawMap(): void {
    const [width, height] = this.room;
    // A narrow stage has no room beside its nodes.
    const hidden = width < 480 || (this.size[0] * this.scale <= width * 1.25 && this.size[1] * this.scale <= height * 1.25);
    this.map.toggleAttribute("hidden", hidden);
    if (hidden) {
      this.mapSize = [0, 0];
      return;
    }
    const scale = Math.min(150 / this.size[0], 110 / this.size[1]);
    this.mapSize = [this.size[0] * scale, this.size[1] * scale];
    if (this.mapped !== this.rects) {
      this.mapped = this.rects;
      this.map.setAttribute("viewBox", `0 0 ${this.size[0]} ${this.size[1]}`);
      this.map.setAttribute("width", String(this.mapSize[0]));
      this.map.setAttribute("height", String(this.mapSize[1]));
      const outlines = this.rects.map(({ x, y, width: w, height: h }) => `M${x} ${y}h${w}v${h}h${-w}Z`);
      this.boxes.setAttribute("d", outlines.filter((_, i) => this.isBox[i]).join(""));
      this.nodes.setAttribute("d", outlines.filter((_, i) => !this.isBox[i]).join(""));
      this.window.style.strokeWidth = String(2 / scale);
    }
    this.window.setAttribute("x", String(-this.x / this.scale));
    this.window.setAttribute("y", String(-this.y / this.scale));
    this.window.setAttribute("width", String(width / this.scale));
    this.window.setAttribute("height", String(height / this.scale));
  }

  private onMap(event: PointerEvent): void {
    const box = this.map.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) / box.width) * this.size[0], ((event.clientY - box.top) / box.height) * this.size[1]];
    this.reveal({ x, y, width: 0, height: 0 }, true);
    event.preventDefault();
  }

  // --- the pointer ----------------------------------------------------------------------------------------------

  private onWheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !this.isActive()) {
      return; // the page scrolls
    }
    event.preventDefault();
    event.stopPropagation();
    const box = this.canvas.getBoundingClientRect();
    const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    this.zoom(Math.exp(-step * (event.ctrlKey ? 0.006 : 0.0016)), event.clientX - box.left, event.clientY - box.top);
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    if (!this.pointers.size) {
      this.dragged = false;
    }
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.pinched = this.spread();
  }

  private onMove(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      return;
    }
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    if (!this.dragged && Math.hypot(dx, dy) < 4) {
      return;
    }
    if (!this.dragged) {
      this.dragged = true;
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.classList.add("dragging");
    }
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.pointers.size === 2) {
      const spread = this.spread();
      const box = this.canvas.getBoundingClientRect();
      const [[ax, ay], [bx, by]] = [...this.pointers.values()];
      this.zoom(spread / (this.pinched || spread), (ax + bx) / 2 - box.left, (ay + by) / 2 - box.top);
      this.pinched = spread;
      this.pan(dx / 2, dy / 2);
    } else {
      this.pan(dx, dy);
    }
  }

  private onUp(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.canvas.classList.remove("dragging");
  }

  private spread(): number {
    const [a, b] = [...this.pointers.values()];
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
  }
}
