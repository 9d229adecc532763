// @vitest-environment jsdom
/** The sliders of a value of rank above 2. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ValueReport } from "../src/graph/link";
import { valueView } from "../src/graph/values";
import { wordsOf } from "../src/graph/words";

function report(shape: number[], axes: number[], at: number[], text = "numbers"): ValueReport {
  return { tensor: "v:0", dtype: "float32", shape, text, axes, at, plane: [[0, 1], [2, null]],
    statistics: { min: -1, max: 4, mean: 0.5, nan: 2, inf: 1 }, histogram: { counts: [1, 2], low: -1, high: 4 } };
}

describe("planes", () => {
  const asked: number[][] = [];
  let answer: (at: number[]) => Promise<ValueReport>;
  let view: HTMLElement;
  const sliders = (): HTMLInputElement[] => [...view.querySelectorAll("input")];
  const move = (slider: HTMLInputElement, to: number): void => {
    slider.value = String(to);
    slider.dispatchEvent(new Event("input"));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null); // jsdom draws nothing
    asked.length = 0;
    answer = (at) => Promise.resolve(report([7, 2, 2, 3], [0, 3], at, `plane ${at}`));
    view = valueView(report([7, 2, 2, 3], [0, 3], [0, 0]), wordsOf("en"), (at) => {
      asked.push(at);
      return answer(at);
    });
    document.body.replaceChildren(view);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("have a slider for each axis that a plane leaves out", () => {
    expect(sliders().map((slider) => [slider.getAttribute("aria-label"), slider.max])).toEqual([["axis 0", "6"], ["axis 3", "2"]]);
    expect(view.querySelector("output")?.textContent).toBe("[0, :, :, 0]");
    expect(valueView(report([2, 2], [], []), wordsOf("en"), answer).querySelector("input")).toBeNull();
  });

  it("tell min, mean, max, NaN, Inf and a histogram, whatever the plane", () => {
    expect(view.textContent).toContain("min -1 · mean 0.5000 · max 4 · NaN 2 · Inf 1");
    expect(view.querySelectorAll("rect").length).toBe(2);
    expect(valueView(report([2, 2], [], []), wordsOf("pt"), answer).textContent).toContain("mín -1 · média");
  });

  it("ask once for where the hand comes to rest", async () => {
    move(sliders()[0], 2);
    move(sliders()[0], 5);
    move(sliders()[1], 1);
    expect(view.querySelector("output")?.textContent).toBe("[5, :, :, 1]");
    await vi.runAllTimersAsync();
    expect(asked).toEqual([[5, 1]]);
    expect(view.querySelector("pre")?.textContent).toBe("plane 5,1");
    expect(sliders()[0].value).toBe("5");
  });

  it("keep the slider that has the focus", async () => {
    const [slider] = sliders();
    move(slider, 3);
    await vi.runAllTimersAsync();
    expect(sliders()[0]).toBe(slider);
  });

  it("ask for one plane at a time, and show the last", async () => {
    const finish: (() => void)[] = [];
    answer = (at) => new Promise((resolve) => finish.push(() => resolve(report([7, 2, 2, 3], [0, 3], at, `plane ${at}`))));
    move(sliders()[0], 1);
    await vi.advanceTimersByTimeAsync(100);
    move(sliders()[0], 2);
    await vi.advanceTimersByTimeAsync(100);
    move(sliders()[0], 3);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([[1, 0]]);
    finish.pop()!();
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual([[1, 0], [3, 0]]);
    expect(view.querySelector("pre")?.textContent).toBe("numbers");
    finish.pop()!();
    await vi.advanceTimersByTimeAsync(1);
    expect(view.querySelector("pre")?.textContent).toBe("plane 3,0");
  });

  it("say why there is no answer, and ask again after it", async () => {
    answer = () => Promise.reject(new Error("The kernel is gone."));
    move(sliders()[0], 1);
    await vi.runAllTimersAsync();
    expect(view.querySelector("output")?.textContent).toBe("The kernel is gone.");
    answer = (at) => Promise.resolve(report([4, 2, 2, 1], [0, 3], at, "again"));
    move(sliders()[0], 2);
    await vi.runAllTimersAsync();
    expect(view.querySelector("pre")?.textContent).toBe("again");
    expect(sliders().map((slider) => [slider.max, slider.disabled])).toEqual([["3", false], ["0", true]]);
  });
});
