/** Questions to a kernel over one comm: drawings and the side panel share it. */

import { type Answer, Questions } from "../graph/questions";
import type { Comm, Kernel } from "./notebooks";

const TARGET = "tfmagic";

/** The kernel has not loaded tfmagic, so that nobody there answers. */
export class NobodyThere extends Error {}

export class KernelLink {
  /** How many cells the kernel has run. */
  runs = 0;
  private readonly questions = new Questions();
  private readonly listeners = new Set<(code: string) => void>();
  private comm: Promise<Comm> | undefined;
  /** The same once it is open. */
  private ready: Comm | undefined;
  private last = "";

  constructor(private readonly kernel: Kernel) {
    kernel.iopubMessage?.connect((_, { header, content, parent_header: parent }) => {
      if (header.msg_type === "execute_input") {
        this.last = String(content.code ?? "");
      } else if (header.msg_type === "status" && content.execution_state === "idle"
          && (parent as { msg_type?: string }).msg_type === "execute_request") {
        this.runs += 1;
        this.listeners.forEach((told) => told(this.last));
      }
    });
  }

  /** Call `told` with the code of each cell after it has run; the answer stops it. */
  onRun(told: (code: string) => void): () => void {
    this.listeners.add(told);
    return () => void this.listeners.delete(told);
  }

  async ask(question: Record<string, unknown>): Promise<unknown> {
    const { id, answer } = this.questions.next();
    answer.catch(() => undefined); // whoever asked hears of it
    // Sent before whoever asked goes on: the page may have much to lay out then.
    const comm = this.ready?.isDisposed === false ? this.ready : await this.opened();
    comm.send({ ...question, id });
    return answer;
  }

  /** The comm, once the kernel knows it: messages go to another thread of the kernel, and may overtake the opening. */
  private async opened(): Promise<Comm> {
    const comm = await this.comm;
    if (comm?.isDisposed) { // the kernel was started anew
      this.failAll("The kernel was restarted.");
    }
    this.comm ??= (async () => {
      const comm = this.kernel.createComm(TARGET);
      comm.onMsg = ({ content }) => this.questions.receive(content.data as unknown as Answer);
      comm.onClose = () => this.failAll("The kernel does not know tfmagic; run %load_ext tfmagic first.");
      await comm.open({}).done;
      return (this.ready = comm);
    })();
    return this.comm;
  }

  private failAll(reason: string): void {
    this.comm = this.ready = undefined;
    this.questions.failAll(new NobodyThere(reason));
  }
}

const links = new WeakMap<Kernel, KernelLink>();

export function linkTo(kernel: Kernel): KernelLink {
  let link = links.get(kernel);
  if (!link) {
    links.set(kernel, (link = new KernelLink(kernel)));
  }
  return link;
}
