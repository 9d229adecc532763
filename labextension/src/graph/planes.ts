/** Sliders that choose the plane of a value of rank above 2: one for each axis that a plane leaves out. */

import { html } from "./dom";
import type { ValueReport } from "./link";

/** A hand on a slider moves on meanwhile (milliseconds). */
const PAUSE = 60;

export class Planes {
  readonly element = html("div", { class: "planes" });
  private readonly told = html("output", { class: "kind" });
  private sliders: HTMLInputElement[] = [];
  private shape = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private moved = false;

  /**
   * @param ask gives the report with the plane at these indices.
   * @param show shows it.
   */
  constructor(private readonly axisWord: string, private readonly ask: (at: number[]) => Promise<ValueReport>,
              private readonly show: (report: ValueReport) => void) {}

  /** Have a slider for each axis of the report's value; those that are there already stay as they are. */
  follow({ shape, axes = [], at = [] }: ValueReport): void {
    if (String(shape) === this.shape) {
      return;
    }
    this.shape = String(shape);
    this.sliders = axes.map((axis, i) => {
      const slider = html("input", {
        type: "range", min: 0, max: shape[axis] - 1, value: at[i], disabled: shape[axis] < 2, "aria-label": `${this.axisWord} ${axis}` });
      slider.addEventListener("input", () => {
        this.tell(shape, axes);
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.move(), PAUSE);
      });
      return slider;
    });
    this.element.replaceChildren(...this.sliders.map((slider, i) =>
      html("label", { hidden: shape[axes[i]] < 2 }, `${this.axisWord} ${axes[i]}`, slider)), ...(axes.length ? [this.told] : []));
    this.tell(shape, axes);
  }

  /** A picture shows all channels at once: whether the last axis, theirs, has no slider now. */
  withoutLast(hidden: boolean): void {
    const label = this.sliders.at(-1)?.parentElement;
    if (label) {
      label.hidden = hidden || this.sliders.at(-1)!.disabled;
    }
    this.told.hidden = hidden && this.sliders.length < 2;
  }

  private get at(): number[] {
    return this.sliders.map((slider) => Number(slider.value));
  }

  /** Say which plane it is, as one would write it: `[3, :, :, 0]`. */
  private tell(shape: number[], axes: number[]): void {
    const { at } = this;
    this.told.textContent = `[${shape.map((_, axis) => (axes.includes(axis) ? at[axes.indexOf(axis)] : ":")).join(", ")}]`;
    this.sliders.forEach((slider, i) => slider.setAttribute("aria-valuetext", `${at[i]} / ${shape[axes[i]] - 1}`));
  }

  /** Ask for the plane that the sliders stand at: one question at a time, and the last one for where they came to rest. */
  private async move(): Promise<void> {
    if (this.asking) {
      this.moved = true;
      return;
    }
    this.asking = true;
    do {
      this.moved = false;
      try {
        const report = await this.ask(this.at);
        if (this.element.isConnected && !this.moved) {
          this.show(report);
        }
      } catch (error) {
        this.told.textContent = (error as Error).message;
      }
    } while (this.moved);
    this.asking = false;
  }
}
