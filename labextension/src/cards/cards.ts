/** Cards that open: tensors, variables and arrays, alone and in lists; what is opened is the panel's view of a value. */

import { html } from "../graph/dom";
import type { Link, ValueReport } from "../graph/link";
import { STYLE } from "../graph/style";
import { followTheme } from "../graph/theme";
import { valueView } from "../graph/values";
import { GraphView, type Options } from "../graph/view";
import { wordsOf, type Words } from "../graph/words";
import { CARDS_STYLE } from "./style";

export const CARDS_MIME = "application/vnd.tfmagic.cards+json";

/** One thing that is shown, as tfmagic/view/cards/items.py writes it. */
interface Item {
  name: string;
  /** Kind, shape and dtype in a line; "" for a plain text. */
  short: string;
  label?: string;
  rows?: [string, string][];
  question?: { kind: string; key: string } & Record<string, unknown>;
  report?: ValueReport;
  items?: Item[];
  /** How much is left out, in words. */
  more?: string;
  /** Whether it is open at first, where it is not as usual. */
  open?: boolean;
}

interface CardsDocument {
  card: Item;
  graph?: { key?: string };
  /** An SVG that stands above, and what it shows in words. */
  picture?: [string, string];
  lang?: string;
}

export function isCards(data: unknown): data is CardsDocument {
  const card = (data as CardsDocument | null | undefined)?.card;
  return typeof card === "object" && card !== null;
}

export class CardsView {
  private readonly words: Words;
  private readonly stopTheme: () => void;
  private drawing: GraphView | undefined;

  constructor(host: HTMLElement, data: unknown, private readonly options: Options = {}) {
    if (!isCards(data)) {
      throw new Error("This output holds no cards.");
    }
    const language = options.language ?? data.lang;
    this.words = wordsOf(language);
    // As an image no script in it runs.
    const picture = data.picture && html("img", {
      class: "blocks", src: `data:image/svg+xml,${encodeURIComponent(data.picture[0])}`, alt: data.picture[1] });
    const root = html("div", { class: "tfm cards" }, picture, this.view(data.card, true));
    const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    shadow.replaceChildren(html("style", {}, STYLE + CARDS_STYLE), root);
    this.stopTheme = followTheme(host);
    if (data.graph) {
      const place = html("div", { class: "drawing" });
      root.append(place);
      this.drawing = new GraphView(place, data.graph, { ...options, link: options.link && keyed(options.link, data.graph.key) });
    }
  }

  dispose(): void {
    this.stopTheme();
    this.drawing?.dispose();
  }

  private view(item: Item, outermost = false): HTMLElement {
    const label = item.label ? html("code", {}, item.label) : null;
    if (!item.short) {
      return html("div", { class: "plain" }, label, " ", html("code", {}, item.name));
    }
    const rows = html("dl", {}, ...(item.rows ?? []).flatMap(([key, text]) => [html("dt", {}, key), html("dd", {}, text)]));
    const value = html("div", { "aria-live": "polite" });
    const held = item.items && html("ul", {}, ...item.items.map((inner) => html("li", {}, this.view(inner))),
      item.more ? html("li", { class: "kind" }, item.more) : null);
    const details = html("details", { open: item.open ?? (outermost && (item.items !== undefined || !item.question)) },
      html("summary", {}, label, " ", html("b", {}, item.name), html("span", { class: "kind" }, ` · ${item.short}`)),
      item.rows ? rows : null, value, held);
    const fill = (): void => void (details.open && this.fill(item, value));
    details.addEventListener("toggle", fill);
    return details;
  }

  /** The value as it is now: asked for each time that the card is opened. */
  private async fill(item: Item, place: HTMLElement): Promise<void> {
    const { question, report } = item;
    if (!question) {
      if (report && !place.firstChild) {
        place.append(valueView(report, this.words, () => Promise.resolve(report)));
      }
      return;
    }
    const { link } = this.options;
    if (!link) {
      place.replaceChildren(html("p", { class: "kind" }, this.words.noKernel));
      return;
    }
    place.replaceChildren(await link.ask(question).then(
      (found) => valueView(found as ValueReport, this.words, async (at) =>
        await link.ask({ ...question, plane: at }) as ValueReport),
      (error: Error) => html("pre", { class: "kind" }, error.message)));
  }
}

/** A link whose questions are about the drawing `key`. */
function keyed(link: Link, key: string | undefined): Link {
  return { ask: (question) => link.ask({ key, ...question }), runs: link.runs && (() => link.runs!()) };
}
