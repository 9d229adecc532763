/** What a reader may open next: its inside is asked for and laid out while nothing else happens. */

import { whenIdle } from "./idle";
import type { Knowledge } from "./knowledge";

/** So many things are asked for at once; what lies farther off is asked for when it comes near. */
const MOST = 300;
/** A scope of more children is laid out when it is opened: it would hold up a movement for too long. */
const LARGE = 60;

export class Foresight {
  private isOn = false;
  private stop: (() => void) | undefined;

  /** @param prepare lays out the inside of a scope, unless it is; whether there was something to do. */
  constructor(private readonly knowledge: Knowledge, private readonly prepare: (id: string) => boolean) {}

  /** The reader has come near. */
  begin(): void {
    if (!this.isOn) {
      this.isOn = true;
      this.again();
    }
  }

  /** Something was opened, or told. */
  again(): void {
    if (this.isOn) {
      this.stop ??= whenIdle(() => {
        this.stop = undefined;
        this.step();
      });
    }
  }

  dispose(): void {
    this.isOn = false;
    this.stop?.();
  }

  private step(): void {
    const { folding } = this.knowledge;
    const folded = folding.visible().filter((id) => folding.isScope(id) && !folding.open.has(id));
    let room = MOST;
    const unknown = folded.filter((id) => !folding.isLoaded(id) && (room -= folding.node(id).holds ?? 0) >= 0);
    if (unknown.length && this.knowledge.isFree) {
      this.knowledge.ask(unknown).then(() => this.again(), () => {
        this.isOn = false; // whoever opens a scope is told why it cannot be told
      });
      return;
    }
    const next = folded.find((id) => (folding.children.get(id)?.length ?? LARGE) < LARGE && this.prepare(id));
    if (next !== undefined) {
      this.again(); // one after the other: between them the browser may have something to do
    }
  }
}
