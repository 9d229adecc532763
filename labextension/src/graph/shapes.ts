/** Shapes of the last run, asked of the kernel once a drawing and run. */

import type { Link } from "./link";

const STALE = 5000; // milliseconds after which to ask again where the link does not tell of runs
const UNKNOWN = /\?|<unknown>/;

export class RunShapes {
  private known: Promise<Record<string, number[]>> | undefined;
  private run = 0;
  private asked = 0;

  constructor(private readonly link: Link | undefined) {}

  /** The words of an edge with the shape of the last run, where they leave a shape open. */
  async told(tensors: string[], text: string, all: () => string[]): Promise<string> {
    const parts = /^(.*(?:\)|<unknown>))(.*)$/.exec(text);
    if (!this.link || !parts || !UNKNOWN.test(text) || text.includes("←")) {
      return text;
    }
    const found = await this.latest(all);
    const shapes = [...new Set(tensors.filter((name) => found[name]).map((name) => dims(found[name])))];
    return shapes.length ? `${parts[1]} ← ${shapes.slice(0, 4).join(" · ")}${parts[2]}` : text;
  }

  private latest(all: () => string[]): Promise<Record<string, number[]>> {
    const run = this.link!.runs?.() ?? Math.floor(Date.now() / STALE);
    if (!this.known || run !== this.run) {
      this.run = run;
      const asked = (this.asked += 1);
      const answer = this.link!.ask({ kind: "shapes", names: all() }).then((found) => found as Record<string, number[]>);
      this.known = answer.catch(() => {
        if (asked === this.asked) {
          this.known = undefined;
        }
        return {};
      });
    }
    return this.known;
  }
}

/** The tensors of edges whose shapes the graph leaves open. */
export function unknownOf(edges: { text: string | null; tensors: string[] }[]): string[] {
  return [...new Set(edges.flatMap(({ text, tensors }) => (text && UNKNOWN.test(text) ? tensors : [])))].slice(0, 500);
}

function dims(shape: number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}
