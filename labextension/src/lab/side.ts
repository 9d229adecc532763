/** The side panel "TensorFlow graph" in JupyterLab and Notebook 7: it follows the notebook that is looked at. */

import { Widget } from "@lumino/widgets";

import { Inspector } from "../side/inspector";
import { sideWords } from "../side/words";
import { type KernelLink, linkTo, NobodyThere } from "./kernels";
import { type App, asNotebook, type Kernel, type NotebookPanel } from "./notebooks";

const ABOUT_IT = /tfmagic|tensorflow/;

class SidePanel extends Widget {
  private inspector: Inspector | undefined;
  private readonly words = sideWords(document.documentElement.lang);
  private panel: NotebookPanel | undefined;
  private kernel: Kernel | null = null;
  private stopListening: (() => void) | undefined;
  private isSilent = false;
  private readonly watched = new WeakSet<NotebookPanel>();

  constructor(private readonly app: App) {
    super();
    this.id = "tfmagic-graph";
    this.title.label = this.words.title;
    this.title.caption = this.words.title;
    this.addClass("tfmagic-side");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", this.words.title);
    this.inspector = new Inspector(this.node, this.words, {
      ask: (question) => this.ask(question),
      locate: (report) => this.panel && asNotebook(this.panel).locate(report),
    });
    app.shell.currentChanged?.connect(() => this.follow());
    this.follow();
  }

  dispose(): void {
    this.stopListening?.();
    this.inspector?.dispose();
    super.dispose();
  }

  protected onAfterShow(): void {
    this.follow();
    this.update();
  }

  protected onUpdateRequest(): void {
    if (!this.isVisible) {
      return;
    }
    if (!this.panel) {
      this.inspector?.say(this.words.noNotebook);
    } else if (!this.kernel) {
      this.inspector?.say(this.words.noKernel);
    } else {
      void this.inspector?.refresh();
    }
  }

  /** Turn to the notebook that is looked at, if it is one, and to its kernel. */
  private follow(): void {
    const current = this.app.shell.currentWidget as NotebookPanel | null;
    if (current?.context?.sessionContext && current.content?.widgets) {
      this.panel = current;
      if (!this.watched.has(current)) {
        this.watched.add(current);
        current.context.sessionContext.kernelChanged?.connect(() => this.follow());
      }
    } else if (this.panel?.isDisposed) {
      this.panel = undefined;
    }
    const kernel = this.panel ? asNotebook(this.panel).kernel() : null;
    if (kernel !== this.kernel) {
      this.stopListening?.();
      this.kernel = kernel;
      this.isSilent = false;
      this.stopListening = kernel ? this.listen(linkTo(kernel)) : undefined;
    }
    this.update();
  }

  private listen(link: KernelLink): () => void {
    return link.onRun((code) => {
      if (ABOUT_IT.test(code)) {
        this.isSilent = false;
      }
      if (!this.isSilent) {
        this.update();
      }
    });
  }

  /** A kernel where nobody answers is left alone until a cell speaks of tfmagic. */
  private async ask(question: Record<string, unknown>): Promise<unknown> {
    if (!this.kernel) {
      throw new Error(this.words.noKernel);
    }
    try {
      return await linkTo(this.kernel).ask(question);
    } catch (error) {
      this.isSilent = error instanceof NobodyThere;
      throw error;
    }
  }
}

export function addSidePanel(app: App): void {
  app.shell.add(new SidePanel(app), "right", { rank: 900, type: "TensorFlow graph" });
}
