/** Work that may wait. */

/** Runs `act` when the browser has nothing else to do; the answer takes it back. */
export function whenIdle(act: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(act, 30);
    return () => clearTimeout(timer);
  }
  const number = requestIdleCallback(act);
  return () => cancelIdleCallback(number);
}
