/** The bar above a drawing (title, legends, search, zoom, and what else there is a button for) and the note below it. */

import { button, type Child, html, icon } from "./dom";
import type { GraphDocument } from "./document";
import type { Words } from "./words";

export interface Actions {
  zoom(factor: number): void;
  fit(): void;
  arrange(): void;
  twin(): void;
  /** Colours by cell were asked for, or are not wanted any more; the answer says whether they are on. */
  colour(): boolean;
  export(format: string): void;
}

/** What is not drawn, where anything is not. */
export function footnote({ folded = [] }: GraphDocument, words: Words): HTMLElement | null {
  const said = folded.map(([kind, count]) => `${kind} (${count})`);
  return said.length ? html("div", { class: "note" }, `${words.notDrawn}: ${said.join(", ")}`) : null;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly search = html("input", { type: "search", placeholder: "/" });
  readonly found = html("span", { class: "found", "aria-live": "polite" });

  /**
   * @param formats the formats that the drawing can be exported to.
   * @param legend tells what the colours of cells mean.
   */
  constructor(private readonly document: GraphDocument, private readonly words: Words, formats: string[], legend: Child,
              private readonly actions: Actions) {
    this.search.setAttribute("aria-label", words.search);
    this.search.title = words.search;
    this.element = html("div", { class: "bar" }, html("span", { class: "title" }, document.title), this.devices(), legend,
      this.search, this.found,
      button(icon("M3 8H13"), words.zoomOut, () => actions.zoom(1 / 1.25)),
      button(icon("M3 8H13M8 3V13"), words.zoomIn, () => actions.zoom(1.25)),
      button(icon("M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10"), words.fit, () => actions.fit()),
      button(icon("M6 2H10V5H6ZM2 11H6V14H2ZM10 11H14V14H10ZM8 5V8M4 11V8H12V11"), words.arrange, () => actions.arrange()),
      document.nodes.some((node) => node.made) ? this.cellToggle() : null,
      button(icon("M2 3H14M5 8H14M5 13H14M2 8H2.1M2 13H2.1"), words.text, () => actions.twin()), this.menu(formats));
  }

  private menu(formats: string[]): HTMLElement {
    const { words } = this;
    const menu = html("select", { "aria-label": words.export, title: words.export }, html("option", { value: "" }, "↓"),
      ...formats.map((format) => html("option", { value: format }, format.toUpperCase())));
    menu.addEventListener("change", () => {
      const format = menu.value;
      menu.value = "";
      this.actions.export(format);
    });
    return menu;
  }

  private devices(): HTMLElement | null {
    const legend = (this.document.devices ?? []).map((device, i) => {
      const mark = html("i");
      mark.style.background = `var(--d${i % 6})`;
      mark.style.borderColor = `var(--d${i % 6}-line)`;
      return html("span", {}, mark, device);
    });
    return legend.length ? html("span", { class: "legend" }, ...legend) : null;
  }

  private cellToggle(): HTMLButtonElement {
    const toggle = button(icon("M2 2H7V7H2ZM9 9H14V14H9ZM9 4.5H14M2 11.5H7"), this.words.byCell, () =>
      toggle.setAttribute("aria-pressed", String(this.actions.colour())));
    toggle.setAttribute("aria-pressed", "false");
    return toggle;
  }
}
