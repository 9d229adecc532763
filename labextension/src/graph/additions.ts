/** What some drawings have beside the drawing itself: the steps of a run, the plan. */

import type { GraphDocument } from "./document";
import type { Folding } from "./folding";
import type { Link } from "./link";
import type { Painting } from "./paint";
import type { Placement } from "./placing";
import { Plan } from "./plan";
import { Quiz } from "./quiz";
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
  /** Put the focus on a thing. */
  focus(id: string): void;
  /** Paint anew, since `told` says something else now. */
  retell(): void;
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
  /** A node, or an edge, was chosen; true where this deals with it. */
  chosen?(id: string, target?: string): boolean;
  /** The document as it may be seen now. */
  told?(document: GraphDocument): GraphDocument;
  /** Why the kernel is not asked of a node now, "" where it may be. */
  refuses?(name: string): string;
  /** The drawing is gone. */
  dispose?(): void;
}

export function additionsOf(document: GraphDocument, words: Words, drawn: Drawn): Addition[] {
  const found: Addition[] = [];
  if (document.steps?.length) {
    found.push(new Stepping(document, words, (id) => drawn.reveal(id)));
  }
  if (document.plan) {
    found.push(new Plan(document, words, drawn));
  }
  if (document.quiz) {
    found.push(new Quiz(document, words, drawn));
  }
  return found;
}

/** A link that asks of a node only what no addition refuses to tell yet. */
export function guarded(link: Link | undefined, additions: () => Addition[]): Link | undefined {
  return link && {
    runs: link.runs && (() => link.runs!()),
    ask: async (question) => {
      const why = additions().map((addition) => addition.refuses?.(String(question.name)) ?? "").find(Boolean);
      if (why) {
        throw new Error(question.kind === "value" ? why : ""); // said once
      }
      return link.ask(question);
    },
  };
}
