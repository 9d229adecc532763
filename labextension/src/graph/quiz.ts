/** A quiz: the shapes and dtypes that the drawing hides, asked for one by one. What was guessed stays in this view alone. */

import type { Addition, Drawn, Shown } from "./additions";
import { readDtype, readShape } from "./answers";
import { html } from "./dom";
import type { EdgeRecord, GraphDocument, NodeRecord, QuestionRecord } from "./document";
import { order } from "./folding";
import type { Words } from "./words";

export const HIDDEN = "?";

/** The quizzes in this page. */
const quizzes = new Set<Quiz>();

/** Whether a quiz in this page hides a tensor; without an index, any tensor of that operation. */
export function isAsked(tensor: string): boolean {
  return [...quizzes].some((quiz) => quiz.hides(tensor));
}

export class Quiz implements Addition {
  readonly place = "below";
  readonly element: HTMLElement;
  /** By tensor, whether its answer was found or shown. */
  private readonly known = new Map<string, "right" | "shown">();
  private wrong = 0;
  private questions = new Map<string, QuestionRecord>();
  private document!: GraphDocument;
  private shown: Shown | undefined;
  /** The tensors that are asked for now, the first of them in the fields. */
  private asked: string[] = [];
  private readonly score = html("span", { class: "score" });
  private readonly said = html("p", { class: "said", role: "status" });
  private readonly tensor = html("code");
  private readonly shape: HTMLInputElement;
  private readonly dtype: HTMLInputElement;
  private readonly fields: HTMLElement;
  private readonly next: HTMLButtonElement;
  private readonly all: HTMLButtonElement;
  private readonly again: HTMLButtonElement;

