/** The JupyterLab plugin: drawings in outputs talk to the kernel and the cells of their notebook; the side panel. */

import type { GraphDocument } from "../graph/document";
import type { Link } from "../graph/link";
import { hosts } from "./hosts";
import { linkTo } from "./kernels";
import { type App, type Kernel, notebookAround } from "./notebooks";
import { addSidePanel } from "./side";

/** The way to the kernel that a notebook has at the moment of asking. */
class NotebookLink implements Link {
  constructor(private readonly kernel: () => Kernel | null, private readonly key: string) {}

  ask(question: { kind: string }): Promise<unknown> {
    const kernel = this.kernel();
    return kernel ? linkTo(kernel).ask({ key: this.key, ...question })
      : Promise.reject(new Error("No kernel is connected."));
  }

  runs(): number {
    const kernel = this.kernel();
    return kernel ? linkTo(kernel).runs : 0;
  }
}

const plugin = {
  id: "tfmagic:plugin",
  description: "Connects drawings of TensorFlow graphs with the kernel and the cells of their notebook.",
  autoStart: true,
  activate(app: App): void {
    hosts.optionsFor = (element, data) => {
      const notebook = notebookAround(app, element);
      const key = (data as GraphDocument | undefined)?.key;
      if (!notebook || !key) {
        return {};
      }
      return {
        link: new NotebookLink(() => notebook.kernel(), key), language: notebook.language(),
        locate: notebook.locate, follow: notebook.follow,
      };
    };
    addSidePanel(app);
  },
};

export default plugin;
