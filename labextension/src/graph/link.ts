/** The way to a running kernel, where there is one. */

/** What a tensor's value is like, as the kernel says it. */
export interface ValueReport {
  tensor: string;
  dtype: string;
  shape: number[];
  /** The value as text, cut where it is long. */
  text: string;
  statistics?: { min: number | null; max: number | null; mean: number | null; nan: number; inf: number };
  histogram?: { counts: number[]; low: number; high: number };
  /** Numbers of one plane (rows of columns). */
  plane?: (number | null)[][];
  /** The value as a picture: its size, its pixels (four bytes each) in base64, and whether it is shown before the numbers. */
  picture?: { size: [number, number]; pixels: string; first: boolean };
  /** The axes that the plane leaves out, and its index on each. */
  axes?: number[];
  at?: number[];
}

/** Where a node was made: number and line of the cell, the cell's id in the notebook, and what the line says. */
export interface Place {
  cell?: number;
  line?: number;
  cell_id?: string | null;
  code?: string;
}

/** What the kernel says of a node beside the document. */
export interface NodeReport extends Place {
  op: string;
  attributes: [string, string][];
  inputs: [string, string][];
  outputs: [string, string][];
  controls: string[];
  device: string;
  collections: string[];
  source: string;
  plan: string[];
}

export interface Link {
  /** Ask the kernel; rejected with the kernel's own words when it cannot answer. */
  ask(question: { kind: string } & Record<string, unknown>): Promise<unknown>;
  /** How many cells the kernel has run, where the host can tell. */
  runs?(): number;
}
