/** The JSON document of a drawing, as `tfmagic/view/paint/document.py` writes it. */

export const GRAPH_MIME = "application/vnd.tfmagic.graph+json";
export const VERSION = 2;

/** What is drawn as one thing: an operation, a variable with its parts, a folded scope, the face of an open one. */
export interface NodeRecord {
  id: string;
  /** The graph's name of the operation or scope. */
  name: string;
  role: string;
  /** Width and height in pixels. */
  size: [number, number];
  /** Style ("title", "type", "value", "port", "note", "error") and text of each line; then where each part of the text
   * that does not fit begins and ends. */
  lines: [string, string, ...number[]][];
  /** The id of the node or open scope that it lies in. */
  in?: string;
  /** How many things show when it is opened; absent: it cannot be opened. */
  holds?: number;
  /** Index into the document's devices. */
  device?: number;
  cell?: string;
  /** Numbers of the cells and lines that made it, in turns. */
  made?: number[];
  classes?: string[];
  message?: string;
  details?: [string, string][];
  /** Of a quiz, the tensors whose shapes its last line hides. */
  gives?: string[];
}

/** What an edge that carries no tensor does: it changes a variable. (One that only orders has null.) */
export const UPDATES = 1;

/** Source, target, text (or null or `UPDATES`), names of the tensors. */
export type EdgeRecord = [string, string, string | null | typeof UPDATES, ...string[]];

/** Source, target, SVG path, x and y of the arrow's tip, and x and y of the label's middle where it is shown. */
export type RouteRecord = [string, string, string, number, number, number?, number?];

/** A step of a run: node, operation, value, shape, statistics, turns of loops and ways taken by scope, microseconds. */
export type StepRecord = [string, string, string?, string?, string?, [string, number | boolean][]?, number?];

/** A question of a quiz: tensor, the node that it comes from, its shape and its dtype. */
export type QuestionRecord = [string, string, string, string];

export interface GraphDocument {
  version: number;
  title: string;
  direction: "TB" | "LR";
  description: string;
  operations: number;
  nodes: NodeRecord[];
  /** The scopes that are open at first: id, kind, label. */
  open: [string, string, string][];
  edges: EdgeRecord[];
  devices?: string[];
  folded?: [string, number][];
  /** PyTorch code, each line with the id of its node; and the nodes that have no line. */
  plan?: { lines: [string, string?][]; missing: string[] };
  /** The steps of a run, in order; and after how many of them how many were left out. */
  steps?: StepRecord[];
  leftOut?: [number, number];
  /** The questions of a quiz; the texts of nodes and edges have "?" for their answers. */
  quiz?: QuestionRecord[];
  layout?: {
    size: [number, number];
    nodes: Record<string, [number, number]>;
    boxes: Record<string, [number, number, number, number]>;
    edges: RouteRecord[];
  };
  /** The language of its texts; absent: English, or what the notebook says. */
  lang?: string;
  /** Under what the kernel knows the drawing. */
  key?: string;
}

/** The document in `data`.
 *
 * @throws Error when it is none, or one of another version.
 */
export function readDocument(data: unknown): GraphDocument {
  const found = data as GraphDocument;
  if (typeof found !== "object" || found === null || !Array.isArray(found.nodes)) {
    throw new Error("this is no drawing of a graph");
  }
  if (found.version !== VERSION) {
    throw new Error(`this is a drawing of version ${found.version}, and version ${VERSION} can be read`);
  }
  return found;
}

/** A document and what another tells beside it: nodes inside scopes of the first, whose own edges are therefore no more. */
export function joined(document: GraphDocument, more: GraphDocument): GraphDocument {
  const told = new Set(more.nodes.map(({ id }) => id));
  const homes = new Set(more.nodes.map((node) => node.in));
  return {
    ...document,
    nodes: [...document.nodes.filter(({ id }) => !told.has(id)), ...more.nodes],
    edges: [...document.edges.filter(([from, to]) => !homes.has(from) && !homes.has(to)), ...more.edges],
    plan: more.plan, steps: more.steps, quiz: more.quiz,
  };
}
