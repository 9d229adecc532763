/** The ES module of the renderer: for anywidget (`render`), and for pages that draw by themselves (`mount`). */

import { CardsView, isCards } from "./cards/cards";
import type { Link } from "./graph/link";
import { type Answer, Questions } from "./graph/questions";
import { GraphView, type Options } from "./graph/view";

/** Draw the document `data` into `element`: a graph, or cards. */
export function mount(element: HTMLElement, data: unknown, options: Options = {}): GraphView | CardsView {
  return isCards(data) ? new CardsView(element, data, options) : new GraphView(element, data, options);
}

/** The part of anywidget's model that the renderer uses. */
interface Model {
  get(name: string): unknown;
  on(name: string, callback: (message: Answer) => void): void;
  off(name: string, callback: (message: Answer) => void): void;
  send(message: unknown): void;
}

/** Questions to the kernel over anywidget's own messages. */
class ModelLink implements Link {
  private readonly questions = new Questions();
  readonly receive = this.questions.receive;

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.receive);
  }

  ask(question: { kind: string }): Promise<unknown> {
    const { id, answer } = this.questions.next();
    this.model.send({ ...question, id });
    return answer;
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
