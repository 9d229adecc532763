/** The JupyterLab plugin: drawings in outputs talk to the kernel of their notebook. */

import type { GraphDocument } from "../graph/document";
import type { Link } from "../graph/link";
import { hosts } from "./hosts";
import { type App, type Comm, type Kernel, notebookAround } from "./notebooks";

const TARGET = "tfmagic";

type Answer = { id: number; answer?: unknown; error?: string };

/** Questions to one kernel over one comm, opened with the first question. */
class KernelLink {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private count = 0;
  private comm: Promise<Comm> | undefined;

  constructor(private readonly kernel: Kernel) {}

  async ask(question: Record<string, unknown>): Promise<unknown> {
    const id = (this.count += 1);
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    const comm = await this.opened();
    comm.send({ ...question, id });
    return answer;
  }

  /** The comm, once the kernel knows it: messages go to another thread of the kernel, and may overtake the opening. */
  private opened(): Promise<Comm> {
    this.comm ??= (async () => {
      const comm = this.kernel.createComm(TARGET);
      comm.onMsg = ({ content }) => this.receive(content.data as unknown as Answer);
      comm.onClose = () => this.failAll("The kernel does not know tfmagic; run %load_ext tfmagic first.");
      await comm.open({}).done;
      return comm;
    })();
    return this.comm;
  }

  private receive({ id, answer, error }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) {
      waiting?.resolve(answer);
    } else {
      waiting?.reject(new Error(error));
    }
  }

  private failAll(reason: string): void {
    this.comm = undefined;
    this.waiting.forEach(({ reject }) => reject(new Error(reason)));
    this.waiting.clear();
  }
}

/** The way to the kernel that a notebook has at the moment of asking. */
class NotebookLink implements Link {
  private readonly links = new WeakMap<Kernel, KernelLink>();

  constructor(private readonly kernel: () => Kernel | null, private readonly key: string) {}

  ask(question: { kind: string }): Promise<unknown> {
    const kernel = this.kernel();
    if (!kernel) {
      return Promise.reject(new Error("No kernel is connected."));
    }
    let link = this.links.get(kernel);
    if (!link) {
      this.links.set(kernel, (link = new KernelLink(kernel)));
    }
    return link.ask({ key: this.key, ...question });
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
      return { link: new NotebookLink(() => notebook.kernel(), key), language: notebook.language(), locate: notebook.locate };
    };
  },
};

export default plugin;
