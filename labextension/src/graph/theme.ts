/** Light or dark, as the page around the drawing is. */

export function pageTheme(): "light" | "dark" {
  const { body, documentElement: root } = document;
  for (const element of [body, root]) {
    const jupyter = element.dataset.jpThemeLight;
    if (jupyter) {
      return jupyter === "false" ? "dark" : "light";
    }
    const named = element.dataset.theme ?? element.dataset.vscodeThemeKind ?? element.className;
    if (/dark/.test(named)) {
      return "dark";
    }
    if (/light/.test(named)) {
      return "light";
    }
  }
  // A page that says nothing is light unless it declares that it follows the reader's setting.
  const follows = getComputedStyle(root).colorScheme.includes("dark");
  return follows && matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Keep the `theme` attribute of `host` like the page.
 *
 * @returns what stops it.
 */
export function followTheme(host: HTMLElement): () => void {
  const update = (): void => host.setAttribute("theme", pageTheme());
  update();
  const observer = new MutationObserver(update);
  const filter = ["class", "data-jp-theme-light", "data-theme", "data-vscode-theme-kind"];
  for (const element of [document.body, document.documentElement]) {
    observer.observe(element, { attributes: true, attributeFilter: filter });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", update);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", update);
  };
}
