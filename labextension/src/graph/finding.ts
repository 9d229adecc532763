/** The field in which one searches: what it finds is lit, and Enter goes from one hit to the next. */

import type { Toolbar } from "./toolbar";
import type { Words } from "./words";

/** Milliseconds after the last key before the kernel is asked. */
const PAUSE = 150;

export interface Found {
  /** What is known here. */
  find(query: string): string[];
  /** What there is in all, as far as it is told, and how many there are. */
  findAll(query: string): Promise<[string[], number]>;
  /** There are other hits now. */
  show(hits: string[]): void;
  goTo(id: string): void;
  /** Nothing is searched any more. */
  leave(): void;
}

export class Finding {
  hits: string[] = [];
  private last = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

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
    const query = this.toolbar.search.value;
    const hits = this.drawn.find(query);
    this.tell(hits, hits.length);
    clearTimeout(this.timer);
    if (query.trim()) {
      this.timer = setTimeout(() => void this.drawn.findAll(query).then(([all, count]) => {
        if (this.toolbar.search.value === query && count !== hits.length) {
          this.tell(all, count);
        }
      }, () => undefined), PAUSE); // without the kernel there is what is known here
    }
  }

  private tell(hits: string[], count: number): void {
    const { search, found } = this.toolbar;
    this.hits = hits;
    this.last = hits.includes(this.last) ? this.last : "";
    found.textContent = search.value ? (count ? `${count} ${this.words.found}` : this.words.none) : "";
    this.drawn.show(hits);
  }
}
