/** What of JupyterLab's and Notebook's objects the extension uses, described here rather than imported: small. */

import type { Place } from "../graph/link";

export interface Comm {
  readonly isDisposed?: boolean;
  onMsg: (message: { content: { data: object } }) => void;
  onClose: () => void;
  open(data: object): { done: Promise<unknown> };
  send(data: object): unknown;
}

export interface Signal<T> {
  connect(slot: (sender: unknown, value: T) => void): unknown;
}

export interface Message {
  header: { msg_type: string };
  parent_header: object;
  content: Record<string, unknown>;
}

export interface Kernel {
  createComm(target: string): Comm;
  iopubMessage?: Signal<Message>;
}

interface Position {
  line: number;
  column: number;
}

interface Editor {
  getCursorPosition(): Position;
  getLine(line: number): string | undefined;
  hasFocus(): boolean;
  lineCount: number;
  setSelection(range: { start: Position; end: Position }): void;
  revealPosition(position: Position): void;
  focus(): void;
}

interface CodeCell {
  node: HTMLElement;
  model: { id?: string; executionCount?: number | null };
  editor?: Editor | null;
}

export interface NotebookPanel {
  node: HTMLElement;
  isDisposed?: boolean;
  context?: {
    model: { getMetadata?(name: string): unknown };
    sessionContext?: { session?: { kernel?: Kernel | null } | null; kernelChanged?: Signal<unknown> };
  };
  content?: {
    widgets?: CodeCell[];
    activeCell?: CodeCell | null;
    activeCellIndex?: number;
    mode?: string;
    scrollToItem?(index: number, align?: string): Promise<void>;
  };
}

export interface App {
  shell: {
    widgets(area: string): Iterable<unknown>;
    currentWidget: unknown;
    currentChanged?: Signal<unknown>;
    add(widget: unknown, area: string, options: object): void;
  };
}

export interface Notebook {
  kernel(): Kernel | null;
  language(): string | undefined;
  locate(report: Place): void;
  follow(moved: (cell: number, line: number) => void): () => void;
}

/** The notebook whose output `element` stands in. */
export function notebookAround(app: App, element: HTMLElement): Notebook | undefined {
  for (const widget of [app.shell.currentWidget, ...app.shell.widgets("main")] as (NotebookPanel | null)[]) {
    if (widget?.context?.sessionContext && widget.node.contains(element)) {
      return asNotebook(widget);
    }
  }
  return undefined;
}

export function asNotebook(panel: NotebookPanel): Notebook {
  return {
    kernel: () => panel.context?.sessionContext?.session?.kernel ?? null,
    language: () => {
      const metadata = panel.context?.model.getMetadata?.("tfmagic") as { lang?: string } | undefined;
      return metadata?.lang;
    },
    locate: (report) => void locate(panel, report),
    follow: (moved) => follow(panel, moved),
  };
}

/** Scroll to the cell that made a node, and mark the line. */
async function locate(panel: NotebookPanel, report: Place): Promise<void> {
  const { content } = panel;
  const index = indexOf(content?.widgets ?? [], report);
  if (!content || index < 0) {
    return;
  }
  // A busy JupyterLab may still take the cell out of the page, or the focus to the cell of the click: once more then.
  for (let tries = 0; tries < 5; tries += 1) {
    content.activeCellIndex = index;
    await content.scrollToItem?.(index, "center");
    const editor = await editorOf(() => content.widgets?.[index]);
    if (!editor) {
      continue;
    }
    const line = lineOf(editor, report);
    content.mode = "edit";
    editor.focus();
    editor.setSelection({ start: { line, column: 0 }, end: { line, column: editor.getLine(line)?.length ?? 0 } });
    editor.revealPosition({ line, column: 0 });
    await nextFrame();
    await nextFrame();
    if (content.widgets?.[index]?.editor?.hasFocus()) {
      return;
    }
  }
}

function nextFrame(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}

/** By the cell's id, which stays when it runs again; in a notebook without its kernel by the number of the run. */
function indexOf(cells: CodeCell[], { cell, cell_id: id }: Place): number {
  const found = id ? cells.findIndex(({ model }) => model.id === id) : -1;
  return found >= 0 ? found : cells.findIndex(({ model }) => model.executionCount === cell);
}

/** The editor of a cell, which JupyterLab makes when the cell comes into sight. */
async function editorOf(cell: () => CodeCell | undefined): Promise<Editor | null> {
  for (let tries = 0; tries < 120; tries += 1) {
    const editor = cell()?.editor;
    if (editor) {
      return editor;
    }
    await nextFrame();
  }
  return null;
}

/** The line of a report, or where its text stands now if the cell was changed since. */
function lineOf(editor: Editor, { line, code }: Place): number {
  const told = Math.min(Math.max(0, (line ?? 1) - 1), editor.lineCount - 1);
  if (!code || editor.getLine(told)?.trim() === code) {
    return told;
  }
  for (let other = 0; other < editor.lineCount; other += 1) {
    if (editor.getLine(other)?.trim() === code) {
      return other;
    }
  }
  return told;
}

/** Tell the line that the cursor stands in. */
function follow(panel: NotebookPanel, moved: (cell: number, line: number) => void): () => void {
  let last = "0:0";
  const look = (): void => {
    const cell = panel.content?.activeCell;
    const editor = cell?.editor;
    const inside = editor?.hasFocus() && cell?.model.executionCount;
    const [count, line] = editor && inside ? [inside, editor.getCursorPosition().line + 1] : [0, 0];
    if (last !== `${count}:${line}`) {
      last = `${count}:${line}`;
      moved(count, line);
    }
  };
  const later = (): void => void setTimeout(look, 0); // when the editor has heard of it too
  const events = ["keyup", "pointerup", "focusin", "focusout"];
  events.forEach((name) => panel.node.addEventListener(name, later, true));
  return () => events.forEach((name) => panel.node.removeEventListener(name, later, true));
}
