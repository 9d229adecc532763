/** Whose a key is while the focus is in a drawing: letters and arrows are the drawing's, not shortcuts of the notebook. */

// JupyterLab and Notebook leave keys alone that are pressed inside an element with this attribute. They look at the
// document's own tree, from the element that holds the drawing's shadow.
const SUPPRESS = "data-lm-suppress-shortcuts";

/** Whether a key is meant for the application around the drawing. */
export function isCommand({ ctrlKey, metaKey, altKey, shiftKey, key }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
}

/** Keep plain keys from the shortcuts of the application around `host`.
 *
 * @returns what stops it.
 */
export function keepKeys(host: HTMLElement): () => void {
  const decide = (event: KeyboardEvent): void => {
    const isTyped = event.composedPath()[0] instanceof HTMLInputElement;
    host.toggleAttribute(SUPPRESS, isTyped || !isCommand(event));
  };
  // Before the application hears of it, which in Notebook 7 listens as early as the document lets it.
  const stop = (): void => window.removeEventListener("keydown", decide, true);
  const start = (): void => window.addEventListener("keydown", decide, true);
  host.addEventListener("focusin", start);
  host.addEventListener("focusout", stop);
  return () => {
    stop();
    host.removeEventListener("focusin", start);
    host.removeEventListener("focusout", stop);
    host.removeAttribute(SUPPRESS);
  };
}
