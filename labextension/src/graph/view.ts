/** The interactive drawing of one graph inside one element. */

import { type Addition, additionsOf, guarded } from "./additions";
import { CellColours, madeBy } from "./cells";
import { html, svg } from "./dom";
import { type GraphDocument, readDocument } from "./document";
import { download, fileName, formats, svgText, written, type Ways } from "./exporting";
import { Finding } from "./finding";
import type { Folding } from "./folding";
import { rememberFolds, restoreFolds } from "./folds";
import { Foresight } from "./foresight";
import type { Rect } from "./geometry";
import { type Keyed, pressed } from "./keyboard";
import { isCommand, keepKeys } from "./keys";
import { Knowledge } from "./knowledge";
import type { Place } from "./link";
import { next } from "./moving";
import { Painter, type Painting, spoken } from "./paint";
import { Panel } from "./panel";
import { type Placement, Placing } from "./placing";
import { RunShapes } from "./shapes";
import { STYLE } from "./style";
import { followTheme } from "./theme";
import { Tips } from "./tips";
import { footnote, Toolbar } from "./toolbar";
import { buildTwin } from "./twin";
import { HIGHEST, Viewport } from "./viewport";
import { wordsOf, type Words } from "./words";

export interface Options extends Ways {
  language?: string;
  /** Shows the user's code that made a node. */
  locate?(report: Place): void;
  /** Tells the cell and line that the cursor stands in (0: in none); the answer stops it. */
  follow?(moved: (cell: number, line: number) => void): () => void;
}

export class GraphView {
  private readonly words: Words;
  private readonly document: GraphDocument;
  private readonly knowledge: Knowledge;
  private readonly placing: Placing;
  placement!: Placement;
  private readonly painter = new Painter();
  painting!: Painting;
  private readonly panel: Panel;
  private readonly viewport: Viewport;
  private readonly root: HTMLElement;
  private readonly stage = html("div", { class: "stage" });
  private readonly canvas: SVGSVGElement;
  private readonly status = html("div", { class: "status", role: "status" });
  private readonly complaint = html("div", { class: "note complaint", role: "alert", hidden: true });
  private readonly toolbar: Toolbar;
  private twin: HTMLElement | null = null;
  private current = "";
  private selected = "";
  private readonly finding: Finding;
  private traced: [number, number] = [0, 0];
  private marked = new Set<string>();
  private readonly cells = new CellColours();
  private readonly tips: Tips;
  private readonly additions: Addition[];
  private readonly foresight: Foresight;
  private readonly cleanUp: (() => void)[] = [];

  constructor(private readonly host: HTMLElement, data: unknown, private readonly options: Options = {}) {
    this.document = readDocument(data);
    this.words = wordsOf(this.document.lang ?? options.language ?? document.documentElement.lang);
    this.knowledge = new Knowledge(this.document, options.link,
      (document) => this.additions.reduce((known, addition) => addition.told?.(known) ?? known, document), (folding) => this.placing.know(folding));
    restoreFolds(this.document.key, this.folding);
    this.placing = new Placing(this.folding);
    this.canvas = svg("svg", { class: "graph", role: "group", tabindex: -1, "aria-label": [this.document.title, this.document.description].filter(Boolean).join(". ") });
    this.tips = new Tips(new RunShapes(options.link), this.words);
    this.panel = new Panel(() => this.folding, this.words, guarded(options.link, () => this.additions), {
      close: () => this.select(""), choose: (id) => this.goTo(id), locate: options.locate });
    this.additions = additionsOf(this.document, this.words, {
      reveal: (id) => this.viewport.reveal(this.placement.rects.get(id)!), light: (id) => this.light(id),
      focus: (id) => this.focus(id), retell: () => this.retell() });
    this.foresight = new Foresight(this.knowledge, (id) => this.placing.prepare(id));
    this.toolbar = new Toolbar(this.document, this.words, formats(this.options), this.cells.legend, {
      zoom: (factor) => this.viewport.zoom(factor), fit: () => this.viewport.fit(), arrange: () => this.arrange(),
      twin: () => this.toggleTwin(), colour: () => this.colour(),
      export: (format) => void this.export(format).catch((error: Error) => this.complain(error)) });
    this.finding = new Finding(this.toolbar, this.words, {
      find: (query) => this.knowledge.find(query), findAll: (query) => this.knowledge.findAll(query),
      show: ([first]) => this.showHits(first), leave: () => this.focus(this.current),
      goTo: (id) => void this.knowledge.reach(id).then(() => this.goTo(id, false), (error) => this.complain(error)) });
    const added = (at: string): HTMLElement[] => this.additions.flatMap(({ place, element }) => (place === at ? [element] : []));
    this.root = html("div", { class: "tfm" }, this.toolbar.element,
      html("div", { class: "body" }, this.stage, ...added("beside"), this.panel.element), ...added("below"),
      footnote(this.document, this.words), this.complaint, this.status);
    this.stage.append(this.canvas, this.tips.element);
    this.viewport = new Viewport(this.stage, this.canvas, () => this.hasFocus(), (part) => this.painting.sight.look(part));
    const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    shadow.replaceChildren(html("style", {}, STYLE), this.root);
    const observer = new ResizeObserver(() => this.resize());
    this.cleanUp.push(followTheme(host), keepKeys(host), () => observer.disconnect(), () => this.foresight.dispose());
    this.listen();
    // Asked before anything is drawn: afterwards the browser would have to lay out the drawing to answer.
    const width = this.stage.clientWidth;
    this.viewport.resized(width, HIGHEST);
    this.draw();
    observer.observe(this.stage);
    this.cleanUp.push(options.follow?.((cell, line) => {
      this.traced = [cell, line];
      this.mark();
    }) ?? (() => undefined));
    this.resize(width);
  }