  constructor(document: GraphDocument, private readonly words: Words, private readonly drawn: Drawn) {
    const field = (example: string): HTMLInputElement =>
      html("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", placeholder: example });
    const action = (label: string, act: () => void): HTMLButtonElement => {
      const element = html("button", { type: "button" }, label);
      element.addEventListener("click", act);
      return element;
    };
    [this.shape, this.dtype] = [field("(?, 3)"), field("float32")];
    this.next = action(words.nextQuestion, () => this.goOn());
    this.all = action(words.revealAll, () => this.reveal([...this.open()]));
    this.again = action(words.again, () => this.restart());
    this.fields = html("div", { class: "row", hidden: true }, this.tensor, html("label", {}, words.shape, this.shape),
      html("label", {}, words.dtype, this.dtype), action(words.check, () => this.check()),
      action(words.reveal, () => this.reveal(this.asked.slice(0, 1))));
    this.fields.addEventListener("keydown", (event) => this.onKey(event));
    this.element = html("div", { class: "quiz", role: "group", "aria-label": words.quiz },
      html("div", { class: "row" }, this.score, this.next, this.all, this.again), this.said, this.fields);
    this.learn(document);
    this.say(words.quizHelp);
    quizzes.add(this);
  }

  dispose(): void {
    quizzes.delete(this);
  }

  hides(tensor: string): boolean {
    return [...this.questions.keys()].some((asked) => this.isOpen(asked) && (asked === tensor || asked.startsWith(`${tensor}:`)));
  }

  // --- what the drawing asks ----------------------------------------------------------------------------------------

  /** A node or an edge is asked for what it hides. */
  chosen(id: string, target?: string): boolean {
    const open = this.shown ? [...this.open()].filter((tensor) => target === undefined
      ? this.questions.get(tensor)![1] === id
      : this.shown!.folding.edges().some((edge) => edge.source === id && edge.target === target && edge.tensors.includes(tensor))) : [];
    if (open.length) {
      this.ask(open);
    }
    return open.length > 0;
  }

  told(document: GraphDocument): GraphDocument {
    this.learn(document);
    return { ...document, nodes: document.nodes.map((node) => this.toldNode(node)), edges: document.edges.map((edge) => this.toldEdge(edge)) };
  }

  refuses(name: string): string {
    const ids = new Set(this.document.nodes.filter((node) => node.name === name).map(({ id }) => id));
    const hides = [...this.questions.values()].some(([tensor, id]) => !this.known.has(tensor) && ids.has(id)) ||
      this.document.edges.some(([, to, , ...tensors]) => ids.has(to) && tensors.some((tensor) => this.isOpen(tensor)));
    return hides ? this.words.quizHides : "";
  }

  painted(shown: Shown): void {
    this.shown = shown;
    const asking = new Set<string>();
    for (const { edge, element } of shown.painting.edges) {
      const open = edge.text !== "" && edge.tensors.some((tensor) => this.isOpen(tensor));
      const label = shown.painting.view.querySelector(`.label[data-from="${edge.source}"][data-to="${edge.target}"]`);
      element.classList.toggle("asked", open);
      label?.classList.toggle("asked", open);
    }
    this.open().forEach((tensor) => asking.add(this.questions.get(tensor)![1]));
    for (const id of asking) {
      const element = shown.painting.things.get(id);
      element?.setAttribute("aria-label", `${element.getAttribute("aria-label")}, ${this.words.quizAsks}`);
    }
    this.mark();
    this.count();
  }

  // --- questions and answers ------------------------------------------------------------------------------------------

  private learn(document: GraphDocument): void {
    this.document = document;
    this.questions = new Map(document.quiz!.map((question) => [question[0], question]));
  }

  private isOpen(tensor: string): boolean {
    return this.questions.has(tensor) && !this.known.has(tensor);
  }

  private answer(tensor: string): string {
    const [, , shape, dtype] = this.questions.get(tensor)!;
    return `${shape} ${dtype}`;
  }

  /** The tensors that something in sight hides, in the graph's order. */
  private open(): Set<string> {
    const found = new Set<string>();
    if (!this.shown) {
      return found;
    }
    const { folding } = this.shown;
    for (const edge of folding.edges()) {
      edge.tensors.filter((tensor) => edge.text && this.isOpen(tensor)).forEach((tensor) => found.add(tensor));
    }
    for (const id of folding.visible()) {
      if (!folding.open.has(id)) {
        (folding.node(id).gives ?? []).filter((tensor) => this.isOpen(tensor)).forEach((tensor) => found.add(tensor));
      }
    }
    const place = (tensor: string): number => order(this.questions.get(tensor)![1]);
    return new Set([...found].sort((a, b) => place(a) - place(b)));
  }

  private ask(tensors: string[]): void {
    this.asked = tensors;
    this.tensor.textContent = tensors[0];
    this.shape.value = this.dtype.value = "";
    this.fields.hidden = false;
    this.shape.setAttribute("aria-label", `${this.words.shape}, ${tensors[0]}`);
    this.dtype.setAttribute("aria-label", `${this.words.dtype}, ${tensors[0]}`);
    this.mark();
    this.shape.focus();
  }

  private check(): void {
    const [tensor] = this.asked;
    const [, , shape, dtype] = this.questions.get(tensor)!;
    const [shapes, type] = [readShape(this.shape.value), readDtype(this.dtype.value)];
    if (!shapes.length || !type) { // no guess at all
      const field = shapes.length ? this.dtype : this.shape;
      this.say(shapes.length ? this.words.noDtype : this.words.noShape);
      field.focus();
      return;
    }
    const [fits, isType] = [shapes.includes(shape), type === dtype];
    if (fits && isType) {
      this.known.set(tensor, "right");
      this.say(`✓ ${this.words.isRight}: ${tensor} ${this.answer(tensor)}`, "right");
      this.settle(tensor);
      return;
    }
    this.wrong += 1;
    const { words } = this;
    this.say(`✗ ${words.isWrong}: ${fits ? words.wrongDtype : isType ? words.wrongShape : words.wrongBoth}`, "wrong");
    this.count();
    (fits ? this.dtype : this.shape).focus();
  }

  private reveal(tensors: string[]): void {
    tensors.forEach((tensor) => this.known.set(tensor, "shown"));
    this.say(tensors.length === 1 ? `${this.words.answer}: ${tensors[0]} ${this.answer(tensors[0])}` : this.words.allRevealed);
    this.settle(...tensors);
  }

  /** Show answers in the drawing, and ask for what is left of the same node or edge. */
  private settle(...tensors: string[]): void {
    const left = this.asked.filter((tensor) => !tensors.includes(tensor) && this.isOpen(tensor));
    this.asked = left;
    this.drawn.retell();
    if (left.length) {
      this.ask(left);
    } else {
      this.fields.hidden = true;
      (this.next.disabled ? this.again : this.next).focus();
    }
  }

  private goOn(): void {
    const open = [...this.open()];
    const after = open.findIndex((tensor) => tensor === this.asked[0]) + 1;
    const tensor = open[after % open.length];
    this.drawn.reveal(this.shown!.folding.shownBy(this.questions.get(tensor)![1]));
    this.ask([tensor]);
  }

  private restart(): void {
    this.known.clear();
    this.wrong = 0;
    this.asked = [];
    this.fields.hidden = true;
    this.say(this.words.quizHelp);
    this.drawn.retell();
  }

  // --- what is seen -----------------------------------------------------------------------------------------------------

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
      event.preventDefault();
      if (event.target === this.shape && !this.dtype.value) {
        this.dtype.focus();
      } else {
        this.check();
      }
    } else if (event.key === "Escape") {
      const id = this.questions.get(this.asked[0])?.[1];
      this.asked = [];
      this.fields.hidden = true;
      this.mark();
      if (id && this.shown) {
        this.drawn.focus(this.shown.folding.shownBy(id));
      }
      event.stopPropagation();
    }
  }

  private mark(): void {
    if (!this.shown) {
      return;
    }
    const { painting, folding } = this.shown;
    const [tensor] = this.asked;
    const source = tensor === undefined ? "" : folding.shownBy(this.questions.get(tensor)![1]);
    painting.things.forEach((element, id) => element.classList.toggle("now", id === source));
    painting.edges.forEach(({ edge, element }) => element.classList.toggle("now", tensor !== undefined && edge.tensors.includes(tensor)));
  }

  private count(): void {
    const { words } = this;
    const answers = [...this.known.values()];
    const right = answers.filter((answer) => answer === "right").length;
    const open = this.open().size;
    this.score.textContent = [[words.right, right], [words.wrong, this.wrong], [words.revealed, answers.length - right],
      [words.stillHidden, open]].map(([word, count]) => `${word} ${count}`).join(" · ");
    this.next.disabled = this.all.disabled = open === 0;
  }

  private say(text: string, kind = ""): void {
    this.said.className = `said ${kind}`;
    this.said.textContent = text;
  }

  private toldNode(node: NodeRecord): NodeRecord {
    return node.gives && node.gives.every((tensor) => !this.isOpen(tensor))
      ? { ...node, lines: node.lines.map(([style, text, ...marks]) =>
        [style, text.startsWith("→ ") ? this.filled(text, node.gives!) : text, ...marks]) } : node;
  }

  private toldEdge([from, to, text, ...tensors]: EdgeRecord): EdgeRecord {
    const asked = tensors.some((tensor) => this.questions.has(tensor));
    return [from, to, typeof text === "string" && asked && tensors.every((tensor) => !this.isOpen(tensor)) ? this.filled(text, tensors)
      : text, ...tensors];
  }

  /** A text with the answers in place of what hid them. */
  private filled(text: string, tensors: string[]): string {
    const answers = [...new Set(tensors.filter((tensor) => this.questions.has(tensor)).map((tensor) => this.answer(tensor)))];
    return answers.length === 1 ? text.replace(HIDDEN, () => answers[0]) : text.replace(/(?:\d+ × )?\?/, () => answers.join(" · "));
  }
}
