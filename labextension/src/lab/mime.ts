/** JupyterLab's renderers of drawings and cards: a saved one is interactive, without a kernel too. */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";

import { CARDS_MIME, CardsView } from "../cards/cards";
import { GRAPH_MIME } from "../graph/document";
import { GraphView } from "../graph/view";
import { hosts } from "./hosts";

class Renderer extends Widget implements IRenderMime.IRenderer {
  private view: { dispose(): void } | undefined;
  private data: unknown;

  constructor(private readonly mime: string, private readonly kind: typeof GraphView | typeof CardsView) {
    super();
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.data = model.data[this.mime];
    if (this.isAttached) {
      this.draw();
    }
    return Promise.resolve();
  }

  /** A cell out of sight is taken from the page and put back: what was done in the drawing stays. */
  protected onAfterAttach(): void {
    if (!this.view) {
      this.draw();
    }
  }

  dispose(): void {
    this.view?.dispose();
    this.view = undefined;
    super.dispose();
  }

  private draw(): void {
    this.view?.dispose();
    try {
      this.view = new this.kind(this.node, this.data, hosts.optionsFor(this.node, this.data));
    } catch (error) {
      this.node.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

function extension(id: string, description: string, mime: string, kind: typeof GraphView | typeof CardsView): IRenderMime.IExtension {
  return {
    id, description, dataType: "json",
    // Before the widget (whose view needs a kernel), the HTML and the SVG of the same output.
    rendererFactory: { safe: true, mimeTypes: [mime], defaultRank: -10, createRenderer: () => new Renderer(mime, kind) },
  };
}

export default [
  extension("tfmagic:graph", "Draws TensorFlow graphs that a notebook holds.", GRAPH_MIME, GraphView),
  extension("tfmagic:cards", "Shows tensors, variables and lists of them as cards that open.", CARDS_MIME, CardsView),
];
