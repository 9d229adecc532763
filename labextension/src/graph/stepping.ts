/** The steps of a run in a drawing: the overlay and the player that leads it. */

import type { Addition, Shown } from "./additions";
import type { GraphDocument } from "./document";
import { Overlay, stepsOf } from "./overlay";
import { Player } from "./player";
import type { Words } from "./words";

export class Stepping implements Addition {
  readonly place = "below";
  readonly element: HTMLElement;
  private readonly player: Player;
  private readonly overlay: Overlay;
  private shown: Shown | undefined;

  /**
   * @param reveal brings a node into sight.
   */
  constructor(document: GraphDocument, words: Words, reveal: (id: string) => void) {
    this.overlay = new Overlay(words);
    this.player = new Player(stepsOf(document), document.leftOut, words, () => {
      this.paint();
      if (this.shown) {
        reveal(this.shown.folding.shownBy(this.player.current[this.player.at].node));
      }
    });
    this.element = this.player.element;
  }

  key(key: string): boolean {
    return this.player.key(key);
  }

  /** The drawing was painted anew. */
  painted(shown: Shown): void {
    if (this.shown && this.shown.folding !== shown.folding) {
      this.player.replace(stepsOf(shown.folding.document));
    }
    this.shown = shown;
    this.paint();
    this.player.legend(this.overlay.slowest);
  }

  private paint(): void {
    if (this.shown) {
      const { folding, painting, placement } = this.shown;
      this.overlay.show(this.player.current, this.player.at, folding, painting, placement);
    }
  }
}