  get folding(): Folding {
    return this.knowledge.folding;
  }

  dispose(): void {
    rememberFolds(this.document.key, this.folding.open);
    this.additions.forEach((addition) => addition.dispose?.());
    this.cleanUp.forEach((undo) => undo());
    this.host.shadowRoot?.replaceChildren();
  }

  // --- around the drawing ---------------------------------------------------------------------------------------

  private resize(width = this.stage.clientWidth): void {
    if (!width) {
      return;
    }
    const height = Math.max(120, Math.min(HIGHEST, this.viewport.naturalHeight(width)));
    this.stage.style.height = `${height}px`;
    this.viewport.resized(width, height);
    this.panel.element.style.maxHeight = `${Math.max(height, 260)}px`;
    if (!this.viewport.isMoved) {
      this.viewport.home(this.culprit());
    }
  }

  /** Where what failed stands, in a drawing of a failure. */
  private culprit(): Rect | undefined {
    const failed = this.document.nodes.find((node) => node.message);
    return failed && this.placement.rects.get(this.folding.shownBy(failed.id));
  }

  private hasFocus(): boolean {
    const active = this.host.shadowRoot?.activeElement;
    return !!active && this.stage.contains(active);
  }

  private say(text: string): void {
    this.status.textContent = text;
    this.complaint.hidden = true;
  }

  /** Say what went wrong so that everyone sees it, until something else is said. */
  private complain(error: unknown): void {
    this.complaint.textContent = error instanceof Error ? error.message : String(error);
    this.complaint.hidden = false;
  }

  // --- drawing ----------------------------------------------------------------------------------------------------

  /** Draw what is in sight, and keep the thing `still` where it is on the screen. */
  private draw(still = ""): void {
    const before = this.placement?.rects.get(still);
    this.placement = this.placing.place();
    if (this.painting) {
      this.light("");
      this.painting.things.get(this.current)?.setAttribute("tabindex", "-1");
    }
    if (this.additions.length) {
      this.painter.forget(); // they mark what is drawn
    }
    this.painting = this.painter.paint(this.folding, this.placement);
    if (!this.painting.view.isConnected) {
      this.canvas.append(this.painting.view);
    }
    this.tips.attach(this.painting.edges);
    if (!this.painting.things.has(this.current)) {
      this.current = this.current && this.folding.nodes.has(this.current) ? this.folding.shownBy(this.current)
        : this.folding.visible()[0] ?? "";
    }
    this.painting.things.get(this.current)?.setAttribute("tabindex", "0");
    this.mark();
    if (this.cells.isOn) {
      this.cells.apply(this.folding, this.painting.things, this.placement.rects);
    }
    if (this.additions.length) {
      this.painting.sight.whole();
    }
    this.additions.forEach((addition) => addition.painted(this));
    const after = this.placement.rects.get(still);
    this.viewport.show(this.placement, ...(before && after
      ? [before.x + before.width / 2 - after.x - after.width / 2, before.y - after.y] : []));
  }

