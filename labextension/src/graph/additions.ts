/** What some drawings have beside the drawing itself: the steps of a run, the plan. */

import type { GraphDocument } from "./document";
import type { Folding } from "./folding";
import type { Painting } from "./paint";
import type { Placement } from "./placing";
import { Plan } from "./plan";
import { Stepping } from "./stepping";
import type { Words } from "./words";

/** The drawing as it was painted last. */
export interface Shown {
  folding: Folding;
  painting: Painting;
  placement: Placement;
}

/** What an addition may do to the drawing. */
export interface Drawn {
  /** Bring a thing into sight. */
  reveal(id: string): void;
  /** Light a thing and what is next to it; "" for nothing. */
  light(id: string): void;
}

export interface Addition {
  /** Where its element stands. */
  readonly place: "below" | "beside";
  readonly element: HTMLElement;
  /** The drawing was painted anew. */
  painted(shown: Shown): void;
  /** A thing was lit, or nothing. */
  lit?(id: string): void;
  /** A key was pressed; true where it was meant for this. */
  key?(key: string): boolean;
}

export function additionsOf(document: GraphDocument, words: Words, drawn: Drawn): Addition[] {
  const found: Addition[] = [];
  if (document.steps?.length) {
    found.push(new Stepping(document, words, (id) => drawn.reveal(id)));
  }
  if (document.plan) {
    found.push(new Plan(document, words, drawn));
  }
  return found;
}
