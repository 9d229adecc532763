/** Which key does what in a drawing: arrows follow edges, Enter opens, + and − open and fold. */

import { isCommand } from "./keys";

export interface Keyed {
  /** To the next thing in a direction. */
  move(key: string): void;
  activate(): void;
  open(): void;
  fold(): void;
  first(): void;
  last(): void;
}

const ACTIONS: Record<string, keyof Keyed> = {
  ArrowUp: "move", ArrowDown: "move", ArrowLeft: "move", ArrowRight: "move", Enter: "activate", " ": "activate", "+": "open",
  "=": "open", "-": "fold", Home: "first", End: "last",
};

/** Do what a key is for on the thing that has the focus; the host does not hear of it then. */
export function pressed(event: KeyboardEvent, drawing: Keyed): void {
  const action = ACTIONS[event.key];
  if (action && !isCommand(event)) {
    drawing[action](event.key);
    event.preventDefault();
    event.stopPropagation();
  }
}
