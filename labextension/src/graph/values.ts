/** A tensor's value as a picture with its statistics. */

import { html, svg } from "./dom";
import type { ValueReport } from "./link";

export function valueView(report: ValueReport): HTMLElement {
  const view = html("div", { class: "value" }, html("p", { class: "kind" },
    `${report.tensor} · (${report.shape.join(", ")}${report.shape.length === 1 ? "," : ""}) ${report.dtype}`));
  if (report.plane) {
    view.append(heatMap(report.plane, report.statistics));
  }
  if (report.statistics) {
    const { min, max, mean, nan, inf } = report.statistics;
    const parts = [["min", min], ["mean", mean], ["max", max]].flatMap(([name, value]) =>
      value === null ? [] : [`${name} ${shortNumber(value as number)}`]);
    if (nan) {
      parts.push(`NaN ${nan}`);
    }
    if (inf) {
      parts.push(`Inf ${inf}`);
    }
    view.append(html("p", { class: nan || inf ? "message" : "kind" }, parts.join(" · ")));
  }
  if (report.histogram) {
    view.append(histogram(report.histogram));
  }
  view.append(html("pre", {}, report.text));
  return view;
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function heatMap(plane: (number | null)[][], statistics: ValueReport["statistics"]): HTMLCanvasElement {
  const [rows, columns] = [plane.length, plane[0]?.length ?? 0];
  const canvas = html("canvas", { width: columns, height: rows, role: "img", "aria-label": `${rows} × ${columns}` });
  const enlarged = Math.max(1, Math.min(24, Math.floor(260 / Math.max(1, columns)), Math.floor(200 / Math.max(1, rows))));
  canvas.style.width = `${columns * enlarged}px`;
  canvas.style.height = `${rows * enlarged}px`;
  const context = canvas.getContext("2d");
  if (!context) {
    return canvas;
  }
  const image = context.createImageData(columns, rows);
  const [low, high] = [statistics?.min ?? 0, statistics?.max ?? 1];
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  plane.flat().forEach((value, i) => image.data.set(colour(value, low, high, reach), 4 * i));
  context.putImageData(image, 0, 0);
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
