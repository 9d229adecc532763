/** Which scopes are open, what is therefore in sight, and which edges run between the things in sight. */

import { type EdgeRecord, type GraphDocument, type NodeRecord, UPDATES } from "./document";

/** All that flows from one thing in sight to another. */
export interface VisibleEdge {
  source: string;
  target: string;
  text: string;
  /** Whether it only orders. */
  control: boolean;
  /** Whether it changes variables and carries nothing. */
  updates: boolean;
  tensors: string[];
}

export class Folding {
  readonly nodes = new Map<string, NodeRecord>();
  readonly children = new Map<string, string[]>();
  /** The open scopes, in the order in which they were opened. */
  readonly open = new Set<string>();

  constructor(readonly document: GraphDocument) {
    for (const node of document.nodes) {
      this.nodes.set(node.id, node);
    }
    for (const node of document.nodes) {
      const home = this.home(node.id);
      const siblings = this.children.get(home);
      if (siblings) {
        siblings.push(node.id);
      } else {
        this.children.set(home, [node.id]);
      }
    }
    for (const siblings of this.children.values()) {
      siblings.sort((a, b) => order(a) - order(b));
    }
    for (const [id] of document.open) {
      this.open.add(id);
    }
  }

  node(id: string): NodeRecord {
    const found = this.nodes.get(id);
    if (!found) {
      throw new Error(`no node ${id} in this drawing`);
    }
    return found;
  }

  /** The scope that a node lies in, "" at the top. */
  home(id: string): string {
    const home = this.nodes.get(id)?.in ?? "";
    return this.nodes.has(home) ? home : "";
  }

  /** The scopes around a node, the innermost first. */
  around(id: string): string[] {
    const found = [];
    for (let scope = this.home(id); scope; scope = this.home(scope)) {
      found.push(scope);
    }
    return found;
  }

  /** Whether a node is a scope whose inside is known. */
  isLoaded(id: string): boolean {
    return this.children.has(id);
  }

  /** Whether a node is a scope: one that opens, if need be with the kernel's help. */
  isScope(id: string): boolean {
    return this.isLoaded(id) || (this.nodes.get(id)?.holds ?? 0) > 0;
  }

  /** The thing in sight that shows a node: itself, or the outermost folded scope around it. */
  shownBy(id: string): string {
    let shown = id;
    for (const scope of this.around(id)) {
      if (!this.open.has(scope)) {
        shown = scope;
      }
    }
    return shown;
  }

  /** The child of `scope` ("" for the top) that a node is or lies in; undefined when it lies elsewhere. */
  childOf(scope: string, id: string): string | undefined {
    for (let inner = id; inner; inner = this.home(inner)) {
      if (this.home(inner) === scope) {
        return inner;
      }
    }
    return undefined;
  }

  /** The ids of the open scopes and nodes in sight, depth first in the graph's order; scopes before what is in them. */
  visible(): string[] {
    const found: string[] = [];
    const visit = (scope: string): void => {
      for (const id of this.children.get(scope) ?? []) {
        found.push(id);
        if (this.open.has(id)) {
          visit(id);
        }
      }
    };
    visit("");
    return found;
  }

  /** The edges between the things in sight. */
  edges(): VisibleEdge[] {
    return aggregate(this.document.edges, (id) => this.shownBy(id));
  }

  /** Open a scope, and those around it, so that its children are in sight. */
  unfold(id: string): void {
    for (const scope of [...this.around(id)].reverse()) {
      this.open.add(scope);
    }
    if (this.isLoaded(id)) {
      this.open.add(id);
    }
  }

  fold(id: string): void {
    this.open.delete(id);
  }
}

/** The place of a node in the graph's order. */
export function order(id: string): number {
  return Number(id.slice(1));
}

/** Edges as they are between what `holder` says; one to itself or to nothing is left out. */
export function aggregate(edges: EdgeRecord[], holder: (id: string) => string | undefined): VisibleEdge[] {
  const found = new Map<string, VisibleEdge & { texts: Set<string>; count: number }>();
  for (const [from, to, text, ...tensors] of edges) {
    const source = holder(from);
    const target = holder(to);
    if (source === undefined || target === undefined || source === target) {
      continue;
    }
    const key = `${source}>${target}`;
    let edge = found.get(key);
    if (!edge) {
      edge = { source, target, text: "", control: true, updates: false, tensors: [], texts: new Set(), count: 0 };
      found.set(key, edge);
    }
    if (text === UPDATES) {
      edge.updates ||= edge.control;
      edge.control = false;
    } else if (text !== null) {
      edge.control = edge.updates = false;
      const fresh = tensors.filter((name) => !edge.tensors.includes(name));
      if (fresh.length || !tensors.length) {
        edge.texts.add(text);
        edge.count += 1;
      }
      edge.tensors.push(...fresh);
    }
  }
  for (const edge of found.values()) {
    const [first] = edge.texts;
    edge.text = edge.count <= 1 || edge.texts.size === 1 && !first ? first ?? "" : edge.texts.size === 1 && !/^\d/.test(first)
      ? `${edge.tensors.length} × ${first}` : `${Math.max(edge.tensors.length, edge.count)} tensors`;
  }
  return [...found.values()];
}