  private colour(): boolean {
    this.cells.isOn = !this.cells.isOn;
    this.cells.apply(this.folding, this.painting.things, this.placement.rects);
    return this.cells.isOn;
  }

  private mark(): void {
    const traced = madeBy(this.folding, ...this.traced);
    const hits = new Set(this.finding.hits.map((id) => this.knowledge.shownBy(id)));
    const marked = new Set([this.selected, ...traced, ...hits]);
    for (const id of [...this.marked, ...marked]) {
      const element = this.painting.things.get(id);
      element?.classList.toggle("selected", id === this.selected);
      element?.classList.toggle("traced", traced.has(id));
      element?.classList.toggle("hit", hits.has(id));
    }
    this.marked = marked;
  }

  private light(id: string): void {
    const near = new Set([id]);
    for (const { edge, element } of this.painting.edges) {
      const lit = id !== "" && (edge.source === id || edge.target === id);
      element.classList.toggle("lit", lit);
      if (lit) {
        near.add(edge.source).add(edge.target);
      }
    }
    for (const [other, element] of this.painting.things) {
      element.classList.toggle("lit", id !== "" && near.size > 1 && near.has(other));
    }
    this.additions.forEach((addition) => addition.lit?.(id));
  }

  // --- what the user does -----------------------------------------------------------------------------------------

