/** The field in which one searches: what it finds is lit, and Enter goes from one hit to the next. */

import type { Toolbar } from "./toolbar";
import type { Words } from "./words";

export interface Found {
  find(query: string): string[];
  /** There are other hits now. */
  show(hits: string[]): void;
  goTo(id: string): void;
  /** Nothing is searched any more. */
  leave(): void;
}

export class Finding {
  hits: string[] = [];
  private last = "";

  constructor(private readonly toolbar: Toolbar, private readonly words: Words, private readonly drawn: Found) {
    const { search } = toolbar;
    search.addEventListener("input", () => this.look());
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.hits.length) {
        this.last = this.hits[(this.hits.indexOf(this.last) + 1) % this.hits.length];
        drawn.goTo(this.last);
      } else if (event.key === "Escape") {
        search.value = "";
        this.look();
        drawn.leave();
      }
    });
  }

  private look(): void {
    const { search, found } = this.toolbar;
    this.hits = this.drawn.find(search.value);
    this.last = "";
    const { length } = this.hits;
    found.textContent = search.value ? (length ? `${length} ${this.words.found}` : this.words.none) : "";
    this.drawn.show(this.hits);
  }
}
