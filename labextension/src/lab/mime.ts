/** JupyterLab's renderer of `application/vnd.tfmagic.graph+json`: a saved drawing is interactive, without a kernel too. */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";

import { GRAPH_MIME } from "../graph/document";
import { GraphView } from "../graph/view";
import { hosts } from "./hosts";

class GraphRenderer extends Widget implements IRenderMime.IRenderer {
  private view: GraphView | undefined;
  private data: unknown;

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.data = model.data[GRAPH_MIME];
    if (this.isAttached) {
      this.draw();
    }
    return Promise.resolve();
  }

  protected onAfterAttach(): void {
    this.draw();
  }

  protected onBeforeDetach(): void {
    this.view?.dispose();
    this.view = undefined;
  }

  private draw(): void {
    this.view?.dispose();
    try {
      this.view = new GraphView(this.node, this.data, hosts.optionsFor(this.node, this.data));
    } catch (error) {
      this.node.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

const extension: IRenderMime.IExtension = {
  id: "tfmagic:graph",
  description: "Draws TensorFlow graphs that a notebook holds.",
  // Before the widget (whose view needs a kernel), the HTML and the SVG of the same output.
  rendererFactory: { safe: true, mimeTypes: [GRAPH_MIME], defaultRank: -10, createRenderer: () => new GraphRenderer() },
  dataType: "json",
};

export default extension;
