/** Finding nodes by name, op, shape or dtype. */

import type { GraphDocument } from "./document";

/** The ids of the nodes whose name, lines or results hold every word of `query`, in the graph's order. */
export class Search {
  private readonly texts: [string, string][];

  constructor(document: GraphDocument) {
    const given = new Map<string, Set<string>>();
    for (const [source, , text, ...tensors] of document.edges) {
      let said = given.get(source);
      if (!said) {
        given.set(source, (said = new Set()));
      }
      said.add(typeof text === "string" ? text : "");
      tensors.forEach((name) => said.add(name));
    }
    // What a scope holds is found inside it, where the inside is known.
    const known = new Set(document.nodes.map((node) => node.in));
    this.texts = document.nodes.map((node) => [node.id, [
      node.name, node.role, node.cell ?? "", ...node.lines.map(([, text]) => text),
      ...(known.has(node.id) ? [] : (node.details ?? []).flat()),
      ...(given.get(node.id) ?? []),
    ].join("\n").toLowerCase()]);
    this.texts.sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)));
  }

  find(query: string): string[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return words.length ? this.texts.filter(([, text]) => words.every((word) => text.includes(word))).map(([id]) => id) : [];
  }
}
