/** The slider and the buttons that go through the steps of a run. */

import { button, html, icon } from "./dom";
import { HEATS, markText, type Step, timeText } from "./overlay";
import type { Words } from "./words";

const PREVIOUS = "M11 3L5 8L11 13";
const NEXT = "M5 3L11 8L5 13";
const PLAY = "M4 2.5L13 8L4 13.5Z";
const PAUSE = "M5 3V13M11 3V13";
// The whole run takes about this long, each step within these bounds (milliseconds).
const WHOLE = 9000;
const [SHORTEST, LONGEST] = [90, 900];

export class Player {
  readonly element: HTMLElement;
  /** The step in sight. */
  at: number;
  private readonly slider: HTMLInputElement;
  private readonly told = html("span", { class: "told" });
  private readonly play: HTMLButtonElement;
  private readonly heat = html("span", { class: "heat" });
  private timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param onStep called after every change of `at`.
   */
  constructor(private steps: Step[], private readonly leftOut: [number, number] | undefined, private readonly words: Words,
              private readonly onStep: () => void) {
    this.at = steps.length - 1;
    this.slider = html("input", { type: "range", min: 0, max: steps.length - 1, value: this.at, "aria-label": words.step });
    this.slider.addEventListener("input", () => {
      this.pause();
      this.go(Number(this.slider.value));
    });
    this.play = button(icon(PLAY), words.play, () => this.toggle());
    this.element = html("div", { class: "player", role: "group", "aria-label": words.steps },
      html("div", { class: "controls" },
        button(icon(PREVIOUS), words.previous, () => this.move(-1)), this.play,
        button(icon(NEXT), words.next, () => this.move(1)), this.slider, this.heat),
      this.told);
    this.tell();
  }

  /** The same run, drawn in more detail. */
  replace(steps: Step[]): void {
    const share = (this.at + 1) / this.steps.length;
    this.steps = steps;
    this.slider.max = String(steps.length - 1);
    this.at = Math.max(0, Math.round(share * steps.length) - 1);
    this.slider.value = String(this.at);
    this.tell();
  }

  get current(): Step[] {
    return this.steps;
  }

  /** What a key does: true where it is one of the player's. */
  key(key: string): boolean {
    switch (key) {
      case "p": this.toggle(); return true;
      case ".": this.move(1); return true;
      case ",": this.move(-1); return true;
      default: return false;
    }
  }

  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.face(PLAY, this.words.play);
  }

  /** Say which colour is which time. */
  legend(slowest: number): void {
    if (!slowest || this.heat.childNodes.length) {
      return;
    }
    const marks = Array.from({ length: HEATS }, (_, i) => html("i", { class: `heat${i}` }));
    this.heat.append("0", ...marks, timeText(slowest));
    this.heat.title = this.words.time;
  }

  private toggle(): void {
    if (this.timer !== undefined) {
      this.pause();
      return;
    }
    if (this.at >= this.steps.length - 1) {
      this.go(0);
    }
    this.face(PAUSE, this.words.pause);
    this.timer = setInterval(() => {
      if (!this.element.isConnected || this.at >= this.steps.length - 1) {
        this.pause();
      } else {
        this.go(this.at + 1);
      }
    }, Math.max(SHORTEST, Math.min(LONGEST, WHOLE / this.steps.length)));
  }

  private face(path: string, label: string): void {
    this.play.replaceChildren(icon(path));
    this.play.title = label;
    this.play.setAttribute("aria-label", label);
  }

  private move(by: number): void {
    this.pause();
    this.go(this.at + by);
  }

  private go(to: number): void {
    this.at = Math.max(0, Math.min(this.steps.length - 1, to));
    this.slider.value = String(this.at);
    this.tell();
    this.onStep();
  }

  private tell(): void {
    const step = this.steps[this.at];
    const [after, many] = this.leftOut ?? [0, 0];
    const skipped = this.at >= after ? many : 0;
    const cut = many && this.at === after - 1 ? ` · ${many} ${this.words.leftOut}` : "";
    const number = `${this.at + 1 + skipped}/${this.steps.length + many}`;
    const facts = [step.shape, step.statistics, ...step.inside.map(([, mark]) => markText(mark, this.words)),
      step.microseconds ? timeText(step.microseconds) : ""].filter(Boolean).join(" · ");
    this.told.replaceChildren(html("b", {}, number), " ", html("code", {}, step.name + (step.value ? ` = ${step.value}` : "")),
      ` ${facts}${cut}`);
    this.slider.setAttribute("aria-valuetext", this.told.textContent ?? "");
  }
}
