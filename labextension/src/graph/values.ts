/** A tensor's value as a picture with its statistics. */

import { html, svg } from "./dom";
import type { ValueReport } from "./link";
import { Planes } from "./planes";

export interface ValueWords {
  axis: string;
  mean: string;
  least: string;
  most: string;
  asPicture: string;
}

/**
 * @param ask gives the report with the plane at these indices of a value of rank above 2.
 */
export function valueView(report: ValueReport, words: ValueWords, ask: (at: number[]) => Promise<ValueReport>): HTMLElement {
  const [kind, picture, facts] = [html("p", { class: "kind" }), html("div"), html("div")];
  const chosen = html("input", { type: "checkbox" });
  chosen.checked = report.picture?.first ?? false;
  const choice = html("label", { class: "choice" }, chosen, words.asPicture);
  let now = report;
  const draw = (): void => {
    const asPicture = now.picture && chosen.checked;
    picture.replaceChildren(...(asPicture ? [photograph(now.picture!)] : now.plane ? [heatMap(now.plane, now.statistics)] : []));
    planes.withoutLast(Boolean(asPicture));
  };
  const show = (shown: ValueReport): void => {
    kind.textContent = `${shown.tensor} · (${shown.shape.join(", ")}${shown.shape.length === 1 ? "," : ""}) ${shown.dtype}`;
    now = shown;
    facts.replaceChildren(...statistics(shown, words), html("pre", {}, shown.text));
    planes.follow(shown);
    draw();
  };
  const planes = new Planes(words.axis, ask, show);
  chosen.addEventListener("change", draw);
  show(report);
  return html("div", { class: "value" }, kind, report.picture ? choice : null, picture, planes.element, facts);
}

function statistics({ statistics: found, histogram: bars }: ValueReport, words: ValueWords): HTMLElement[] {
  if (!found) {
    return [];
  }
  const { min, max, mean, nan, inf } = found;
  const parts = ([[words.least, min], [words.mean, mean], [words.most, max]] as [string, number | null][]).flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${shortNumber(value)}`]);
  if (nan) {
    parts.push(`NaN ${nan}`);
  }
  if (inf) {
    parts.push(`Inf ${inf}`);
  }
  return [html("p", { class: nan || inf ? "message" : "kind" }, parts.join(" · ")), ...(bars ? [html("div", {}, histogram(bars))] : [])];
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function heatMap(plane: (number | null)[][], statistics: ValueReport["statistics"]): HTMLCanvasElement {
  const [rows, columns] = [plane.length, plane[0]?.length ?? 0];
  const [low, high] = [statistics?.min ?? 0, statistics?.max ?? 1];
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return painted(columns, rows, (data) =>
    plane.flat().forEach((value, i) => data.set(colour(value, low, high, reach), 4 * i)));
}

function photograph({ size: [columns, rows], pixels }: NonNullable<ValueReport["picture"]>): HTMLCanvasElement {
  return painted(columns, rows, (data) => data.set(Uint8Array.from(atob(pixels), (byte) => byte.charCodeAt(0))));
}

/** A canvas, enlarged as far as there is room, with its pixels as `fill` writes them. */
function painted(columns: number, rows: number, fill: (data: Uint8ClampedArray) => void): HTMLCanvasElement {
  const canvas = html("canvas", { width: columns, height: rows, role: "img", "aria-label": `${rows} × ${columns}` });
  const enlarged = Math.max(1, Math.min(24, Math.floor(260 / Math.max(1, columns)), Math.floor(200 / Math.max(1, rows))));
  canvas.style.width = `${columns * enlarged}px`;
  canvas.style.height = `${rows * enlarged}px`;
  const context = canvas.getContext("2d");
  if (context) {
    const image = context.createImageData(columns, rows);
    fill(image.data);
    context.putImageData(image, 0, 0);
  }
  return canvas;
}

/** Grey from low to high; blue and orange to both sides of 0 where there are negative numbers; red for NaN and Inf. */
function colour(value: number | null, low: number, high: number, reach: number): [number, number, number, number] {
  if (value === null) {
    return [214, 39, 40, 255];
  }
  if (low >= 0) {
    const grey = Math.round(255 * (high > low ? (value - low) / (high - low) : 0.5));
    return [grey, grey, grey, 255];
  }
  const t = Math.max(-1, Math.min(1, value / reach));
  const fade = Math.round(245 * (1 - Math.abs(t)));
  return t < 0 ? [fade, Math.round(fade * 0.6 + 90), 245, 255] : [245, Math.round(fade * 0.6 + 90), fade, 255];
}

function histogram({ counts, low, high }: NonNullable<ValueReport["histogram"]>): SVGSVGElement {
  const most = Math.max(...counts, 1);
  const step = 240 / counts.length;
  return svg("svg", { width: 240, height: 62, role: "img", "aria-label": `${shortNumber(low)} … ${shortNumber(high)}` },
    ...counts.map((count, i) => svg("rect", {
      x: i * step, y: 46 - (44 * count) / most, width: Math.max(1, step - 1), height: (44 * count) / most, fill: "var(--ph-line)" })),
    svg("text", { x: 0, y: 59, style: "text-anchor:start" }, shortNumber(low)),
    svg("text", { x: 240, y: 59, style: "text-anchor:end" }, shortNumber(high)));
}