  private listen(): void {
    this.canvas.addEventListener("click", (event) => {
      const thing = (event.target as Element).closest<SVGGElement>("[data-id], [data-heading]");
      const id = thing?.dataset.id ?? thing?.dataset.heading;
      if (this.viewport.dragged) {
        return;
      }
      const { from, to } = (event.target as Element).closest<SVGElement>("[data-from]")?.dataset ?? {};
      if (id === undefined) {
        if (from === undefined || !this.additions.some((addition) => addition.chosen?.(from, to))) {
          this.select("");
        }
      } else {
        this.focus(id);
        this.activate(id);
      }
    });
    for (const name of ["pointerenter", "pointerleave"] as const) {
      this.canvas.addEventListener(name, (event) => { // they do not bubble: on their way down
        const { dataset } = event.target as SVGElement;
        this.tips[name === "pointerenter" ? "entered" : "left"](event);
        const id = dataset.id ?? dataset.heading;
        if (id !== undefined) {
          this.light(name === "pointerenter" ? id : this.hasFocus() ? this.current : "");
        }
      }, true);
    }
    this.canvas.addEventListener("keydown", (event) => pressed(event, this.keyed));
    this.stage.addEventListener("pointerenter", () => this.foresight.begin());
    this.canvas.addEventListener("focusin", (event) => {
      this.foresight.begin();
      const id = (event.target as Element).closest<SVGGElement>("[data-id]")?.dataset.id;
      if (id) {
        this.current = id;
        this.light(id);
        if ((event.target as Element).matches(":focus-visible")) {
          this.viewport.reveal(this.placement.rects.get(id)!); // by Tab; what a pointer presses stays where it is
        }
      }
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.target !== this.toolbar.search && (event.target as Element).matches("input:not([type=range])")) {
        return; // what is typed is no command
      }
      if (event.key === "/" && event.target !== this.toolbar.search) {
        event.preventDefault();
        this.toolbar.search.focus();
      } else if (event.key === "Escape" && this.selected) {
        this.select("");
        this.focus(this.current);
      } else if (event.key === "t" && event.target !== this.toolbar.search && !isCommand(event)) {
        this.toggleTwin();
      } else if (event.target !== this.toolbar.search && this.additions.some((addition) => addition.key?.(event.key))) {
        event.preventDefault();
      }
    });
  }

  private readonly keyed: Keyed = {
    move: (key) => {
      const found = next(key, this.current, this.folding.edges(), this.placement.rects, this.document.direction === "TB");
      if (found) {
        this.focus(found);
      }
    },
    activate: () => this.activate(this.current),
    open: () => void this.unfold(this.current),
    fold: () => this.fold(this.folding.open.has(this.current) ? this.current : this.folding.home(this.current)),
    first: () => this.focus(this.folding.visible()[0]),
    last: () => this.focus(this.folding.visible().at(-1) ?? this.current),
  };

  /** What a click or Enter does: a scope opens or folds, of anything else the panel tells. */
  private activate(id: string): void {
    if (this.folding.open.has(id)) {
      this.fold(id);
    } else if (this.folding.isScope(id)) {
      void this.unfold(id);
    } else {
      this.select(this.selected === id ? "" : id);
    }
  }

  private focus(id: string): void {
    const element = this.painting.things.get(id);
    if (!element) {
      return;
    }
    this.painting.things.get(this.current)?.setAttribute("tabindex", "-1");
    this.current = id;
    element.setAttribute("tabindex", "0");
    element.focus({ preventScroll: true });
    // Of an open scope the heading: what was opened stays under the pointer.
    const rect = this.placement.rects.get(id)!;
    this.viewport.reveal(this.folding.open.has(id) ? { ...rect, height: Math.min(rect.height, 26) } : rect);
    this.say(spoken(this.folding.node(id)));
  }

  private select(id: string): void {
    this.selected = this.additions.some((addition) => addition.chosen?.(id)) ? "" : id;
    this.mark();
    if (this.selected) {
      this.panel.show(id);
    } else {
      this.panel.hide();
    }
    this.resize();
    const rect = this.placement.rects.get(id);
    if (rect) {
      this.viewport.reveal(rect); // the panel takes room
    }
  }

  private async unfold(id: string): Promise<void> {
    if (!this.folding.isScope(id) || this.folding.open.has(id)) {
      return;
    }
    if (!this.folding.isLoaded(id)) {
      if (!this.options.link) {
        this.complain(this.words.noKernel);
        return;
      }
      try {
        await this.knowledge.load(id);
      } catch (error) {
        this.complain(error);
        return;
      }
    }
    this.folding.unfold(id);
    this.refolded(id, this.words.open);
  }

  /** Redraw after `id` was opened or folded; the focus stays with it. */
  private refolded(id: string, word: string): void {
    const hadFocus = this.hasFocus();
    this.draw(id);
    this.viewport.isMoved = true;
    this.resize(this.viewport.width);
    if (hadFocus) {
      this.focus(id);
    }
    this.say(`${this.folding.node(id).name} ${word}`);
    this.foresight.again();
  }

  private retell(): void {
    this.knowledge.retell();
    this.draw();
    if (this.selected) {
      this.panel.show(this.selected);
    }
    if (this.twin) {
      const old = this.twin;
      old.replaceWith((this.twin = this.newTwin()));
    }
  }

  private fold(id: string): void {
    if (!id || !this.folding.open.has(id)) {
      return;
    }
    this.folding.fold(id);
    this.refolded(id, this.words.fold);
  }

  private arrange(): void {
    this.placing.arrange();
    this.draw();
    this.viewport.isMoved = false;
    this.resize();
  }

  /** Bring a node into sight, opening what is around it, and tell of it. */
  goTo(id: string, select = true): void {
    const closed = this.folding.around(id).filter((scope) => !this.folding.open.has(scope));
    if (closed.length) {
      this.folding.unfold(this.folding.home(id));
      this.draw();
    }
    this.viewport.isMoved = true;
    this.viewport.reveal(this.placement.rects.get(id)!, true);
    this.current = id;
    if (select) {
      this.focus(id);
      if (!this.folding.isScope(id)) {
        this.select(id);
      }
    }
    this.light(id);
    this.mark();
  }

  private showHits(first?: string): void {
    this.mark();
    if (first) {
      this.viewport.isMoved = true;
      this.viewport.reveal(this.placement.rects.get(this.knowledge.shownBy(first))!, true);
    }
  }

  private toggleTwin(): void {
    if (this.twin) {
      this.twin.remove();
      this.twin = null;
      this.stage.hidden = false;
      this.focus(this.current);
      return;
    }
    this.twin = this.newTwin();
    this.stage.hidden = true;
    this.stage.after(this.twin);
    this.twin.querySelector<HTMLElement>("li")?.focus();
  }

  private newTwin(): HTMLElement {
    return buildTwin(this.folding, this.words, (id) => {
      this.toggleTwin();
      this.goTo(id);
    });
  }


  private async export(format: string): Promise<void> {
    if (format) {
      const { width, height } = this.placement;
      this.painting.sight.whole();
      const picture = (): string => svgText(this.canvas, width, height, this.host.getAttribute("theme") ?? "light");
      download(await written(format, picture, [...this.folding.open], this.options), fileName(this.document.title, format));
    }
  }
}
