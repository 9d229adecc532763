/** The parts of a line of text that do not fit: a dimension, a dtype. */

import { html } from "./dom";
import type { NodeRecord } from "./document";

/** A line in its parts, each with whether it is wrong. */
export function marked(text: string, marks: number[]): [string, boolean][] {
  const parts: [string, boolean][] = [];
  let end = 0;
  for (let i = 0; i + 1 < marks.length; i += 2) {
    parts.push([text.slice(end, marks[i]), false], [text.slice(marks[i], marks[i + 1]), true]);
    end = marks[i + 1];
  }
  return [...parts, [text.slice(end), false] as [string, boolean]].filter(([part]) => part);
}

/** A line where nothing can be underlined: what does not fit stands between marks, as in the text drawing. */
export function plain([, text, ...marks]: NodeRecord["lines"][number]): string {
  return marked(text, marks).map(([part, wrong]) => (wrong ? `»${part}«` : part)).join("");
}

/** What stands at the inputs of a failed node, one a line. */
export function portList(node: NodeRecord): HTMLElement[] {
  const ports = node.lines.filter(([style]) => style === "port");
  return ports.length === 0 ? [] : [html("ul", { class: "ports" }, ...ports.map(([, text, ...marks]) => html("li", {},
    ...marked(text, marks).map(([part, wrong]) => (wrong ? html("mark", {}, part) : part)))))];
}
