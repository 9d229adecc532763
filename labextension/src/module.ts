/** The ES module of the renderer: for anywidget (`render`), and for pages that draw by themselves (`mount`). */

import type { Link } from "./graph/link";
import { GraphView, type Options } from "./graph/view";

/** Draw the document `data` into `element`. */
export function mount(element: HTMLElement, data: unknown, options: Options = {}): GraphView {
  return new GraphView(element, data, options);
}

/** The part of anywidget's model that the renderer uses. */
interface Model {
  get(name: string): unknown;
  on(name: string, callback: (message: Answer) => void): void;
  off(name: string, callback: (message: Answer) => void): void;
  send(message: unknown): void;
}

type Answer = { id: number; answer?: unknown; error?: string };

/** Questions to the kernel over anywidget's own messages. */
class ModelLink implements Link {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private count = 0;

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.receive);
  }

  readonly receive = ({ id, answer, error }: Answer): void => {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) {
      waiting?.resolve(answer);
    } else {
      waiting?.reject(new Error(error));
    }
  };

  ask(question: { kind: string }): Promise<unknown> {
    const id = (this.count += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.model.send({ ...question, id });
    });
  }
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const link = new ModelLink(model);
  const view = mount(el, model.get("document"), { link, language: model.get("language") as string });
  return () => {
    model.off("msg:custom", link.receive);
    view.dispose();
  };
}

export default { render };
