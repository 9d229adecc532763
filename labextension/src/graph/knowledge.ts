/** What is known of one drawing, and how more of it comes from the kernel. */

import { type GraphDocument, joined, readDocument } from "./document";
import { Folding, order } from "./folding";
import type { Link } from "./link";
import { Search } from "./search";

/** What the kernel found in the whole graph: ids with the scopes around each, the innermost first; and how many in all. */
type Hits = { hits: [string, ...string[]][]; count: number };

export class Knowledge {
  folding: Folding;
  private finder: Search | undefined;
  private asking: Promise<void> | undefined;
  /** The scopes around what the kernel found, the innermost first. */
  private readonly around = new Map<string, string[]>();

  /**
   * @param seen the document as it may be seen now.
   * @param changed is called when more is known.
   */
  constructor(
    private document: GraphDocument, private readonly link: Link | undefined,
    private readonly seen: (document: GraphDocument) => GraphDocument, private readonly changed: (folding: Folding) => void,
  ) {
    this.folding = new Folding(document);
  }

  /** Whether the kernel can be asked now. */
  get isFree(): boolean {
    return !!this.link && !this.asking;
  }

  /** Know the inside of a scope, which may be on its way.
   *
   * @throws Error why the kernel does not tell it.
   */
  async load(id: string): Promise<void> {
    await this.asking?.catch(() => undefined); // the next answer says why
    if (!this.folding.isLoaded(id)) {
      await this.ask([id]);
    }
  }

  /** Ask the kernel for the insides of scopes; one question at a time, for an answer tells what is new to the last. */
  ask(asked: string[]): Promise<void> {
    const known = [...this.folding.children.keys()].filter(Boolean);
    this.asking = this.link!.ask({ kind: "load", asked, known })
      .then((told) => {
        this.document = joined(this.document, readDocument(told));
        this.retell();
      })
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Read the document again: it may be seen otherwise now. */
  retell(): void {
    const { open } = this.folding;
    this.folding = new Folding(this.seen(this.document));
    this.folding.open.clear();
    open.forEach((scope) => this.folding.open.add(scope));
    this.finder = undefined;
    this.changed(this.folding);
  }

  // --- searching --------------------------------------------------------------------------------------------------

  /** The ids of what is known and holds every word of `query`. */
  find(query: string): string[] {
    return (this.finder ??= new Search(this.folding.document)).find(query);
  }

  /** What the whole graph holds of it, with what is known: the ids as far as they are told, and how many there are. */
  async findAll(query: string): Promise<[string[], number]> {
    const found = this.find(query);
    if (!this.link || ![...this.folding.nodes.keys()].some((id) => this.folding.isScope(id) && !this.folding.isLoaded(id))) {
      return [found, found.length];
    }
    const { hits, count } = await this.link.ask({ kind: "find", query }) as Hits;
    const here = new Set(found);
    const elsewhere = hits.filter(([id]) => !this.folding.nodes.has(id));
    elsewhere.forEach(([id, ...around]) => this.around.set(id, around));
    const more = count - hits.length; // of which nobody knows whether they are known here
    return [[...here, ...elsewhere.map(([id]) => id)].sort((a, b) => order(a) - order(b)), here.size + elsewhere.length + more];
  }

  /** Know a node that was found. */
  async reach(id: string): Promise<void> {
    const missing = (this.around.get(id) ?? []).filter((scope) => !this.folding.isLoaded(scope));
    if (!this.folding.nodes.has(id) && missing.length) {
      await this.asking?.catch(() => undefined);
      await this.ask(missing);
    }
  }

  /** The thing in sight that shows what was found. */
  shownBy(id: string): string {
    return this.folding.shownBy([id, ...this.around.get(id) ?? []].find((one) => this.folding.nodes.has(one)) ?? id);
  }
}
