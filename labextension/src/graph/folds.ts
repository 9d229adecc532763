/** Which scopes of a drawing were open when it was taken from the page: it comes back so when its cell was moved. */

import type { Folding } from "./folding";

const MOST = 200;

const open = new Map<string, Set<string>>();

export function rememberFolds(key: string | undefined, scopes: ReadonlySet<string>): void {
  if (key) {
    open.delete(key);
    open.set(key, new Set(scopes));
    if (open.size > MOST) {
      open.delete(open.keys().next().value!);
    }
  }
}

export function restoreFolds(key: string | undefined, folding: Folding): void {
  const scopes = key === undefined ? undefined : open.get(key);
  if (scopes && [...scopes].every((id) => folding.nodes.has(id) && folding.isScope(id) && folding.isLoaded(id))) {
    folding.open.clear();
    scopes.forEach((id) => folding.open.add(id));
  }
}
